"""An update that was begun: finished after a kill, recorded once conflicts are resolved, or taken back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from roadworthy.adapters import journal
from roadworthy.adapters.git.worktree import (
    Checkout,
    as_checked_out,
    index_with,
    resolved_paths,
    unmerged_paths,
    with_staged,
)
from roadworthy.core.merging.plan import Fate, PathPlan
from roadworthy.core.merging.report import ABORTED, CONFLICTS, UPDATED, Update
from roadworthy.core.templates.tree import File
from roadworthy.errors import Refused

COMMIT = ("git diff --cached", "git commit")
RESOLVE = (
    "git status",
    "git mergetool, or edit the files and `git add` them",
    "roadworthy update --continue",
    "or take it back: roadworthy update --abort",
)
BROKEN = (
    "git diff --cached",
    "repair what is broken, or take it back: roadworthy update --abort",
    "git commit",
)


def place_of(checkout: Checkout) -> journal.Place:
    """Return where a checkout keeps its update journal."""
    return journal.Place(
        root=checkout.root, index=checkout.index, home=os.path.join(checkout.git_dir, "roadworthy")
    )


def on_disk(checkout: Checkout, path: str) -> str:
    """Return where a path of the project lies in the work tree."""
    return os.path.join(checkout.root, checkout.prefix + path)


def note_of(
    checkout: Checkout, report: Update, record: Mapping[str, File], conflicts: list[str]
) -> dict[str, Any]:
    """Return what a journal must remember to be finished or taken back by a later process."""
    return {
        "head": checkout.head,
        "prefix": checkout.prefix,
        "source": report.source,
        "before": report.before,
        "after": report.after,
        "record": {path: file.data.decode() for path, file in record.items()},
        "conflicts": [checkout.prefix + path for path in conflicts],
    }


def recover(checkout: Checkout, *, asked: bool, force: bool = False) -> Update | None:
    """Finish what a kill interrupted, and record what a person resolved; None if nothing was begun.

    `asked` says that a person wants just that; else what leaves a doubt is refused instead of recorded.
    """
    place = place_of(checkout)
    begun = journal.read(place)
    if begun is not None and begun.state == journal.UNDOING:
        journal.undo(place, edited_too=True)
        return None
    if begun is not None and begun.state == journal.APPLYING:
        journal.finish(place)
        return _as_begun(checkout, place) if begun.note["prefix"] == checkout.prefix else None
    if begun is not None and begun.state == journal.OPEN:
        return _conclude(checkout, place, begun.note, asked=asked, force=force)
    return None


def is_open(checkout: Checkout) -> bool:
    """Say whether an update waits for a person, as far as git knows of its conflicts."""
    begun = journal.read(place_of(checkout))
    return begun is not None and begun.state == journal.OPEN and not _forgotten(checkout, begun.note)


def demand_none_open(checkout: Checkout) -> None:
    """Refuse to begin anything else while an update waits for a person."""
    if is_open(checkout):
        hint = "record it: roadworthy update --continue; or take it back: roadworthy update --abort"
        raise Refused("an update is unfinished here", hint)


def _demand_here(checkout: Checkout, note: Mapping[str, Any]) -> None:
    """Refuse to finish the update of one project of a repository for another one."""
    if note["prefix"] != checkout.prefix:
        from shlex import quote

        command = f"roadworthy update {quote(os.path.join(checkout.root, note['prefix']).rstrip('/'))}"
        hint = f"record it: {command} --continue; or take it back: {command} --abort"
        raise Refused(f"the update under way in this repository is of {note['prefix'] or 'its root'}", hint)


def take_back(checkout: Checkout, *, force: bool) -> Update:
    """Put everything back as it was before the update, byte for byte."""
    place = place_of(checkout)
    begun = journal.read(place)
    if begun is None:
        raise Refused("there is no update to take back", "one you committed: roadworthy update --back")
    if begun.note["head"] != checkout.head and not force:
        hint = "take it back with `roadworthy update --back`; to only forget it: --abort --force"
        raise Refused("you committed since the update", hint)
    if begun.note["head"] != checkout.head:
        journal.abandon(place)
    else:
        _demand_here(checkout, begun.note)
        shown = begun.state == journal.OPEN and not _forgotten(checkout, begun.note)
        journal.keep_staged(place, partial(with_staged, checkout, begun.paths))
        journal.undo(place, edited_too=force or shown or begun.state == journal.UNDOING)
    return _told(begun.note, ABORTED)


def _as_begun(checkout: Checkout, place: journal.Place) -> Update:
    finished = journal.read(place)
    if finished is not None and finished.state == journal.OPEN:
        return _told(finished.note, CONFLICTS, _still_open(sorted(unmerged_paths(checkout))), RESOLVE)
    return _told(finished.note if finished else {}, UPDATED, next_=COMMIT)


def _conclude(
    checkout: Checkout, place: journal.Place, note: Mapping[str, Any], *, asked: bool, force: bool
) -> Update | None:
    conflicts = set(note["conflicts"])
    unmerged = sorted(conflicts & unmerged_paths(checkout))
    forgotten = _forgotten(checkout, note)
    standings = journal.standings(place)
    touched = any(each.now != each.before for each in standings if _concerns(each, conflicts))
    if forgotten and not touched and not unmerged:
        journal.abandon(place)  # the person took it back with git: there is nothing to record
        return None
    _demand_here(checkout, note)
    if unmerged:
        return _told(note, CONFLICTS, _still_open(unmerged), RESOLVE)
    if not (asked or touched):
        hint = "record that: roadworthy update --continue; or take it back: roadworthy update --abort"
        raise Refused(f"the update to {note['after']} was resolved by keeping yours everywhere", hint)
    if not force:
        aside = conflicts | {note["prefix"] + path for path in note["record"]}
        _demand_known(forgotten, moved=note["head"] != checkout.head)
        _demand_resolved([each for each in standings if each.path in conflicts])
        _demand_landed([s.path for s in standings if s.path not in aside and s.now == s.before != s.after])
    _record(checkout, place, note)
    return _told(note, UPDATED, next_=COMMIT)


def _forgotten(checkout: Checkout, note: Mapping[str, Any]) -> list[str]:
    """Return the conflicts of which git neither holds the sides nor knows that somebody resolved them."""
    return sorted(set(note["conflicts"]) - unmerged_paths(checkout) - resolved_paths(checkout))


def _concerns(each: journal.Standing, conflicts: set[str]) -> bool:
    return each.before != each.after or each.path in conflicts


def _demand_known(forgotten: list[str], *, moved: bool) -> None:
    """What was reset, then edited, looks like a resolution: to record it would skip the release's change."""
    if forgotten:
        hint = f"start over: roadworthy update --abort{' --force' if moved else ''}"
        raise Refused(
            f"{', '.join(forgotten)}: git has forgotten the conflict, so nobody knows that it was resolved",
            f"{hint}; if you did resolve it: roadworthy update --continue --force",
        )


