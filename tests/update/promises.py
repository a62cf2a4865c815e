"""One random case lived through with our engine: updated, judged, updated again, taken back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roadworthy.commands.update import Wish, abort, update
from roadworthy.core.merging.report import CONFLICTS, CURRENT, UPDATED
from roadworthy.errors import RoadworthyError
from tests.update.engines import roadworthy
from tests.update.oracle import Result, Verdict, judge
from tests.update.world import NEW, OLD, Case, World, build, commit_all

MEMORY = Path("/dev/shm")  # a file system without a disk halves the time of a case
ROOM = MEMORY if os.access(MEMORY, os.W_OK) else None


@contextmanager
def place() -> Iterator[Path]:
    """Yield a folder for one case; what lies below it must be trusted by the environment."""
    root = Path(tempfile.mkdtemp(prefix="roadworthy-case-", dir=ROOM))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def trusted() -> str:
    """Return what ROADWORTHY_TRUSTED_SOURCES must be for cases in `place`."""
    return str(ROOM or tempfile.gettempdir())


def live(root: Path, case: Case) -> tuple[Result, Verdict]:
    """Update a project, and go every way on from there; return the update and every broken promise."""
    world = build(root, case)
    result, report = roadworthy(world)
    broken = [*judge(case, result).broken]
    if report is None:
        broken += [] if "in the way" in result.crashed else [f"P5 refused: {result.crashed}"]
    elif report.state == CONFLICTS:
        broken += _taken_back(world, result)
    else:
        broken += _settled(world, result)
    return result, Verdict(broken=tuple(broken))


def _taken_back(world: World, result: Result) -> Iterator[str]:
    """P5: an update with conflicts is not recorded, and an abort leaves no trace of it."""
    if world.recorded() != OLD:
        yield "P5 recorded with conflicts"
    abort(world.project)
    if world.files() != result.before:
        yield "P5 abort left something"


def _settled(world: World, result: Result) -> Iterator[str]:
    """P7, P8: a clean update is recorded and complete, and goes back without losing an edit."""
    if world.recorded() != NEW:
        yield "P7 not recorded"
    commit_all(world.project)
    if update(Wish(project=world.project, to=NEW)).state != CURRENT or world.files() != result.after:
        yield "P7 the second update changes something"
    try:
        back = update(Wish(project=world.project, back=True))
    except RoadworthyError as error:
        yield f"P8 going back is refused: {error.message}"
        return
    if back.state == UPDATED:
        returned = judge(world.case, Result(before=result.after, after=world.files())).broken
        yield from (f"P8 going back: {line}" for line in returned if line[:2] in ("P1", "P4", "P5"))
    elif back.state != CONFLICTS:
        yield f"P8 going back ended {back.state}"
