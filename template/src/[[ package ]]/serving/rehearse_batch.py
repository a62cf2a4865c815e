"""The drill's load where nothing serves: rows scored without pause, and when the old release fell silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import batch, release, routes
from .drill import Rehearsal

AROUND = 0.4
ROWS = 20


@dataclass
class Load:
    """One job that scores the same few rows again and again; every answer is kept with its time."""

    inputs: dict[str, object]
    answers: list[tuple[float, str | None]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Score until told to stop."""
        rows = [(str(place), self.inputs) for place in range(ROWS)]
        while not self.stop.is_set():
            try:
                scored = batch.score_rows(batch.current(), rows)
            except Exception as error:  # a failed job is what the drill is there to find
                self.failures.append(f"{type(error).__name__}: {error}")
                continue
            self.answers += [(time.monotonic(), each.line["version"]) for each in scored]


def rehearse(version: str, flip: Callable[[], None]) -> Rehearsal:
    """Score under this release, flip, and say when it answered last."""
    fields = release.load(version, routes.read().pinned.get(version)).fields
    load = Load({name: each.example for name, each in fields.items()})
    worker = threading.Thread(target=load.run)
    worker.start()
    try:
        time.sleep(AROUND)
        begun = time.monotonic()
        flip()
        time.sleep(AROUND)
    finally:
        load.stop.set()
        worker.join()
    stale = [when for when, who in load.answers if who == version]
    last = max(stale, default=begun)
    switched = bool(stale) and any(when > last and who != version for when, who in load.answers)
    late = round(max(0.0, last - begun) * 1000, 1)
    return Rehearsal(len(load.answers) + len(load.failures), len(load.failures), late, switched)
