"""Puts what an update comes to into the work tree and the index, in one journalled step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadworthy.adapters import journal
from roadworthy.adapters.git.worktree import Checkout, as_checked_out, demand_clean, index_with
from roadworthy.commands.unfinished import COMMIT, RESOLVE, note_of, on_disk, place_of
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
    _demand_free(checkout, plan)
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
    state, following = (CONFLICTS, RESOLVE) if plan.stages else (UPDATED, COMMIT)
    return replace(report, state=state, next=following)


def _demand_free(checkout: Checkout, plan: MergePlan) -> None:
    """Refuse to write over files that git does not know."""
    gone = {path for path, file in plan.changes.items() if file is None}
    occupied = [path for path in sorted(plan.created) if _occupied(checkout, path, plan.changes[path], gone)]
    if occupied:
        shown = ", ".join(occupied[:5])
        raise Refused(f"untracked files are in the way: {shown}", "commit them, or move them away")


def _occupied(checkout: Checkout, path: str, wanted: File | None, gone: set[str]) -> bool:
    place = on_disk(checkout, path)
    if place.is_dir() and not place.is_symlink():
        below = (file.relative_to(on_disk(checkout, "")) for file in place.rglob("*") if not file.is_dir())
        return not all(file.as_posix() in gone for file in below)
    return journal.look_at(place) not in (None, wanted)
