"""The plain situations of `situations.py`, one test each."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.commands.update import abort
from roadworthy.core.merging.report import CONFLICTS, UPDATED
from tests.update.engines import roadworthy
from tests.update.oracle import judge
from tests.update.situations import SITUATIONS, Situation
from tests.update.world import NEW, OLD, build


def test_there_are_twenty_seven() -> None:
    assert len({situation.name for situation in SITUATIONS}) == 27


@pytest.mark.parametrize("situation", SITUATIONS, ids=[situation.name for situation in SITUATIONS])
def test_nothing_is_lost(situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    world = build(tmp_path, situation.case)
    result, report = roadworthy(world)
    assert report is not None, result.crashed
    assert judge(situation.case, result).broken == ()
    fates = {path.path: path.fate.value for path in report.paths}
    assert {path: fates.get(path) for path in situation.fates} == situation.fates
    assert all(data in result.after[path].data for path, data in situation.contains.items())
    conflicted = "conflict" in situation.fates.values()
    assert report.state == (CONFLICTS if conflicted else UPDATED)
    assert world.recorded() == (OLD if conflicted else NEW)
    abort(world.project)
    assert world.files() == result.before
