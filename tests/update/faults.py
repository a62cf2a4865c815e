"""Real faults of the file system, each in a process of its own: `python -m tests.update.faults NAME FOLDER`.

The process has its own mount table, or no privileges, so that the kernel itself refuses: a full disk, a
read-only mount, folders without write permission. After every refusal the project is as it was; after the
repair the same update goes through.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from roadworthy.commands.update import Wish, abort, update
from roadworthy.core.merging.report import UPDATED
from roadworthy.core.templates.tree import File
from roadworthy.errors import RoadworthyError
from tests.update.situations import text
from tests.update.test_kills import CLEAN, State, settled, state
from tests.update.world import Case, build

PAGE = 4096
SIZE = 600 * 1024
BIG = File(b"".join(b"line %d\n" % number for number in range(3600)))
MORE = File(BIG.data + b"policy-big\n")
GROWING = Case(
    old={**CLEAN.old, "sub/big.txt": BIG},
    new={**CLEAN.new, "sub/big.txt": MORE, "zz/d.txt": text((3, "policy-d"))},
    mine={**CLEAN.mine, "sub/big.txt": BIG},
)


def full_disk(folder: Path) -> None:
    """Leave one page more in every round, until the update fits: it fails at every place it can fail."""
    disk = folder / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", f"size={SIZE}", "none", str(disk)):
        project = disk / "project"
        shutil.move(build(folder, GROWING).project, project)
        rounds, refusals = 0, set()
        while True:
            with filled(disk, rounds):
                reason = refused(project, "No space left on device")
            if not reason:
                break
            refusals.add(reason.rpartition("project/")[2])
            rounds += 1
        abort(project)
        assert rounds >= 8, f"only {rounds} rounds"
        assert len(refusals) >= 4, refusals
        goes_through(project)


def read_only_mount(folder: Path) -> None:
    """The project, or one folder of it, lies on something that cannot be written."""
    project = build(folder, GROWING).project
    for part in (project, project / "sub", project / ".git"):
        with mounted("--bind", str(part), str(part)), remounted(part):
            assert refused(project, "Read-only file system"), part
    goes_through(project)


def no_permission(folder: Path) -> None:
    """Folders and files that the person may read and not write, for somebody without privileges."""
    project = build(folder, GROWING).project
    for part in (project, project / "sub", project / ".git"):
        part.chmod(0o555)
        try:
            assert refused(project, "ermission"), part
        finally:
            part.chmod(0o755)
    for part in (project / "a.txt", project / "sub" / "big.txt"):
        part.chmod(0o444)  # git itself replaces a file that is not writable, and so do we
    goes_through(project)


def refused(project: Path, reason: str) -> str:
    """Update; return the refusal, which must have this reason and leave no trace, or nothing."""
    before, said = state(project), _said(project)
    if said:
        assert reason in said, said
        assert_untouched(project, before)
    return said


def _said(project: Path) -> str:
    try:
        update(Wish(project=project))
    except RoadworthyError as error:
        return error.message
    return ""


def assert_untouched(project: Path, before: State) -> None:
    after = state(project)
    differ = [
        path for path in before[0].keys() | after[0].keys() if before[0].get(path) != after[0].get(path)
    ]
    assert not differ, differ
    assert after == before
    assert settled(project)


def goes_through(project: Path) -> None:
    """Demand that the repaired project updates."""
    assert update(Wish(project=project)).state == UPDATED
    assert b"policy-big" in (project / "sub" / "big.txt").read_bytes()


@contextmanager
def filled(disk: Path, pages: int) -> Iterator[None]:
    """Fill a disk up, but for some pages."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(b"x" * max(0, free - pages * PAGE))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def mounted(*how: str) -> Iterator[None]:
    """Mount, in this process's own mount table."""
    subprocess.run(["mount", *how], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", how[-1]], check=True)


@contextmanager
def remounted(part: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro,bind", str(part)], check=True)
    yield


FAULTS: dict[str, Callable[[Path], None]] = {
    each.__name__: each for each in (full_disk, read_only_mount, no_permission)
}

if __name__ == "__main__":
    FAULTS[sys.argv[1]](Path(sys.argv[2]))
