"""What pure functions came to, by the values of everything they read. Nothing of it outlives the process."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable
from hashlib import sha256
from typing import Any, TypeVar

T = TypeVar("T")
MOST = 10_000


class Memo:
    """Results by key, which nobody may change; those not asked for lately are forgotten.

    A key names the function and holds all that it reads, so whoever asks with the same key gets what the
    function would say.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._recent: dict[Hashable, Any] = {}
        self._before: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made under a key, or make it."""
        found: T = self._recent[key] if key in self._recent else self._learn(key, make)
        return found

    def _learn(self, key: Hashable, make: Callable[[], Any]) -> Any:
        value = self._before[key] if key in self._before else make()
        if len(self._recent) >= self._most:
            self._recent, self._before = {}, self._recent
        self._recent[key] = value
        return value


def identity(value: Any) -> Hashable:
    """Return what equals only the identity of the same plain value, types included; else equals nothing."""
    try:
        # Of this version of the format the same value has the same bytes, wherever its parts lie in memory.
        return sha256(marshal.dumps(value, 2)).digest()
    except ValueError:
        return object()
