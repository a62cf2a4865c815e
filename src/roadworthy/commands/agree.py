"""Agree to a tier that fell: a signed record about the very answers that made it fall."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from roadworthy.commands.approve import file_signed, refuse
from roadworthy.commands.check import sources_of
from roadworthy.commands.clock import moment
from roadworthy.commands.committed import open_head
from roadworthy.commands.keys import person, signing_key
from roadworthy.commands.packs import open_bench
from roadworthy.commands.target import open_target
from roadworthy.core.approval.approvals import Approval, lowering_faults
from roadworthy.core.approval.decisions import Signed
from roadworthy.core.approval.people import Person
from roadworthy.core.approval.signatures import Signature, Status
from roadworthy.core.approval.subject import canonical, sha256
from roadworthy.core.times import rfc3339
from roadworthy.errors import Refused
from roadworthy.facts.collect import Collection
from roadworthy.facts.lowering import Fall, fall_of
from roadworthy.facts.records import LOWERINGS


def agree(
    project: str,
    *,
    statement: str,
    role: str | None = None,
    identity: str | None = None,
    key: str | None = None,
    as_of: str | None = None,
    dry_run: bool = False,
) -> Signed:
    """Write and sign an agreement to the tier that HEAD fell to; refuses what a check would not count."""
    home, now = Path(project), moment(as_of)
    head = open_head(home)
    fall = fall_of(Collection(sources_of(open_target(project, "HEAD"), open_bench(), now)).deck)
    if fall is None:
        raise Refused("no tier fell since the newest release that passed the gate", "roadworthy tier")
    who, asked = person(home, identity, fall.demand.people), fall.demand.obligations["approver_roles"]
    part = role or next((each for each in asked if each in who.roles), "")
    record = _record(fall, who, part, statement, now)
    path = f"{LOWERINGS}{record['id']}.yaml"
    against = lowering_faults(_as_filed(record, path), fall.demand, fall.about)
    refuse(tuple(against), "the lower tier cannot be agreed to")
    if not dry_run:
        file_signed(head, path, record, who, signing_key(home, key), now)
    return Signed(record=record, path=path, written=not dry_run)


def _record(fall: Fall, who: Person, role: str, statement: str, now: datetime) -> dict[str, Any]:
    until = now + timedelta(days=fall.demand.obligations["approval_days"])
    body = {
        **fall.about,
        "approver": {"identity": who.identity, "role": role, "team": who.team},
        "decision": "approve",
        "decided_at": rfc3339(now),
        "expires_at": rfc3339(until),
        "statement": statement,
    }
    name = f"low-{fall.about['from']}-{fall.about['to']}-{sha256(canonical(body))[:8]}"
    return {"schema": "lowering/v1", "id": name, **body}


def _as_filed(record: dict[str, Any], path: str) -> Approval:
    """The record as a check will see it once it is signed and committed."""
    seal = Signature(status=Status.VALID, principal=record["approver"]["identity"])
    return Approval(
        id=record["id"], path=path, record=record, sha256="", signature=seal, committed=True, edited=False
    )
