"""Our engine under the harness, in this process."""

from __future__ import annotations

from pathlib import Path

from roadworthy.commands.update import Wish, update
from roadworthy.core.merging.plan import Fate
from roadworthy.core.merging.report import Update
from roadworthy.errors import RoadworthyError
from tests.update.oracle import Result
from tests.update.world import NEW, World, read_folder


def roadworthy(world: World) -> tuple[Result, Update | None]:
    """Update with our own engine."""
    return roadworthy_in(world.project, NEW)


def roadworthy_in(project: Path, release: str) -> tuple[Result, Update | None]:
    """Update a project that is there."""
    before = read_folder(project)
    try:
        report = update(Wish(project=project, to=release))
    except RoadworthyError as error:
        return Result(before=before, after=read_folder(project), crashed=error.message), None
    reported = {path.path for path in report.paths if path.fate in (Fate.CONFLICT, Fate.IGNORED)}
    return Result(before=before, after=read_folder(project), reported=frozenset(reported)), report
