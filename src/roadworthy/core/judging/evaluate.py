"""From facts to findings. Pure: the clock, the facts and the expression engine come in as arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from roadworthy.core.judging.models import (
    Applies,
    Check,
    Control,
    Due,
    Finding,
    Judged,
    Lifecycle,
    Verdict,
)
from roadworthy.core.values import frozen, replace

KINDS = ("trained", "llm")
MODES = ("online", "batch")
# What a check has to say of every answer, and of one that is no pass.
_ALWAYS, _WRONG = ("by", "until"), ("message", "place", "expected", "actual")


@frozen
class Truth:
    """The answer to a yes-or-no question: yes, no, or why there is none: an error, or a fact nobody knows."""

    value: bool | None
    error: str = ""
    unknown: str = ""


class Asker(Protocol):
    """Answers questions about the facts of one project."""

    def truth(self, expression: str) -> Truth:
        """Answer a CEL expression; anything but a boolean is an error."""

    def text(self, expression: str) -> str:
        """Return the text of a CEL expression; empty when it has none."""

    def misshapen(self, schema: Mapping[str, Any], fact: str) -> Sequence[str]:
        """Return why a fact does not have a shape."""

    def unavailable(self, needs: Sequence[str]) -> str:
        """Return the reason why one of some facts cannot be had; empty when all can."""


@frozen
class Situation:
    """What decides whether a question applies and binds."""

    kind: str
    mode: str
    tier: str
    tiers: tuple[str, ...]
    as_of: date
    released: bool = False
    for_release: str = ""


def judge(controls: Sequence[Control], find: Callable[[Control, Check], Finding]) -> tuple[Judged, ...]:
    """Return every control with what is found of its checks, before any waiver, in the order given."""
    return tuple(
        Judged(control=control, findings=tuple(find(control, check) for check in control.checks))
        for control in controls
    )


def judge_check(control: Control, check: Check, situation: Situation, asker: Asker) -> Finding:
    """Return what one check comes to: answered first, then held against dates."""
    reason = beside(control.applies, situation) or beside(check.applies, situation)
    if reason:
        return _finding(control, check, Verdict.NOT_APPLICABLE, reason=reason)
    if check.when:
        precondition = asker.truth(check.when)
        if precondition.value is False:
            return _finding(
                control, check, Verdict.NOT_APPLICABLE, reason="what it asks about does not exist here"
            )
        if precondition.value is None:
            return _dated(control, check, situation, _unanswered(control, check, asker, precondition))
    return _dated(control, check, situation, _answer(control, check, asker))


def _answer(control: Control, check: Check, asker: Asker) -> Finding:
    missing = asker.unavailable(check.needs)
    if missing:
        return _finding(control, check, Verdict.UNKNOWN, asker, reason=missing)
    truth = _shape(check, asker) if check.schema is not None else asker.truth(check.expression)
    if truth.value is None:
        return _unanswered(control, check, asker, truth)
    verdict = Verdict.PASS if truth.value else Verdict.FAIL
    return _finding(control, check, verdict, asker, reason=truth.error)


def _unanswered(control: Control, check: Check, asker: Asker, truth: Truth) -> Finding:
    why, error = truth.unknown or truth.error, not truth.unknown
    return _finding(control, check, Verdict.UNKNOWN, asker, reason=why, error=error)


def _shape(check: Check, asker: Asker) -> Truth:
    problems = asker.misshapen(check.schema or {}, check.on)
    return Truth(value=not problems, error="; ".join(problems[:3]))


def _dated(control: Control, check: Check, situation: Situation, finding: Finding) -> Finding:
    """What is not yet due cannot fail; what could not be evaluated at all is never excused by a date."""
    if finding.raw is Verdict.PASS or finding.error:
        return finding
    reason = _not_yet(control, check, situation)
    if not reason:
        return finding
    said = "; ".join(each for each in (reason, finding.reason) if each)
    return replace(finding, verdict=Verdict.PENDING, reason=said)


def _not_yet(control: Control, check: Check, situation: Situation) -> str:
    if control.lifecycle is Lifecycle.EXPERIMENTAL:
        return "experimental: it will bind when the policy says so"
    start = enforced_from(check.enforce_from or control.enforce_from, situation)
    if start and start > situation.as_of:
        return f"binds from {start.isoformat()}"
    if check.due is Due.RELEASE and not situation.released and not situation.for_release:
        return "due before the first release"
    return ""


def enforced_from(dates: Mapping[str, str], situation: Situation) -> date | None:
    """Return the day from which dates bind at a tier: its own, else that of the next tier below."""
    for tier in reversed(situation.tiers[: _rank(situation.tier, situation) + 1]):
        if tier in dates:
            return date.fromisoformat(dates[tier])
    return None


def beside(applies: Applies, situation: Situation) -> str:
    """Why a question is not about this project; empty when it is. No known kind: nothing is escaped."""
    if applies.kinds and situation.kind in KINDS and situation.kind not in applies.kinds:
        return f"for kind {' or '.join(applies.kinds)}, this is {situation.kind}"
    if applies.modes and situation.mode in MODES and situation.mode not in applies.modes:
        return f"for mode {' or '.join(applies.modes)}, this is {situation.mode}"
    if _rank(situation.tier, situation) < situation.tiers.index(applies.min_tier):
        return f"from tier {applies.min_tier}, this is {situation.tier}"
    return ""


def _rank(tier: str, situation: Situation) -> int:
    """An unsaid tier counts as the highest that policy judges."""
    return situation.tiers.index(tier) if tier in situation.tiers else len(situation.tiers) - 1


def _finding(
    control: Control,
    check: Check,
    verdict: Verdict,
    asker: Asker | None = None,
    *,
    reason: str = "",
    error: bool = False,
) -> Finding:
    wrong = verdict is Verdict.FAIL or verdict is Verdict.UNKNOWN
    names = (*_WRONG, *_ALWAYS) if wrong else _ALWAYS
    said = {name: asker.text(words) for name in names if (words := getattr(check, name))} if asker else {}
    if asker and wrong:
        said["expected"] = said.get("expected") or check.title
    return Finding(
        control=control.id,
        check=check.id,
        grade=check.grade,
        due=check.due,
        unknown_blocks=check.unknown_blocks,
        verdict=verdict,
        raw=verdict,
        reason=reason,
        error=error,
        **said,
    )
