"""`rebuild`: make an old release again, from its commit, rows and configuration, and compare."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from . import records, rivals, settings
from .dataset import Dataset, recorded
from .evaluate import read_run
from .metrics import METRICS, Judged
from .outcome import Outcome, Refused
from .policies import DataPolicy, load
from .scorer import load_scorer

TOLERANCE = 1e-6  # in scores, where another machine's arithmetic makes other bytes


def rebuild(version: str) -> Outcome:
    """Equal bytes, or equal scores within tolerance; the comparison is recorded either way."""
    release = records.read_record(settings.path("governance", "releases", f"{version}.json"))
    run, dataset = _rebuildable(release)
    with tempfile.TemporaryDirectory() as place:
        again = _fitted_again(run, dataset, Path(place))
        record = compared(version, run, dataset, again)
    file = settings.path("governance", "rebuilds", f"{records.stamp()}-{version}.json")
    records.write_record(file, record)
    how = "byte for byte" if record["equal"] else f"in scores, within {TOLERANCE:g}"
    told = f"equal {how}" if record["passed"] else f"NOT equal: scores differ by {record['difference']:g}"
    lines = (
        f"release {version} made again from {run['code']['commit'][:12]}: {told}",
        settings.relative(file),
    )
    return Outcome("rebuild", ok=record["passed"], lines=lines, details={"record": record})


def _rebuildable(release: dict[str, Any]) -> tuple[dict[str, Any], Dataset]:
    run = read_run(release["run_id"])
    if run["code"]["dirty"]:
        raise Refused(
            f"release {release['version']} came from uncommitted changes",
            "governance/runs",
            "release a clean run",
        )
    return run, recorded(run["data"]["manifest_sha256"])


def _fitted_again(run: dict[str, Any], dataset: Dataset, place: Path) -> Path:
    """Run the old commit's own `fit` in a checkout of it, on the recorded rows."""
    tree, folder = place / "tree", place / "run"
    packed = io.BytesIO(records.git("archive", "--format=zip", run["code"]["commit"]))
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tree)
    for split in dataset.digests:
        dataset.rows(split)  # refuses rows that are not the recorded ones
    (tree / "var").mkdir()
    (tree / "var" / "data").symlink_to(settings.path("var", "data"))
    record = tree / "governance" / "data" / f"{dataset.manifest[:12]}.json"
    records.write_atomic(record, records.dumps(dataset.record).encode())
    module = f"{__package__}.fit"
    done = subprocess.run(
        [sys.executable, "-m", module, dataset.manifest, str(folder)],
        cwd=tree,
        env=os.environ | {"PROJECT_ROOT": str(tree), "PYTHONPATH": str(tree / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise Refused(
            f"the old commit does not train any more: {said}",
            run["code"]["commit"],
            "restore its environment",
        )
    return folder


def compared(version: str, run: dict[str, Any], dataset: Dataset, again: Path) -> dict[str, Any]:
    rows, target = dataset.rows("test"), load(DataPolicy, again).target
    if (
        records.sha256_file(settings.path("var", "releases", version, "model.skops"))
        != run["artifacts"]["model.skops"]
    ):
        raise Refused(
            "the released model is not the one of its run", f"var/releases/{version}", "restore the bundle"
        )
    folders = {"original": settings.path("var", "releases", version), "rebuilt": again}
    said = {
        name: rivals.judged(load_scorer(folder, rivals.trusted()), rows, target)
        for name, folder in folders.items()
    }
    difference = float(np.max(np.abs(said["original"].scores - said["rebuilt"].scores)))
    rebuilt = records.sha256_file(again / "model.skops")
    original = run["artifacts"]["model.skops"]
    return {
        "schema": "rebuild/v1",
        "at": records.now(),
        "by": records.submitter()["email"],
        "version": version,
        "run_id": run["run_id"],
        "original_sha256": original,
        "rebuilt_sha256": rebuilt,
        "equal": original == rebuilt,
        "metrics": {
            name: {side: _value(name, each) for side, each in said.items()} for name in ("auc", "brier")
        },
        "difference": difference,
        "tolerance": TOLERANCE,
        "passed": difference <= TOLERANCE,
    }


def _value(name: str, judged: Judged) -> float:
    return round(METRICS[name](judged), 10)
