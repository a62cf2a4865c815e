"""Parts of a parsed document that nobody vouches for: of the type they should have, or empty."""

from __future__ import annotations

from collections.abc import Mapping
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
