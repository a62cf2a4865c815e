"""What answers right now. A thread watches the pointer, loads first, then swaps one reference."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..pipeline.outcome import Refused
from . import release, routes
from .release import Release
from .routes import Routes

EVERY = 0.05


@dataclass(frozen=True)
class Serving:
    """One consistent state: a request reads it once and keeps it to its end."""

    routes: Routes = field(default_factory=Routes)
    champion: Release | None = None
    challenger: Release | None = None

    @property
    def ready(self) -> bool:
        """Whether a verified release or the safe answer can be given."""
        return self.routes.fallback or self.champion is not None


class Live:
    """Follows the pointer; a release that cannot be loaded never replaces one that answers."""

    def __init__(
        self, changed: Callable[[Serving, str | None], None] = lambda serving, problem: None
    ) -> None:
        self.serving = Serving()
        self.problem: str | None = None
        self._changed = changed
        self._warm: dict[tuple[str, str], Release] = {}
        self._seen: tuple[int, int] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="routes", daemon=True)

    def start(self) -> None:
        """Load what the pointer names, then watch it."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join(timeout=1)

    def refresh(self) -> None:
        """Follow the pointer if it moved; on trouble keep what answers and remember why."""
        seen = _mark(routes.file())
        if seen == self._seen:
            return
        self.problem = None
        try:
            self.serving = self._loaded(routes.read())
        except Exception as error:  # whatever is wrong with a bundle, the pointer must go on being followed
            self.problem = _words(error)
        self._seen = seen
        self._changed(self.serving, self.problem)

    def warm(self) -> None:
        """Load the previous release, so that a rollback finds it open."""
        with suppress(Exception):
            self._open(self.serving.routes, self.serving.routes.previous)

    def _watch(self) -> None:
        self.warm()
        while not self._stop.wait(EVERY):
            before = self.serving
            self.refresh()
            if self.serving is not before:
                self.warm()

    def _loaded(self, pointer: Routes) -> Serving:
        champion = None if pointer.fallback else self._open(pointer, pointer.champion)
        serving = Serving(pointer, champion, self._trial(pointer))
        named = {pointer.champion, pointer.previous, pointer.challenger}
        self._warm = {key: each for key, each in self._warm.items() if key[0] in named}
        return serving

    def _trial(self, pointer: Routes) -> Release | None:
        try:
            return self._open(pointer, pointer.challenger)
        except Exception as error:  # a release on trial must not keep the champion from answering
            self.problem = _words(error)
            return None

    def _open(self, pointer: Routes, version: str | None) -> Release | None:
        if version is None:
            return None
        pin = pointer.pinned.get(version)
        key = (version, str(pin.get("subject_digest")) if pin else "")
        if key not in self._warm:
            self._warm[key] = release.load(version, pin)
        return self._warm[key]


def _words(error: Exception) -> str:
    return (
        f"{error.what} ({error.where})" if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    )


def _mark(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino
