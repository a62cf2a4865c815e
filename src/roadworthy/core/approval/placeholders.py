"""Words that fill a field without saying anything. A record made of them is not evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

EMPTY_WORDS = frozenset(
    (
        *("todo", "tbd", "tba", "to be done", "to be defined", "fixme", "xxx", "-"),
        *("n/a", "na", "not applicable", "none", "nil", "null", "unknown", "no impact"),
        *("placeholder", "lorem ipsum", "fill in", "change me", "changeme"),
    )
)
_TOKEN = re.compile(r"\b(todo|tbd|fixme)\b|<[^<>@=\n]{1,80}>|lorem ipsum", re.IGNORECASE)


def is_placeholder(text: str) -> bool:
    """Return whether a text says nothing: empty, a known filler, or one with a filler inside."""
    said = text.strip().casefold().strip(".…!?").strip()
    return not said or said in EMPTY_WORDS or _TOKEN.search(text) is not None


def placeholders(value: Any, path: str = "", *, empty: bool = True) -> Iterator[str]:
    """Yield the dotted paths in a parsed document that hold placeholders.

    With `empty`, missing values count too: right for what people write, wrong for what machines leave out.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from placeholders(inner, f"{path}.{key}".lstrip("."), empty=empty)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from placeholders(inner, f"{path}[{number}]", empty=empty)
    elif value is None or isinstance(value, str):
        blank = value is None or not value.strip()
        if empty if blank else is_placeholder(str(value)):
            yield path or "."
