"""The gate's verdict: one in-toto statement in SLSA VSA shape that a deploy system can verify alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from roadworthy.core.approval.approvals import Approval, Demand
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.signatures import Signature, Status
from roadworthy.core.approval.subject import Entry
from roadworthy.core.documents.parts import part
from roadworthy.core.times import parse_time, rfc3339
from roadworthy.core.values import frozen

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/verification_summary/v1"
POLICY_URI = "roadworthy:policy"
PASSED, FAILED = "PASSED", "FAILED"


@frozen
class Findings:
    """What a gate run came to: approvals that count, verdicts of controls, and every refusal."""

    approvals: tuple[Approval, ...]
    controls: tuple[tuple[str, str], ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...] = ()


@frozen
class Gated:
    """A verdict, where it was written, and why not if not."""

    path: str
    verdict: Mapping[str, Any]
    refusals: tuple[Refusal, ...]


@frozen
class Verified:
    """What a verdict file says, who sealed it, and why it does not let anything ship if it does not."""

    path: str
    verdict: Mapping[str, Any]
    sealed_by: str
    refusals: tuple[Refusal, ...]


def statement(demand: Demand, subject: Sequence[Entry], findings: Findings, engine: str) -> dict[str, Any]:
    """Return the verdict as a statement about exactly these bytes."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": each.name, "digest": {"sha256": each.sha256}} for each in subject],
        "predicateType": PREDICATE,
        "predicate": {
            "verifier": {"id": "roadworthy", "version": {"roadworthy": engine}},
            "timeVerified": rfc3339(demand.now),
            "resourceUri": f"roadworthy:{demand.system}@{demand.version}",
            "policy": {"uri": POLICY_URI, "digest": {"sha256": demand.policy_pack.removeprefix("sha256:")}},
            "inputAttestations": [
                {"uri": each.path, "digest": {"sha256": each.sha256}} for each in findings.approvals
            ],
            "verificationResult": FAILED if findings.refusals else PASSED,
            "verifiedLevels": [] if findings.refusals else [f"ROADWORTHY_TIER_{demand.tier.upper()}"],
            "roadworthy": _details(demand, findings),
        },
    }


def _details(demand: Demand, findings: Findings) -> dict[str, Any]:
    from dataclasses import asdict  # slow to import, and a check only reads verdicts

    ends = [str(each.record["expires_at"]) for each in findings.approvals]
    return {
        "system": demand.system,
        "version": demand.version,
        "commit": demand.commit,
        "tier": demand.tier,
        "subject_digest": demand.subject_digest,
        "expires_at": min(ends, default=rfc3339(demand.now)),
        "approvals": [_who(each) for each in findings.approvals],
        "controls": [{"id": control, "verdict": verdict} for control, verdict in findings.controls],
        "refusals": [asdict(each) for each in findings.refusals],
        "notes": list(findings.notes),
    }


def _who(approval: Approval) -> dict[str, str]:
    return {"id": approval.id, "identity": approval.identity, "role": approval.role}


@frozen
class Passed:
    """What a verdict let pass: a version, its subject, when, and until when. Not who signed."""

    version: str
    subject_digest: str
    at: str
    ends: str

    def about(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is of that version and of those very bytes."""
        return (self.version, self.subject_digest) == (record.get("version"), record.get("subject_digest"))

    def ended(self, at: str) -> bool:
        """Whether it was over by then."""
        end, then = parse_time(self.ends), parse_time(at)
        return end is not None and then is not None and end <= then


def passed(value: Any) -> Passed | None:
    """Return what a verdict let pass; None when it let nothing pass."""
    predicate, details = _parts(value)
    if predicate.get("verificationResult") != PASSED:
        return None
    version, digest, ends = (str(details.get(name)) for name in ("version", "subject_digest", "expires_at"))
    return Passed(version=version, subject_digest=digest, at=str(predicate.get("timeVerified")), ends=ends)


def as_bytes(value: Mapping[str, Any]) -> bytes:
    """Return a machine-written record: sorted keys, one space, a trailing newline."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def judge_verdict(value: Any, signature: Signature, now: datetime) -> Iterator[Refusal]:
    """Yield why a verdict file does not allow a release to ship at a moment."""
    predicate, details = _parts(value)
    again = f"run the gate: roadworthy gate {details.get('version', 'VERSION')}"
    if not details or value.get("_type") != STATEMENT:
        yield Refusal(code="verdict-malformed", message="this is no gate verdict", fix=again)
        return
    if signature.status is not Status.VALID:
        said = f"its signature by a gate's key in allowed_signers: {signature.status.value.replace('_', ' ')}"
        yield Refusal(
            code="verdict-signature", message=said, fix="take the file the gate wrote, with its .sig"
        )
    if predicate.get("verificationResult") != PASSED:
        said = f"the gate said {predicate.get('verificationResult')}"
        yield Refusal(code="verdict-failed", message=said, fix=again)
    ends = parse_time(details.get("expires_at"))
    if ends is None or ends <= now:
        yield Refusal(code="verdict-expired", message=f"it ended at {details.get('expires_at')}", fix=again)


def _parts(value: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    predicate = part(value, "predicate")
    return predicate, part(predicate, "roadworthy")
