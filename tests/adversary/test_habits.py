"""What honest teams do leaves a conforming project conforming."""

from __future__ import annotations

import pytest

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Verdict
from tests.adversary.habits import HABITS
from tests.adversary.patch import Habit
from tests.adversary.scene import Scene

# In March the map of the law that is shipped is past its review: the pack's own finding, not the project's.
LAW = "past its review date"


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.title)
def test_a_habit_is_left_alone(habit: Habit, scene: Scene) -> None:
    habit.live(scene)
    scene.commit("Work on it", at=habit.at)
    report = check(str(scene.path), as_of=habit.at)
    findings = [finding for judged in report.judged for finding in judged.findings]
    noise = [f for f in findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN) and LAW not in f.reason]
    assert not noise, [(finding.check, finding.message, finding.reason) for finding in noise]
    assert report.exit_code == (3 if habit.renewed else 0)


def test_there_are_many_habits_and_each_is_another() -> None:
    assert len(HABITS) >= 40
    assert len({habit.title for habit in HABITS}) == len(HABITS)
