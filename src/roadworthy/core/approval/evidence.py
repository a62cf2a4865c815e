"""What a release rests on besides approvals: its run, its evaluation, its thresholds, its words."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from roadworthy.core.approval.placeholders import placeholders
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.subject import Entry
from roadworthy.core.documents.parts import number, part, rows
from roadworthy.core.packs.tiers import PROHIBITED
from roadworthy.core.times import parse_time
from roadworthy.core.values import field, frozen

THRESHOLDS = "policy/gates.yaml"
# Times of commits and records come from different clocks, both cut to whole seconds.
CLOCK_SECONDS = 2
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}


@frozen
class Origin:
    """What git knows of the commit a run says it ran."""

    in_history: bool
    committed_at: datetime | None
    thresholds_sha256: str


@frozen
class Evidence:
    """Everything read about a release before judging it; a record that could not be read is empty."""

    release: Mapping[str, Any]
    subject: tuple[Entry, ...]
    run: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    origin: Origin
    commit_in_history: bool
    words: Mapping[str, Any] = field(default_factory=dict)
    records: Mapping[str, Any] = field(default_factory=dict)
    uncommitted: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    pickles: Sequence[tuple[str, str]] = ()

    def digests(self, role: str) -> frozenset[str]:
        """Return the digests the subject has under a role."""
        return frozenset(each.sha256 for each in self.subject if each.role == role)


def judge_evidence(evidence: Evidence, *, light: bool) -> tuple[Refusal, ...]:
    """Return everything that speaks against a release besides approvals; `light` is the lowest tier."""
    return (
        *_history(evidence),
        *(_run(evidence, light) if evidence.run else _absent("run", evidence, "make train")),
        *(_evaluation(evidence) if evidence.evaluation else _absent("evaluation", evidence, "make evaluate")),
        *_thresholds(evidence),
        *_words(evidence),
        *_pickles(evidence),
    )


def _absent(kind: str, evidence: Evidence, fix: str) -> Iterator[Refusal]:
    run_id = evidence.release.get("run_id")
    said = f"governance/{kind}s/{run_id}.json is missing, or is not the {kind}/v1 record of that run"
    yield Refusal(code=f"{kind}-missing", message=said, fix=fix)


def _history(evidence: Evidence) -> Iterator[Refusal]:
    for path in evidence.uncommitted:
        fix = f"git add {path} && git commit, or git checkout -- {path}"
        said = f"{path} differs from HEAD, or is not in it"
        yield Refusal(code="record-uncommitted", message=said, fix=fix)
    for path in evidence.edited:
        fix = "restore the bytes that were first committed; correct a record by adding a new one"
        yield Refusal(code="record-edited", message=f"{path} was edited after it was added", fix=fix)
    for path in evidence.deleted:
        fix = f"restore it: git checkout $(git rev-list -1 HEAD -- {path})^ -- {path}"
        yield Refusal(code="record-deleted", message=f"{path} was committed once and is gone", fix=fix)
    if not evidence.commit_in_history:
        said = f"the release was built from {evidence.release.get('commit')}, which HEAD does not contain"
        yield Refusal(code="commit-unknown", message=said, fix="make register, from the branch that ships")


def _run(evidence: Evidence, light: bool) -> Iterator[Refusal]:
    run, code = evidence.run, part(evidence.run, "code")
    if code.get("dirty") is not False and not light:
        said = f"run {run.get('run_id')} was made from a tree with uncommitted changes"
        yield Refusal(code="run-dirty", message=said, fix="commit, then make train evaluate register")
    if not evidence.origin.in_history:
        said = f"run {run.get('run_id')} ran commit {code.get('commit')}, which HEAD does not contain"
        yield Refusal(code="commit-unknown", message=said, fix="train on the branch that ships")
    made = frozenset(part(run, "artifacts").values())
    for role in ("model", "features"):
        for digest in sorted(evidence.digests(role) - made):
            said = f"the {role} with sha256 {digest} is none of the artifacts of run {run.get('run_id')}"
            yield Refusal(code="run-other-artifact", message=said, fix="make train evaluate register")
    used = part(run, "config")
    for each in evidence.subject:
        if each.role == "config" and used.get(each.name, each.sha256) != each.sha256:
            said = f"run {run.get('run_id')} used another {each.name}, sha256 {used[each.name]}"
            yield Refusal(code="run-other-config", message=said, fix="make train evaluate register")


def _evaluation(evidence: Evidence) -> Iterator[Refusal]:
    report = evidence.evaluation
    where = f"governance/evaluations/{report.get('run_id')}.json"
    checks = rows(report.get("checks"))
    failed = [str(each.get("id")) for each in checks if not _holds(each)]
    if not checks or failed or report.get("passed") is not True:
        said = f"failed {', '.join(failed)}" if failed else "did not pass" if checks else "checked nothing"
        yield Refusal(code="evaluation-failed", message=f"{where} {said}", fix="make train evaluate")
    if frozenset((report.get("model_sha256"),)) != evidence.digests("model"):
        said = f"{where} is about model {report.get('model_sha256')}, not the one that ships"
        yield Refusal(code="evaluation-other-model", message=said, fix="make evaluate register")
    if frozenset((report.get("gates_sha256"),)) != evidence.digests("thresholds"):
        said = f"{where} judged by thresholds {report.get('gates_sha256')}, not those that ship"
        yield Refusal(code="evaluation-other-thresholds", message=said, fix="make evaluate register")


def _holds(check: Mapping[str, Any]) -> bool:
    """A check passes when it says so and its own numbers agree; a report cannot just claim it.

    Of too few people nothing is known; the report shows it, and it is no reason to refuse.
    """
    if check.get("passed") is None and str(check.get("id")).startswith(("slice:", "proxy:")):
        return check.get("value") is None
    return check.get("passed") is True and compared(check) is not False


def compared(check: Mapping[str, Any]) -> bool | None:
    """Do the comparison of an evaluation's check again; None when its own words do not allow it."""
    value, limit, compare = (
        number(check.get("value")),
        number(check.get("limit")),
        _COMPARE.get(str(check.get("op"))),
    )
    return None if value is None or limit is None or compare is None else compare(value, limit)


