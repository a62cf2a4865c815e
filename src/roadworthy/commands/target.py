"""What is judged: a folder, a repository at a revision, or an archive; some have a history."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from roadworthy.adapters.files import open_folder
from roadworthy.commands.revision import (
    commit_of,
    is_bare,
    oddity,
    open_revision,
    past_bytes,
    read_history,
    repository_of,
)
from roadworthy.commands.told import read, reader
from roadworthy.core.documents.notes import Notes
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.values import frozen
from roadworthy.errors import Unjudgeable, UsageError
from roadworthy.facts.history import History
from roadworthy.facts.sources import Blobs


@frozen
class Target:
    """A snapshot, the folder or repository that it lies in, and the means to look back."""

    snapshot: Snapshot
    place: Path | None
    history: Callable[[], History]
    past: Blobs


def open_target(path: str, revision: str | None = None, told: Notes | None = None) -> Target:
    """Return what a path names, ready to be judged; `told` keeps what git says of a folder."""
    place = Path(path).absolute()
    if place.is_file():
        if revision:
            raise UsageError("an archive has no revisions", "leave --revision out")
        from roadworthy.adapters.packed import open_packed

        return _without_history(open_packed(place), "an archive carries no history")
    if not place.is_dir():
        raise UsageError(f"{path} does not exist", "name a folder, a bare repository or an archive")
    if revision or is_bare(place):
        return _at_revision(place, revision or "HEAD")
    return _folder(place, told)


def _at_revision(repository: Path, revision: str) -> Target:
    if odd := oddity(repository):
        raise Unjudgeable(odd, "judge a clone")
    commit = commit_of(repository, revision)
    return Target(
        snapshot=open_revision(repository, commit),
        place=repository,
        history=partial(read_history, repository, commit),
        past=partial(past_bytes, repository),
    )


def _folder(place: Path, told: Notes | None) -> Target:
    snapshot, repository = open_folder(place), repository_of(place)
    if repository is None:
        return _without_history(snapshot, "its .git leads to another place: judge a clone", place)
    if odd := oddity(repository):
        return _without_history(snapshot, odd, place)
    ask = read if told is None else reader(place, told)
    return Target(
        snapshot=snapshot,
        place=place,
        history=partial(read_history, place, ask=ask),
        past=partial(past_bytes, place, ask=ask),
    )


def _without_history(snapshot: Snapshot, reason: str, place: Path | None = None) -> Target:
    return Target(
        snapshot=snapshot,
        place=place,
        history=lambda: History(available=False, reason=reason),
        past=lambda _: {},
    )
