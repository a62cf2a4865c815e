"""What an update did or would do, as a value: the one thing that screens and JSON are made from."""

from __future__ import annotations

import re
from typing import Any

from roadworthy.core.merging.plan import PathPlan
from roadworthy.core.values import frozen, replace

CURRENT, PLANNED, UPDATED, CONFLICTS, ABORTED = "current", "planned", "updated", "conflicts", "aborted"


@frozen
class AnswerChange:
    """An answer that differs between the recorded release and the target (None: not asked there)."""

    name: str
    before: Any
    after: Any


@frozen
class Outlook:
    """What the target's policy says of the result, beside what it said before.

    `broken` passed before, and the merge is to blame; `demanded` is what policy asks anew, each with its day;
    `unjudged` says why nobody knows.
    """

    broken: tuple[str, ...] = ()
    demanded: tuple[str, ...] = ()
    unjudged: str = ""


@frozen
class Update:
    """An update of one project, planned or done."""

    state: str
    source: str
    before: str
    after: str
    paths: tuple[PathPlan, ...] = ()
    answers: tuple[AnswerChange, ...] = ()
    policy: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    outlook: Outlook = Outlook()

    @property
    def exit_code(self) -> int:
        """Return 1 while a person has something to decide, 3 if the policy could not judge, else 0."""
        blocked = self.state in (CONFLICTS, PLANNED) and any(
            path.fate.value == "conflict" for path in self.paths
        )
        if self.state == CONFLICTS or blocked or self.outlook.broken:
            return 1
        return 3 if self.outlook.unjudged else 0


def seen_from(update: Update, folder: str, verb: str) -> Update:
    """Return the report with its next commands as they are typed elsewhere, or with another verb."""
    if not folder and verb == "update":
        return update
    from shlex import quote

    place = f" {quote(folder)}" if folder else ""
    at = f"git -C{place} " if folder else "git "
    steps = (step.replace("roadworthy update", f"roadworthy {verb}{place}") for step in update.next)
    return replace(update, next=tuple(re.sub(r"(^|`)git ", rf"\g<1>{at}", step) for step in steps))


def nothing_to_do(source: str, release: str, paths: tuple[PathPlan, ...] = ()) -> Update:
    """Return the report of an update that finds the project at its goal."""
    return Update(state=CURRENT, source=source, before=release, after=release, paths=paths)