def _thresholds(evidence: Evidence) -> Iterator[Refusal]:
    ships = evidence.digests("thresholds")
    before, fix = evidence.origin, f"commit {THRESHOLDS} first, then make train evaluate register"
    if frozenset((before.thresholds_sha256,)) != ships:
        had = before.thresholds_sha256 or "none"
        said = f"{THRESHOLDS} was not committed like this before the run: the run's commit has {had}"
        yield Refusal(code="thresholds-after-run", message=said, fix=fix)
    at_run = evidence.run.get("gates_sha256")
    if evidence.run and frozenset((at_run,)) != ships:
        said = f"{THRESHOLDS} changed after the run: the run saw {at_run}"
        yield Refusal(code="thresholds-after-run", message=said, fix=fix)
    ran = parse_time(evidence.run.get("created_at"))
    if ran and before.committed_at and (before.committed_at - ran).total_seconds() > CLOCK_SECONDS:
        said = f"the run of {evidence.run['created_at']} names a commit made later, at {before.committed_at}"
        yield Refusal(code="thresholds-after-run", message=said, fix=fix)


def _words(evidence: Evidence) -> Iterator[Refusal]:
    for path, document in evidence.words.items():
        if document is None:
            fix = "restore it from git, or from the template"
            yield Refusal(code="record-unreadable", message=f"{path} is missing or cannot be read", fix=fix)
        yield from (_placeholder(path, where) for where in placeholders(document or {}))
    for path, record in evidence.records.items():
        yield from (_placeholder(path, where) for where in placeholders(record, empty=False))


def _placeholder(path: str, where: str) -> Refusal:
    fix = f"write in {path} what is true, and commit it"
    return Refusal(code="placeholder", message=f"{path}: {where} says nothing", fix=fix)


def _pickles(evidence: Evidence) -> Iterator[Refusal]:
    for path, what in evidence.pickles:
        said = f"{path} holds {what}: loading it would run code"
        yield Refusal(code="pickle", message=said, fix="save the model with skops, then make register")


def judge_tier(recorded: Any, computed: str, tier: str) -> Iterator[Refusal]:
    """Yield why the tier a release was registered at is not the one to ship it at."""
    if computed == PROHIBITED:
        said = "the answers name a prohibited practice: nothing may ship, whoever approves"
        yield Refusal(code="tier-prohibited", message=said, fix="stop; this cannot be waived")
    elif recorded != tier:
        said = f"registered at tier {recorded}, the project is {tier}; its answers come to {computed}"
        yield Refusal(code="tier-lowered", message=said, fix="roadworthy update, then make register")
