"""What a parsed value may be: a plain tree of text keys, 64-bit integers, finite floats; no cycle, no NUL."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_INT = 2**63
_BAD_TEXT = "[\x00\ud800-\udfff]"  # compiled when text first needs a closer look: few does


class ParseError(Exception):
    """A document that is not read: `reason` in plain words, `line` when known (from 1)."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


def plain(value: Any, *, mend: bool = False) -> Any:
    """Return `value` as a plain bounded tree. Raises ParseError for cycles, odd keys, NUL, huge numbers.

    With `mend`, letters that text may not hold are replaced instead.
    """
    return _Plain(_mended if mend else text_of).copy(value, 0)


class _Plain:
    """One bounded copy; a cycle shows as too much depth."""

    def __init__(self, text: Callable[[Any], str]) -> None:
        self.text = text
        self.nodes = 0

    def copy(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ParseError(f"more than {MAX_NODES:,} values or nested deeper than {MAX_DEPTH}")
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind is dict:
            return {self.text(key): self.copy(item, depth + 1) for key, item in value.items()}
        if kind is list or kind is tuple:
            return [self.copy(item, depth + 1) for item in value]
        return self.text(str(value)) if isinstance(value, str) else _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int64(value)
    if isinstance(value, float):
        return finite(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise ParseError(f"a value of type {type(value).__name__}")


def _mended(value: Any) -> str:
    if isinstance(value, str):
        return value if value.isprintable() else re.sub(_BAD_TEXT, "\ufffd", value)
    return text_of(value)


def text_of(value: Any, line: int = 0) -> str:
    if not isinstance(value, str):
        raise ParseError(f"a key that is not text: {str(value)[:40]!r}", line)
    if not value.isprintable() and re.search(_BAD_TEXT, value):
        raise ParseError("text with a NUL or half a surrogate pair", line)
    return value


def int64(value: int, line: int = 0) -> int:
    if not -MAX_INT <= value < MAX_INT:
        raise ParseError("a whole number beyond 64 bits", line)
    return value


def finite(value: Any, line: int = 0) -> float:
    number = float(value) if len(str(value)) <= 400 else float("inf")
    if number - number != 0:
        raise ParseError("a number that is infinite or not a number", line)
    return number
