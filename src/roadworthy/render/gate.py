"""A gate's verdict as text: the answer first, then everything that stands against it with its repair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.verdict import FAILED, PASSED, Gated, Verified
from roadworthy.core.documents.parts import part

GATES = "governance/gates"


def gate_json(gated: Gated) -> str:
    return _json(gated.path, gated.verdict, gated.refusals, {})


def gate_text(gated: Gated) -> str:
    details = gated.verdict["predicate"]["roadworthy"]
    lines = [f"{FAILED if gated.refusals else PASSED}: {_name(details)}", *_approvals(details)]
    lines += [f"  note: {note}" for note in details["notes"]]
    lines += _reasons(gated.refusals)
    lines += [f"verdict: {gated.path} and {gated.path}.sig"]
    if not gated.refusals:
        lines += [f"  next: git add {GATES} && git commit && make promote VERSION={details['version']}"]
    return "\n".join(lines)


def verified_json(verified: Verified) -> str:
    return _json(verified.path, verified.verdict, verified.refusals, {"sealed_by": verified.sealed_by})


def verified_text(verified: Verified) -> str:
    """Return what a verdict file says, whether it may be believed, and whether it lets its subject ship."""
    predicate = part(verified.verdict, "predicate")
    details = part(predicate, "roadworthy")
    lines = [f"{'refused' if verified.refusals else 'good'}: {verified.path}"]
    if verified.sealed_by:
        lines += [f"  sealed by {verified.sealed_by} at {predicate.get('timeVerified')}"]
        lines += [f"  says {predicate.get('verificationResult')} for {_name(details)}", *_approvals(details)]
        lines += [f"  subject {details.get('subject_digest')}, until {details.get('expires_at')}"]
    return "\n".join((*lines, *_reasons(verified.refusals)))


def _json(path: str, verdict: Mapping[str, Any], refusals: tuple[Refusal, ...], more: dict[str, str]) -> str:
    why = [asdict(each) for each in refusals]
    said = {"ok": not refusals, "path": path, "refusals": why, "verdict": verdict}
    return json.dumps(said | more, sort_keys=True)


def _name(details: Mapping[str, Any]) -> str:
    return f"{details.get('system')} release {details.get('version')}, tier {details.get('tier')}"


def _approvals(details: Mapping[str, Any]) -> Iterator[str]:
    for each in sorted(details.get("approvals") or (), key=lambda each: (str(each["role"]), str(each["id"]))):
        yield f"  approved by {each['identity']} as {each['role']} ({each['id']})"


def _reasons(refusals: tuple[Refusal, ...]) -> Iterator[str]:
    for each in refusals:
        yield f"  {each.code}: {each.message}"
        yield f"    next: {each.fix}"
