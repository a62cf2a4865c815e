"""What deciding comes to: an approval given, or any other record that a person signed."""

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
class Signed:
    """A record that a person signed, and where it was written (nowhere in a dry run)."""

    record: Mapping[str, Any]
    path: str
    written: bool = True
