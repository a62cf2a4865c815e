"""Decisions and moves on record: approvals, verdicts, deployments; each held against what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import floor
from typing import Any

from roadworthy.core.approval.approvals import Approval
from roadworthy.core.approval.people import find, people
from roadworthy.core.approval.signatures import listed
from roadworthy.core.approval.subject import entries, sha256
from roadworthy.core.documents.parts import count, part, rows
from roadworthy.core.times import days_between, parse_time
from roadworthy.facts.demanded import SIGNERS
from roadworthy.facts.past import ROLES, VERDICTS, Past
from roadworthy.facts.records import FALLBACK, Record
from roadworthy.facts.releases import Deck, gate_details

DEPLOYMENTS = "governance/deployments/"


def approvals(deck: Deck) -> list[dict[str, Any]]:
    """Return the facts under `records.approvals`."""
    return [
        _approval(deck, record, filed)
        for record, filed in zip(deck.shelf.of("approvals"), deck.approvals, strict=True)
    ]


def _approval(deck: Deck, record: Record, filed: Approval) -> dict[str, Any]:
    decided, expires = (parse_time(record.value.get(name)) for name in ("decided_at", "expires_at"))
    version = record.text("version")
    return {
        **record.base,
        "id": record.text("id") if record.text("id") == record.stem else "",
        "version": version,
        "identity": filed.identity,
        "signature": str(filed.signature.status),
        "principal_ok": filed.signature.principal == filed.identity != "",
        "release_known": deck.shelf.find("releases", "version", version) is not None,
        "revoked": bool(filed.revoked),
        "vouched_before": vouched_before(deck, record, filed),
        "days": days_between(decided, expires),
    }


def vouched_before(deck: Deck, record: Record, filed: Approval) -> bool | None:
    """Whether who may approve, and by which key, was on file before the commit that brought the approval."""
    history, past = deck.shelf.history, deck.past
    if not history.began_here(record.path):
        return None
    added = history.touched[record.path][-1]
    if {ROLES, SIGNERS} & added.files.keys():
        return False
    return _held(filed, added.commit.sha, past) if past.tells(added.commit.sha, ROLES, SIGNERS) else None


def _held(filed: Approval, commit: str, past: Past) -> bool:
    """Whether somebody held a role and a key at a commit."""
    person = find(filed.identity, people(past.document(commit, ROLES)))
    keys = past.blobs.get((commit, SIGNERS), b"").decode(errors="replace")
    return (
        person is not None
        and filed.role in person.roles
        and (filed.identity, filed.signature.key) in listed(keys)
    )


def gates(deck: Deck) -> list[dict[str, Any]]:
    """Return the facts under `records.gates`."""
    return [_gate(deck, gate) for gate in deck.shelf.of("gates")]


def _gate(deck: Deck, gate: Record) -> dict[str, Any]:
    version = str(gate_details(gate).get("version") or "")
    release = deck.shelf.find("releases", "version", version)
    return {
        **gate.base,
        "version": version if version == gate.stem else "",
        "result": str(gate.mapping("predicate").get("verificationResult") or ""),
        "signature": str(deck.gate_signatures[gate.path].status),
        "subject_ok": release is not None and _same_subject(gate, release),
        "approvals_ok": _approvals_ok(deck, gate),
    }


def _same_subject(gate: Record, release: Record) -> bool:
    mine = sorted((str(e.get("name")), str(part(e, "digest").get("sha256"))) for e in gate.rows("subject"))
    subject = entries(release.value.get("subject")) or ()
    same = gate_details(gate).get("subject_digest") == release.text("subject_digest")
    return same and mine == sorted((entry.name, entry.sha256) for entry in subject)


def _approvals_ok(deck: Deck, gate: Record) -> bool:
    inputs = rows(gate.mapping("predicate").get("inputAttestations"))
    return bool(inputs) and all(
        _digest(deck, str(row.get("uri"))) == part(row, "digest").get("sha256") for row in inputs
    )


def _digest(deck: Deck, path: str) -> str:
    data = deck.sources.snapshot.read(path)
    return sha256(data) if isinstance(data, bytes) else ""


def deployments(deck: Deck) -> list[dict[str, Any]]:
    """Return the facts under `records.deployments`."""
    known = deck.shelf.of("deployments")
    return [_deployment(deck, record, known[:number]) for number, record in enumerate(known)]


def _deployment(deck: Deck, record: Record, before: Sequence[Record]) -> dict[str, Any]:
    version = record.text("version")
    release = deck.shelf.find("releases", "version", version)
    gate = deck.gate_of(release) if release else None
    named = record.value.get("subject_digest") == release.value.get("subject_digest") if release else False
    return {
        **record.base,
        "action": record.text("action"),
        "version": version,
        "percent": record.value.get("percent"),
        "verdict_ok": _verdict_ok(deck, record),
        "gated": version == FALLBACK or (gate is not None and named),
        "shadow_days": shadow_days(record, before),
        "shadow": shadow(record, before),
        "first": not any(d.text("action") == "promote" for d in before),
        "returns": any(d.text("version") == version and d.text("action") == "promote" for d in before),
    }


def shadow(record: Record, before: Iterable[Record]) -> dict[str, Any]:
    """Return what was counted in shadow; nothing where none on record began then, or counts disagree."""
    said = part(record.value.get("evidence"), "shadow")
    begun = [d for d in _staged(record, before) if d.text("action") == "shadow"]
    answers = {str(name): count(each) for name, each in part(said, "answers").items()}
    acted = answers.get(record.text("version"), 0) if answers else said.get("acted")
    samples = count(said.get("samples"))
    dated = said.get("since") in {d.text("as_of") or d.text("at") for d in begun}
    agreed = acted == said.get("acted") and (not answers or samples <= sum(answers.values()))
    return {"samples": samples, "acted": acted} if dated and agreed and acted is not None else {}


def _verdict_ok(deck: Deck, record: Record) -> bool | None:
    """Whether the verdict it names, kept beside it or by git, let that version pass, signed by the gate."""
    if record.text("version") == FALLBACK:
        return True
    named, found = record.text("verdict_sha256"), False
    for data, seal in _verdicts(deck, record):
        if data is not None and sha256(data) == named:
            found = True
            if deck.lets(data, seal, record):
                return True
    path = f"{VERDICTS}{record.text('version')}.json"
    return False if found or deck.past.tells("", path, f"{path}.sig") else None


def _verdicts(deck: Deck, record: Record) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Every verdict that may be the one a deployment names, and what signs it: as it is, kept, as it was."""
    here, past = deck.sources.snapshot.data, deck.past.blobs
    path = f"{VERDICTS}{record.text('version')}.json"
    kept = f"{DEPLOYMENTS}{record.text('verdict_sha256')}.verdict"
    yield from ((here(each), here(f"{each}.sig")) for each in (path, kept))
    yield from ((data, past.get((at, f"{path}.sig"))) for (at, name), data in past.items() if name == path)


def shadow_days(record: Record, before: Iterable[Record]) -> float | None:
    """Days from a version's first shadow or canary to its promotion; hundredths, because people read them."""
    staged = _staged(record, before)
    start = parse_time(staged[0].base["at"]) if staged else None
    days = days_between(start, parse_time(record.base["at"]))
    return None if days is None else floor(days * 100) / 100


def _staged(record: Record, before: Iterable[Record]) -> list[Record]:
    mine = [d for d in before if d.text("version") == record.text("version")]
    return [d for d in mine if d.text("action") in ("shadow", "canary")]
