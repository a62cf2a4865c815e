"""Engines under one roof: ours in this process, Copier and cruft as their users run them."""

from __future__ import annotations

from pathlib import Path

from roadworthy.adapters.git import git, isolated
from roadworthy.commands.update import Wish, update
from roadworthy.core.merge_plan import Fate
from roadworthy.core.tree import Tree
from roadworthy.core.update_report import Update
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
    reported = {path.path for path in report.paths if path.fate is Fate.CONFLICT}
    return Result(before=before, after=world.files(), reported=frozenset(reported)), report


def reported_by_git(project: Path, after: Tree) -> frozenset[str]:
    """Return what an engine that only leaves traces has reported: unmerged paths and rejected hunks."""
    rows = git(project, "ls-files", "-u", "-z", env=isolated()).decode("utf-8", "surrogateescape").split("\0")
    unmerged = {row.partition("\t")[2] for row in rows if row}
    return frozenset(unmerged | {path.removesuffix(".rej") for path in after if path.endswith(".rej")})
