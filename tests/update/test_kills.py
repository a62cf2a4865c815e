"""SIGKILL at every change of the file system: afterwards the project is as it was, or as it should be."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from roadworthy.adapters.git import git, isolated
from roadworthy.commands.update import Wish, abort, resume, update
from roadworthy.core.merging.report import CONFLICTS, CURRENT, UPDATED
from roadworthy.core.templates.tree import File, Tree
from roadworthy.errors import Refused
from tests.update.killing import killed_at
from tests.update.promises import place, trusted
from tests.update.situations import text
from tests.update.world import Case, build, read_folder

OLD_TREE = {"a.txt": text(), "gone/b.txt": File(b"b\n"), "s.sh": File(b"s\n"), "turn": File(b"t\n")}
NEW_TREE = {
    "a.txt": text((3, "policy-3")),
    "new/c.txt": File(b"policy-c\n"),
    "s.sh": File(b"s\n", executable=True),
    "turn/d.txt": File(b"policy-d\n"),
    "link": File(link="a.txt"),
}
MINE = {**OLD_TREE, "own.txt": File(b"own\n")}
CLEAN = Case(old=OLD_TREE, new=NEW_TREE, mine={**MINE, "a.txt": text((15, "mine-15"))})
CONFLICTED = Case(old=OLD_TREE, new=NEW_TREE, mine={**MINE, "a.txt": text((3, "mine-3"))})
State = tuple[Tree, bytes]
Maker = Callable[[Case], Path]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Maker]:
    """Return a maker of projects."""
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", trusted())
    with place() as root:
        # Nobody can tidy up after SIGKILL: what git was to work on aside is left there.
        monkeypatch.setenv("TMPDIR", str(root))
        yield lambda case: build(root, case).project


def state(project: Path) -> State:
    """Return what git and a person see: every file, and the index without its time stamps."""
    return read_folder(project), git(project, "ls-files", "-s", "-z", env=isolated())


def copied(project: Path, name: str) -> Path:
    copy = project.parent / name / project.name
    shutil.copytree(project, copy, symlinks=True)
    return copy


def settled(project: Path) -> bool:
    """Say whether nothing of an interrupted step lies about."""
    return not (project / ".git" / "index.lock").exists() and not list(project.rglob("*.roadworthy~"))


def kill_everywhere(project: Path, run: Callable[[Path], object], *ways_out: Callable[[Path], None]) -> int:
    """Kill a run at one step after the other, and try every way out of each; return the number of kills."""
    for step in count(1):
        copy = copied(project, f"killed{step}")
        if not killed_at(step, partial(run, copy)):
            return step - 1
        for number, way_out in enumerate(ways_out):
            way_out(copied(copy, f"out{number}"))
        shutil.rmtree(copy.parent)
    raise AssertionError


def take_back(project: Path) -> None:
    """Abort; before the journal arrived there is nothing to abort, and that is fine."""
    with suppress(Refused):
        abort(project)


def run_update(project: Path) -> object:
    return update(Wish(project=project))


@pytest.mark.parametrize(("case", "ends"), [(CLEAN, UPDATED), (CONFLICTED, CONFLICTS)])
def test_a_killed_update_goes_on_or_goes_back(case: Case, ends: str, make: Maker) -> None:
    project = make(case)
    finished = copied(project, "finished")
    assert update(Wish(project=finished)).state == ends
    before, after = state(project), state(finished)

    def goes_on(copy: Path) -> None:
        assert update(Wish(project=copy)).state in (ends, CURRENT)
        assert state(copy) == after
        assert settled(copy)

    def goes_back(copy: Path) -> None:
        take_back(copy)
        assert state(copy) == before
        assert settled(copy)

    assert kill_everywhere(project, run_update, goes_on, goes_back) >= 60


def test_a_killed_abort_is_finished_by_the_next(make: Maker) -> None:
    project = make(CLEAN)
    before = state(project)
    update(Wish(project=project))

    def goes_back(copy: Path) -> None:
        take_back(copy)
        assert state(copy) == before
        assert settled(copy)

    assert kill_everywhere(project, abort, goes_back) >= 20


def test_a_killed_continue_is_finished_by_the_next(make: Maker) -> None:
    project = make(CONFLICTED)
    update(Wish(project=project))
    (project / "a.txt").write_bytes(text((3, "mine-3 and policy-3")).data)
    git(project, "add", "a.txt")
    finished = copied(project, "finished")
    resume(finished)
    after = state(finished)

    def goes_on(copy: Path) -> None:
        update(Wish(project=copy))
        assert state(copy) == after
        assert settled(copy)

    assert kill_everywhere(project, resume, goes_on) >= 20
