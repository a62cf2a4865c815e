"""`train`: one run from committed configuration and a recorded snapshot, with everything it stood on."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import records, settings, tracking
from .dataset import Dataset, current, permitted
from .fit import CONFIGURATION, Fitted, fit
from .outcome import Outcome, Refused
from .policies import DataPolicy, TrainingPolicy, load

BUDGETS = "policy/budgets.yaml"
LOCKS = ("train.txt", "dev.txt")  # tier low has one lock for everything


def train() -> Outcome:
    """Fit, track, record; the tree's state is recorded as it is."""
    permitted(load(DataPolicy))
    dataset, run_id = current(), records.new_run_id()
    folder = run_folder(run_id)
    begun, worked = time.perf_counter(), time.process_time()
    fitted = fit(dataset, folder, _within_budget(begun))
    cost = _cost(time.perf_counter() - begun, time.process_time() - worked, dataset, fitted)
    record = _record(run_id, dataset, fitted, folder) | {"cost": cost}
    record["tracking"] = tracking.log_run(record, fitted, folder)
    records.write_record(run_file(run_id), record)
    return Outcome(
        "train", ok=True, lines=_lines(record), details={"run_id": run_id, "metrics": fitted.metrics}
    )


def _within_budget(begun: float) -> Callable[[], None]:
    """What stops a run that has taken longer than one may."""
    most = float(settings.need(settings.policy("budgets"), "training.max_minutes", BUDGETS))

    def held() -> None:
        if (minutes := (time.perf_counter() - begun) / 60) > most:
            told = f"the run was stopped after {minutes:.1f} minutes; the budget allows {most:g}"
            raise Refused(told, BUDGETS, f"search less in policy/training.yaml, or correct {BUDGETS}")

    return held


def run_folder(run_id: str) -> Path:
    """Where a run's files are on this machine."""
    return settings.path("var", "runs", run_id)


def lock_file() -> Path:
    """The lock that this environment was made from: training's own, or the one of all."""
    files = [settings.path("requirements", name) for name in LOCKS]
    return next((file for file in files if file.is_file()), files[0])


def run_file(run_id: str) -> Path:
    """Where a run's record is in git."""
    return settings.path("governance", "runs", f"{run_id}.json")


def environment() -> dict[str, str]:
    """What the run stood on: interpreter, platform, the lock, and what was really installed."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}".lower(),
        "lock_sha256": records.sha256_file(lock_file()),
        "installed_sha256": records.sha256_bytes(_installed().encode()),
    }


def _installed() -> str:
    from importlib.metadata import distributions

    return "\n".join(sorted({f"{each.name.lower()}=={each.version}" for each in distributions()}))


def _cost(seconds: float, cpu: float, dataset: Dataset, fitted: Fitted) -> dict[str, Any]:
    """What learning took, search included: the clock's seconds, the processor's, the rows and the fits."""
    rows = dataset.record["splits"]["train"]["rows"]
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
        "rows": rows,
        "fits": len(fitted.search),
    }


def _record(run_id: str, dataset: Dataset, fitted: Fitted, folder: Path) -> dict[str, Any]:
    training, code = load(TrainingPolicy), records.code()
    digest = {
        name: records.sha256_file(folder / name) for name in (*CONFIGURATION, "model.skops", "features.py")
    }
    return {
        "schema": "run/v1",
        "run_id": run_id,
        "kind": "train",
        "created_at": records.now(),
        "submitter": records.submitter(),
        "code": {"commit": code.commit, "dirty": code.dirty},
        "data": {"manifest_sha256": dataset.manifest, "splits": dataset.digests},
        "config": {name: digest[name] for name in ("policy/training.yaml", "policy/data.yaml")},
        "gates_sha256": digest["policy/gates.yaml"],
        "environment": environment(),
        "seed": training.seed,
        "features": list(training.features),
        "threshold": training.threshold,
        "parameters": fitted.parameters,
        "search": fitted.search,
        "metrics": fitted.metrics,
        "artifacts": {name: digest[name] for name in ("model.skops", "features.py")},
    }


def _lines(record: dict[str, Any]) -> tuple[str, ...]:
    dirty = " (the tree had uncommitted changes)" if record["code"]["dirty"] else ""
    best = ", ".join(f"{name}={value}" for name, value in sorted(record["parameters"].items()))
    found = record["metrics"]
    return (
        f"run {record['run_id']} at {record['code']['commit'][:12]}{dirty}",
        f"model {record['artifacts']['model.skops'][:12]}: {best}, best of {len(record['search'])}",
        f"cost {record['cost']['seconds']:.2f} s, {record['cost']['cpu_seconds']:.2f} s of processor",
        f"validation auc {found['validation_auc']:.3f}, log loss {found['validation_log_loss']:.3f}",
    )
