"""A waiver counts only if it is whole, in time and granted by somebody else; each says what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.core.approval.people import people
from roadworthy.core.approval.signatures import Signature, Status
from roadworthy.core.judging.granting import GRANTERS, Scope, Waiver, granters, waiver_from
from roadworthy.core.judging.models import (
    Control,
    Finding,
    Grade,
    Judged,
    Remediation,
    Severity,
    Verdict,
)
from roadworthy.core.judging.waivers import Terms, apply_waivers, requests

TODAY = date(2026, 11, 20)
TERMS = Terms(system="credit", tier="high", most_days=30, as_of=TODAY)
WAIVER = Waiver(
    id="W-1",
    place="waivers/W-1.yaml",
    control="REL-03",
    check="",
    control_version=2,
    system="credit",
    reason="The vendor of the load generator repairs it by the fifth of December.",
    requested_by="amy@x.example",
    approved_by="bob@x.example",
    issued=date(2026, 11, 15),
    expires=date(2026, 12, 5),
    renewals=0,
    compensating=1,
    owner="bob@x.example",
)

MAP = people(
    {
        "people": [
            {"identity": "bob@x.example", "name": "Bob", "handles": ["@bob"], "roles": ["model-risk"]},
            {"identity": "amy@x.example", "emails": ["amy@home.example"], "roles": ["model-risk"]},
            {"identity": "dev@x.example", "roles": ["developer", "reviewer"]},
            {"identity": "eve@x.example", "roles": ["accountable-executive"]},
            {"identity": "nil@x.example", "roles": []},
        ]
    }
)
KNOWN = replace(TERMS, people=MAP)
SEALED = Signature(status=Status.VALID, principal="bob@x.example")


def judged(verdict: Verdict = Verdict.FAIL, **more: Any) -> Judged:
    values: dict[str, Any] = {
        "id": "REL-03",
        "title": "T",
        "intent": "I",
        "severity": Severity.HIGH,
        "version": 2,
    }
    values |= {"checks": (), "remediation": Remediation(text="x")}
    findings = tuple(
        Finding(control="REL-03", check=name, grade=Grade.DERIVED, verdict=verdict, raw=verdict)
        for name in ("a", "b")
    )
    return Judged(control=Control(**{**values, **more}), findings=findings)


def applied(waiver: Waiver, found: Judged | None = None, terms: Terms = TERMS) -> tuple[Verdict, str]:
    after, notes = apply_waivers((found or judged(),), (waiver,), terms)
    return after[0].verdict, notes[0].status if notes else "not ours"


def test_a_whole_waiver_counts_and_both_verdicts_are_shown() -> None:
    after, notes = apply_waivers((judged(),), (WAIVER,), TERMS)
    assert {(f.verdict, f.raw, f.waiver) for f in after[0].findings} == {
        (Verdict.WAIVED, Verdict.FAIL, "W-1")
    }
    assert notes[0].status == "expiring"
    assert "approver not verified" in notes[0].text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"expires": date(2026, 11, 19)}, "expired"),
        ({"expires": TODAY}, "expired"),
        ({"issued": date(2026, 11, 21)}, "not yet"),
        ({"expires": date(2026, 12, 30)}, "over-long"),
        ({"approved_by": "amy@x.example"}, "self-approved"),
        ({"approved_by": "@AMY@x.example "}, "self-approved"),
        ({"control": "*"}, "wildcard"),
        ({"control": "REL-*"}, "wildcard"),
        ({"system": "*"}, "wildcard"),
        ({"system": "all"}, "wildcard"),
        ({"control": "REL-99"}, "unknown"),
        ({"control_version": 1}, "lapsed"),
        ({"renewals": 2}, "renewed too often"),
        ({"reason": "TODO"}, "no reason"),
        ({"reason": "short"}, "no reason"),
        ({"approved_by": "TBD"}, "nobody"),
        ({"compensating": 0}, "uncompensated"),
    ],
)
def test_a_waiver_with_a_fault_excuses_nothing(change: dict[str, Any], status: str) -> None:
    assert applied(replace(WAIVER, **change)) == (Verdict.FAIL, status)


def test_what_cannot_be_waived_is_not() -> None:
    assert applied(WAIVER, judged(waivable=False)) == (Verdict.FAIL, "not waivable")


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNKNOWN, Verdict.PENDING, Verdict.NOT_APPLICABLE])
def test_only_a_failure_can_be_waived_and_an_idle_waiver_is_stale(verdict: Verdict) -> None:
    assert applied(WAIVER, judged(verdict)) == (verdict, "stale")


def test_one_check_can_be_waived_alone() -> None:
    after, _ = apply_waivers((judged(),), (replace(WAIVER, check="a"),), TERMS)
    assert [finding.verdict for finding in after[0].findings] == [Verdict.WAIVED, Verdict.FAIL]
    assert after[0].verdict is Verdict.FAIL


def test_a_waiver_of_another_system_is_not_mentioned() -> None:
    assert applied(replace(WAIVER, system="pricing")) == (Verdict.FAIL, "not ours")


def test_the_tier_decides_how_often_it_may_be_renewed() -> None:
    assert applied(replace(WAIVER, renewals=1))[0] is Verdict.WAIVED
    assert (
        applied(replace(WAIVER, renewals=1), terms=replace(TERMS, tier="critical"))[1] == "renewed too often"
    )


SERVES = replace(TERMS, version="2", subject_digest="sha256:2", files=frozenset({"a/x.py", "a/y z.py"}))


@pytest.mark.parametrize(
    ("scope", "place", "words"),
    [
        ({"versions": ("1", "2")}, "", ""),
        ({"versions": ("1",)}, "", "for version 1; version 2 serves"),
        ({"versions": ("1",), "paths": ("a/",)}, "a/x.py", "for version 1"),
        ({"subject_digest": "sha256:2"}, "", ""),
        ({"subject_digest": "sha256:1"}, "", "for the subject sha256:1"),
        ({"paths": ("a/**",)}, "a/x.py:3 eval, a/y z.py:4 exec", ""),
        ({"paths": ("a/x.py",)}, "a/x.py:3 eval", ""),
        ({"paths": ("a/x.py",)}, "a/x.py:3 eval, b/x.py:1 eval", "not for b/x.py"),
        ({"paths": ("a/y",)}, "a/y z.py:3 eval", "not for a/y z.py"),
        ({"paths": ("*.py",)}, "a/x.py", "not for a/x.py"),
        ({"paths": ("a/x.py",)}, "a", "not for a"),
        ({"paths": ("a/**",)}, "", "not for what names no path"),
    ],
)
def test_a_scope_excuses_what_lies_within_it(scope: dict[str, Any], place: str, words: str) -> None:
    found = judged()
    found = replace(found, findings=tuple(replace(each, place=place) for each in found.findings))
    after, notes = apply_waivers((found,), (replace(WAIVER, scope=Scope(**scope)),), SERVES)
    assert after[0].verdict is (Verdict.FAIL if words else Verdict.WAIVED)
    assert (notes[0].status == "out of scope") == bool(words)
    assert words in notes[0].text


def test_what_lies_beyond_a_scope_stays_failed_and_is_told() -> None:
    one, other = judged().findings
    found = replace(judged(), findings=(replace(one, place="a/x.py"), replace(other, place="b/x.py")))
    after, notes = apply_waivers((found,), (replace(WAIVER, scope=Scope(paths=("a/**",))),), SERVES)
    assert [each.verdict for each in after[0].findings] == [Verdict.WAIVED, Verdict.FAIL]
    assert "not what lies beyond: it is for a/**, not for b/x.py" in notes[0].text


def test_where_nothing_serves_no_version_is_excused() -> None:
    assert applied(replace(WAIVER, scope=Scope(versions=("1",))))[1] == "out of scope"


@pytest.mark.parametrize("scope", [{"paths": ("**",)}, {"paths": ("*/*.*",)}, {"versions": ("*",)}])
def test_a_scope_of_everything_is_none(scope: dict[str, Any]) -> None:
    assert applied(replace(WAIVER, scope=Scope(**scope)), terms=SERVES)[1] == "wildcard"


@given(st.integers(-60, 60), st.integers(-60, 60), st.integers(0, 60))
def test_it_counts_exactly_while_it_is_in_time(issued: int, length: int, most: int) -> None:
    start = TODAY + timedelta(days=issued)
    waiver = replace(WAIVER, issued=start, expires=start + timedelta(days=length))
    verdict, _ = applied(waiver, terms=replace(TERMS, most_days=most))
    in_time = waiver.issued <= TODAY < waiver.expires and length <= most
    assert (verdict is Verdict.WAIVED) == in_time


@pytest.mark.parametrize("by", ["bob@x.example", "@bob", "Bob", "eve@x.example"])
def test_who_holds_the_role_in_the_reviewers_map_may_grant(by: str) -> None:
    after, notes = apply_waivers((judged(),), (replace(WAIVER, approved_by=by),), KNOWN)
    assert after[0].verdict is Verdict.WAIVED
    assert "in the reviewer's role map" in notes[0].text
    assert "not verified" not in notes[0].text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"approved_by": "zoe@x.example"}, "not authorised"),
        ({"approved_by": "dev@x.example"}, "not authorised"),
        ({"approved_by": "nil@x.example"}, "not authorised"),
        ({"approver_role": "accountable-executive"}, "not authorised"),
        ({"approved_by": "dev@x.example", "approver_role": "reviewer"}, "not authorised"),
        ({"approved_by": "amy@home.example"}, "self-approved"),
        ({"seal": Signature(status=Status.MISSING)}, "not signed"),
        ({"seal": Signature(status=Status.INVALID)}, "not signed"),
        ({"seal": Signature(status=Status.UNKNOWN_KEY)}, "not signed"),
        ({"seal": Signature(status=Status.UNAVAILABLE)}, "not signed"),
        ({"seal": Signature(status=Status.VALID, principal="eve@x.example")}, "not signed"),
    ],
)
def test_the_reviewers_side_refuses_a_grant_that_it_cannot_vouch_for(
    change: dict[str, Any], status: str
) -> None:
    assert applied(replace(WAIVER, **change), terms=KNOWN) == (Verdict.FAIL, status)


def test_signers_alone_vouch_too() -> None:
    _, notes = apply_waivers((judged(),), (replace(WAIVER, seal=SEALED),), TERMS)
    assert "signature verified" in notes[0].text
    forged = replace(WAIVER, seal=Signature(status=Status.VALID, principal="mallory@x.example"))
    assert applied(forged) == (Verdict.FAIL, "not signed")


def test_the_higher_the_tier_the_fewer_may_grant() -> None:
    tiers = tuple(GRANTERS)
    assert all(granters(low) > granters(high) for low, high in pairwise(tiers))
    assert granters("prohibited") == granters("unheard of") == granters("critical")
    strict = replace(KNOWN, tier="critical")
    assert applied(WAIVER, terms=strict) == (Verdict.FAIL, "not authorised")
    assert applied(replace(WAIVER, approved_by="eve@x.example"), terms=strict)[0] is Verdict.WAIVED


def test_in_the_project_it_is_a_request_whatever_it_says() -> None:
    record = {"id": "W-9", "path": "governance/waivers/W-9.yaml", "control": "REL-03", "requested_by": "amy"}
    own = requests([{**record, "approved_by": "amy", "expires_in_days": 5.0}])[0]
    assert (own.status, own.control) == ("request", "REL-03")
    assert "self-approved" in own.text
    assert "expired" in requests([{**record, "approved_by": "bob", "expires_in_days": -1.0}])[0].text


def test_a_waiver_is_read_from_its_file() -> None:
    value = {
        "id": "W-1",
        "control": "REL-03",
        "control_version": 2,
        "scope": {"system": "credit"},
        "reason": WAIVER.reason,
        "requested_by": "amy@x.example",
        "approved_by": "bob@x.example",
        "issued_at": "2026-11-15",
        "expires_at": "2026-12-05T00:00:00Z",
        "compensating_controls": [{"control": "MON-01"}],
        "residual_risk_owner": "bob@x.example",
    }
    assert waiver_from("waivers/W-1.yaml", value) == WAIVER
