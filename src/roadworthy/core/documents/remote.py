"""What another machine answered: a value, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer; `reason` is empty when there is a value, and `status` 0 when nobody answered."""

    status: int = 0
    value: Any = None
    reason: str = ""


Ask = Callable[[str], Answer]
