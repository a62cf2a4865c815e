"""Approvals: which of those on file count for a release, and what is still missing.

An approval with a fault does not count; its faults are told when the release lacks approvals.
Signs of tampering, and a rejection, refuse whatever else is on file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from roadworthy.core.approval.duties import Builders, judge_builders
from roadworthy.core.approval.people import GATE_ROLE, Person, find, folded
from roadworthy.core.approval.placeholders import is_placeholder
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.signatures import APPROVAL_NAMESPACE, Signature, Status, signer_line
from roadworthy.core.documents.parts import mapping, part
from roadworthy.core.times import parse_time
from roadworthy.core.values import frozen

STANDING = frozenset({"approval-edited", "approval-signature", "approval-malformed", "rejected"})
MIN_STATEMENT = 10  # letters, as for every reason of a record
VALIDATOR = "independent-validator"
FIELDS = (
    *("id", "system", "version", "subject", "subject_digest", "commit", "run_id", "tier", "gate_result"),
    *("approver", "decision", "decided_at", "expires_at", "statement"),
)


@frozen
class Approval:
    """One approval as filed: what it says, and what git and its signature say about it."""

    id: str
    path: str
    record: Mapping[str, Any]
    sha256: str
    signature: Signature
    committed: bool
    edited: bool
    revoked: str = ""

    @property
    def identity(self) -> str:
        """Who decided, as the record says."""
        return str(part(self.record, "approver").get("identity", ""))

    @property
    def role(self) -> str:
        """In which role."""
        return str(part(self.record, "approver").get("role", ""))


@frozen
class Demand:
    """What a release must be approved as, by whom, under which policy, at which moment."""

    system: str
    version: str
    subject_digest: str
    commit: str
    run_id: str
    tier: str
    obligations: Mapping[str, Any]
    policy_pack: str
    people: tuple[Person, ...]
    builders: Builders
    shared_keys: Mapping[str, tuple[str, ...]]
    now: datetime

    @property
    def light(self) -> bool:
        """Whether the tier asks for the least: no statement, and self-approval in a team of one."""
        return bool(self.obligations.get("self_approval"))

    def says_little(self, statement: str) -> bool:
        """Whether a decision made now says less than a reason must; those on file stand as they are."""
        return self.says_nothing(statement) or 0 < len(statement.strip()) < MIN_STATEMENT

    def says_nothing(self, statement: str) -> bool:
        """Whether a statement is none; at a light tier it may be left out, but not faked."""
        return is_placeholder(statement) and not (self.light and not statement.strip())

    @property
    def alone(self) -> bool:
        """Whether the team is one person, at a tier that lets them approve their own work."""
        return self.light and len([each for each in self.people if each.roles != {GATE_ROLE}]) == 1


def judge_approvals(filed: Iterable[Approval], demand: Demand) -> tuple[Refusal, ...]:
    """Return why the approvals on file do not carry this release; nothing when they do."""
    filed = tuple(filed)
    faults = tuple(fault for approval in filed for fault in faults_of(approval, demand))
    missing = tuple(_missing(counted(filed, demand), demand))
    return (*(fault for fault in faults if missing or fault.code in STANDING), *missing)


def terse(filed: Iterable[Approval], demand: Demand) -> Iterator[Refusal]:
    """Yield the approvals that count and say too little; for a verdict given now, not for one that was."""
    for approval in counted(filed, demand):
        if demand.says_little(str(approval.record["statement"] or "")):
            yield _unsaid(approval)


def counted(filed: Iterable[Approval], demand: Demand) -> tuple[Approval, ...]:
    """Return the approvals that count: no fault, and the person's latest word in that role."""
    latest: dict[tuple[str, str], Approval] = {}
    for approval in sorted(filed, key=lambda each: parse_time(each.record.get("decided_at")) or demand.now):
        if not faults_of(approval, demand):
            latest[approval.identity, approval.role] = approval
    return tuple(latest.values())


def faults_of(approval: Approval, demand: Demand) -> tuple[Refusal, ...]:
    """Return everything wrong with one approval."""
    missing = [field for field in FIELDS if field not in approval.record]
    if missing or approval.record.get("schema") != "approval/v1":
        said = f"misses {', '.join(missing)}" if missing else "is not approval/v1"
        return (_fault("approval-malformed", approval, said, "approve again: roadworthy approve VERSION"),)
    rules = (_genuine, _filed, _about_this_release, _in_time, _by_whom, _duties, _words)
    return tuple(fault for rule in rules for fault in rule(approval, demand))


