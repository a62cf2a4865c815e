"""Puts what an update comes to into the work tree and the index, in one journalled step."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

from roadworthy.adapters import journal
from roadworthy.adapters.git import git
from roadworthy.adapters.git.worktree import (
    Checkout,
    as_checked_out,
    demand_clean,
    index_with,
    unwatched_paths,
)
from roadworthy.commands.unfinished import BROKEN, COMMIT, RESOLVE, note_of, on_disk, place_of
from roadworthy.core.merging.entries import Entries, entry
from roadworthy.core.merging.report import CONFLICTS, UPDATED, Update
from roadworthy.core.templates.tree import File
from roadworthy.core.values import replace
from roadworthy.errors import Refused

if TYPE_CHECKING:
    from roadworthy.commands.planning import Landing
    from roadworthy.core.merging.state import MergePlan


def publish(checkout: Checkout, report: Update, landing: Landing) -> Update:
    """Write the plan; what is recorded of the release moves only when nothing of it is left open."""
    plan, record = landing.plan, landing.record
    wanted = {**plan.changes, **({} if plan.stages else record)}
    demand_room(checkout, landing)
    index = index_with(checkout, wanted, plan.stages)
    waiting = {path: journal.look_at(on_disk(checkout, path)) for path in (*record, *plan.stages)}
    written = {**waiting, **as_checked_out(checkout, wanted)}
    journal.begin(
        place_of(checkout),
        {checkout.prefix + path: file for path, file in written.items()},
        index,
        note_of(checkout, report, record, list(plan.stages)),
        after=journal.OPEN if plan.stages else journal.DONE,
        check=lambda: demand_clean(checkout),
    )
    settled = BROKEN if report.outlook.broken else COMMIT
    state, following = (CONFLICTS, RESOLVE) if plan.stages else (UPDATED, settled)
    return replace(report, state=state, next=following)


def demand_room(checkout: Checkout, landing: Landing) -> None:
    """Refuse to land on anything that git could not give back."""
    wanted = {**landing.plan.changes, **landing.record}
    if os.path.exists(os.path.join(checkout.root, ".GIT")):
        _demand_apart(wanted, landing.committed)
    _demand_free(checkout, landing.plan, wanted)
    _demand_watched(
        checkout, [path for path in wanted if not _is_committed(checkout, path, landing.committed)]
    )


def _demand_apart(wanted: Mapping[str, File | None], committed: Entries) -> None:
    """Refuse to write two files that are one on a disk that does not tell case apart."""
    from roadworthy.core.documents.snapshot import colliding  # only where the disk is such a one

    kept = {path for path in (*committed, *wanted) if wanted.get(path, True)}
    for pair in colliding(tuple(sorted(kept))):
        if wanted.keys() & {*pair}:
            hint = "rename one in the template or here, or update where names differ by case"
            raise Refused(f"{' and '.join(pair)} are one file on this disk", hint)


def _demand_free(checkout: Checkout, plan: MergePlan, wanted: Mapping[str, File | None]) -> None:
    """Refuse to write over files that git does not know, or through a link to somewhere else."""
    gone = {path for path, file in wanted.items() if file is None}
    above = {folder for path in wanted for folder in _ways(posixpath.dirname(path))} - gone
    blocked = {folder for folder in above if not _is_folder(on_disk(checkout, folder))}
    taken = {path for path in plan.created & wanted.keys() if _occupied(checkout, path, wanted[path], gone)}
    if occupied := sorted(blocked | taken):
        _demand_no_links(checkout, occupied)
        shown = ", ".join(occupied[:5])
        raise Refused(f"untracked files are in the way: {shown}", "commit them, or move them away")


def _demand_no_links(checkout: Checkout, occupied: list[str]) -> None:
    """Say of a link that stands where the release has a folder what it is: git may well know it."""
    places = {place for path in occupied for place in _ways(path)}
    for link in sorted(place for place in places if os.path.islink(on_disk(checkout, place))):
        to = os.readlink(on_disk(checkout, link))
        tracked = git(checkout.root, "ls-files", "-z", "--", f":(literal){checkout.prefix}{link}")
        from shlex import quote  # only where something is quoted

        move = "git mv {0} OTHER && git commit -m 'Move {0}'" if tracked else "mv {0} OTHER"
        hint = f"move it away, then update: {move.format(quote(link))}"
        raise Refused(f"{link} is a link to {to}, where the release has something else", hint)


def _ways(path: str) -> Iterator[str]:
    """Yield what leads to a path, and the path itself."""
    return accumulate(path.split("/"), posixpath.join)


def _is_folder(place: str) -> bool:
    return not os.path.islink(place) and (os.path.isdir(place) or not os.path.exists(place))


def _is_committed(checkout: Checkout, path: str, committed: Entries) -> bool:
    """Say whether a path lies there as it was committed, or not at all: so nothing of it can be lost."""
    there = journal.look_at(on_disk(checkout, path))
    if there is None:
        return not os.path.lexists(on_disk(checkout, path))
    return entry(there, checkout.algorithm) == committed.get(path)


def _demand_watched(checkout: Checkout, edited: list[str]) -> None:
    """Refuse to write over a file in which git was told to overlook edits."""
    paths = {checkout.prefix + path for path in edited}
    unwatched = paths & unwatched_paths(checkout) if paths else paths
    if hidden := sorted(path for path in unwatched if os.path.lexists(os.path.join(checkout.root, path))):
        from shlex import join

        names = join(hidden)
        told = ("no-assume-unchanged", "no-skip-worktree")  # git obeys one of them at a time
        hint = " && ".join(f"git update-index --{flag} {names}" for flag in told)
        raise Refused(f"git was told to overlook edits in {', '.join(hidden)}, which would be lost", hint)


def _occupied(checkout: Checkout, path: str, wanted: File | None, gone: set[str]) -> bool:
    place = on_disk(checkout, path)
    if os.path.isdir(place) and not os.path.islink(place):
        walked = ((os.path.relpath(at, on_disk(checkout, "")), names) for at, _, names in os.walk(place))
        return not all(posixpath.join(at, name) in gone for at, names in walked for name in names)
    return journal.look_at(place) not in (None, wanted) and not _is_renamed(checkout, path, gone)


def _is_renamed(checkout: Checkout, path: str, gone: set[str]) -> bool:
    """Say whether a file lies there under its old name only, where the disk takes both for one."""
    olds = (on_disk(checkout, other) for other in gone)
    return any(os.path.exists(old) and os.path.samefile(old, on_disk(checkout, path)) for old in olds)
