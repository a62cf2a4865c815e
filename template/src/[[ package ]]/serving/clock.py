"""The clock is an input: what time it is, and what time a verb was told to judge at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ..pipeline.outcome import Refused


@dataclass(frozen=True)
class Clock:
    """The real time of a verb, and the time it judges at; they differ only when --as-of was given."""

    at: datetime
    as_of: datetime

    @property
    def said(self) -> dict[str, str]:
        """Both times as records name them."""
        return {"at": text(self.at), "as_of": text(self.as_of)}


def clock(as_of: str | None = None) -> Clock:
    """The present, judged at `as_of` when it is given."""
    present = datetime.now(UTC)
    return Clock(present, parse(as_of) if as_of else present)


def parse(moment: str) -> datetime:
    """An RFC 3339 time or a date, in UTC; anything else is refused with an example."""
    try:
        read = datetime.fromisoformat(moment)
    except (ValueError, TypeError) as error:
        raise Refused(
            f"not a time: {moment!r}", "--as-of or a record", "write 2026-11-20T09:00:00Z"
        ) from error
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def text(moment: datetime) -> str:
    """A time as records write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment() -> str:
    """The present to the microsecond: of a prediction, or of a pointer change."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
