"""An update that was begun: finished after a kill, recorded once conflicts are resolved, or taken back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roadworthy.adapters import journal
from roadworthy.adapters.git.worktree import Checkout, as_checked_out, index_with, unmerged_paths
from roadworthy.core.merging.plan import Fate, PathPlan
from roadworthy.core.merging.report import ABORTED, CONFLICTS, UPDATED, Update
from roadworthy.core.templates.tree import File
from roadworthy.errors import Refused

COMMIT = ("git diff --cached", "git commit")
RESOLVE = (
    "git status",
    "git mergetool, or edit the files and `git add` them",
    "roadworthy update --continue",
)


def place_of(checkout: Checkout) -> journal.Place:
    """Return where a checkout keeps its update journal."""
    return journal.Place(root=checkout.root, index=checkout.index, home=checkout.git_dir / "roadworthy")


def on_disk(checkout: Checkout, path: str) -> Path:
    """Return where a path of the project lies in the work tree."""
    return checkout.root / checkout.prefix / path


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


def recover(checkout: Checkout, *, force: bool = False) -> Update | None:
    """Finish what a kill interrupted, and record what a person resolved; None if nothing was begun."""
    place = place_of(checkout)
    begun = journal.read(place)
    if begun is not None and begun.state == journal.UNDOING:
        journal.undo(place, edited_too=True)
        return None
    if begun is not None and begun.state == journal.APPLYING:
        journal.finish(place)
        return _as_begun(checkout, place)
    if begun is not None and begun.state == journal.OPEN:
        return _conclude(checkout, place, begun.note, force)
    return None


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
        journal.undo(place, edited_too=force or begun.state in (journal.OPEN, journal.UNDOING))
    return _told(begun.note, ABORTED)


def _as_begun(checkout: Checkout, place: journal.Place) -> Update:
    finished = journal.read(place)
    if finished is not None and finished.state == journal.OPEN:
        return _told(finished.note, CONFLICTS, _still_open(unmerged_paths(checkout)), RESOLVE)
    return _told(finished.note if finished else {}, UPDATED, next_=COMMIT)


def _conclude(
    checkout: Checkout, place: journal.Place, note: Mapping[str, Any], force: bool
) -> Update | None:
    conflicts = set(note["conflicts"])
    unmerged = sorted(conflicts.intersection(unmerged_paths(checkout)))
    standings = journal.standings(place)
    changed = [each for each in standings if each.before != each.after]
    if not unmerged and all(each.now == each.before for each in changed):
        journal.abandon(place)  # the person took it back with git: there is nothing to record
        return None
    if unmerged:
        return _told(note, CONFLICTS, _still_open(unmerged), RESOLVE)
    if not force:
        aside = conflicts | {note["prefix"] + path for path in note["record"]}
        _demand_resolved([each for each in standings if each.path in conflicts])
        _demand_landed([each.path for each in changed if each.path not in aside and each.now == each.before])
    _record(checkout, place, note)
    return _told(note, UPDATED, next_=COMMIT)


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
