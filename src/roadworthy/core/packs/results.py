"""What looking at a pack came to."""

from __future__ import annotations

from dataclasses import dataclass

from roadworthy.core.packs.diff import Change
from roadworthy.core.packs.lint import Problem


@dataclass(frozen=True, kw_only=True)
class Linted:
    """What lint found: problems, framework maps past their review, and how much was read."""

    controls: int
    checks: int
    frameworks: int
    problems: tuple[Problem, ...]
    stale: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two packs and what changed between them."""

    old: str
    new: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Documented:
    """Where the reference pages went, and which of them were new or different."""

    folder: str
    pages: int
    changed: tuple[str, ...]
    strangers: tuple[str, ...]
