"""A check is answered first, then held against dates; what is unknown is never green."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import pytest

from roadworthy.core.judging.evaluate import Situation, Truth, enforced_from, judge, judge_check
from roadworthy.core.judging.models import (
    Applies,
    Check,
    Control,
    Due,
    Grade,
    Judged,
    Lifecycle,
    Remediation,
    Report,
    Severity,
    Verdict,
    worst,
)
from roadworthy.core.values import replace

TIERS = ("low", "moderate", "high", "critical", "prohibited")


class Told:
    """An asker that says what it is told."""

    def __init__(self, truths: Mapping[str, Truth], missing: str = "", problems: Sequence[str] = ()) -> None:
        self.truths, self.missing, self.problems = truths, missing, problems

    def truth(self, expression: str) -> Truth:
        return self.truths[expression]

    def text(self, expression: str) -> str:
        return f"<{expression}>"

    def misshapen(self, schema: Mapping[str, Any], fact: str) -> Sequence[str]:
        return self.problems

    def unavailable(self, needs: Sequence[str]) -> str:
        return self.missing if needs else ""


YES, NO, BROKEN = Truth(value=True), Truth(value=False), Truth(value=None, error="no such key")
ASKER = Told({"yes": YES, "no": NO, "broken": BROKEN})


def check(expression: str = "yes", **more: Any) -> Check:
    return Check(id="one", grade=Grade.DERIVED, expression=expression, **more)


def control(**more: Any) -> Control:
    values: dict[str, Any] = {"id": "X-01", "title": "X", "intent": "Y", "severity": Severity.HIGH}
    values |= {"checks": (check(),), "remediation": Remediation(text="mend it")}
    return Control(**{**values, **more})


def situation(**more: Any) -> Situation:
    values: dict[str, Any] = {"kind": "trained", "mode": "online", "tier": "high", "tiers": TIERS}
    return Situation(**{**values, "as_of": date(2026, 11, 20), **more})


def one(control_: Control, asker: Told) -> Judged:
    (judged,) = judge((control_,), partial(judge_check, situation=situation(), asker=asker))
    return judged


def verdict(check_: Check, control_: Control | None = None, asker: Told = ASKER, **more: Any) -> Verdict:
    return judge_check(control_ or control(), check_, situation(**more), asker).verdict


def test_true_passes_and_false_fails() -> None:
    assert verdict(check("yes")) is Verdict.PASS
    assert verdict(check("no")) is Verdict.FAIL


def test_an_error_is_unknown_and_marked_so_that_it_can_never_be_green() -> None:
    found = judge_check(control(), check("broken"), situation(), ASKER)
    assert (found.verdict, found.error, found.reason) == (Verdict.UNKNOWN, True, "no such key")


def test_an_error_is_not_excused_by_a_date_or_by_the_first_release() -> None:
    later = control(enforce_from={"low": "2030-01-01"})
    assert verdict(check("broken"), later) is Verdict.UNKNOWN
    assert verdict(check("broken", due=Due.RELEASE)) is Verdict.UNKNOWN


def test_what_cannot_be_had_is_unknown_with_the_reason() -> None:
    found = judge_check(control(), check("yes", needs=("forge",)), situation(), Told({}, "no token"))
    assert (found.verdict, found.reason, found.error) == (Verdict.UNKNOWN, "no token", False)


@pytest.mark.parametrize("expression", ["no"])
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Verdict.PENDING),
        ({"released": True}, Verdict.FAIL),
        ({"for_release": "1"}, Verdict.FAIL),
    ],
)
def test_due_at_release_waits_until_there_is_one(
    expression: str, more: dict[str, Any], expected: Verdict
) -> None:
    assert verdict(check(expression, due=Due.RELEASE), **more) is expected


def test_unknown_is_pending_too_while_it_is_not_due() -> None:
    asker = Told({}, "no token")
    due = check("yes", due=Due.RELEASE, needs=("forge",))
    assert verdict(due, asker=asker) is Verdict.PENDING
    assert verdict(due, asker=asker, released=True) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("dates", "tier", "day", "expected"),
    [
        ({}, "high", "2026-11-20", Verdict.FAIL),
        ({"low": "2026-11-20"}, "high", "2026-11-20", Verdict.FAIL),
        ({"low": "2026-11-21"}, "high", "2026-11-20", Verdict.PENDING),
        ({"low": "2027-03-01", "high": "2026-11-01"}, "high", "2026-11-20", Verdict.FAIL),
        ({"low": "2027-03-01", "high": "2026-11-01"}, "moderate", "2026-11-20", Verdict.PENDING),
        ({"low": "2027-03-01", "high": "2026-11-01"}, "critical", "2026-11-20", Verdict.FAIL),
        ({"high": "2027-03-01"}, "low", "2026-11-20", Verdict.FAIL),
    ],
)
def test_a_failure_is_pending_until_its_tier_is_enforced(
    dates: dict[str, str], tier: str, day: str, expected: Verdict
) -> None:
    found = verdict(check("no"), control(enforce_from=dates), tier=tier, as_of=date.fromisoformat(day))
    assert found is expected


def test_a_check_binds_from_a_date_of_its_own() -> None:
    later, sooner = {"low": "2027-01-01"}, {"low": "2026-01-01"}
    assert verdict(replace(check("no"), enforce_from=later), control()) is Verdict.PENDING
    assert verdict(replace(check("no"), enforce_from=sooner), control(enforce_from=later)) is Verdict.FAIL


def test_a_pending_finding_keeps_its_raw_verdict() -> None:
    found = judge_check(control(enforce_from={"low": "2027-01-01"}), check("no"), situation(), ASKER)
    assert (found.raw, found.verdict, found.reason) == (
        Verdict.FAIL,
        Verdict.PENDING,
        "binds from 2027-01-01",
    )


def test_an_experimental_control_never_fails_anybody() -> None:
    assert verdict(check("no"), control(lifecycle=Lifecycle.EXPERIMENTAL)) is Verdict.PENDING


@pytest.mark.parametrize(
    ("applies", "more", "expected"),
    [
        (Applies(kinds=("llm",)), {}, Verdict.NOT_APPLICABLE),
        (Applies(kinds=("llm",)), {"kind": ""}, Verdict.FAIL),
        (Applies(kinds=("llm",)), {"kind": "toaster"}, Verdict.FAIL),
        (Applies(modes=("batch",)), {}, Verdict.NOT_APPLICABLE),
        (Applies(modes=("batch",)), {"mode": ""}, Verdict.FAIL),
        (Applies(min_tier="critical"), {}, Verdict.NOT_APPLICABLE),
        (Applies(min_tier="high"), {}, Verdict.FAIL),
        (Applies(min_tier="critical"), {"tier": "prohibited"}, Verdict.FAIL),
        (Applies(min_tier="critical"), {"tier": "nonsense"}, Verdict.FAIL),
    ],
)
def test_a_project_that_hides_what_it_is_escapes_nothing(
    applies: Applies, more: dict[str, Any], expected: Verdict
) -> None:
    assert verdict(check("no"), control(applies=applies), **more) is expected
    assert verdict(check("no", applies=applies), **more) is expected


def test_a_precondition_that_does_not_hold_makes_it_not_applicable_and_a_broken_one_unknown() -> None:
    assert verdict(check("no", when="no")) is Verdict.NOT_APPLICABLE
    assert verdict(check("no", when="yes")) is Verdict.FAIL
    assert verdict(check("yes", when="broken")) is Verdict.UNKNOWN


def test_a_shape_says_what_is_wrong() -> None:
    shaped = Check(id="one", grade=Grade.DERIVED, on="documents.system", schema={"type": "object"})
    assert verdict(shaped, asker=Told({})) is Verdict.PASS
    found = judge_check(control(), shaped, situation(), Told({}, problems=["a: missing", "b: odd"]))
    assert (found.verdict, found.reason) == (Verdict.FAIL, "a: missing; b: odd")


def test_words_are_looked_up_only_for_what_is_wrong() -> None:
    told = check("no", message="m", place="p", expected="e", actual="a")
    found = judge_check(control(), told, situation(), ASKER)
    assert (found.message, found.place, found.expected, found.actual) == ("<m>", "<p>", "<e>", "<a>")
    assert judge_check(control(), check("yes", message="m"), situation(), ASKER).message == ""


def test_an_attested_check_names_who_and_until_when_even_when_it_passes() -> None:
    found = judge_check(control(), check("yes", by="who", until="when"), situation(), ASKER)
    assert (found.by, found.until) == ("<who>", "<when>")


def test_a_control_is_its_worst_check() -> None:
    judged = one(control(checks=(check("yes"), check("no"))), ASKER)
    assert judged.verdict is Verdict.FAIL
    assert worst(()) is Verdict.NOT_APPLICABLE
    assert worst((Verdict.PASS, Verdict.UNKNOWN, Verdict.PENDING)) is Verdict.UNKNOWN


def report(*expressions: str, blocks: str = "none", incomplete: str = "", for_release: str = "") -> Report:
    asker = Told({"yes": YES, "no": NO, "broken": BROKEN}, "out of reach")
    far: Mapping[str, Mapping[str, Any]] = {
        "far": {"needs": ("forge",)},
        "gate": {"needs": ("forge",), "unknown_blocks": "release"},
    }
    checks = tuple(check("yes" if e in far else e, **far.get(e, {})) for e in expressions)
    judged = tuple(one(control(id=f"X-0{n}", checks=(c,)), asker) for n, c in enumerate(checks))
    return Report(
        project={},
        pack={},
        tool="0",
        as_of="2026-11-20T00:00:00Z",
        source={},
        judged=judged,
        unknown_blocks=blocks,
        incomplete=incomplete,
        for_release=for_release,
    )


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (report("yes"), 0),
        (report("yes", "no"), 1),
        (report("yes", "far"), 0),
        (report("yes", "far", blocks="release"), 0),
        (report("yes", "far", blocks="release", for_release="1"), 3),
        (report("yes", "far", blocks="merge"), 3),
        (report("yes", "gate"), 0),
        (report("yes", "gate", for_release="1"), 0),
        (report("yes", "gate", blocks="release", for_release="1"), 3),
        (report("yes", "gate", blocks="merge"), 0),
        (report("yes", "gate", "far", blocks="merge"), 3),
        (report("yes", "gate", blocks="merge", for_release="1"), 3),
        (report("no", "far", blocks="merge"), 1),
        (report("yes", "broken"), 3),
        (report("yes", incomplete="too many files"), 3),
        (report(), 3),
    ],
)
def test_exit_codes(found: Report, code: int) -> None:
    assert found.exit_code == code


def test_all_six_verdicts_are_counted() -> None:
    assert report("yes", "no", "far").counts == {
        "fail": 1,
        "unknown": 1,
        "pending": 0,
        "waived": 0,
        "pass": 1,
        "not_applicable": 0,
    }
    assert report("yes", "no").grades == {"derived": 2, "executed": 0, "attested": 0}


def test_the_nearest_date_below_counts() -> None:
    assert enforced_from({"moderate": "2027-01-01"}, situation(tier="low")) is None
    assert enforced_from({"moderate": "2027-01-01"}, situation()) == date(2027, 1, 1)
