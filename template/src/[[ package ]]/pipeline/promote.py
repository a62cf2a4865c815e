"""Promote and roll back: the only two verbs that move the pointer. No framework is imported here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..serving import filing, history, part, routes
from ..serving.clock import Clock, clock
from ..serving.routes import Routes
from . import records, settings
from .outcome import Outcome, Refused
from .verdict import Verdict, bundle, keep, verify
from .words import is_placeholder

FALLBACK = "fallback"


@dataclass(frozen=True)
class Change:
    """One move of the pointer: what is done, to which version, why, and the evidence for it."""

    action: str
    version: str
    routes: Routes
    reason: str
    verdict: Verdict | None = None
    withdrawn: tuple[str, ...] = ()
    evidence: Mapping[str, Any] | None = None


def promote(
    version: str, *, stage: str = "full", percent: int | None = None, as_of: str | None = None
) -> Outcome:
    """Let a release answer, wholly or in stages; refused without a valid verdict of the gate."""
    judged = clock(as_of)
    with routes.locked():
        verdict = verify(version, judged.as_of)
        before, entries = routes.read(), history.read()
        if stage == "full":
            change = _full(verdict, before, entries, judged)
        else:
            change = _staged(stage, percent, verdict, before, entries, judged)
        change = replace(change, routes=replace(change.routes, pinned=_pinned(before, verdict)))
        return _commit("promote", change, before, judged)


def rollback(*, reason: str, as_of: str | None = None, to: str | None = None) -> Outcome:
    """Return to the last approved release that served; with none left, to the safe answer (`fallback`)."""
    if is_placeholder(reason):
        raise Refused(f"{reason!r} is no reason", "--reason", "say what was seen, in words")
    judged = clock(as_of)
    with routes.locked():
        before = _pointer()
        if before.live == "nothing":
            raise Refused(
                "nothing serves, so there is nothing to roll back", "var/routes.json", "promote a release"
            )
        if before.stage == "canary" and to is None:
            change = _withdraw_canary(before, reason)
        else:
            change = _back(before, judged, reason, to)
        return _commit("rollback", change, before, judged)


def pin(version: str, subject_digest: str, approvals: Iterable[str]) -> dict[str, Any]:
    """What the server holds a bundle to, and the lineage that each of its predictions carries."""
    release = records.read_record(bundle(version) / "release.json")
    run_file = settings.path("governance", "runs", f"{release.get('run_id')}.json")
    run = records.read_record(run_file) if run_file.is_file() else {}
    return {
        "subject_digest": subject_digest,
        "approvals": list(approvals),
        "run_id": release.get("run_id", "unknown"),
        "code_rev": release.get("commit", "unknown"),
        "data_sha256": run.get("data", {}).get("manifest_sha256", "unknown"),
        "env_sha256": run.get("environment", {}).get("lock_sha256", "unknown"),
    }


def by() -> str:
    """Who moves the pointer; a missing git identity must not stop a rollback."""
    try:
        return records.submitter()["email"]
    except Refused:
        return f"{os.environ.get('USER', 'unknown')} (no git identity)"


def _pinned(before: Routes, verdict: Verdict) -> dict[str, Mapping[str, Any]]:
    approvals = [str(each["id"]) for each in verdict.approvals]
    return {**before.pinned, verdict.version: pin(verdict.version, verdict.subject_digest, approvals)}


def _full(verdict: Verdict, before: Routes, entries: list[history.Entry], judged: Clock) -> Change:
    version = verdict.version
    if before.champion == version:
        raise Refused(f"release {version} serves already", "var/routes.json", "nothing to do")
    known = {str(each["version"]) for each in entries if each["action"] in ("promote", "rollback")}
    staging, evidence = part("staging"), None
    if not known:
        reason = "first release: nothing to run beside"
    elif version in known:
        reason = "served before; its verdict still holds"
    elif staging is None:
        reason = "this tier asks for no staged rollout"
    else:
        reason, evidence = "staged rollout completed", staging.passed(version, before, entries, judged)
    routed = Routes(
        champion=version, previous=before.champion or _next(entries, version), pinned=before.pinned
    )
    return Change("promote", version, routed, reason, verdict, evidence=evidence)


def _staged(
    stage: str,
    percent: int | None,
    verdict: Verdict,
    before: Routes,
    entries: list[history.Entry],
    judged: Clock,
) -> Change:
    staging = part("staging")
    if staging is None:
        repair = f"promote {verdict.version} --stage full, or raise the tier"
        raise Refused("this project's tier came without shadow and canary", "serving/staging.py", repair)
    routed, evidence = staging.enter(stage, percent, verdict.version, before, entries, judged)
    return Change(stage, verdict.version, routed, f"{stage} stage of the rollout", verdict, evidence=evidence)


def _pointer() -> Routes:
    """What the pointer says; where it is damaged, the history's last word: the safe answer must stay near."""
    try:
        return routes.read()
    except Refused:
        try:
            return Routes(**history.read()[-1]["routes"])
        except (Refused, LookupError, TypeError):
            return Routes(fallback=True)


