"""Times as records write them: RFC 3339, UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any


def rfc3339(moment: datetime) -> str:
    """Return a moment as a record writes it: 2026-11-20T09:00:00Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def days_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return the days from one moment to another; None when either is unknown."""
    return (end - start) / timedelta(days=1) if start and end else None


def parse_time(value: Any) -> datetime | None:
    """Return the moment a record names; None when it names none. A time without a zone is no moment."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def parse_day(value: Any) -> datetime | None:
    """Return the moment a person names: a time, or the first moment of a day; None when it is neither."""
    alone = isinstance(value, str) and len(value) == len("2026-11-20")
    return parse_time(f"{value}T00:00:00Z" if alone else value)
