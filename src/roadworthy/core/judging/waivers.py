"""Exceptions: judged first, applied after, each with a word on what became of it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from roadworthy.core.approval.people import Person
from roadworthy.core.approval.placeholders import is_placeholder
from roadworthy.core.documents.globs import matches
from roadworthy.core.judging.granting import SOUND, Fault, Scope, Waiver, apart, doubt, same_person, vouched
from roadworthy.core.judging.models import Control, Finding, Judged, Severity, Verdict, WaiverNote
from roadworthy.core.values import frozen, replace

MIN_REASON = 40
WARN_DAYS = 30
# How often an exception may be granted again, by tier; what is not named may be renewed twice.
MOST_RENEWALS = {"critical": 0, "high": 1}
DEFAULT_RENEWALS = 2


@frozen
class Terms:
    """What decides whether a waiver counts here; `version` and its subject are what serves, or is to ship."""

    system: str
    tier: str
    most_days: int
    as_of: date
    people: tuple[Person, ...] | None = None
    version: str = ""
    subject_digest: str = ""
    files: Container[str] = ()


def apply_waivers(
    judged: Sequence[Judged], waivers: Iterable[Waiver], terms: Terms
) -> tuple[tuple[Judged, ...], tuple[WaiverNote, ...]]:
    """Return the judgement with waivers applied, and what became of each of them."""
    notes = []
    for waiver in waivers:
        if waiver.system != terms.system and not wildcard(waiver.system):
            continue
        found = next((each for each in judged if each.control.id == waiver.control), None)
        why = fault(waiver, found.control if found else None, terms)
        targets = (
            {each: beyond(waiver.scope, each, terms) for each in _failed(waiver, found)} if found else {}
        )
        notes.append(_note(waiver, why, targets, terms))
        if why == SOUND:
            judged = tuple(_waived(each, waiver, targets) if each is found else each for each in judged)
    return tuple(judged), tuple(notes)


def fault(waiver: Waiver, control: Control | None, terms: Terms) -> Fault:
    """Return the status and the words of what is wrong with a waiver; empty when nothing is."""
    if wildcard(waiver.control) or wildcard(waiver.system):
        return "wildcard", "names no single control of a single system"
    if every := [p for p in waiver.scope.paths if not re.search(r"\w", p)] or wild(waiver.scope.versions):
        return "wildcard", f"its scope names everything: {every[0]}"
    if control is None:
        return "unknown", f"there is no control {waiver.control} among those judged"
    rules = (_meaning, _in_time, _separate, _worded)
    found = next((found for rule in rules if (found := rule(waiver, control, terms))), None)
    return found or doubt(waiver, terms.people, terms.tier)


def wildcard(text: str) -> bool:
    """Return whether a name stands for several."""
    return any(sign in text for sign in "*?[") or text.casefold() in ("all", "any", "")


def wild(names: Sequence[str]) -> list[str]:
    """Return those of some names that stand for several."""
    return [name for name in names if wildcard(name)]


def beyond(scope: Scope, finding: Finding, terms: Terms) -> str:
    """Return why a finding lies outside what a waiver is for; empty when it lies within."""
    serves = f"version {terms.version} serves" if terms.version else "nothing serves"
    if scope.versions and (not terms.version or terms.version not in scope.versions):
        return f"it is for version {' or '.join(scope.versions)}; {serves}"
    if scope.subject_digest not in ("", terms.subject_digest):
        subject = f", as {terms.subject_digest[:19]}" if terms.subject_digest else ""
        return f"it is for the subject {scope.subject_digest[:19]}; {serves}{subject}"
    places = [_path_in(part, terms.files) for part in re.split(r"[,;] ", finding.place) if part]
    outside = [path for path in places if not any(matches(glob, path) for glob in scope.paths)]
    if scope.paths and (outside or not places):
        return f"it is for {', '.join(scope.paths)}, not for {(outside or ['what names no path'])[0]}"
    return ""


def _path_in(place: str, files: Container[str]) -> str:
    """The file that a place begins with, the longest there is; without one, the place as it is said."""
    ends = (end.start() for end in reversed([*re.finditer(r"[: ]|$", place)]))
    return next((place[:end] for end in ends if place[:end] in files), place)


def _meaning(waiver: Waiver, control: Control, terms: Terms) -> Fault | None:
    if waiver.control_version not in (None, control.version):
        return (
            "lapsed",
            f"was written for version {waiver.control_version} of it, which is now {control.version}",
        )
    if not control.waivable:
        return "not waivable", f"{control.id} cannot be waived"
    allowed = MOST_RENEWALS.get(terms.tier, DEFAULT_RENEWALS)
    if waiver.renewals > allowed:
        return "renewed too often", f"was renewed {waiver.renewals} times, tier {terms.tier} allows {allowed}"
    return None


def _in_time(waiver: Waiver, control: Control, terms: Terms) -> Fault | None:
    if waiver.issued > terms.as_of:
        return "not yet", f"starts on {waiver.issued}"
    if waiver.expires <= terms.as_of:
        days = (terms.as_of - waiver.expires).days
        return (
            "expired",
            f"expired {days} days ago, on {waiver.expires}" if days else f"expired on {waiver.expires}",
        )
    length = (waiver.expires - waiver.issued).days
    if length > terms.most_days:
        return "over-long", f"would last {length} days, tier {terms.tier} allows {terms.most_days}"
    return None


def _separate(waiver: Waiver, control: Control, terms: Terms) -> Fault | None:
    if not apart(waiver.requested_by, waiver.approved_by, terms.people):
        return "self-approved", f"was asked for and granted by {waiver.approved_by!a}"
    return None


def _worded(waiver: Waiver, control: Control, terms: Terms) -> Fault | None:
    if is_placeholder(waiver.reason) or len(waiver.reason.strip()) < MIN_REASON:
        return "no reason", f"gives no reason of at least {MIN_REASON} characters"
    if is_placeholder(waiver.approved_by) or is_placeholder(waiver.requested_by):
        return "nobody", "does not say who asked and who granted"
    if control.severity in (Severity.HIGH, Severity.CRITICAL) and not waiver.compensating:
        return "uncompensated", f"names no compensating control, which severity {control.severity} demands"
    return None


def _failed(waiver: Waiver, judged: Judged) -> tuple[Finding, ...]:
    mine = (f for f in judged.findings if waiver.check in ("", f.check))
    return tuple(finding for finding in mine if finding.verdict is Verdict.FAIL)


def _note(waiver: Waiver, why: Fault, targets: Mapping[Finding, str], terms: Terms) -> WaiverNote:
    status, text = why
    outside = "; ".join(dict.fromkeys(filter(None, targets.values())))
    if not status and targets and all(targets.values()):
        status, text = "out of scope", f"excuses nothing: {outside}"
    elif not status and not targets:
        status, text = "stale", f"{waiver.control} does not fail: remove the waiver"
    elif not status and waiver.expires - terms.as_of <= timedelta(days=WARN_DAYS):
        status, text = "expiring", f"counts, and expires in {(waiver.expires - terms.as_of).days} days"
    elif not status:
        status, text = "honoured", f"counts until {waiver.expires}"
    if outside and status in ("expiring", "honoured"):
        text += f"; not what lies beyond: {outside}"
    if waiver.unread:
        text += f"; keys that nobody reads: {', '.join(waiver.unread)}"
    granted = f"granted by {waiver.approved_by} ({vouched(waiver, terms.people)})"
    return WaiverNote(
        id=waiver.id,
        control=waiver.control,
        status=status,
        text=f"{text}; {granted}",
        place=waiver.place,
        expires=waiver.expires.isoformat(),
        owner=waiver.owner,
    )


def _waived(judged: Judged, waiver: Waiver, targets: Mapping[Finding, str]) -> Judged:
    reason = f"waived by {waiver.id} until {waiver.expires}: {waiver.reason}"
    findings = tuple(
        replace(f, verdict=Verdict.WAIVED, waiver=waiver.id, reason=reason) if targets.get(f) == "" else f
        for f in judged.findings
    )
    return replace(judged, findings=findings)


def requests(records: Iterable[Mapping[str, Any]]) -> tuple[WaiverNote, ...]:
    """Return a note for each waiver that lies in the project: a request, whatever it says of its approval."""
    return tuple(
        WaiverNote(
            id=str(record["id"] or record["path"]),
            control=str(record["control"]),
            status="request",
            text=f"lies in the project, so it is a request and changes nothing{_boast(record)}",
            place=str(record["path"]),
            owner=str(record["requested_by"]),
        )
        for record in records
    )


def _boast(record: Mapping[str, Any]) -> str:
    if record["approved_by"] and same_person(str(record["approved_by"]), str(record["requested_by"]), None):
        return "; it would be self-approved"
    left = record["expires_in_days"]
    return "; it has expired" if left is not None and left <= 0 else ""
