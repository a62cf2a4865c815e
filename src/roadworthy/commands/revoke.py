"""Withdraw an approval: a signed record beside it. The approval itself is never touched."""

from __future__ import annotations

from pathlib import Path

import yaml

from roadworthy.adapters.filing import add, read_file
from roadworthy.adapters.signing import sign, verify
from roadworthy.commands.approve import check_signer
from roadworthy.commands.committed import open_head
from roadworthy.commands.dossier import ROLES, moment
from roadworthy.commands.filed import FOLDER, REVOKED, SIGNERS
from roadworthy.commands.keys import person, signing_key
from roadworthy.core.approval.decisions import Revocation
from roadworthy.core.approval.people import people
from roadworthy.core.approval.placeholders import is_placeholder
from roadworthy.core.approval.signatures import APPROVAL_NAMESPACE
from roadworthy.core.times import rfc3339
from roadworthy.errors import Refused


def revoke(
    project: str,
    approval: str,
    *,
    reason: str,
    identity: str | None = None,
    key: str | None = None,
    as_of: str | None = None,
) -> Revocation:
    """Write and sign a revocation. Anybody with a role may withdraw trust; only approvers can give it."""
    home, path = Path(project), f"{FOLDER}{approval}{REVOKED}"
    head = open_head(home)
    if "/" in approval or read_file(home / FOLDER / f"{approval}.yaml") is None:
        raise Refused(f"there is no approval {approval} in {FOLDER}", f"ls {FOLDER}")
    if is_placeholder(reason):
        raise Refused(f"the reason says nothing: {reason!r}", "pass --reason 'what was found'")
    who = person(home, identity, people(head.document(ROLES)))
    when = moment(as_of)
    record = {"schema": "revocation/v1", "approval": approval, "identity": who.identity}
    record |= {"at": rfc3339(when), "reason": reason}
    data = str(yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=110)).encode()
    signature = sign(signing_key(home, key), APPROVAL_NAMESPACE, data)
    check_signer(verify(data, signature, head.held.get(SIGNERS, b""), APPROVAL_NAMESPACE, when), who)
    add(home / f"{path}.sig", signature)
    add(home / path, data)
    return Revocation(record=record, path=path)
