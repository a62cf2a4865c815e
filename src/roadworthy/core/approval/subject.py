"""The subject of an approval: the exact artifacts it is about, and one digest over all of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.values import frozen, replace

# What a release of a trained model consists of. Other roles may be added; none of these may be missing.
REQUIRED_ROLES = ("model", "features", "data", "thresholds", "config", "eval_report", "card")
# Roles whose files live in git: what ships must be what HEAD holds.
IN_GIT = frozenset((*REQUIRED_ROLES[1:], "policy_pack", "bom", "prompts", "retrieval_index", "guardrails"))
LOCK = ".roadworthy/lock.yaml"
# The right digest of the wrong file says nothing: where a part lies, by what it is for.
NAMES = {
    "thresholds": "policy/gates.yaml",
    "policy_pack": LOCK,
    "features": "src/*/features.py",
    "config": "policy/*",
    "data": "governance/data/*",
    "eval_report": "governance/evaluations/*",
    "card": "governance/cards/*",
    "bom": "governance/boms/*",
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_sha256(value: Any) -> bool:
    """Return whether a value is written as a sha256 digest."""
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


@frozen
class Entry:
    """One artifact of a subject: what it is for, its name, its digest, its place in the bundle."""

    role: str
    name: str
    sha256: str
    path: str = ""


@frozen
class Shipped:
    """What is about to ship: digests of the bundle's files, and of the same names in HEAD."""

    bundle: Mapping[str, str]
    head: Mapping[str, str]
    odd: tuple[str, ...] = ()
    unlisted_ok: frozenset[str] = frozenset({"release.json"})


def fits(entry: Entry) -> bool:
    """Return whether an entry names a file of the kind that its role is about."""
    return fnmatchcase(entry.name, NAMES.get(entry.role, "*"))


def canonical(value: Any) -> bytes:
    """Return the one byte form of a value that digests are made from."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    """Return the digest of bytes, 64 lower hex."""
    return hashlib.sha256(data).hexdigest()


def subject_digest(entries: Iterable[Entry]) -> str:
    """Return the digest of a subject: independent of order and of where the files lie."""
    rows = [{"name": each.name, "role": each.role, "sha256": each.sha256} for each in entries]
    rows.sort(key=lambda row: (row["role"], row["name"]))
    return "sha256:" + sha256(canonical(rows))


def entries(rows: Any) -> tuple[Entry, ...] | None:
    """Return the entries of a record's `subject` list; None when it is not one."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    found = tuple(
        Entry(**{key: str(row.get(key, "")) for key in ("role", "name", "sha256", "path")}) for row in rows
    )
    whole = all(each.role and each.name and is_sha256(each.sha256) for each in found)
    return found if whole else None


def listed(entries: Iterable[Entry]) -> list[dict[str, str]]:
    """Return a subject as an approval lists it."""
    return [{"role": each.role, "name": each.name, "sha256": each.sha256} for each in entries]


def actual(recorded: Iterable[Entry], shipped: Shipped) -> tuple[Entry, ...]:
    """Return the same entries with the digests of the bytes that would ship."""
    return tuple(replace(each, sha256=shipped.bundle.get(each.path, "missing")) for each in recorded)


def judge_subject(recorded: tuple[Entry, ...], digest: str, shipped: Shipped) -> tuple[Refusal, ...]:
    """Return why the bundle is not the recorded subject, all of it."""
    return (
        *_incomplete(recorded, shipped),
        *_record_digest(recorded, digest),
        *_changed(recorded, shipped),
        *_unlike_head(recorded, shipped),
        *_strangers(recorded, shipped),
    )


def _incomplete(recorded: tuple[Entry, ...], shipped: Shipped) -> Iterator[Refusal]:
    needed = (*REQUIRED_ROLES, *(("policy_pack",) if LOCK in shipped.head else ()))
    roles = {each.role for each in recorded}
    for role in needed:
        if role not in roles:
            yield Refusal(
                code="subject-incomplete",
                message=f"the subject names no {role}: an approval of it would not cover the {role}",
                fix="make register",
            )
    for each in recorded:
        if not fits(each):
            yield Refusal(
                code="subject-incomplete",
                message=f"{each.role} is {each.name}, expected {NAMES[each.role]}",
                fix="make register",
            )


def _record_digest(recorded: tuple[Entry, ...], digest: str) -> Iterator[Refusal]:
    computed = subject_digest(recorded)
    if computed != digest:
        yield Refusal(
            code="subject-digest",
            message=f"the release record says subject_digest {digest}, its own list gives {computed}",
            fix="restore the record from git, or register a new release",
        )


def _changed(recorded: tuple[Entry, ...], shipped: Shipped) -> Iterator[Refusal]:
    for was, now in zip(recorded, actual(recorded, shipped), strict=True):
        if was.sha256 != now.sha256:
            yield Refusal(
                code="subject-changed",
                message=f"{was.role} {was.name}: expected sha256 {was.sha256}, found {now.sha256}",
                fix="approvals of the old bytes are void: register a new release of what should ship",
            )


def _unlike_head(recorded: tuple[Entry, ...], shipped: Shipped) -> Iterator[Refusal]:
    for each in recorded:
        head = shipped.head.get(each.name, "missing")
        if (each.role in IN_GIT or each.name in shipped.head) and head != each.sha256:
            yield Refusal(
                code="subject-not-head",
                message=f"{each.role} {each.name}: the release has sha256 {each.sha256}, HEAD has {head}",
                fix="commit what should ship and register it, or go back to the commit of the release",
            )


def _strangers(recorded: tuple[Entry, ...], shipped: Shipped) -> Iterator[Refusal]:
    known = {each.path for each in recorded} | shipped.unlisted_ok
    for path in (*shipped.odd, *sorted(set(shipped.bundle) - known)):
        yield Refusal(
            code="subject-unlisted",
            message=f"{path} lies in the bundle and is no part of the approved subject",
            fix=f"remove {path}, or register a release that lists it",
        )
