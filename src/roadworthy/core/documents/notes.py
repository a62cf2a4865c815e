"""What files say, by their content: what was looked at once is not looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

NOTHING: Mapping[str, Any] = {}
MOST = 20_000


class Notes:
    """Values by kind and digest, shared by the judgements of one process. Nobody may change one."""

    def __init__(self, kept: Mapping[str, Any] = NOTHING) -> None:
        self._kept, self._used, self.grown = dict(kept), dict[str, Any](), False

    def once(
        self, kind: str, key: str, make: Callable[[], Any], worth: Callable[[Any], bool] = lambda _: True
    ) -> Any:
        """Return what is noted under a key, or make it and note it, if it is worth that.

        It is a plain value, as JSON can hold it.
        """
        name = f"{kind} {key}"
        if name in self._used:
            return self._used[name]
        known = name in self._kept
        value = self._kept[name] if known else make()
        if known or worth(value):
            self._note(name, value)
            self.grown |= not known
        return value

    def _note(self, name: str, value: Any) -> None:
        if len(self._used) >= MOST:
            self._used.clear()
        self._used[name] = value

    def dump(self) -> Mapping[str, Any]:
        """Return what was asked for, to be kept for another process."""
        return self._used
