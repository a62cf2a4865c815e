"""What must not have moved since a run: its thresholds, its files, and the rows it is judged on."""

from __future__ import annotations

from typing import Any

from . import artifact, records, settings
from .outcome import Refused
from .train import run_folder

GATES = "policy/gates.yaml"


def refuse_changed_gates(run: dict[str, Any]) -> None:
    """The thresholds are those committed before the run: same bytes in the run's record, here and at HEAD."""
    here = records.sha256_file(settings.path(GATES))
    committed = records.head_bytes(GATES)
    if here == run["gates_sha256"] and committed is not None and records.sha256_bytes(committed) == here:
        return
    raise Refused(
        f"thresholds changed after the run {run['run_id']}, or were never committed",
        GATES,
        f"git checkout -- {GATES}; or commit the new thresholds, then run `train` again",
    )


def refuse_changed_files(run: dict[str, Any]) -> None:
    """A run's files are those its record names, and none of them is a pickle."""
    folder = run_folder(run["run_id"])
    expected = {**run["artifacts"], **run["config"], GATES: run["gates_sha256"]}
    for name, digest in expected.items():
        if records.sha256_file(folder / name) != digest:
            raise Refused(
                f"{name} is not the file that the run made",
                settings.relative(folder / name),
                "run `train` again",
            )
    artifact.refuse_pickles_in(folder)
    artifact.refuse_pickle(folder / "model.skops")
