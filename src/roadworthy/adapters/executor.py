"""Work done in a child that can be killed: native loops ignore signals, and a crash must stay a crash of one.

The child is a fork, so imports are paid once. Where there is no fork the work is done here, without the cage.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from roadworthy.core.values import frozen
from roadworthy.errors import RoadworthyError, Unjudgeable

MOST_HANDLES = 1 << 18
LOOK_SECONDS = 0.25
# macOS knows RLIMIT_AS and does not hold to it, so there somebody has to look.
SYSTEM_BOUNDS_MEMORY = sys.platform != "darwin"


@frozen
class Limits:
    """What one child may use."""

    wall_seconds: float = 60.0
    cpu_seconds: int = 30
    memory_bytes: int = 4 << 30
    file_bytes: int = 8 << 20
    answer_bytes: int = 1 << 28
    what: str = "the judgement"
    alone: bool = False  # with nothing of the parent's: no open file, no terminal, a process group of its own


def caged(work: Callable[[], Any], limits: Limits | None = None) -> Any:
    """Return what `work` returns (a JSON value), done in a limited child in an empty folder.

    Raises Unjudgeable when the child is killed, crashes or takes too long; its own errors pass through.
    """
    if not hasattr(os, "fork"):
        return work()
    with _empty_folder() as folder:
        return _outcome(*_in_child(work, limits or Limits(), folder))


def attempt(work: Callable[[], str], limits: Limits) -> tuple[Any, str]:
    """Return what `work` returns, or why there is no answer: for work that nobody has to believe."""
    if not hasattr(os, "fork"):
        return None, "this system has no way to run it apart"
    try:
        with _empty_folder() as folder:
            data, code = _in_child(work, limits, folder)
        said = json.loads(data or b"{}")
    except (Unjudgeable, ValueError, RecursionError) as error:
        return None, getattr(error, "message", "its answer cannot be read")
    if isinstance(said, dict) and "value" in said:
        return said["value"], ""
    return None, _ended(code, said)


def _ended(code: int, said: Any) -> str:
    words = said.get("bug") or said.get("refused") if isinstance(said, dict) else None
    if words:
        return f"it failed: {words}"
    if code < 0:
        return f"it was stopped by signal {-code} ({signal.strsignal(-code)})"
    return f"it ended with {code} and no answer"


@contextlib.contextmanager
def _empty_folder() -> Iterator[str]:
    folder = f"{os.environ.get('TMPDIR') or '/tmp'}/roadworthy-{os.urandom(8).hex()}"
    os.mkdir(folder, 0o700)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: str) -> None:
    """Parent and child both do it, because either may be killed."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return
    except OSError:
        from shutil import rmtree

        rmtree(folder, ignore_errors=True)


def _in_child(work: Callable[[], Any], limits: Limits, folder: str) -> tuple[bytes, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(work, limits, folder, writing)
    os.close(writing)
    try:
        data = _hear(reading, limits, child)
    except BaseException:
        _end(child, os.killpg, os.kill)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(reading)
        if limits.alone:
            _end(child, os.killpg)
    return data, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _end(child: int, *ways: Callable[[int, int], None]) -> None:
    """Kill a child nobody waited for yet, and whatever it started: a git that hangs would outlive it."""
    for kill in ways:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)


def _hear(reading: int, limits: Limits, child: int) -> bytes:
    """Return all that the child says before it closes its mouth or the time is over."""
    size, end = 0, time.monotonic() + limits.wall_seconds
    chunks: list[bytes] = []
    while True:
        _await(reading, limits, child, end)
        chunk = os.read(reading, 1 << 16)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
        if size > limits.answer_bytes:
            raise Unjudgeable(f"{limits.what} said more than {limits.answer_bytes:,} bytes", "ask for less")


