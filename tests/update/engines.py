"""Our engine under the harness, in this process."""

from __future__ import annotations

from roadworthy.commands.update import Wish, update
from roadworthy.core.merging.plan import Fate
from roadworthy.core.merging.report import Update
from roadworthy.errors import RoadworthyError
from tests.update.oracle import Result
from tests.update.world import NEW, World


def roadworthy(world: World) -> tuple[Result, Update | None]:
    """Update with our own engine."""
    before = world.files()
    try:
        report = update(Wish(project=world.project, to=NEW))
    except RoadworthyError as error:
        return Result(before=before, after=world.files(), crashed=error.message), None
    reported = {path.path for path in report.paths if path.fate in (Fate.CONFLICT, Fate.IGNORED)}
    return Result(before=before, after=world.files(), reported=frozenset(reported)), report
