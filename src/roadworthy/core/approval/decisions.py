"""What deciding comes to: an approval given, or withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A decision: its record, where it was written (nowhere in a dry run), and what was looked at."""

    record: Mapping[str, Any]
    path: str
    written: bool
    evaluation: Mapping[str, Any]
    controls: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """What was withdrawn, and the record that says so."""

    record: Mapping[str, Any]
    path: str