def _await(reading: int, limits: Limits, child: int, end: float) -> None:
    """Wait until the child says something; look at its memory where the system does not."""
    hint, seconds = "look at what makes it so large", limits.wall_seconds
    while not select.select([reading], [], [], _patience(end))[0]:
        if time.monotonic() >= end:
            raise Unjudgeable(f"{limits.what} took longer than {seconds:.0f} s", hint)
        if _resident(child) > limits.memory_bytes:
            raise Unjudgeable(f"{limits.what} took more than {limits.memory_bytes:,} bytes of memory", hint)


def _patience(end: float) -> float:
    left = max(0.0, end - time.monotonic())
    return left if SYSTEM_BOUNDS_MEMORY else min(left, LOOK_SECONDS)


def _resident(child: int) -> int:
    """Bytes of memory that a child holds, by `ps`; none where it does not say."""
    import subprocess

    command = ("ps", "-o", "rss=", "-p", str(child))
    with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
        told = subprocess.run(command, capture_output=True, check=False, timeout=LOOK_SECONDS * 4)
        return int(told.stdout) * 1024
    return 0


def _be_the_child(work: Callable[[], Any], limits: Limits, folder: str, writing: int) -> None:
    """Never returns. Says one JSON object and dies without running anybody's exit handlers."""
    code = 0
    try:
        os.setsid() if limits.alone else os.setpgid(0, 0)
        if limits.alone:
            _leave(writing, limits)
        _limit(limits)
        os.chdir(folder)
        os.environ["TMPDIR"] = folder  # what it cannot remove because it was killed, its parent removes
        gc.disable()  # its life is short, and syntax trees make the collector look at everything again
        said: dict[str, Any] = {"value": work()}
    except RoadworthyError as error:
        said = {"refused": [type(error).__name__, error.message, error.hint, error.exit_code]}
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException as error:
        said = {"bug": _described(error)}
        code = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(said).encode())
    finally:
        _remove(folder)
        if not limits.alone:
            _leave_nobody()
        # Whatever happened: a child that went on would be a second parent.
        os._exit(code)


def _leave_nobody() -> None:
    """End what this child started and did not wait for; it has a process group of its own."""
    if os.getpgrp() == os.getpid():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)


def _leave(writing: int, limits: Limits) -> None:
    """Let go of everything but the pipe to answer through; die of old age should the parent be gone."""
    signal.alarm(int(limits.wall_seconds) + 1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nothing, handle)
    os.closerange(3, writing)
    # With `ulimit -n unlimited`, which macOS knows, the number is endless.
    most = os.sysconf("SC_OPEN_MAX")
    os.closerange(writing + 1, most if 0 < most < MOST_HANDLES else MOST_HANDLES)


def _described(error: BaseException) -> str:
    from traceback import extract_tb

    place = extract_tb(error.__traceback__)[-1]
    return (
        f"{type(error).__name__} in {place.name} ({os.path.basename(place.filename)}:{place.lineno}): {error}"
    )


def _limit(limits: Limits) -> None:
    import resource

    for name, amount in (
        ("RLIMIT_CPU", limits.cpu_seconds),
        ("RLIMIT_AS", limits.memory_bytes),
        ("RLIMIT_FSIZE", limits.file_bytes),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        most = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        with contextlib.suppress(ValueError, OSError):  # some systems know a limit and refuse to set it
            resource.setrlimit(kind, (most, most))


def _outcome(data: bytes, code: int) -> Any:
    if code < 0:
        name = signal.Signals(-code).name
        raise Unjudgeable(
            f"the judgement was stopped by {name}: the input breaks a limit", "see `--help` for inputs"
        )
    if code == 130:
        raise KeyboardInterrupt
    said = json.loads(data or b"{}")
    if "refused" in said:
        _, message, hint, exit_code = said["refused"]
        raise _again(message, hint, exit_code)
    if "bug" in said or "value" not in said:
        raise Unjudgeable(f"this is a bug, not your mistake: {said.get('bug', 'no answer')}", "report it")
    return said["value"]


def _again(message: str, hint: str, exit_code: int) -> RoadworthyError:
    """The child's error, for this process to show."""
    error = RoadworthyError(message, hint)
    error.exit_code = exit_code
    return error
