"""What a newly demanded check asks for is honoured when it is given."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.cli import main
from roadworthy.commands.agree import agree
from roadworthy.commands.check import check
from roadworthy.core.judging.models import Finding, Report, Verdict
from roadworthy.errors import Refused
from tests.adversary.lies.lowering import DEVELOPER, FORGED, MARCH, RISK_MANAGER, WHY, agreed, rendered, said
from tests.adversary.patch import FROM_HIGH, FROM_MARCH
from tests.adversary.scene import LATER, VERDICT, Scene


def verdict_of(report: Report, control: str, name: str) -> Verdict:
    """Return what one check of a report came to."""
    return finding_of(report, control, name).verdict


def finding_of(report: Report, control: str, name: str) -> Finding:
    """Return what one check of a report found."""
    (judged,) = (judged for judged in report.judged if judged.control.id == control)
    (finding,) = (finding for finding in judged.findings if finding.check == name)
    return finding


def test_a_tier_may_fall_when_who_approves_there_agreed(scene: Scene) -> None:
    rendered(scene)
    said(approved_by=RISK_MANAGER)(scene)
    scene.commit("Officers decide now")
    report = check(str(scene.path), as_of=FROM_HIGH)
    assert verdict_of(report, "GOV-02", "not-lowered-alone") is Verdict.PASS
    assert verdict_of(report, "GOV-02", "lowering-signed") is Verdict.PENDING  # binds from March


def test_who_signed_for_the_lower_tier_need_not_be_named_elsewhere(scene: Scene) -> None:
    rendered(scene)
    agreed()(scene)
    report = check(str(scene.path), as_of=FROM_MARCH)
    for name in ("not-lowered-alone", "lowering-signed"):
        assert finding_of(report, "GOV-02", name).verdict is Verdict.PASS, finding_of(report, "GOV-02", name)


@pytest.mark.parametrize("how", FORGED)
def test_an_agreement_that_does_not_count_says_why(how: str, scene: Scene) -> None:
    hand, words = FORGED[how]
    rendered(scene)
    hand(scene)
    scene.commit("Improve things", at="2027-03-01T12:00:00Z")
    found = finding_of(check(str(scene.path), as_of=FROM_MARCH), "GOV-02", "lowering-signed")
    assert (found.verdict, words in found.message) == (Verdict.FAIL, True), found.message


REFUSED = {
    "who lowered it": ({"identity": DEVELOPER}, "who built it"),
    "a role not held": ({"role": "accountable-executive"}, "holds model-risk"),
    "no reason": ({"statement": ""}, "states nothing"),
    "another's key": ({"key": DEVELOPER}, "this key does not speak for"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nothing_is_signed_that_would_not_count(what: str, scene: Scene) -> None:
    more, words = REFUSED[what]
    rendered(scene)
    scene.commit("Officers decide now")
    asked: dict[str, Any] = {"identity": RISK_MANAGER, "key": RISK_MANAGER, "statement": WHY} | more
    key = str(scene.key(asked.pop("key")))
    with pytest.raises(Refused, match=words):
        agree(str(scene.path), key=key, as_of=MARCH, **asked)
    assert not (scene.path / "governance/lowerings").exists()


def test_without_a_fall_there_is_nothing_to_agree_to(scene: Scene) -> None:
    with pytest.raises(Refused, match="no tier fell"):
        agree(str(scene.path), statement=WHY, identity=RISK_MANAGER, as_of=MARCH)


def test_an_agreement_is_shown_before_it_is_signed(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    rendered(scene)
    scene.commit("Officers decide now")
    asked = ["approve", "--tier", "--statement", WHY, "--project", str(scene.path), "--as-of", MARCH]
    asked += ["--identity", RISK_MANAGER, "--key", str(scene.key(RISK_MANAGER))]
    said = []
    for more in (["--dry-run"], [], ["--decision", "reject"]):
        with pytest.raises(SystemExit):
            main([*asked, *more])
        said.append("".join(capsys.readouterr()))
    assert "would be agreed to by risk@rehearsal.example as model-risk, until 2027-06-01T10:00:00Z" in said[0]
    assert "tier critical may fall to low" in said[1]
    assert "git commit -m 'Agree to tier low'" in said[1]
    assert "nobody signed for" in said[2]


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
