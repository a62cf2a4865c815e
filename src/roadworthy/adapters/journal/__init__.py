"""Changes a work tree and its git index in one journalled step: after a kill it is finished, or taken back.

The journal (a folder inside the git directory) first receives every byte that is about to be written and
every byte that is about to be replaced. Its arrival, one rename, is the moment of decision: before it nothing
has happened, after it everything can be done again or undone, as often as it takes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from roadworthy.adapters.journal.paths import look_at as look_at
from roadworthy.adapters.journal.paths import put, read_bytes, save, write_bytes
from roadworthy.core.templates.tree import File, from_row, to_row
from roadworthy.core.values import frozen
from roadworthy.errors import Refused

if TYPE_CHECKING:
    from _typeshed import StrPath

AFTER = "after.json"  # all that is to be written, in one file: making a file costs more than filling it
SPARE = "spare"  # room on the disk for the one thing that taking back must write
Step = tuple[str, File | None, File | None]  # a path, what it was before and what it is after
APPLYING, UNDOING, OPEN, DONE = "applying", "undoing", "open", "done"


@frozen
class Place:
    """A work tree, its index, and the folder in its git directory where journals are kept."""

    root: StrPath
    index: StrPath
    home: StrPath

    @property
    def journal(self) -> str:
        """Return where the journal of the update in progress lies."""
        return os.path.join(self.home, "update")

    @property
    def new(self) -> str:
        """Return where a journal lies until it is whole."""
        return os.path.join(self.home, "update.new")

    @property
    def lock(self) -> str:
        """Return where git locks the index."""
        return os.path.join(os.path.dirname(self.index), "index.lock")

    def at(self, path: str) -> str:
        """Return where a path of the work tree lies."""
        return os.path.join(self.root, path)


@frozen
class Journal:
    """One update of a work tree: how far it came, what the caller noted, and every path it changes."""

    state: str
    note: Mapping[str, Any]
    paths: tuple[str, ...]


@contextmanager
def exclusive(place: Place) -> Iterator[None]:
    """Hold the project's update lock; the system releases it when the process dies."""
    import fcntl

    if not os.path.isdir(place.home):
        os.mkdir(place.home)
    with open(os.path.join(place.home, "lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("another update of this project is running", "wait for it to end") from None
        _discard(place.new, place)
        yield


def read(place: Place) -> Journal | None:
    """Return the journal of the last update that was not committed or taken back, if there is one."""
    try:
        document = _document(place)
    except FileNotFoundError:
        return None
    return Journal(state=document["state"], note=document["note"], paths=tuple(document["paths"]))


def begin(
    place: Place, changes: Mapping[str, File | None], index: tuple[bytes, bytes], note: Mapping[str, Any], *,
    after: str, check: Callable[[], None],
) -> None:  # fmt: skip
    """Write the journal, then do what it says; `after` is the state that a finished update leaves.

    `index` is the index as the caller saw it and as it is to be. With git's lock taken and every byte saved,
    `check` has the last word. Whatever fails is taken back.
    """
    new, paths = place.new, sorted(changes)
    os.makedirs(f"{new}/before")
    saved = [save(place.at(path), f"{new}/before/{number}") for number, path in enumerate(paths)]
    steps = [(path, before, changes[path]) for path, before in zip(paths, saved, strict=True)]
    write_bytes(f"{new}/{AFTER}", _packed(changes))
    write_bytes(f"{new}/index.before", index[0])
    write_bytes(f"{new}/index.after", index[1])
    document = {"state": APPLYING, "note": dict(note), "paths": paths, "after": after}
    write_bytes(f"{new}/journal.json", json.dumps(document).encode())
    write_bytes(f"{new}/{SPARE}", (json.dumps(document) + "undoing").encode())
    _take_index_lock(place, f"{new}/index.after")
    try:
        if _bytes(place.index) != index[0]:
            raise Refused("git's index changed while the update was being planned", "run the update again")
        check()
    except BaseException:
        _discard(new, place)
        raise
    _remove(place.journal)
    os.rename(new, place.journal)
    try:
        _do(place, document, steps)
    except BaseException:
        undo(place)
        raise


def amend(place: Place, changes: Mapping[str, File | None], index: bytes) -> None:
    """Add the last changes to an open update, whose other paths a person may have edited, and finish it."""
    document = _document(place)
    left = {path: look_at(place.at(path)) for path in document["paths"] if path not in changes}
    _put(f"{place.journal}/{AFTER}", _packed({**left, **changes}))
    _unlink(f"{place.journal}/index.after")
    write_bytes(f"{place.journal}/index.after", index)
    _set_state(place, {**document, "after": DONE}, APPLYING)
    finish(place)


def finish(place: Place) -> None:
    """Do whatever the journal says that is not done yet; Refused if a path was edited in between."""
    document = _document(place)
    _do(place, document, _steps(place, document["paths"]))


def _do(place: Place, document: dict[str, Any], steps: list[Step]) -> None:
    for path, before, after in steps:
        if look_at(place.at(path)) not in (before, after):
            raise _edited(path)
    for path, _, after in [step for step in steps if step[2] is None] + [step for step in steps if step[2]]:
        put(place.root, path, after)
    _put_index(place, f"{place.journal}/index.after")
    _set_state(place, document, document["after"])


def undo(place: Place, *, edited_too: bool = False) -> None:
    """Take the update back, byte for byte, and forget it. Refused if a path was edited since."""
    document = _document(place)
    steps = _steps(place, document["paths"])
    for path, before, after in steps:
        if not edited_too and look_at(place.at(path)) not in (before, after):
            raise _edited(path)
    _unlink(f"{place.journal}/{SPARE}")
    _set_state(place, document, UNDOING)
    stores = [(f"{place.journal}/before/{number}", *step) for number, step in enumerate(steps)]
    for store, path, before, _ in sorted(stores, key=lambda each: each[2] is not None):
        put(place.root, path, before, store)
    _put_index(place, f"{place.journal}/index.before")
    abandon(place)


def keep_staged(place: Place, merged: Callable[[bytes, bytes], bytes]) -> None:
    """Let taking back leave what else was staged since; `merged` gets the index of before, and of now."""
    before, after = (f"{place.journal}/index.{side}" for side in ("before", "after"))
    now = _bytes(place.index)
    if now not in (_bytes(before), _bytes(after)):
        _put(before, merged(_bytes(before), now))


def abandon(place: Place) -> None:
    """Drop the journal: what it did stands."""
    gone = os.path.join(place.home, "update.old")
    _remove(gone)
    with suppress(FileNotFoundError):
        os.rename(place.journal, gone)
    _remove(gone)


@frozen
class Standing:
    """One path of a journal: what it was, what the update made it, what it is now."""

    path: str
    before: File | None
    after: File | None
    now: File | None


def standings(place: Place) -> list[Standing]:
    """Return how every path of the journal stands."""
    steps = _steps(place, _document(place)["paths"])
    return [Standing(path=p, before=b, after=a, now=look_at(place.at(p))) for p, b, a in steps]


def _edited(path: str) -> Refused:
    hint = f"put {path} back, or save it elsewhere and run `roadworthy update --abort --force`"
    return Refused(f"{path} was edited since the update wrote it", hint)


def _steps(place: Place, paths: list[str]) -> list[Step]:
    before, after = f"{place.journal}/before", _after(place.journal, paths)
    return [(path, look_at(f"{before}/{number}"), after[path]) for number, path in enumerate(paths)]


def _after(journal: str, paths: list[str]) -> dict[str, File | None]:
    if not os.path.exists(f"{journal}/{AFTER}"):  # a journal of release 0.3 or older
        return {path: look_at(f"{journal}/after/{number}") for number, path in enumerate(paths)}
    rows = json.loads(read_bytes(f"{journal}/{AFTER}").decode("utf-8", "surrogateescape"))
    return {path: row and from_row(row) for path, row in rows.items()}


def _packed(files: Mapping[str, File | None]) -> bytes:
    rows = {path: file and to_row(file) for path, file in files.items()}
    return json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _take_index_lock(place: Place, index: str) -> None:
    """Take git's own lock; the lock file is the new index, as git does it."""
    try:
        os.link(index, place.lock)
    except FileExistsError:
        hint = f"wait for git to end; if none is running: rm {place.lock}"
        raise Refused("another git process is at work here (index.lock exists)", hint) from None


def _put_index(place: Place, wanted: str) -> None:
    """Make the index be `wanted`; nothing to do if it is."""
    lock = place.lock
    if _bytes(place.index) == _bytes(wanted):
        _drop_own_lock(place, place.journal)
        return
    if not _is_own(lock, place.journal):
        _take_index_lock(place, wanted)
    elif _bytes(lock) != _bytes(wanted):
        os.unlink(lock)
        _take_index_lock(place, wanted)
    if _bytes(wanted):
        os.replace(lock, place.index)
    else:
        _unlink(place.index)
        os.unlink(lock)


def _discard(new: str, place: Place) -> None:
    """Remove a journal that never arrived, and the index lock it took."""
    if os.path.exists(new):
        _drop_own_lock(place, new)
        _remove(new, wholly=True)


def _remove(folder: str, *, wholly: bool = False) -> None:
    if os.path.exists(folder):
        from shutil import rmtree  # 2 ms: it brings every kind of archive along

        rmtree(folder, ignore_errors=not wholly)


def _drop_own_lock(place: Place, journal: str) -> None:
    if _is_own(place.lock, journal):
        os.unlink(place.lock)


def _is_own(lock: str, journal: str) -> bool:
    """Say whether an index lock is one of a journal's index files, or a copy of one."""
    sides = [side for side in (f"{journal}/index.before", f"{journal}/index.after") if os.path.exists(side)]
    if not os.path.exists(lock):
        return False
    held = _bytes(lock)
    return any(os.path.samefile(lock, side) or (held and held == _bytes(side)) for side in sides)


def _bytes(path: StrPath) -> bytes:
    return read_bytes(path) if os.path.exists(path) else b""


def _unlink(path: StrPath) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _document(place: Place) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(read_bytes(f"{place.journal}/journal.json"))
    return document


def _set_state(place: Place, document: dict[str, Any], state: str) -> None:
    _put(f"{place.journal}/journal.json", json.dumps({**document, "state": state}).encode())


def _put(place: str, data: bytes) -> None:
    write_bytes(f"{place}~", data)
    os.replace(f"{place}~", place)
