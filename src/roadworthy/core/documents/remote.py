"""What another machine answered: a value, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from roadworthy.core.values import frozen


@frozen
class Answer:
    """One answer; `reason` is empty when there is a value, and `status` 0 when nobody answered."""

    status: int = 0
    value: Any = None
    reason: str = ""


Ask = Callable[[str], Answer]
