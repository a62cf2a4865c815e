"""Work done in a child that can be killed: native loops ignore signals, and a crash must stay a crash of one.

The child is a fork, so imports are paid once. Where there is no fork the work is done here, without the cage.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

from roadworthy.core.values import frozen
from roadworthy.errors import RoadworthyError, Unjudgeable


@frozen
class Limits:
    """What one child may use."""

    wall_seconds: float = 60.0
    cpu_seconds: int = 30
    memory_bytes: int = 4 << 30
    file_bytes: int = 8 << 20


def caged(work: Callable[[], Any], limits: Limits | None = None) -> Any:
    """Return what `work` returns (a JSON value), done in a limited child in an empty folder.

    Raises Unjudgeable when the child is killed, crashes or takes too long; its own errors pass through.
    """
    if not hasattr(os, "fork"):
        return work()
    with _empty_folder() as folder:
        return _outcome(*_in_child(work, limits or Limits(), folder))


@contextlib.contextmanager
def _empty_folder() -> Iterator[str]:
    folder = f"{os.environ.get('TMPDIR') or '/tmp'}/roadworthy-{os.urandom(8).hex()}"
    os.mkdir(folder, 0o700)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _in_child(work: Callable[[], Any], limits: Limits, folder: str) -> tuple[bytes, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(work, limits, folder, writing)
    os.close(writing)
    try:
        data = _hear(reading, limits.wall_seconds)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(reading)
    return data, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _hear(reading: int, seconds: float) -> bytes:
    """Return all that the child says before it closes its mouth or the time is over."""
    end = time.monotonic() + seconds
    chunks: list[bytes] = []
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise Unjudgeable(
                f"the judgement took longer than {seconds:.0f} s", "look at what makes it so large"
            )
        chunk = os.read(reading, 1 << 16)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)


def _be_the_child(work: Callable[[], Any], limits: Limits, folder: str, writing: int) -> None:
    """Never returns. Says one JSON object and dies without running anybody's exit handlers."""
    code = 0
    try:
        _limit(limits)
        os.chdir(folder)
        said: dict[str, Any] = {"value": work()}
    except RoadworthyError as error:
        said = {"refused": [type(error).__name__, error.message, error.hint, error.exit_code]}
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException as error:
        said = {"bug": _described(error)}
        code = 1
    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
        pipe.write(json.dumps(said).encode())
    os._exit(code)


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