def _record(checkout: Checkout, place: journal.Place, note: Mapping[str, Any]) -> None:
    record: dict[str, File | None] = {path: File(text.encode()) for path, text in note["record"].items()}
    _, index = index_with(checkout, record, {})
    written = as_checked_out(checkout, record)
    journal.amend(place, {note["prefix"] + path: file for path, file in written.items()}, index)


def _demand_resolved(conflicts: list[journal.Standing]) -> None:
    from roadworthy.core.merging.guards import MARKERS

    for each in conflicts:
        data = each.now.data if each.now else b""
        if any(line.startswith(MARKERS) for line in data.splitlines()):
            hint = (
                "edit it and `git add` it; if the markers belong there: roadworthy update --continue --force"
            )
            raise Refused(f"{each.path} still has conflict markers", hint)


def _demand_landed(missing: list[str]) -> None:
    if missing:
        hint = "start over: roadworthy update --abort; if you mean it: roadworthy update --continue --force"
        raise Refused(f"{', '.join(missing)}: back to what was before the update", hint)


def _still_open(paths: list[str]) -> tuple[PathPlan, ...]:
    return tuple(PathPlan(path=path, fate=Fate.CONFLICT, note="not resolved yet") for path in paths)


def _told(
    note: Mapping[str, Any], state: str, paths: tuple[PathPlan, ...] = (), next_: tuple[str, ...] = ()
) -> Update:
    return Update(
        state=state,
        source=note.get("source", ""),
        before=note.get("before", ""),
        after=note.get("after", ""),
        paths=paths,
        next=next_,
    )
