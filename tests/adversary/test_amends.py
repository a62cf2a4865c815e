"""What a newly demanded check asks for is honoured when it is given."""

from __future__ import annotations

import pytest

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Report, Verdict
from tests.adversary.lies.lowering import RISK_MANAGER, rendered, said
from tests.adversary.patch import FROM_HIGH
from tests.adversary.scene import LATER, VERDICT, Scene


def verdict_of(report: Report, control: str, name: str) -> Verdict:
    """Return what one check of a report came to."""
    (judged,) = (judged for judged in report.judged if judged.control.id == control)
    (finding,) = (finding for finding in judged.findings if finding.check == name)
    return finding.verdict


def test_a_tier_may_fall_when_who_approves_there_agreed(scene: Scene) -> None:
    rendered(scene)
    said(approved_by=RISK_MANAGER)(scene)
    scene.commit("Officers decide now")
    report = check(str(scene.path), as_of=FROM_HIGH)
    assert verdict_of(report, "GOV-02", "not-lowered-alone") is Verdict.PASS


@pytest.mark.parametrize("squashed", [False, True])
def test_a_deployment_may_name_the_verdict_that_was_then(scene: Scene, squashed: bool) -> None:
    before, start = scene.sha(VERDICT), scene.git("rev-parse", ":/as accountable-executive")
    if squashed:  # what promote keeps is all that is left of the first verdict
        for end in ("", ".sig"):
            scene.write(f"governance/deployments/{before}.verdict{end}", scene.text(f"{VERDICT}{end}"))
    scene.put(VERDICT, "predicate.timeVerified", LATER)
    scene.sign(VERDICT, "gate", "roadworthy-gate")
    scene.commit("Gate again")
    if squashed:
        scene.git("reset", "-q", "--soft", start)
        scene.commit("Gate, deploy and gate again")
    assert scene.sha(VERDICT) != before
    report = check(str(scene.path), as_of=FROM_HIGH)
    assert verdict_of(report, "REL-01", "verdict-named") is Verdict.PASS
