"""Parts of a parsed document that nobody vouches for: of the type they should have, or empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """Return what should be a mapping."""
    return value if isinstance(value, Mapping) else {}


def part(value: Any, name: str) -> Mapping[str, Any]:
    """Return the mapping that should be at a name of a mapping."""
    return mapping(mapping(value).get(name))


def rows(value: Any) -> list[Mapping[str, Any]]:
    """Return what should be a list of mappings, without what is none."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return what should be text."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """Return what should be a number; a truth value is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def count(value: Any) -> int:
    """Return what should be a whole number."""
    return value if type(value) is int else 0


def texts(value: Any) -> dict[str, str]:
    """Return the texts of what should be a mapping, by their names."""
    return {str(name): each for name, each in mapping(value).items() if isinstance(each, str)}


def named(value: Any, key: str = "name") -> str:
    """Return what is named by text alone, or by a mapping that holds its name."""
    return value if isinstance(value, str) else str(mapping(value).get(key) or "")


def leaves(value: Any) -> Iterator[Any]:
    """Yield every value of a tree that is neither a mapping nor a list."""
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from leaves(inner)
    else:
        yield value


def strings(value: Any) -> Iterator[str]:
    """Yield every text of a tree."""
    return (leaf for leaf in leaves(value) if isinstance(leaf, str))
