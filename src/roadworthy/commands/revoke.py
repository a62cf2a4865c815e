"""Withdraw an approval: a signed record beside it. The approval itself is never touched."""

from __future__ import annotations

from pathlib import Path

from roadworthy.adapters.filing import read_file
from roadworthy.commands.approve import file_signed
from roadworthy.commands.clock import moment
from roadworthy.commands.committed import open_head
from roadworthy.commands.dossier import ROLES
from roadworthy.commands.keys import person, signing_key
from roadworthy.core.approval.decisions import Signed
from roadworthy.core.approval.people import people
from roadworthy.core.approval.placeholders import is_placeholder
from roadworthy.core.times import rfc3339
from roadworthy.errors import Refused
from roadworthy.facts.records import APPROVALS, REVOKED, SIGNED


def revoke(
    project: str,
    approval: str,
    *,
    reason: str,
    identity: str | None = None,
    key: str | None = None,
    as_of: str | None = None,
) -> Signed:
    """Write and sign a revocation. Anybody with a role may withdraw trust; only approvers can give it."""
    home, head = Path(project), open_head(Path(project))
    folders = (folder for folder in SIGNED if read_file(home / folder / f"{approval}.yaml") is not None)
    folder = next(folders, None)
    if "/" in approval or folder is None:
        raise Refused(f"there is no approval {approval} in {APPROVALS}", f"ls {' '.join(SIGNED)}")
    if is_placeholder(reason):
        raise Refused(f"the reason says nothing: {reason!r}", "pass --reason 'what was found'")
    who = person(home, identity, people(head.document(ROLES)))
    when = moment(as_of)
    record = {"schema": "revocation/v1", "approval": approval, "identity": who.identity}
    record |= {"at": rfc3339(when), "reason": reason}
    path = f"{folder}{approval}{REVOKED}"
    file_signed(head, path, record, who, signing_key(home, key), when)
    return Signed(record=record, path=path)
