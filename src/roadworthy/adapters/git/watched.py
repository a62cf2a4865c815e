"""A git that reads what nobody vouches for: ended when it says, works or waits more than it may.

A bomb is small on disk and endless in git's hands, so what is stored buys the time. A pipe where git expects
a file is told by its sleep: on a loaded or slow machine a process is ready, or waits for the disk.
"""

from __future__ import annotations

import math
import os
import re
import time
from subprocess import Popen, TimeoutExpired, run
from typing import TYPE_CHECKING

from roadworthy.core.values import frozen

if TYPE_CHECKING:
    from _typeshed import StrPath

LOOK_SECONDS = 0.1
SLEEP_SECONDS = 1.5
FREE_SECONDS = 0.5
BYTES_A_SECOND = 1 << 20
MOST_SECONDS = 20.0
MOST_LENDERS = 9


class Overdone(Exception):  # noqa: N818  it is what git did, and read_git's to put into words
    """What git did too much of."""


@frozen
class Sight:
    """What one look at a process showed: its processor time, whether it sleeps, how much it said."""

    worked: float
    asleep: bool
    said: int


def watched(
    process: Popen[bytes], given: bytes | None, repository: StrPath, most: int
) -> tuple[bytes, bytes]:
    """Return both streams of a git process that is given its input and then ends; raise Overdone."""
    started = awake = time.monotonic()
    merited, last = 0.0, Sight(worked=-1.0, asleep=False, said=0)
    while True:
        try:
            streams = process.communicate(given, timeout=LOOK_SECONDS)
            _at_most(most, *streams)
            return streams
        except TimeoutExpired as so_far:
            given, now = None, time.monotonic()
            seen = _look(process.pid, now - started, _at_most(most, so_far.output, so_far.stderr))
        if not seen.asleep or seen != last:
            awake, last = now, seen
        if now - awake > SLEEP_SECONDS:
            raise Overdone("waits for what is no file")
        if seen.worked > FREE_SECONDS:
            merited = merited or FREE_SECONDS + _stored(repository) / BYTES_A_SECOND
        if FREE_SECONDS < merited < seen.worked or now - started > MOST_SECONDS:
            raise Overdone(f"took longer than {min(merited or MOST_SECONDS, MOST_SECONDS):.0f} s")


def _at_most(most: int, *streams: bytes | None) -> int:
    said = sum(len(each or b"") for each in streams)
    if said > most:
        raise Overdone(f"says more than {most:,} bytes")
    return said


def _look(number: int, age: float, said: int) -> Sight:
    """See a running process; where nothing tells of it, all of its time counts as work."""
    try:
        asleep, worked = _by_proc(number)
    except OSError:
        asleep, worked = _by_ps(number) or (False, age)
    return Sight(worked=worked, asleep=asleep, said=said)


def _by_proc(number: int) -> tuple[bool, float]:
    with open(f"/proc/{number}/stat") as told:
        state, *fields = told.read().rpartition(")")[2].split()
    return state == "S", (int(fields[10]) + int(fields[11])) / os.sysconf("SC_CLK_TCK")


def _by_ps(number: int) -> tuple[bool, float] | None:
    """Return whether a process sleeps and the seconds it worked, from `ps`: macOS has no /proc."""
    command = ("ps", "-o", "stat=", "-o", "time=", "-p", str(number))  # BSD takes `=,time=` for a heading
    try:
        told = run(
            command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, timeout=SLEEP_SECONDS
        )
    except (OSError, TimeoutExpired):
        return None
    return read_ps(told.stdout)


def read_ps(line: str) -> tuple[bool, float] | None:
    """Read `S+ 0:01.25` of macOS and `S+ 1-02:03:04` of Linux; None for anything else."""
    found = re.fullmatch(r"\s*([A-Z])\S*\s+(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:\.\d+)?)\s*", line, re.ASCII)
    if not found:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    return found[1] == "S", ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _stored(repository: StrPath) -> float:
    """Bytes of a repository's objects on disk, and of those it borrows; endless where they lie elsewhere."""
    from pathlib import Path  # few processes are watched for so long, and an update needs no paths

    homes = [home for home in (Path(repository, ".git"), Path(repository)) if (home / "objects").is_dir()]
    if not homes:
        return math.inf
    objects, named = homes[0] / "objects", homes[0] / "objects/info/alternates"
    lent = named.read_bytes().splitlines() if named.is_file() else []
    borrowed = (each for line in lent[:MOST_LENDERS] for each in (objects / os.fsdecode(line)).glob("pack/*"))
    return sum(each.lstat().st_size for each in (*objects.glob("*/*"), *borrowed))
