"""A waiver, and who may grant one: the reviewer's role map and signers decide, never a name in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from roadworthy.core.approval.people import Person, Signer, alphabets_of, folded, resolve, words_of
from roadworthy.core.approval.signatures import Signature, Status
from roadworthy.core.values import frozen

WAIVER_NAMESPACE = "roadworthy-waiver"
# Who may grant a waiver, by tier; whoever may at a higher tier may at a lower one.
GRANTERS = {
    "low": ("business-owner", "data-owner", "model-owner", "platform-owner"),
    "moderate": ("model-approver",),
    "high": ("model-risk",),
    "critical": ("accountable-executive",),
}
_UNSIGNED = {
    Status.MISSING: "has no signature beside it, which the reviewer's allowed_signers demands",
    Status.INVALID: "was changed after it was signed, or signed for another purpose",
    Status.UNKNOWN_KEY: "is signed with a key that the reviewer's allowed_signers does not list",
    Status.UNAVAILABLE: "cannot be verified here: ssh-keygen did not run",
}
SOUND = ("", "")
_DIGEST = r"sha256:[0-9a-f]{64}"
Fault = tuple[str, str]


@frozen
class Scope:
    """What of its system a waiver is for; all of it where it names neither versions, subject nor paths."""

    versions: tuple[str, ...] = ()
    subject_digest: str = ""
    paths: tuple[str, ...] = ()


@frozen
class Waiver:
    """One exception as the reviewer's side wrote it."""

    id: str
    place: str
    control: str
    check: str
    control_version: int | None
    system: str
    reason: str
    requested_by: str
    approved_by: str
    issued: date
    expires: date
    renewals: int
    compensating: int
    owner: str
    approver_role: str = ""
    seal: Signature | None = None
    unread: tuple[str, ...] = ()
    scope: Scope = Scope()


def waiver_from(
    place: str, value: Mapping[str, Any], seal: Signature | None = None, unread: tuple[str, ...] = ()
) -> Waiver:
    """Return the waiver in a mapping that has the shape of waiver/v1; ValueError where it means nothing."""
    return Waiver(
        id=str(value["id"]),
        place=place,
        control=str(value["control"]),
        check=str(value.get("check_id", "")),
        control_version=value.get("control_version"),
        system=str(value["scope"]["system"]),
        reason=str(value["reason"]),
        requested_by=str(value["requested_by"]),
        approved_by=str(value["approved_by"]),
        issued=date.fromisoformat(str(value["issued_at"])[:10]),
        expires=date.fromisoformat(str(value["expires_at"])[:10]),
        renewals=int(value.get("renewals", 0)),
        compensating=len(value.get("compensating_controls", ())),
        owner=str(value.get("residual_risk_owner", "")),
        approver_role=str(value.get("approver_role", "")),
        seal=seal,
        unread=unread,
        scope=_scope(value["scope"]),
    )


def _scope(value: Mapping[str, Any]) -> Scope:
    for name in ("versions", "paths"):
        if name in value and not all(value[name] or [""]):
            raise ValueError(f"scope.{name} names nothing: leave it out, or say for which")
    digest = str(value.get("subject_digest", ""))
    if "subject_digest" in value and not re.fullmatch(_DIGEST, digest):
        raise ValueError("scope.subject_digest is no subject's: expected sha256: and 64 of 0-9a-f")
    lists = {name: tuple(map(str, value.get(name, ()))) for name in ("versions", "paths")}
    return Scope(subject_digest=digest, **lists)


def granters(tier: str) -> frozenset[str]:
    """Return the roles that may grant a waiver at a tier; an unknown tier counts as the highest."""
    tiers = tuple(GRANTERS)
    start = tiers.index(tier) if tier in tiers else len(tiers) - 1
    return frozenset(role for each in tiers[start:] for role in GRANTERS[each])


def doubt(waiver: Waiver, people: Sequence[Person] | None, tier: str) -> Fault:
    """Return the status and the words of what the reviewer's side says against a grant."""
    if people is not None and (why := _unauthorised(waiver, people, tier)):
        return "not authorised", why
    if waiver.seal is not None and (why := _unsigned(waiver, waiver.seal, people or ())):
        return "not signed", why
    return SOUND


def vouched(waiver: Waiver, people: Sequence[Person] | None) -> str:
    """Return in words how it is known who granted a waiver, or that it is not known."""
    if people is None and waiver.seal is None:
        return "approver not verified: beside the waiver lies neither roles.yaml nor allowed_signers"
    role = "" if people is None else "in the reviewer's role map"
    seal = "" if waiver.seal is None else "signature verified"
    return ", ".join(each for each in (role, seal) if each)


def same_person(one: str, other: str, people: Sequence[Person] | None) -> bool:
    """Whether two names are one human: spelled alike, or aliases of one entry of the role map."""
    first, second = (_who(name, people or ()) for name in (one, other))
    return _plain(one) == _plain(other) or (first is not None and first == second)


def apart(one: str, other: str, people: Sequence[Person] | None) -> bool:
    """Whether two names are surely two humans: a word of two alphabets only looks like somebody else."""
    plain = all(len(alphabets_of(word)) < 2 for word in words_of(f"{one} {other}"))
    return plain and not same_person(one, other, people)


def _unauthorised(waiver: Waiver, people: Sequence[Person], tier: str) -> str:
    by, role, wanted = waiver.approved_by, waiver.approver_role, granters(tier)
    person = _who(by, people)
    if person is None:
        return f"was granted by {by}, who is not in the reviewer's role map"
    if role and role not in person.roles:
        return f"was granted by {by} as {role}, a role not held in the reviewer's role map"
    if not wanted & ({role} if role else person.roles):
        held = role or ", ".join(sorted(person.roles)) or "no role"
        return f"was granted by {by} ({held}); tier {tier} needs {' or '.join(sorted(wanted))}"
    return ""


def _unsigned(waiver: Waiver, seal: Signature, people: Sequence[Person]) -> str:
    if seal.status is not Status.VALID:
        return _UNSIGNED[seal.status]
    by, signer = waiver.approved_by, seal.principal or ""
    return "" if same_person(signer, by, people) else f"names {by}, but {signer} signed it"


def _who(name: str, people: Sequence[Person]) -> Person | None:
    return resolve(Signer(name=name, email=name), people)


def _plain(name: str) -> str:
    return folded(name).lstrip("@")
