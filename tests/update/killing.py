"""Run something in a child process that dies by SIGKILL at its n-th change of the file system."""

from __future__ import annotations

import builtins
import os
import signal
from collections.abc import Callable
from typing import Any

CHANGES = ("replace", "rename", "link", "symlink", "unlink", "remove", "mkdir", "rmdir", "chmod")


def killed_at(step: int, run: Callable[[], object]) -> bool:
    """Run and kill; return False if the run ended before it came to that step."""
    child = os.fork()
    if child == 0:
        _run_and_leave(step, run)
    _, status = os.waitpid(child, 0)
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert died or os.waitstatus_to_exitcode(status) == 0, "the child failed by itself"
    return died


def _run_and_leave(step: int, run: Callable[[], object]) -> None:
    code = 1
    try:
        _arm(step)
        run()
        code = 0
    finally:
        os._exit(code)


def _arm(step: int) -> None:
    count = 0

    def trapped(change: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*args, **kwargs)

        return call

    for name in CHANGES:
        setattr(os, name, trapped(getattr(os, name)))
    opened, trapped_open = builtins.open, trapped(builtins.open)

    def write(place: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        return (opened if mode in ("r", "rb") else trapped_open)(place, mode, *args, **kwargs)

    setattr(builtins, "open", write)  # noqa: B010  its type has overloads
