"""Who may grant a waiver: the reviewer's role map and signers decide, never a name in a file alone."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.core.approval.people import Person, Signer, resolve
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
Fault = tuple[str, str]


@frozen
class Grant:
    """Who granted a waiver and in which role, as its file says; the seal where signers are listed."""

    by: str
    role: str = ""
    seal: Signature | None = None


def granters(tier: str) -> frozenset[str]:
    """Return the roles that may grant a waiver at a tier; an unknown tier counts as the highest."""
    tiers = tuple(GRANTERS)
    start = tiers.index(tier) if tier in tiers else len(tiers) - 1
    return frozenset(role for each in tiers[start:] for role in GRANTERS[each])


def doubt(grant: Grant, people: Sequence[Person] | None, tier: str) -> Fault:
    """Return the status and the words of what the reviewer's side says against a grant."""
    if people is not None and (why := _unauthorised(grant, people, tier)):
        return "not authorised", why
    if grant.seal is not None and (why := _unsigned(grant, grant.seal, people or ())):
        return "not signed", why
    return SOUND


def vouched(grant: Grant, people: Sequence[Person] | None) -> str:
    """Return in words how it is known who granted a waiver, or that it is not known."""
    if people is None and grant.seal is None:
        return "approver not verified: beside the waiver lies neither roles.yaml nor allowed_signers"
    role = "" if people is None else "in the reviewer's role map"
    seal = "" if grant.seal is None else "signature verified"
    return ", ".join(each for each in (role, seal) if each)


def same_person(one: str, other: str, people: Sequence[Person] | None) -> bool:
    """Whether two names are one human: spelled alike, or aliases of one entry of the role map."""
    first, second = (_who(name, people or ()) for name in (one, other))
    return _plain(one) == _plain(other) or (first is not None and first == second)


def _unauthorised(grant: Grant, people: Sequence[Person], tier: str) -> str:
    person, wanted = _who(grant.by, people), granters(tier)
    if person is None:
        return f"was granted by {grant.by}, who is not in the reviewer's role map"
    if grant.role and grant.role not in person.roles:
        return f"was granted by {grant.by} as {grant.role}, a role not held in the reviewer's role map"
    if not wanted & ({grant.role} if grant.role else person.roles):
        held = grant.role or ", ".join(sorted(person.roles)) or "no role"
        return f"was granted by {grant.by} ({held}); tier {tier} needs {' or '.join(sorted(wanted))}"
    return ""


def _unsigned(grant: Grant, seal: Signature, people: Sequence[Person]) -> str:
    if seal.status is not Status.VALID:
        return _UNSIGNED[seal.status]
    signer = seal.principal or ""
    return "" if same_person(signer, grant.by, people) else f"names {grant.by}, but {signer} signed it"


def _who(name: str, people: Sequence[Person]) -> Person | None:
    return resolve(Signer(name=name, email=name), people)


def _plain(name: str) -> str:
    return name.strip().lstrip("@").casefold()
