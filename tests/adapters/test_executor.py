"""The cage: what breaks inside stays inside, and says so."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy.adapters import executor
from roadworthy.adapters.executor import Limits, attempt, caged
from roadworthy.errors import Refused, Unjudgeable

SHORT = Limits(wall_seconds=1.0, cpu_seconds=1, memory_bytes=1 << 30, file_bytes=1024)


def test_values_come_back() -> None:
    assert caged(lambda: {"a": [1, "ü"]}) == {"a": [1, "ü"]}


def test_it_works_in_an_empty_folder_that_is_gone_after() -> None:
    folder, entries = caged(lambda: [os.getcwd(), os.listdir(".")])
    assert entries == []
    assert not Path(folder).exists()
    assert os.getcwd() != folder


def _slow() -> str:
    Path("made").touch()
    time.sleep(0.5)
    return "done"


@pytest.mark.parametrize("killed", ["parent", "child", "child of the child"])
def test_nothing_stays_behind_of_who_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    quick = Limits(wall_seconds=0.2)
    if killed == "child":
        with pytest.raises(Unjudgeable, match="longer"):
            caged(_slow, quick)
    elif killed == "child of the child":
        with pytest.raises(Unjudgeable, match="longer"):
            caged(lambda: attempt(_slow, ALONE), quick)
    else:
        parent = os.fork()
        if parent == 0:
            caged(_slow)
        assert soon(lambda: list(tmp_path.glob("*/made")))
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
    assert soon(lambda: not list(tmp_path.iterdir()))


def test_expected_errors_pass_through_with_their_hint_and_code() -> None:
    def refuse() -> None:
        raise Refused("no", "do this")

    with pytest.raises(Exception, match="no") as caught:
        caged(refuse)
    assert (caught.value.hint, caught.value.exit_code) == ("do this", 1)  # type: ignore[attr-defined]


def test_a_bug_is_told_as_one() -> None:
    with pytest.raises(Unjudgeable, match="ZeroDivisionError"):
        caged(lambda: 1 // 0)


def test_a_crash_is_a_crash_of_one() -> None:
    def crash() -> None:
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)

    with pytest.raises(Unjudgeable, match="SIGSEGV"):
        caged(crash)


def test_a_hang_is_ended() -> None:
    start = time.perf_counter()
    with pytest.raises(Unjudgeable, match="longer than 1 s"):
        caged(lambda: time.sleep(30), SHORT)
    assert time.perf_counter() - start < 5


def test_a_busy_loop_is_ended() -> None:
    def spin() -> None:
        while True:
            pass

    with pytest.raises(Unjudgeable):
        caged(spin, Limits(wall_seconds=10, cpu_seconds=1))


@pytest.mark.skipif(not executor.SYSTEM_BOUNDS_MEMORY, reason="the next test is its")
def test_memory_has_a_limit() -> None:
    with pytest.raises(Unjudgeable, match="MemoryError"):
        caged(lambda: len(bytes(2 << 30)), SHORT)


def test_memory_has_a_limit_where_the_system_sets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def grow() -> int:
        held = b"x" * (1 << 28)
        time.sleep(20)
        return len(held)

    def rest() -> str:
        time.sleep(0.6)
        return "small"

    def refuse(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(resource, "setrlimit", refuse)
    monkeypatch.setattr(executor, "SYSTEM_BOUNDS_MEMORY", False)
    # A child starts with what its parent holds, and the parent is a worker that ran many tests.
    most = executor._resident(os.getpid()) + (1 << 27)
    start = time.perf_counter()
    with pytest.raises(Unjudgeable, match=f"{most:,} bytes of memory"):
        caged(grow, Limits(wall_seconds=15, memory_bytes=most))
    assert time.perf_counter() - start < 10
    assert caged(rest, Limits(memory_bytes=most)) == "small"
    monkeypatch.setenv("PATH", "")
    assert caged(rest, Limits(memory_bytes=most)) == "small"


def test_files_have_a_limit(tmp_path: Path) -> None:
    def fill() -> int:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        return (tmp_path / "big").write_bytes(bytes(1 << 20))

    with pytest.raises(Unjudgeable):
        caged(fill, SHORT)


def test_without_fork_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert caged(os.getpid) == os.getpid()


def test_an_interruption_goes_through() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        caged(interrupt)


ALONE = Limits(wall_seconds=2.0, cpu_seconds=2, answer_bytes=1000, alone=True)


def test_an_attempt_returns_the_answer_or_why_there_is_none() -> None:
    assert attempt(lambda: "yes", ALONE) == ("yes", "")
    assert attempt(lambda: "x" * 2000, ALONE) == (None, "the judgement said more than 1,000 bytes")
    assert "ZeroDivisionError" in attempt(lambda: str(1 // 0), ALONE)[1]
    assert "ended with 130" in attempt(interrupted, ALONE)[1]


def interrupted() -> str:
    raise KeyboardInterrupt


def test_an_attempt_is_not_made_where_it_cannot_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert attempt(lambda: "yes", ALONE) == (None, "this system has no way to run it apart")


@pytest.mark.parametrize("most", [os.sysconf("SC_OPEN_MAX"), -1, (1 << 63) - 1])
def test_alone_means_no_open_file_of_the_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(os, "sysconf", lambda name: most)
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        assert "Bad file descriptor" in attempt(lambda: str(os.fstat(handle)), ALONE)[1]
    finally:
        os.close(handle)


def test_whoever_is_left_behind_is_ended_too(tmp_path: Path) -> None:
    left = tmp_path / "left"

    def leave() -> str:
        if os.fork() == 0:
            left.write_text(str(os.getpid()))
            time.sleep(30)
        return "yes"

    assert attempt(leave, ALONE) == (None, "the judgement took longer than 2 s")
    assert gone(int(left.read_text()))


def gone(child: int) -> bool:
    """Whether a process ends soon; a zombie that nobody has buried yet has ended."""
    ask = ("ps", "-o", "stat=", "-p", str(child))
    return soon(lambda: subprocess.run(ask, capture_output=True, text=True).stdout.strip()[:1] in ("", "Z"))


def soon(true: Callable[[], object]) -> bool:
    """Whether something becomes true within some seconds."""
    for _ in range(100):
        if true():
            return True
        time.sleep(0.05)
    return False
