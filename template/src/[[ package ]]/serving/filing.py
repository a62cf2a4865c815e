"""Add-only records of what happened, each under a name of its own even within one second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..pipeline import records, settings


def add(folder: str, at: datetime, value: Mapping[str, Any], about: str = "") -> str:
    """Write one record to governance/<folder> and say where, relative to the project."""
    home = settings.path("governance", folder)
    stem = at.strftime("%Y%m%dT%H%M%SZ") + (f"-{about}" if about else "")
    names = (f"{stem}.json", *(f"{stem}.{number}.json" for number in range(2, 1000)))
    free = next(name for name in names if not (home / name).exists())
    return settings.relative(records.write_record(home / free, value))