def lowering_faults(filed: Approval, demand: Demand, about: Mapping[str, str]) -> Iterator[Refusal]:
    """Yield everything wrong with an agreement to a lower tier; the demand is that of the tier before.

    `about` is what it must agree to: system, both tiers, and the digest of the answers.
    """
    for rule in (_genuine, _filed, _in_time, _by_whom, _duties, _words):
        yield from rule(filed, demand)
    yield from judge_builders(demand.builders, unknown_blocks=demand.obligations["unknown_blocks"])
    for name, expected in about.items():
        if filed.record[name] != expected:
            said = f"agrees to another {name}: {filed.record[name]}, expected {expected}"
            yield _fault("approval-other-subject", filed, said, "ask for an agreement to the present answers")
    if filed.role not in demand.obligations["approver_roles"]:
        wanted = ", ".join(demand.obligations["approver_roles"])
        said = f"is given as {filed.role or 'no role'}; tier {demand.tier} asks for: {wanted}"
        yield _fault("approver-role", filed, said, f"somebody else agrees, as one of: {wanted}")


def _genuine(approval: Approval, demand: Demand) -> Iterator[Refusal]:
    signature, identity = approval.signature, approval.identity
    again = f"{identity} signs it: roadworthy approve VERSION"
    if signature.status is Status.MISSING:
        yield _fault("approval-unsigned", approval, "has no signature beside it", again)
    elif signature.status is Status.UNKNOWN_KEY:
        line = signer_line(identity, f"{APPROVAL_NAMESPACE},git", signature.key)
        fix = f"have this line reviewed and committed in governance/allowed_signers: {line}"
        yield _fault(
            "approval-unknown-key", approval, "is signed by a key that is not in allowed_signers", fix
        )
    elif signature.status is not Status.VALID:
        yield _fault("approval-signature", approval, "does not match its signature: it was changed", again)
    elif signature.principal != identity:
        said = f"says {identity}, its signature is {signature.principal}'s"
        yield _fault("approval-other-signer", approval, said, again)
    if len(holders := demand.shared_keys.get(signature.key, ())) > 1:
        said = f"is signed by a key listed for {' and '.join(holders)}"
        yield _fault(
            "approval-shared-key", approval, said, "one key, one person: correct governance/allowed_signers"
        )


def _filed(approval: Approval, demand: Demand) -> Iterator[Refusal]:
    if approval.record["id"] != approval.id:
        said = f"says that it is {approval.record['id']}: a copy under another name is none"
        yield _fault("approval-malformed", approval, said, "approve again: roadworthy approve VERSION")
    if not approval.committed:
        fix = f"git add {approval.path} {approval.path}.sig && git commit -m 'Approve {demand.version}'"
        yield _fault("approval-uncommitted", approval, "is not committed", fix)
    if approval.edited:
        fix = "restore the bytes that were first committed, and add a new record instead"
        yield _fault("approval-edited", approval, "was edited after it was added", fix)
    if approval.revoked:
        yield _fault(
            "approval-revoked", approval, f"was revoked: {approval.revoked}", "ask for a new approval"
        )


def _about_this_release(approval: Approval, demand: Demand) -> Iterator[Refusal]:
    record = approval.record
    for field in ("system", "version", "subject_digest", "commit", "run_id"):
        expected = getattr(demand, field)
        if record[field] != expected:
            said = f"is about another {field}: {record[field]}, expected {expected}"
            yield _fault("approval-other-subject", approval, said, "ask for an approval of what ships now")
    seen = mapping(record["gate_result"]).get("policy_pack")
    if seen != demand.policy_pack:
        said = f"was given under policy {seen}, the policy is now {demand.policy_pack}"
        yield _fault("approval-other-policy", approval, said, "ask for an approval under the present policy")
    if record["tier"] != demand.tier:
        said = f"was given for tier {record['tier']}, the tier is {demand.tier}"
        yield _fault("approval-other-tier", approval, said, "ask for an approval at the present tier")


