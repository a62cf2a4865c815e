"""`register`: one bundle with every byte of a release, its record, and its card."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import card, evaluate, records, rivals, settings, tracking, untouched
from .dataset import recorded
from .fit import features_file
from .outcome import Outcome, Refused
from .policies import GatesPolicy, load
from .train import run_folder
from .verdict import subject_digest

_PLACES = {"bom": "bom.json", "policy_pack": "lock.yaml"}
_CONFIGURATION = ("policy/training.yaml", "policy/data.yaml", "policy/serving.yaml")


@dataclass(frozen=True)
class Part:
    """One file of a release: role, name (its path in the repository where it has one), place of its bytes."""

    role: str
    name: str
    path: str
    source: Path


def register(run_id: str | None = None) -> Outcome:
    """Make the next release of a run that passed; anything that moved since is refused."""
    run = evaluate.read_run(run_id)
    report = _passed(run)
    untouched.refuse_changed_gates(run)
    untouched.refuse_changed_files(run)
    _refuse_dirty(run)
    _refuse_again(run)
    release = _release(run, report)
    folder = settings.path("var", "releases", release["version"])
    _record(release, folder)
    registry = tracking.register_version(release, run, report)
    return Outcome(
        "register", ok=True, lines=_lines(release), details={"release": release, "registry": registry}
    )


def _lines(release: Mapping[str, Any]) -> tuple[str, ...]:
    version = release["version"]
    return (
        f"release {version} ({release['change_type']}) of run {release['run_id']}",
        f"subject {release['subject_digest'][:19]}, card {settings.relative(_card_file(version))}",
        f"next: git add governance && git commit, then roadworthy approve {version}",
    )


def _passed(run: Mapping[str, Any]) -> dict[str, Any]:
    file = evaluate.report_file(run["run_id"])
    if not file.is_file():
        raise Refused(f"run {run['run_id']} was never evaluated", settings.relative(file), "run `evaluate`")
    report = records.read_record(file)
    if not report["passed"]:
        raise Refused(
            f"run {run['run_id']} did not pass its gates",
            settings.relative(file),
            "train a candidate that passes",
        )
    same = ("model_sha256", run["artifacts"]["model.skops"]), ("gates_sha256", run["gates_sha256"])
    if any(report[key] != value for key, value in same):
        raise Refused(
            "the evaluation is of another model", settings.relative(file), "run `train` and `evaluate` again"
        )
    return report


def _refuse_dirty(run: Mapping[str, Any]) -> None:
    if run["code"]["dirty"] and load(GatesPolicy).dirty_tree == "refuse":
        raise Refused(
            f"run {run['run_id']} was made from uncommitted changes: nobody could make it again",
            "governance/runs",
            "commit, then run `train` and `evaluate` again",
        )


def _refuse_again(run: Mapping[str, Any]) -> None:
    for release in records.read_records("releases"):
        if release["run_id"] == run["run_id"]:
            raise Refused(
                f"run {run['run_id']} is release {release['version']} already",
                "governance/releases",
                "train anew",
            )


def _release(run: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    """Fill the bundle and answer its record."""
    version = _next_version()
    release = {
        "schema": "release/v1",
        "system": settings.system(),
        "version": version,
        "change_type": _change(run),
        "created_at": records.now(),
        "run_id": run["run_id"],
        "commit": run["code"]["commit"],
        "tier": settings.tier() or load(GatesPolicy).tier,
        "rollback_to": rivals.champion(),
    }
    words = card.render(release, run, report).encode()
    if evaluate.came_with("bom"):
        records.write_record(_bom_file(version), evaluate.further("bom").bill(release, run))
    records.write_atomic(_card_file(version), words)
    subject = [_copied(part, settings.path("var", "releases", version)) for part in _parts(run, version)]
    return release | {"subject": subject, "subject_digest": subject_digest(subject)}


def _parts(run: Mapping[str, Any], version: str) -> list[Part]:
    folder, manifest = run_folder(run["run_id"]), recorded(run["data"]["manifest_sha256"]).manifest[:12]
    parts = [
        Part("model", "model.skops", "model.skops", folder / "model.skops"),
        Part("features", settings.relative(features_file()), "features.py", folder / "features.py"),
        _committed("data", f"governance/data/{manifest}.json", "dataset.json"),
        Part("thresholds", untouched.GATES, untouched.GATES, folder / untouched.GATES),
        *(Part("config", name, name, _configuration(folder, name)) for name in _CONFIGURATION),
        _committed("eval_report", f"governance/evaluations/{run['run_id']}.json", "evaluation.json"),
        _committed("card", f"governance/cards/{version}.md", "card.md"),
    ]
    bom, lock = _bom_file(version), settings.path(".roadworthy", "lock.yaml")
    more = (("bom", bom), ("policy_pack", lock))
    return parts + [
        _committed(role, settings.relative(file), _PLACES[role]) for role, file in more if file.is_file()
    ]


def _committed(role: str, name: str, path: str) -> Part:
    return Part(role, name, path, settings.path(name))


def _configuration(folder: Path, name: str) -> Path:
    """The run's own copy where it has one; what HEAD says must still be the same."""
    file = folder / name if (folder / name).is_file() else settings.path(name)
    head = records.head_bytes(name)
    if head != file.read_bytes():
        raise Refused(
            f"{name} is not the committed one, or changed after the run",
            name,
            "commit, then run `train` again",
        )
    return file


def _copied(part: Part, folder: Path) -> dict[str, str]:
    target = folder / part.path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(part.source, target)
    return {"role": part.role, "name": part.name, "path": part.path, "sha256": records.sha256_file(target)}


def _record(release: dict[str, Any], folder: Path) -> None:
    records.write_record(settings.path("governance", "releases", f"{release['version']}.json"), release)
    records.write_record(folder / "release.json", release)


def _next_version() -> str:
    numbers = [
        int(each["version"]) for each in records.read_records("releases") if str(each["version"]).isdigit()
    ]
    return str(max(numbers, default=0) + 1)


def _card_file(version: str) -> Path:
    return settings.path("governance", "cards", f"{version}.md")


def _bom_file(version: str) -> Path:
    return settings.path("governance", "boms", f"{version}.json")


def _change(run: dict[str, Any]) -> str:
    """What kind of change this is, seen from the release before."""
    before = records.read_records("releases")
    if not before:
        return "new"
    last = max(before, key=lambda release: int(release["version"]))
    old = evaluate.read_run(last["run_id"])
    if (
        old["features"] != run["features"]
        or old["artifacts"]["features.py"] != run["artifacts"]["features.py"]
    ):
        return "feature"
    moved = old["threshold"] != run["threshold"] or old["gates_sha256"] != run["gates_sha256"]
    return "threshold" if moved else "retrain"
