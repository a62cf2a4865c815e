"""What every verb answers: an Outcome when it ran, Refused when it would not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The result of one verb: text lines for people, details for machines."""

    verb: str
    ok: bool
    lines: tuple[str, ...]
    details: dict[str, Any] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a defect
    """The verb would not go on: what was expected, where, and the command that repairs it."""

    def __init__(self, what: str, where: str, repair: str) -> None:
        super().__init__(what)
        self.what, self.where, self.repair = what, where, repair
