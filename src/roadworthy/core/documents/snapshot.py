"""The files of one project as they were when looked at. Nothing is followed, run or believed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from roadworthy.core.documents.notes import Notes
from roadworthy.core.documents.parse import ParseError, decode, noted
from roadworthy.core.values import field, frozen

T = TypeVar("T")
# What one look may cost, whatever it looks at.
MAX_FILES = 50_000
MAX_DEPTH = 40
MAX_PATH = 1_000
MAX_FILE = 4 << 20
MAX_TOTAL = 64 << 20


@frozen
class Unreadable:
    """A file that is not read, and why."""

    reason: str


@frozen
class Snapshot:
    """Every regular file with its size, what was refused and why, and a bounded way to read.

    `incomplete` says why the picture is not whole; a judgement of it cannot be green.
    """

    sizes: Mapping[str, int]
    refused: Mapping[str, str]
    reader: Callable[[str], bytes | Unreadable]
    source: Mapping[str, str]
    incomplete: str = ""
    notes: Notes = field(default_factory=Notes)
    _read: dict[str, bytes | Unreadable] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of all regular files, sorted."""
        return tuple(sorted(self.sizes))

    @cached_property
    def doubles(self) -> dict[str, str]:
        """Return the files that are another one on a system that ignores case or composes letters."""
        return {each: other for pair in colliding(self.paths) for each, other in (pair, pair[::-1])}

    def read(self, path: str) -> bytes | Unreadable:
        """Return the bytes of a file, or why it is not read. The same answer each time."""
        if path not in self._read:
            self._read[path] = self._fresh(path)
        return self._read[path]

    def digest(self, path: str) -> str:
        """Return the sha256 of a file's bytes, or the reason why they are not read."""
        if path not in self._digests:
            data = self.read(path)
            self._digests[path] = sha256(data).hexdigest() if isinstance(data, bytes) else data.reason
        return self._digests[path]

    def once(self, kind: str, paths: Iterable[str], make: Callable[[], T]) -> T:
        """Return what `make` finds in these files alone; for the same files it is not made again."""
        whole = sha256()
        for path in paths:
            whole.update(f"{path}\0{self.sizes.get(path)} {self.digest(path)}\0".encode())
        found: T = self.notes.once(kind, whole.hexdigest(), make)
        return found

    def _fresh(self, path: str) -> bytes | Unreadable:
        if path in self.refused:
            return Unreadable(reason=self.refused[path])
        if path in self.doubles:
            return Unreadable(
                reason=f"one file on some systems with {self.doubles[path]}: which is read, depends"
            )
        return self.reader(path) if path in self.sizes else Unreadable(reason="there is no such file")

    def data(self, path: str) -> bytes | None:
        """Return the bytes of a file; None when they cannot be read, whatever the reason."""
        found = self.read(path)
        return found if isinstance(found, bytes) else None

    def text(self, path: str) -> str:
        """Return the text of a file; empty when it cannot be read."""
        try:
            return decode(self.data(path) or b"")
        except ParseError:
            return ""

    def document(self, path: str) -> Any:
        """Return a parsed file, which nobody may change; None when it cannot be read."""
        return noted(path, self.data(path), self.digest(path), self.notes)

    def under(self, folder: str) -> tuple[str, ...]:
        """Return the paths of the files anywhere below a folder."""
        prefix = folder.rstrip("/") + "/"
        start, end = bisect_left(self.paths, prefix), bisect_left(self.paths, prefix[:-1] + "0")
        return self.paths[start:end]


def colliding(paths: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return pairs of paths that are one file on a system that ignores case or composes letters."""
    seen: dict[str, str] = {}
    pairs = []
    for path in paths:
        folded = (path if path.isascii() else _composed(path)).casefold()
        if folded in seen:
            pairs.append((seen[folded], path))
        seen.setdefault(folded, path)
    return tuple(pairs)


def _composed(path: str) -> str:
    from unicodedata import normalize

    return normalize("NFKC", path)
