"""Every lie is caught by the controls that it names, and the project does not conform."""

from __future__ import annotations

import pytest

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Report, Verdict
from tests.adversary.lies import LIES
from tests.adversary.patch import Lie
from tests.adversary.scene import Scene

BAD = (Verdict.FAIL, Verdict.UNKNOWN)


def failing(report: Report) -> set[str]:
    """Return the controls, and the checks of them, that failed or could not be judged where that blocks."""
    bad = [judged for judged in report.judged if judged.verdict in BAD]
    checks = {f"{j.control.id} {found.check}" for j in bad for found in j.findings if found.verdict in BAD}
    return checks | {judged.control.id for judged in bad}


def words_of(report: Report, controls: tuple[str, ...]) -> str:
    """Return what the failing checks of some controls say, and why."""
    judged = (each for each in report.judged if each.control.id in controls)
    found = (finding for each in judged for finding in each.findings)
    bad = (finding for finding in found if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN))
    return "\n".join(f"{finding.message} {finding.reason}" for finding in bad)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.title)
def test_a_lie_is_caught(lie: Lie, scene: Scene) -> None:
    lie.tell(scene)
    scene.commit("Improve things")
    report = check(str(scene.path), as_of=lie.at)
    assert report.exit_code in (1, 3)
    assert set(lie.caught_by) <= failing(report), f"caught only by {sorted(failing(report))}"
    assert lie.says in words_of(report, lie.caught_by)


def test_the_corpus_is_large_and_no_lie_is_told_twice() -> None:
    assert len(LIES) >= 60
    assert len({lie.title for lie in LIES}) == len(LIES)
