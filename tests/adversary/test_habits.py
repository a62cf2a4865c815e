"""What honest teams do leaves a conforming project conforming."""

from __future__ import annotations

import pytest

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Verdict
from tests.adversary.habits import HABITS
from tests.adversary.patch import NOW, Habit
from tests.adversary.scene import Scene


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.title)
def test_a_habit_is_left_alone(habit: Habit, scene: Scene) -> None:
    habit.live(scene)
    scene.commit("Work on it")
    report = check(str(scene.path), as_of=NOW)
    findings = [finding for judged in report.judged for finding in judged.findings]
    noise = [f for f in findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    assert not noise, [(finding.check, finding.message, finding.reason) for finding in noise]
    assert report.exit_code == 0


def test_there_are_many_habits_and_each_is_another() -> None:
    assert len(HABITS) >= 40
    assert len({habit.title for habit in HABITS}) == len(HABITS)
