"""Decide on a release: see what it is, say why, sign. One add-only record per decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from roadworthy.adapters.filing import add
from roadworthy.adapters.signing import sign, verify
from roadworthy.commands.committed import Committed
from roadworthy.commands.controls import Controls, judge_controls
from roadworthy.commands.dossier import Dossier, open_dossier
from roadworthy.commands.keys import person, signing_key
from roadworthy.core.approval.approvals import MIN_STATEMENT, counted, duty_faults
from roadworthy.core.approval.decisions import Decision
from roadworthy.core.approval.people import Person
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.signatures import APPROVAL_NAMESPACE, Signature, Status, signer_line
from roadworthy.core.approval.subject import canonical, judge_subject, listed, sha256
from roadworthy.core.times import rfc3339
from roadworthy.errors import Refused
from roadworthy.facts.demanded import SIGNERS
from roadworthy.facts.records import APPROVALS

NAMESPACES = f"{APPROVAL_NAMESPACE},git"


def approve(
    project: str,
    version: str,
    *,
    role: str | None = None,
    identity: str | None = None,
    key: str | None = None,
    decision: str = "approve",
    statement: str = "",
    as_of: str | None = None,
    dry_run: bool = False,
) -> Decision:
    """Write and sign one decision about a release; refuses what the gate would not count."""
    home = Path(project)
    dossier = open_dossier(home, version, as_of)
    who = person(home, identity, dossier.demand.people)
    part = role or _role(who, dossier)
    refuse(tuple(_objections(dossier, who, part, decision, statement)), "this release cannot be approved")
    controls = judge_controls(home, version, as_of)
    record = _record(dossier, controls, who, part, decision, statement)
    path = f"{APPROVALS}{record['id']}.yaml"
    if not dry_run:
        file_signed(dossier.head, path, record, who, signing_key(home, key), dossier.demand.now)
    return Decision(
        record=record,
        path=path,
        written=not dry_run,
        evaluation=dossier.evidence.evaluation,
        controls=controls.verdicts,
        notes=("self-approval: allowed at this tier in a team of one",)
        if who.identity in dossier.demand.builders.people
        else (),
    )


def _role(who: Person, dossier: Dossier) -> str:
    """The role the release still needs from this person, else one it needs that they hold."""
    demand = dossier.demand
    covered = {each.role for each in counted(dossier.filed, demand) if each.record["decision"] == "approve"}
    mine = [role for role in demand.obligations["approver_roles"] if role in who.roles]
    return next((role for role in mine if role not in covered), mine[0] if mine else "")


def _objections(dossier: Dossier, who: Person, role: str, decision: str, words: str) -> Iterator[Refusal]:
    demand, release = dossier.demand, dossier.evidence.release
    yield from judge_subject(dossier.evidence.subject, str(release.get("subject_digest")), dossier.shipped)
    record = f"governance/releases/{demand.version}.json"
    if record in dossier.evidence.uncommitted:
        fix = f"git add governance && git commit -m 'Register release {demand.version}'"
        said = f"{record} differs from HEAD, or is not in it"
        yield Refusal(code="record-uncommitted", message=said, fix=fix)
    if role not in who.roles:
        wanted = ", ".join(demand.obligations["approver_roles"])
        held = ", ".join(sorted(who.roles)) or "no role"
        said = f"{who.identity} holds {held}, not {role or f'any of {wanted}'}"
        yield Refusal(code="approver-role", message=said, fix=f"tier {demand.tier} asks for: {wanted}")
    if decision == "approve":
        for code, said in duty_faults(who.identity, role, demand):
            yield Refusal(code=code, message=f"the approval {said}", fix="somebody else approves")
    if demand.says_little(words):
        fix = "pass --statement 'what you looked at, and why it is good enough'"
        said = f"the statement says nothing, or less than {MIN_STATEMENT} letters: {words!r}"
        yield Refusal(code="approval-placeholder", message=said, fix=fix)


def refuse(objections: tuple[Refusal, ...], what: str) -> None:
    """Raise Refused with all that stands against a decision, if anything does."""
    if objections:
        lines = "".join(f"\n  {each.code}: {each.message}" for each in objections)
        raise Refused(f"{what} like this:{lines}", objections[0].fix)


def _record(
    dossier: Dossier, controls: Controls, who: Person, role: str, decision: str, words: str
) -> dict[str, Any]:
    demand, release = dossier.demand, dossier.evidence.release
    body = {
        "system": demand.system,
        "version": demand.version,
        "change_type": release.get("change_type"),
        "subject": listed(dossier.evidence.subject),
        "subject_digest": demand.subject_digest,
        "commit": demand.commit,
        "run_id": demand.run_id,
        "tier": demand.tier,
        "gate_result": {"policy_pack": demand.policy_pack, "verdict_digest": controls.digest},
        "scope": {"environments": ["production"]},
        "conditions": [],
        "approver": {"identity": who.identity, "role": role, "team": who.team},
        "decision": decision,
        "decided_at": rfc3339(demand.now),
        "expires_at": rfc3339(demand.now + timedelta(days=demand.obligations["approval_days"])),
        "rollback_to": release.get("rollback_to"),
        "statement": words,
    }
    name = f"apr-{demand.version}-{role}-{sha256(canonical(body))[:8]}"
    return {"schema": "approval/v1", "id": name, **body}


def file_signed(
    head: Committed, path: str, record: Mapping[str, Any], who: Person, key: str, at: datetime
) -> None:
    """Add a record that a person makes, and its signature beside it, if the key speaks for the person."""
    data = str(yaml.safe_dump(dict(record), sort_keys=False, allow_unicode=True, width=110)).encode()
    signature = sign(key, APPROVAL_NAMESPACE, data)
    _check_signer(verify(data, signature, head.held.get(SIGNERS, b""), APPROVAL_NAMESPACE, at), who)
    add(head.project / f"{path}.sig", signature)
    add(head.project / path, data)


def _check_signer(seal: Signature, who: Person) -> None:
    """Refuse a key that does not speak for this person, with the line that would let it."""
    if seal.status is not Status.VALID or seal.principal != who.identity:
        whose = f"it is {seal.principal}'s" if seal.principal else "it is not listed for approvals"
        raise Refused(
            f"this key does not speak for {who.identity} in {SIGNERS} of HEAD: {whose}",
            f"have this line reviewed and committed there: {signer_line(who.identity, NAMESPACES, seal.key)}",
        )
