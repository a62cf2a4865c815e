"""The deployment pointer: which release answers. Two hundred bytes that the server watches."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..pipeline import records, settings
from ..pipeline.outcome import Refused


@dataclass(frozen=True)
class Routes:
    """Who answers, who answered before, who is on trial; `fallback` is the kill switch.

    `pinned` holds, per version, the subject digest that was verified when the pointer moved, and the
    lineage every prediction carries. A bundle with another digest is not loaded.
    """

    champion: str | None = None
    previous: str | None = None
    challenger: str | None = None
    canary_percent: int = 0
    shadow: bool = False
    fallback: bool = False
    pinned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def live(self) -> str:
        """What answers, in one word: a version, `fallback`, or `nothing`."""
        return "fallback" if self.fallback else self.champion or "nothing"

    @property
    def stage(self) -> str | None:
        """What the challenger does: `shadow`, `canary`, or nothing."""
        if self.challenger is None:
            return None
        return "shadow" if self.shadow else "canary"


def file() -> Path:
    """Where the pointer is."""
    return settings.path("var", "routes.json")


def read(source: Path | None = None) -> Routes:
    """The pointer as it stands; no file means that nothing was ever promoted."""
    where = source or file()
    try:
        return Routes(**json.loads(where.read_bytes()))
    except FileNotFoundError:
        return Routes()
    except (ValueError, TypeError) as error:
        repair = "rollback --reason '...' --to fallback, then promote"
        raise Refused(f"not a pointer: {error}", str(where), repair) from error


def write(routes: Routes) -> None:
    """Move the pointer in one step: readers see the old one or the new one."""
    named = {routes.champion, routes.previous, routes.challenger}
    kept = {version: pin for version, pin in routes.pinned.items() if version in named}
    records.write_atomic(file(), records.dumps({**asdict(routes), "pinned": kept}).encode())


@contextmanager
def locked() -> Iterator[None]:
    """One pointer change at a time on this machine."""
    guard = settings.path("var", "routes.lock")
    guard.parent.mkdir(parents=True, exist_ok=True)
    with guard.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
