"""`pipeline`: data, train and evaluate in one process, because starting up is most of their cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import dataset, evaluate, train
from .outcome import Outcome


def pipeline() -> Outcome:
    """The three verbs in turn; the first that refuses is the last."""
    lines: list[str] = []
    details: dict[str, Any] = {}
    steps: tuple[Callable[[], Outcome], ...] = (dataset.data, train.train, evaluate.evaluate)
    for step in steps:
        outcome = step()
        lines += outcome.lines
        details |= {outcome.verb: outcome.details}
        if not outcome.ok:
            return Outcome("pipeline", ok=False, lines=tuple(lines), details=details)
    return Outcome("pipeline", ok=True, lines=tuple(lines), details=details)
