"""What lies around a project: its release, its tracking store. Each may be out of reach."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from roadworthy.commands.packs import BUILT_IN
from roadworthy.core.approval.subject import canonical, sha256
from roadworthy.core.documents.parse import parse_yaml
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.templates.releases import DEVELOPMENT, is_supported
from roadworthy.errors import RoadworthyError
from roadworthy.facts.project import ANSWERS, LOCK, read_mapping
from roadworthy.facts.sources import Released, Tracked

if TYPE_CHECKING:
    from roadworthy.core.templates.source import Source

# How MLflow names a store that is one file.
STORE: Final = "sqlite:///"

MOST_PATHS = 10_000
Opened: TypeAlias = "tuple[Source, Callable[[str], bool]]"


def released(snapshot: Snapshot) -> Released:
    """Return what the trusted release would have put here; a source nobody trusts is unknown, and says so."""
    answers, lock = read_mapping(snapshot, ANSWERS), read_mapping(snapshot, LOCK)
    spec, release = str(answers.get("_src_path", "")), str(lock.get("release", ""))
    if not answers or not lock:
        return Released(
            known=False, reason=f"no {LOCK if answers else ANSWERS}: it was not made from a release"
        )
    try:
        return _compared(snapshot, answers, spec, release)
    except RoadworthyError as error:
        return Released(known=False, release=release, reason=error.message)


def _compared(snapshot: Snapshot, answers: Mapping[str, Any], spec: str, release: str) -> Released:
    if not _trusted(spec):
        return Released(
            known=False, release=release, reason=f"made from {spec}, which no configuration trusts"
        )
    wanted = release if spec == BUILT_IN else str(answers.get("_commit") or "") or None
    digests = _remembered(snapshot, answers, spec, wanted)
    records = {path: digests.pop(path, "") for path in (ANSWERS, LOCK)}
    return Released(
        known=True,
        release=release,
        # What a checkout would render now is newer than any release.
        supported=release == DEVELOPMENT or is_supported(release, _releases(spec, snapshot)),
        files=digests,
        answers_ok=all(snapshot.digest(path) == digest for path, digest in records.items()),
    )


def _trusted(spec: str) -> bool:
    if spec == BUILT_IN:
        return True
    from roadworthy.commands.source import is_trusted_source

    return is_trusted_source(spec)


def _releases(spec: str, snapshot: Snapshot) -> list[str]:
    if spec == BUILT_IN:
        return list(_carried(snapshot))
    from roadworthy.commands.source import releases

    return releases(spec)


@cache
def _carried_one(release: str) -> Opened:
    """A release that this installation carries never changes: it is compiled once for all its projects."""
    return _opened(BUILT_IN, release)


def _opened(spec: str, release: str | None) -> Opened:
    from roadworthy.core.templates.ownership import ownership_of
    from roadworthy.core.templates.source import OWNERSHIP

    source = _open(spec, release)
    manifest = parse_yaml(source.tree[OWNERSHIP].data)
    return source, lru_cache(MOST_PATHS)(lambda path: ownership_of(path, manifest).kind == "managed")


def _open(spec: str, release: str | None) -> Source:
    """Open a release without what only rendering needs, where that can be."""
    if spec == BUILT_IN:
        from roadworthy.adapters.archive import unpack
        from roadworthy.adapters.git.sources import open_builtin

        return open_builtin(release, unpack)
    from roadworthy.commands.source import open_source

    return open_source(spec, release)


def _remembered(
    snapshot: Snapshot, answers: Mapping[str, Any], spec: str, release: str | None
) -> dict[str, str]:
    """Digests of the managed files of a release for these answers; rendered once, then remembered."""
    folder = Path(snapshot.source["path"]).name
    frozen = _carried(snapshot).get(release or "", "") if spec == BUILT_IN else ""
    opened = None if frozen else _opened(spec, release)
    digest = opened[0].digest if opened else frozen
    key = sha256(canonical([digest, spec, folder, sha256(canonical(answers))]))
    found = snapshot.notes.once(
        "managed", key, lambda: _digests(opened or _carried_one(str(release)), answers, folder)
    )
    return dict(found)


def _carried(snapshot: Snapshot) -> dict[str, str]:
    """The releases that this installation carries, oldest first, with their digests."""
    found: dict[str, str] = snapshot.notes.once("releases", BUILT_IN, _index)
    return found


def _index() -> dict[str, str]:
    from roadworthy.adapters.git.sources import builtin_entries

    return {entry.version: entry.sha256 for entry in builtin_entries()}


def _digests(opened: Opened, answers: Mapping[str, Any], folder: str) -> dict[str, str]:
    from roadworthy.commands.source import project_of

    source, ours = opened
    made = project_of(source, {}, last=answers, folder=folder, only=ours)
    return {path: sha256(file.data) for path, file in made.files.items() if ours(path) and file.link is None}


def tracked(model: str) -> Tracked:
    """Return what the shared registry says; the judge's own environment names it, never the project."""
    from roadworthy.adapters.remote import asker
    from roadworthy.facts.registry import read_registry

    address = os.environ.get("MLFLOW_TRACKING_URI", "")
    if address.startswith(STORE):
        return _stored(Path(address.removeprefix(STORE)), model)
    if not address.startswith(("http://", "https://")):
        return Tracked(reachable=False, reason="MLFLOW_TRACKING_URI names no registry")
    return read_registry(asker(address, _credentials()), model)


def _stored(database: Path, model: str) -> Tracked:
    from roadworthy.adapters.tracking import version_tags

    tags = version_tags(database, model)
    return (
        Tracked(reachable=False, reason=tags) if isinstance(tags, str) else Tracked(reachable=True, tags=tags)
    )


def _credentials() -> dict[str, str]:
    """What MLflow's own client would send."""
    read = os.environ.get
    user, password = read("MLFLOW_TRACKING_USERNAME", ""), read("MLFLOW_TRACKING_PASSWORD", "")
    if user and password:
        from base64 import b64encode

        return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    token = read("MLFLOW_TRACKING_TOKEN", "")
    return {"Authorization": f"Bearer {token}"} if token else {}
