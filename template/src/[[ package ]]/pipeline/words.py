"""Words that people wrote, and words that only hold the place of some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_HOLDING = {
    "", "todo", "tbd", "tba", "n/a", "na", "none", "no impact", "unknown", "xxx", "fixme", "lorem ipsum",
    "placeholder", "...",
}  # fmt: skip
_TOKEN = re.compile(r"\b(?:todo|tbd)\b|<[^<>\s][^<>]*>", re.IGNORECASE)


def is_placeholder(text: str) -> bool:
    """Whether a text says nothing: empty, a stand-in word, or one with a stand-in left inside."""
    bare = text.strip().casefold()
    return bare in _HOLDING or bare.removesuffix(".") in _HOLDING or bool(_TOKEN.search(text))


def leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a tree with its dotted place; a mapping with `ref` is one value."""
    if isinstance(value, dict) and set(value) != {"ref"}:
        for key, each in value.items():
            yield from leaves(each, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from leaves(each, f"{where}.{place}")
    else:
        yield where, value
