"""Rehearse an incident: in a scratch project the newest release meets a fault and is taken back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..pipeline import settings
from ..pipeline.outcome import Outcome, Refused
from ..pipeline.promote import by, pin
from ..pipeline.verdict import bundle, subject, subject_digest
from . import filing, history, part, release, routes
from .clock import clock
from .routes import Routes

_COPIED = ("releases", "runs", "gates", "approvals")


@dataclass(frozen=True)
class Rehearsal:
    """What the clients saw: how many asked, how many failed, and when the old release last answered."""

    requests: int
    failed: int
    last_stale_ms: float
    switched: bool


def drill() -> Outcome:
    """Put the newest release live in a scratch project, plant a fault, roll back under load; record it."""
    version = _newest()
    digest = subject_digest(subject(bundle(version)))
    limit = float(settings.need(settings.policy("serving"), "rollback.max_seconds", "policy/serving.yaml"))
    with (
        tempfile.TemporaryDirectory(prefix="drill-") as folder,
        _scratch(Path(folder).resolve(), version, digest),
    ):
        planted = part("monitoring.planted", package())  # not in every tier
        alarm = planted.rehearse() if planted else None
        seen = _mode().rehearse(version, _roll_back)
        reached = routes.read().live
    seconds = round(seen.last_stale_ms / 1000, 3)
    passed = seen.switched and seen.requests > 0 and seen.failed == 0 and seconds <= limit
    noticed = alarm is None or bool(alarm["raised"])
    return _outcome(version, reached, digest, seconds, seen, passed and noticed, alarm)


def package() -> str:
    """The name that `python -m` knows this project by."""
    return __name__.split(".")[0]


def child_environment() -> dict[str, str]:
    """The environment in which a child process finds this package and this project."""
    source = str(Path(sys.modules[package()].__path__[0]).parent)
    found = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": found, "PROJECT_ROOT": str(settings.root())}


def _mode() -> ModuleType:
    mode = part("rehearse_online") or part("rehearse_batch")
    if mode is None:
        raise Refused("this project can neither serve nor score", "src/*/serving", "roadworthy update")
    return mode


def _newest() -> str:
    found = [each.stem for each in settings.path("governance", "releases").glob("*.json")]
    held = sorted((each for each in found if (bundle(each) / "release.json").is_file()), key=_order)
    if not held:
        raise Refused(
            "there is no release to rehearse with", "governance/releases", "register a run that passed"
        )
    return held[-1]


def _order(version: str) -> tuple[int, str]:
    return (int(version) if version.isdigit() else -1, version)


@contextmanager
def _scratch(root: Path, version: str, digest: str) -> Iterator[None]:
    """A project beside this one, in which the release under rehearsal is live and only that."""
    standing = [each for each in history.served(history.read()) if each != version]
    _copy(root, [version, *standing])
    outside = os.environ.get("PROJECT_ROOT")
    os.environ["PROJECT_ROOT"] = str(root)
    try:
        routed = Routes(
            champion=version, previous=next(iter(standing), None), pinned=_pins(version, digest, standing)
        )
        history.append({"action": "promote", "version": version, **clock().said}, routed)
        routes.write(routed)
        yield
    finally:
        os.environ.pop("PROJECT_ROOT")
        if outside is not None:
            os.environ["PROJECT_ROOT"] = outside


def _copy(root: Path, versions: Sequence[str]) -> None:
    here = settings.root()
    shutil.copy(here / "pyproject.toml", root)
    shutil.copytree(here / "policy", root / "policy")
    for name in _COPIED:
        if (here / "governance" / name).is_dir():
            shutil.copytree(here / "governance" / name, root / "governance" / name)
    for file in ("governance/allowed_signers", "var/history.jsonl"):
        if (here / file).is_file():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here / file, root / file)
    for version in versions:
        if bundle(version).is_dir():
            shutil.copytree(bundle(version), root / "var" / "releases" / version)
            _copy_reference(root, version)


def _copy_reference(root: Path, version: str) -> None:
    """The rows that monitoring compares with, where they are on this machine."""
    file = release.reference_file(bundle(version))
    if file.is_file():
        target = root / settings.relative(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def _pins(version: str, digest: str, standing: Sequence[str]) -> dict[str, dict[str, Any]]:
    pins = {version: pin(version, digest, ())}
    for each in standing[:1]:
        if bundle(each).is_dir():
            pins[each] = pin(each, subject_digest(subject(bundle(each))), ())
    return pins


def _roll_back() -> None:
    """The command as a person would give it, start of Python included."""
    command = [sys.executable, "-m", package(), "rollback", "--reason", "drill"]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(
            f"the rollback failed: {done.stderr.strip()}", "the drill", "repair it before you need it"
        )


def _outcome(
    version: str,
    reached: str,
    digest: str,
    seconds: float,
    seen: Rehearsal,
    passed: bool,
    alarm: Mapping[str, Any] | None,
) -> Outcome:
    now = clock()
    record = {
        "schema": "drill/v1",
        "at": now.said["at"],
        "by": by(),
        "from_version": version,
        "to": reached,
        "subject_digest": digest,
        "seconds": seconds,
        "requests": seen.requests,
        "failed_requests": seen.failed,
        "last_stale_ms": seen.last_stale_ms,
        "alarm": alarm,
        "passed": passed,
    }
    where = filing.add("drills", now.at, record)
    verdict = "passed" if passed else "failed"
    lines = (
        *([_noticed(alarm)] if alarm else ()),
        f"drill {verdict}: {version} -> {reached}, {version} last answered after {seen.last_stale_ms:.0f} ms",
        f"{seen.requests} requests, {seen.failed} failed",
        f"record: {where}",
    )
    return Outcome("drill", passed, lines, {**record, "record": where})


def _noticed(alarm: Mapping[str, Any]) -> str:
    found = f"{alarm['level']} by {', '.join(alarm['raised'])}" if alarm["raised"] else "nobody noticed"
    return f"a feed stuck for {alarm['planted']} answers: {found}, {alarm['seconds']:.1f} s after the first"
