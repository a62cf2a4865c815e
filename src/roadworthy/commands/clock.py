"""The clock of a judgement: now, or the moment that a person names."""

from __future__ import annotations

from datetime import UTC, datetime

from roadworthy.core.times import parse_time
from roadworthy.errors import UsageError


def moment(as_of: str | None) -> datetime:
    """Return the time to judge at; a date means its last second."""
    if as_of is None:
        return datetime.now(UTC).replace(microsecond=0)
    found = parse_time(f"{as_of}T23:59:59Z" if len(as_of) == len("2026-11-20") else as_of)
    if found is None:
        raise UsageError(f"--as-of {as_of} is no time", "write it like 2026-11-20 or 2026-11-20T09:00:00Z")
    return found