def _withdraw_canary(before: Routes, reason: str) -> Change:
    routed = replace(before, challenger=None, canary_percent=0)
    return Change("rollback", str(before.champion), routed, reason, withdrawn=(str(before.challenger),))


def _back(before: Routes, judged: Clock, reason: str, to: str | None) -> Change:
    """The nearest target whose verdict still holds; with none, or a damaged history, the safe answer."""
    gone = (before.champion,) if before.champion else ()
    try:
        standing = [each for each in history.served(history.read()) if each not in gone]
    except Refused as broken:
        if to not in (None, FALLBACK):
            raise
        standing, reason = [], f"{reason} ({broken.what}: no target can be trusted)"
    skipped: dict[str, str] = {}
    for version in _targets(standing, to):
        try:
            verdict = verify(version, judged.as_of)
        except Refused as refusal:
            if to is not None:
                raise
            skipped[version] = refusal.what
            continue
        return _to(verdict, [each for each in standing if each != version], before, reason, gone, skipped)
    routed = Routes(previous=standing[0] if standing else None, fallback=True, pinned=before.pinned)
    return Change(FALLBACK, FALLBACK, routed, reason, withdrawn=gone, evidence={"skipped": skipped})


def _to(
    verdict: Verdict,
    rest: list[str],
    before: Routes,
    reason: str,
    gone: tuple[str, ...],
    skipped: dict[str, str],
) -> Change:
    previous = rest[0] if rest else None
    routed = Routes(champion=verdict.version, previous=previous, pinned=_pinned(before, verdict))
    return Change("rollback", verdict.version, routed, reason, verdict, gone, {"skipped": skipped})


def _targets(standing: list[str], to: str | None) -> list[str]:
    if to is None:
        return standing
    if to == FALLBACK:
        return []
    if to not in standing:
        raise Refused(
            f"release {to} never served, or was withdrawn, so nobody knows it to be good",
            "var/history.jsonl",
            f"roll back to one of: {', '.join([*standing, FALLBACK])}",
        )
    return [to]


def _next(entries: list[history.Entry], version: str) -> str | None:
    return next((each for each in history.served(entries) if each != version), None)


def _commit(verb: str, change: Change, before: Routes, judged: Clock) -> Outcome:
    """Audit first, then the pointer, then the record in git: a crash leaves too much said, not too little."""
    facts = {
        "action": change.action,
        "version": change.version,
        "previous": before.live,
        **judged.said,
        "by": by(),
        "subject_digest": change.verdict.subject_digest if change.verdict else None,
        "verdict_sha256": change.verdict.sha256 if change.verdict else None,
        "percent": change.routes.canary_percent or None,
        "reason": change.reason,
    }
    head = history.append({**facts, "withdrawn": change.withdrawn}, change.routes)
    routes.write(change.routes)
    if change.verdict:
        keep(change.verdict)
    record = {"schema": "deployment/v1", **facts, "evidence": change.evidence, "history": head}
    named = filing.add("deployments", judged.at, record, f"{change.action}-{change.version}")
    lines = (_sentence(change, before), f"reason: {change.reason}", f"record: {named}")
    return Outcome(
        verb, True, lines, {**facts, "live": change.routes.live, "record": named, "evidence": change.evidence}
    )


def _sentence(change: Change, before: Routes) -> str:
    if change.action in ("shadow", "canary"):
        share = f" of {change.routes.canary_percent} %" if change.action == "canary" else ""
        return f"{change.action}{share}: release {change.version} beside {before.live}"
    if change.routes.live == before.live and before.stage == "canary":
        return f"{change.action}: release {before.challenger} answers no more; {before.live} answers alone"
    if change.routes.fallback:
        return f"{change.action}: the safe answer is given; before it {before.live} answered"
    return f"{change.action}: release {change.routes.live} answers; before it {before.live}"
