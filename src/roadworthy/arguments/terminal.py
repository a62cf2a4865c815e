"""What kind of terminal this is, and a line for whoever waits at it."""

from __future__ import annotations

import os
import sys

from roadworthy.errors import UsageError


def in_colour() -> bool:
    """Say whether standard output wants colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def progress(line: str) -> None:
    """Say what takes its time, where a person waits."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{line} ...\n")


def somebody_is_there() -> bool:
    """Say yes if a person can answer questions; UsageError if nobody can."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return True
    raise UsageError("this is no terminal, so nobody can be asked", "add --defaults, and --data KEY=VALUE")
