"""P1 to P8 on random histories. `tools/nightly_updates.py` runs ten thousand, and the other engines."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from roadworthy.commands.update import Wish, abort, update
from roadworthy.core.merging.report import CONFLICTS, CURRENT, UPDATED
from tests.update.engines import roadworthy
from tests.update.evolution import cases
from tests.update.oracle import Result, judge
from tests.update.world import NEW, OLD, Case, World, build, commit_all

CASES = int(os.environ.get("ROADWORTHY_UPDATE_CASES", "100"))
MANY = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=CASES <= 500,
    suppress_health_check=list(HealthCheck),
    database=None,
)


@contextmanager
def made(case: Case) -> Iterator[World]:
    root = Path(tempfile.mkdtemp(prefix="roadworthy-case-"))
    patch = pytest.MonkeyPatch()
    patch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(root))
    try:
        yield build(root, case)
    finally:
        patch.undo()
        shutil.rmtree(root, ignore_errors=True)


@MANY
@given(case=cases())
def test_no_promise_is_broken(case: Case) -> None:
    with made(case) as world:
        result, report = roadworthy(world)
        assert judge(case, result).broken == ()
        if report is None:
            assert "in the way" in result.crashed
        elif report.state == CONFLICTS:
            assert world.recorded() == OLD
            abort(world.project)
            assert world.files() == result.before
        else:
            assert_settled(world, result)


def assert_settled(world: World, result: Result) -> None:
    """A clean update is recorded, is complete, and after its commit goes back without losing an edit."""
    assert world.recorded() == NEW
    commit_all(world.project)
    assert update(Wish(project=world.project, to=NEW)).state == CURRENT
    assert world.files() == result.after
    back = update(Wish(project=world.project, back=True))
    assert back.state in (UPDATED, CONFLICTS)
    if back.state == UPDATED:
        returned = Result(before=result.after, after=world.files())
        lost = [line for line in judge(world.case, returned).broken if line.startswith(("P1", "P4", "P5"))]
        assert lost == []
