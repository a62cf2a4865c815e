"""Objects of a repository, read through one git process however many there are."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from roadworthy.adapters.git.process import GitFailed, start_git
from roadworthy.core.merging.entries import Entries, Entry

if TYPE_CHECKING:
    from _typeshed import StrPath

FOLDER = "40000"
AT_ONCE = 100  # names that are asked for before the answers are read: both pipes hold them
HINT = "fetch the missing objects: `git fetch --refetch --no-filter`; what else is wrong, `git fsck` says"


class Objects:
    """Reads a repository's objects; a tree is read once. `close` ends the process."""

    def __init__(self, place: StrPath, env: Mapping[str, str]) -> None:
        self._place, self._env = place, env
        self._process: subprocess.Popen[bytes] | None = None
        self._trees: dict[str, list[tuple[str, str, str]]] = {}
        self._entries: dict[str, Entries] = {}
        self._width = 20

    def blobs(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of blobs, by the names they were asked for."""
        return {name: body for name, kind, body in self._read(set(names)) if _is(name, kind, "blob")}

    def entries(self, tree: str) -> Entries:
        """Return every file, link and submodule below a tree."""
        if tree not in self._entries:
            self._entries[tree] = self._walk(tree)
        return self._entries[tree]

    def _walk(self, tree: str) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        level = [("", tree)]
        while level:
            self._learn({name for _, name in level})
            rows = [
                (above + name, mode, oid) for above, each in level for mode, name, oid in self._trees[each]
            ]
            found |= {path: Entry(mode, oid) for path, mode, oid in rows if mode != FOLDER}
            level = [(f"{path}/", oid) for path, mode, oid in rows if mode == FOLDER]
        return found

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()

    def _learn(self, trees: set[str]) -> None:
        for name, kind, body in self._read(trees - self._trees.keys()):
            if _is(name, kind, "tree"):
                self._trees[name] = list(_rows(body, self._width))

    def _read(self, names: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
        wanted = sorted(names)
        for start in range(0, len(wanted), AT_ONCE):
            yield from self._ask(wanted[start : start + AT_ONCE])

    def _ask(self, names: list[str]) -> Iterator[tuple[str, str, bytes]]:
        if self._process is None:
            self._process = start_git(self._place, "cat-file", "--batch", env=self._env)
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        try:
            asked.write("".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"))
            asked.flush()
        except BrokenPipeError:
            pass  # what it said before it died is read below
        for name in names:
            facts = answered.readline().split()
            if len(facts) != 3:
                yield name, facts[-1].decode() if facts else "unreadable", b""
            else:
                self._width = len(facts[0]) // 2
                yield name, facts[1].decode(), answered.read(int(facts[2]) + 1)[:-1]


def _is(name: str, kind: str, wanted: str) -> bool:
    if kind != wanted:
        raise GitFailed(f"object {name} is {kind}", HINT)
    return True


def _rows(body: bytes, width: int) -> Iterator[tuple[str, str, str]]:
    """Yield mode, name and object of each row of a tree."""
    at = 0
    while at < len(body):
        end = body.index(b"\0", at)
        mode, _, name = body[at:end].partition(b" ")
        at = end + 1 + width
        yield mode.decode(), name.decode("utf-8", "surrogateescape"), body[end + 1 : at].hex()
