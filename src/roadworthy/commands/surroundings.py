"""What lies around a project: its release, its tracking store. Each may be out of reach."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roadworthy import __version__
from roadworthy.adapters.memory import once
from roadworthy.adapters.sources import DEVELOPMENT, builtin_entries, open_builtin
from roadworthy.core.approval.subject import canonical, sha256
from roadworthy.core.documents.parse import parse_yaml
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.templates.releases import is_supported
from roadworthy.core.templates.source import BUILTIN, Source
from roadworthy.errors import RoadworthyError
from roadworthy.facts.project import ANSWERS, LOCK, read_mapping
from roadworthy.facts.sources import Released, Tracked


def released(snapshot: Snapshot, project: Mapping[str, Any]) -> Released:
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
    wanted = release if spec == BUILTIN else str(answers.get("_commit") or "") or None
    digests = _remembered(snapshot, answers, spec, wanted)
    records = {path: digests.pop(path, "") for path in (ANSWERS, LOCK)}
    return Released(
        known=True,
        release=release,
        # What a checkout would render now is newer than any release.
        supported=release == DEVELOPMENT or is_supported(release, _releases(spec)),
        files=digests,
        answers_ok=all(_same(snapshot, path, digest) for path, digest in records.items()),
    )


def _trusted(spec: str) -> bool:
    if spec == BUILTIN:
        return True
    from roadworthy.commands.source import is_trusted_source

    return is_trusted_source(spec)


def _releases(spec: str) -> list[str]:
    if spec == BUILTIN:
        return [entry.version for entry in builtin_entries()]
    from roadworthy.commands.source import releases

    return releases(spec)


def _open(spec: str, release: str | None) -> Source:
    """Open a release without what only rendering needs, where that can be."""
    if spec == BUILTIN:
        from roadworthy.adapters.archive import unpack
        from roadworthy.adapters.git import git

        return open_builtin(release, unpack, git)
    from roadworthy.commands.source import open_source

    return open_source(spec, release)


def _remembered(
    snapshot: Snapshot, answers: Mapping[str, Any], spec: str, release: str | None
) -> dict[str, str]:
    """Digests of the managed files of a release for these answers; rendered once, then remembered."""
    folder = Path(snapshot.source["path"]).name
    frozen = _frozen(spec, release)
    source = None if frozen else _open(spec, release)
    identity = [
        __version__,
        frozen or (source.digest if source else ""),
        spec,
        folder,
        sha256(canonical(answers)),
    ]
    key = sha256(canonical(identity))
    return dict(once("managed", key, lambda: _digests(source or _open(spec, release), answers, folder)))


def _frozen(spec: str, release: str | None) -> str:
    """The digest of a release that this installation carries; empty for what can still change."""
    entries = builtin_entries() if spec == BUILTIN else ()
    return next((entry.sha256 for entry in entries if entry.version == release), "")


def _digests(source: Source, answers: Mapping[str, Any], folder: str) -> dict[str, str]:
    from roadworthy.commands.source import project_of
    from roadworthy.core.templates.ownership import ownership_of
    from roadworthy.core.templates.source import OWNERSHIP

    manifest = parse_yaml(source.tree[OWNERSHIP].data)

    def ours(path: str) -> bool:
        return ownership_of(path, manifest).kind == "managed"

    made = project_of(source, {}, last=answers, folder=folder, only=ours)
    return {path: sha256(file.data) for path, file in made.files.items() if ours(path) and file.link is None}


def _same(snapshot: Snapshot, path: str, digest: str) -> bool:
    data = snapshot.read(path)
    return isinstance(data, bytes) and sha256(data) == digest


def tracked(model: str) -> Tracked:
    """Return what the shared registry says; the judge's own environment names it, never the project."""
    from roadworthy.adapters.remote import asker
    from roadworthy.facts.registry import read_registry

    address = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not address.startswith(("http://", "https://")):
        return Tracked(reachable=False, reason="MLFLOW_TRACKING_URI names no tracking server")
    return read_registry(asker(address, _credentials()), model)


def _credentials() -> dict[str, str]:
    """What MLflow's own client would send."""
    read = os.environ.get
    user, password = read("MLFLOW_TRACKING_USERNAME", ""), read("MLFLOW_TRACKING_PASSWORD", "")
    if user and password:
        return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    token = read("MLFLOW_TRACKING_TOKEN", "")
    return {"Authorization": f"Bearer {token}"} if token else {}
