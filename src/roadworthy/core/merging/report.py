"""What an update did or would do, as a value: the one thing that screens and JSON are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from roadworthy.core.merging.plan import PathPlan

CURRENT, PLANNED, UPDATED, CONFLICTS, ABORTED = "current", "planned", "updated", "conflicts", "aborted"


@dataclass(frozen=True, kw_only=True)
class AnswerChange:
    """An answer that differs between the recorded release and the target (None: not asked there)."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
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

    @property
    def exit_code(self) -> int:
        """Return 1 while a person has something to decide, else 0."""
        blocked = self.state in (CONFLICTS, PLANNED) and any(
            path.fate.value == "conflict" for path in self.paths
        )
        return 1 if self.state == CONFLICTS or blocked else 0
