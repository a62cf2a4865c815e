"""The approvals on file for a release, each with what git and its signature say about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from roadworthy.adapters.filing import list_files, read_file
from roadworthy.adapters.signing import INSTALL, verify
from roadworthy.commands.committed import Committed
from roadworthy.core.approval.approvals import Approval
from roadworthy.core.approval.signatures import APPROVAL_NAMESPACE, Signature, Status
from roadworthy.core.documents.parse import parsed
from roadworthy.core.documents.parts import mapping
from roadworthy.core.times import parse_time
from roadworthy.errors import Unjudgeable
from roadworthy.facts.demanded import SIGNERS, approval
from roadworthy.facts.records import APPROVALS, REVOKED


def filed(head: Committed, version: str, now: datetime) -> tuple[Approval, ...]:
    """Return the approvals of a version, and those that no longer say which version they are of."""
    here = _here(head)
    names = [path for path in here if path.endswith(".yaml") and not path.endswith(REVOKED)]
    found = (_approval(head, path, here, now) for path in names)
    return tuple(each for each in found if each.record.get("version") in (version, None))


def tampered(head: Committed, *records: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which approvals and which of `records` were edited after they were added, and which are gone."""
    history = head.history
    ever = sorted(path for path in history.touched if path.startswith(APPROVALS) or path in records)
    edited = tuple(path for path in ever if path in history.tree and history.added_once(path) is False)
    return edited, tuple(path for path in ever if path not in history.tree)


def _here(head: Committed) -> dict[str, bytes]:
    """Bytes by path: the work tree's where it has the file, else HEAD's, so that deleting hides nothing."""
    folder = head.project / APPROVALS
    disk = {APPROVALS + name: read_file(folder / name) for name in list_files(folder)}
    committed = {path: data for path, data in head.held.items() if path.startswith(APPROVALS)}
    return dict(sorted((committed | {path: data for path, data in disk.items() if data is not None}).items()))


def _approval(head: Committed, path: str, here: Mapping[str, bytes], now: datetime) -> Approval:
    record, sealed = mapping(parsed(path, here[path])), here.get(f"{path}.sig")
    decided = parse_time(record.get("decided_at")) or now
    revoked = next(iter(_revocation(path.removesuffix(".yaml") + REVOKED, here)), "")
    signature = verified(here[path], sealed, head, APPROVAL_NAMESPACE, decided)
    return approval(path, record, (here[path], sealed), head.history, signature, revoked)


def verified(
    data: bytes, signature: bytes | None, head: Committed, namespace: str, at: datetime
) -> Signature:
    """Return how a signature fares against the signers that HEAD allows, each while its key was good."""
    result = verify(data, signature, head.held.get(SIGNERS, b""), namespace, at)
    if result.status is Status.UNAVAILABLE:
        raise Unjudgeable("signatures cannot be verified: ssh-keygen did not run", INSTALL)
    return result


def _revocation(path: str, here: Mapping[str, bytes]) -> Iterator[str]:
    """Any revocation counts, even a broken one: withdrawing trust must never fail open."""
    if path in here:
        said = mapping(parsed(path, here[path]))
        yield f"{said.get('reason', 'no reason given')} ({said.get('identity', 'unknown')}, {path})"