def _in_time(approval: Approval, demand: Demand) -> Iterator[Refusal]:
    decided, expires = parse_time(approval.record["decided_at"]), parse_time(approval.record["expires_at"])
    again = "ask for a new approval"
    if decided is None or expires is None or decided > demand.now:
        said = f"was decided at {approval.record['decided_at']}, which is no past time"
        yield _fault("approval-expired", approval, said, again)
    elif expires <= demand.now:
        yield _fault("approval-expired", approval, f"expired at {approval.record['expires_at']}", again)
    elif expires - decided > timedelta(days=demand.obligations["approval_days"]):
        days = demand.obligations["approval_days"]
        said = f"would last {(expires - decided).days} days, tier {demand.tier} allows {days}"
        yield _fault("approval-expired", approval, said, again)


def _by_whom(approval: Approval, demand: Demand) -> Iterator[Refusal]:
    person = find(approval.identity, demand.people)
    if person is None:
        said = f"is by {approval.identity}, who is not in governance/roles.yaml"
        yield _fault("approver-unknown", approval, said, "add the person there, or ask another")
    elif approval.role not in person.roles:
        held = ", ".join(sorted(person.roles)) or "no role"
        said = f"is given as {approval.role}; {person.identity} holds {held}"
        yield _fault("approver-role", approval, said, "approve in a role the person holds")


def _duties(approval: Approval, demand: Demand) -> Iterator[Refusal]:
    if approval.record["decision"] == "reject":
        return
    for code, said in duty_faults(approval.identity, approval.role, demand):
        yield _fault(code, approval, said, "somebody else approves")


def duty_faults(identity: str, role: str, demand: Demand) -> Iterator[tuple[str, str]]:
    """Yield why this person may not approve what they, or their team, built."""
    person = find(identity, demand.people)
    if why := demand.builders.people.get(identity) if not demand.alone else None:
        yield "approver-is-builder", f"is by {identity}, who built it ({why})"
    independent = demand.obligations["independent_validation"] in ("team", "external")
    if (
        person
        and role == VALIDATOR
        and independent
        and (not person.team or folded(person.team) in demand.builders.teams)
    ):
        yield "validator-not-independent", f"is by {identity} of team {person.team or '?'}, which built it"


def _words(approval: Approval, demand: Demand) -> Iterator[Refusal]:
    decision, statement = approval.record["decision"], str(approval.record["statement"] or "")
    if decision not in ("approve", "reject"):
        yield _fault("approval-malformed", approval, f"decides {decision}", "decide approve or reject")
    if demand.says_nothing(statement):
        yield _unsaid(approval)


def _unsaid(approval: Approval) -> Refusal:
    said = f"states nothing, or less than {MIN_STATEMENT} letters: {approval.record['statement']!r}"
    return _fault("approval-placeholder", approval, said, "say what was looked at, and why it is good enough")


def _missing(good: tuple[Approval, ...], demand: Demand) -> Iterator[Refusal]:
    required = tuple(demand.obligations["approver_roles"])
    against = (each for each in good if each.record["decision"] == "reject")
    yield from (_rejection(each) for each in against if each.role in required)
    good = tuple(each for each in good if each.record["decision"] == "approve")
    for role in required:
        if not any(each.role == role for each in good):
            yield _gap("approval-role-missing", f"nobody has approved as {role}", role, demand)
    holders = {role: {each.identity for each in good if each.role == role} for role in required}
    if all(holders.values()) and not _distinct(list(holders.values())):
        roster = ", ".join(f"{each.identity} as {each.role}" for each in good)
        said = f"one person fills two required roles: {roster}"
        yield _gap("approval-two-roles", said, "ROLE", demand)
    if len({each.identity for each in good}) < demand.obligations["approvals"]:
        said = f"{len({each.identity for each in good})} of {demand.obligations['approvals']} approvals count"
        yield _gap("approvals-too-few", said, "ROLE", demand)


def _distinct(roles: list[set[str]], taken: frozenset[str] = frozenset()) -> bool:
    """Whether each role can be given to a person of its own."""
    if not roles:
        return True
    return any(_distinct(roles[1:], taken | {person}) for person in roles[0] - taken)


def _gap(code: str, said: str, role: str, demand: Demand) -> Refusal:
    tail = f" (tier {demand.tier} asks for {', '.join(demand.obligations['approver_roles'])})"
    return Refusal(code=code, message=said + tail, fix=f"roadworthy approve {demand.version} --role {role}")


def _rejection(approval: Approval) -> Refusal:
    said = f"rejects: {approval.record['statement']}"
    return _fault("rejected", approval, said, f"settle it with {approval.identity}")


def _fault(code: str, approval: Approval, said: str, fix: str) -> Refusal:
    return Refusal(code=code, message=f"{approval.path} {said}", fix=fix)
