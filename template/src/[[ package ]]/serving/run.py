"""Start the server: one or several workers over the same pointer."""

from __future__ import annotations

import os
import shutil
import socket

from ..pipeline import settings
from ..pipeline.outcome import Outcome, Refused


def serve(host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> Outcome:
    """Answer requests until stopped; refused when the address is taken."""
    _affordable(workers)
    _free(host, port)
    os.environ["PROJECT_ROOT"] = str(settings.root())
    if workers > 1:
        _shared_counters()
    import uvicorn

    app = f"{__package__}.app:create"
    uvicorn.run(
        app, factory=True, host=host, port=port, workers=workers, log_level="warning", access_log=False
    )
    return Outcome("serve", True, ("stopped",), {"host": host, "port": port, "workers": workers})


def _affordable(workers: int) -> None:
    most = int(settings.need(settings.policy("budgets"), "scaling.max_workers", "policy/budgets.yaml"))
    if not 1 <= workers <= most:
        repair = "serve --workers with fewer, or agree on a larger budget"
        raise Refused(f"{workers} workers; the budget allows 1 to {most}", "policy/budgets.yaml", repair)


def _free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise Refused(
                f"cannot listen: {error}", f"{host}:{port}", "serve --port with a free port"
            ) from error


def _shared_counters() -> None:
    """Where workers add up their counters; old sums of stopped servers are removed."""
    folder = settings.path("var", "metrics")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
