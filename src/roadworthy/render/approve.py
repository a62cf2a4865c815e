"""What an approver is shown: the exact subject, what the evaluation found, what the policy says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from roadworthy.core.approval.decisions import Decision, Revocation


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


def revoke_json(revocation: Revocation) -> str:
    return json.dumps({"ok": True, "path": revocation.path, "record": revocation.record}, sort_keys=True)


def revoke_text(revocation: Revocation) -> str:
    """Return a revocation for people, with the next step."""
    record, path = revocation.record, revocation.path
    return (
        f"{record['approval']} revoked by {record['identity']}: {record['reason']}\n"
        f"  next: git add {path} {path}.sig && git commit -m 'Revoke {record['approval']}'"
    )
