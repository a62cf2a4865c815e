"""What git said is kept for as long as the repository is as it was, and only where its own files decide."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy.adapters.memory import SETTLED_NS
from roadworthy.commands import told
from roadworthy.commands.revision import read_history
from roadworthy.commands.told import reader
from roadworthy.core.documents.notes import Notes
from roadworthy.facts.history import History


def run(place: Path, *args: str) -> str:
    who = ("-c", "user.name=Dev", "-c", "user.email=dev@tests.example")
    return subprocess.run(("git", *who, *args), cwd=place, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def place(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "README.md").write_text("one")
    run(project, "init", "-q")
    run(project, "add", "--all")
    run(project, "commit", "-qm", "One")
    return project


class Asked:
    """Counts the git programs that a look at the history starts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.notes, self.count, real = Notes(), 0, told.read

        def counted(*args: object, **how: object) -> bytes:
            self.count += 1
            return real(*args, **how)  # type: ignore[arg-type]

        monkeypatch.setattr(told, "read", counted)

    def look(self, place: Path) -> tuple[History, int]:
        time.sleep(2 * SETTLED_NS / 1e9)
        before, self.notes = self.count, Notes(dict(self.notes.dump()))
        return read_history(place, ask=reader(place, self.notes)), self.count - before


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


def _amended(place: Path) -> None:
    run(place, "commit", "-q", "--amend", "--author", "Another <another@tests.example>", "-m", "One")


def _doctored(place: Path) -> None:
    """The commit is another, under its old name and of its old size: git does not look at parents' names."""
    (loose,) = (each for each in (place / ".git/objects").glob("??/*") if _is_commit(place, each))
    loose.chmod(0o600)
    times = loose.stat()
    data = loose.read_bytes()
    loose.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(loose, ns=(times.st_atime_ns, times.st_mtime_ns))


def _is_commit(place: Path, loose: Path) -> bool:
    return run(place, "cat-file", "-t", loose.parent.name + loose.name).strip() == "commit"


@pytest.mark.parametrize(
    "change",
    [
        lambda place: run(place, "commit", "-q", "--allow-empty", "-m", "Two"),
        lambda place: run(place, "checkout", "-q", "--orphan", "other"),
        _amended,
        _doctored,
    ],
    ids=["commit", "branch", "amend", "an object, its time set back"],
)
def test_what_git_said_is_asked_again_after_a_change(
    place: Path, asked: Asked, change: Callable[[Path], object]
) -> None:
    first, again = asked.look(place), asked.look(place)
    assert (first[1], again[1]) == (1, 0)
    assert first[0] == again[0]
    assert first[0].available
    change(place)
    assert asked.look(place)[1] == 1
    assert asked.look(place)[0] == read_history(place)


def _lent(place: Path) -> None:
    (place / ".git/objects/info").mkdir(exist_ok=True)
    (place / ".git/objects/info/alternates").write_text(str(place / ".git/objects"))


def _linked(place: Path) -> None:
    (place / ".git/refs").rename(place.parent / "refs")
    (place / ".git/refs").symlink_to(place.parent / "refs")


def _piped(place: Path) -> None:
    os.mkfifo(place / ".git/nothing")


def _crowded(place: Path) -> None:
    for number in range(1_100):
        (place / f".git/objects/{number}").touch()


def _empty(place: Path) -> None:
    """A shell of a repository in a folder of another: git passes it by."""
    (place.parent / ".git").symlink_to(place / ".git-of-old")
    (place / ".git").rename(place / ".git-of-old")
    (place / ".git").mkdir()


@pytest.mark.parametrize(
    "lead",
    [
        lambda place: run(place, "config", "include.path", "/dev/null"),
        *(_lent, _linked, _piped, _crowded, _empty),
    ],
    ids=["an include", "borrowed objects", "a link", "a pipe", "too many files", "a shell of a repository"],
)
def test_nothing_is_kept_of_a_repository_that_more_than_its_files_decide(
    place: Path, asked: Asked, lead: Callable[[Path], object]
) -> None:
    lead(place)
    first, again = (asked.look(place)[1] for _ in range(2))
    assert first == again > 0


def test_what_is_large_is_not_kept(place: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MOST_KEPT", 10)
    assert [asked.look(place)[1] for _ in range(2)] == [1, 1]
