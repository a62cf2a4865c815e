"""What an approver is shown: the exact subject, what the evaluation found, what the policy says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from roadworthy.core.approval.decisions import Decision, Signed


def approve_json(decision: Decision) -> str:
    said = {"ok": True, "path": decision.path, "written": decision.written, "record": decision.record}
    return json.dumps(said | {"notes": decision.notes, "controls": dict(decision.controls)}, sort_keys=True)


def approve_text(decision: Decision) -> str:
    """Return a decision for people: what it is about, what was known, what to do next."""
    return "\n".join(_lines(decision))


def _lines(decision: Decision) -> Iterator[str]:
    record, by = decision.record, decision.record["approver"]
    yield f"{record['system']} release {record['version']}, tier {record['tier']}, run {record['run_id']}"
    for entry in record["subject"]:
        yield f"  {entry['role']:<12} {entry['sha256'][:12]}  {entry['name']}"
    yield f"  subject digest {record['subject_digest']}"
    yield from _evaluation(decision)
    if decision.controls:
        counts = Counter(verdict for _, verdict in decision.controls)
        yield "policy: " + ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    yield from decision.notes
    verb = {"approve": "approved", "reject": "rejected"}[record["decision"]]
    would = "" if decision.written else "would be "
    yield f"{would}{verb} by {by['identity']} as {by['role']}, until {record['expires_at']}"
    if decision.written:
        said = f"Decide on release {record['version']}"
        yield f"  next: git add {decision.path} {decision.path}.sig && git commit -m '{said}'"


def _evaluation(decision: Decision) -> Iterator[str]:
    checks = decision.evaluation.get("checks") or ()
    short = [each for each in checks if not each.get("passed")]
    yield f"evaluation: {len(checks) - len(short)} of {len(checks)} checks passed"
    for each in short:
        missed = f"{each.get('value')}, expected {each.get('op')} {each.get('limit')}"
        unknown = each.get("passed") is None
        verdict, why = ("not measured", each.get("note")) if unknown else ("failed", missed)
        yield f"  {verdict} {each.get('id')}: {why}"


def signed_json(signed: Signed) -> str:
    said = {"ok": True, "path": signed.path, "written": signed.written, "record": signed.record}
    return json.dumps(said, sort_keys=True)


def agree_text(signed: Signed) -> str:
    """Return an agreement to a lower tier for people, with the next step."""
    record, path, by = signed.record, signed.path, signed.record["approver"]
    would = "" if signed.written else "would be "
    said = f"{record['system']}: tier {record['from']} may fall to {record['to']}: {record['statement']}"
    done = f"{would}agreed to by {by['identity']} as {by['role']}, until {record['expires_at']}"
    step = f"  next: git add {path} {path}.sig && git commit -m 'Agree to tier {record['to']}'"
    return "\n".join((said, done, *([step] if signed.written else [])))


def revoke_text(revocation: Signed) -> str:
    """Return a revocation for people, with the next step."""
    record, path = revocation.record, revocation.path
    return (
        f"{record['approval']} revoked by {record['identity']}: {record['reason']}\n"
        f"  next: git add {path} {path}.sig && git commit -m 'Revoke {record['approval']}'"
    )
