"""One judged fact, as data contract and gates both state it. Unknown is an outcome of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

WORDS = {True: "pass", False: "FAIL", None: "unknown"}


@dataclass(frozen=True)
class Check:
    """What was measured against which limit; passed is None when it could not be known."""

    id: str
    metric: str
    value: float | None
    op: str
    limit: float | None
    passed: bool | None
    note: str = ""

    def line(self) -> str:
        """One line for people."""
        told = f"{self.metric} {number(self.value)} {self.op} {number(self.limit)}"
        return f"{WORDS[self.passed]:8}{self.id:30} {told}" + (f"  ({self.note})" if self.note else "")


def judge(name: str, metric: str, value: float | None, op: str, limit: float, note: str = "") -> Check:
    """Compare a value with its limit; no value (or not a number) is unknown, never a pass."""
    if value is None or math.isnan(value):
        return Check(name, metric, None, op, limit, None, note)
    return Check(name, metric, value, op, limit, value <= limit if op == "<=" else value >= limit, note)


def failed(checks: Iterable[Check]) -> list[Check]:
    """The checks that say no."""
    return [check for check in checks if check.passed is False]


def records(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Checks as a record holds them."""
    return [asdict(check) for check in checks]


def number(value: float | None) -> str:
    """A figure as people read it: up to four decimals, no trailing noise."""
    return "-" if value is None else f"{round(value, 4):g}"
