"""A tier that fell: from what the newest release was gated as, who may agree to that, and who signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from roadworthy.core.approval.approvals import Approval, Demand, lowering_faults
from roadworthy.core.approval.duties import builders
from roadworthy.core.approval.signatures import APPROVAL_NAMESPACE, Status, shared_keys
from roadworthy.core.approval.subject import canonical, sha256
from roadworthy.core.times import parse_time
from roadworthy.core.values import frozen
from roadworthy.facts.decided import vouched_before
from roadworthy.facts.demanded import approval
from roadworthy.facts.documents import PLACES, value_of
from roadworthy.facts.project import ANSWERS, LOCK, duties, read_mapping, tiers
from roadworthy.facts.records import LOWERINGS, Record
from roadworthy.facts.releases import Deck, gate_details


@frozen
class Fall:
    """A tier that fell: what agreeing to it is about, since when it may be agreed to, and what that asks."""

    about: dict[str, str]
    since: datetime | None
    demand: Demand

    @property
    def approvers(self) -> list[str]:
        """Return who approves at the tier before, and had no hand in the answers since."""
        roles, hands = set(self.demand.obligations["approver_roles"]), self.demand.builders.people
        people = self.demand.people
        return sorted(each.identity for each in people if roles & each.roles and each.identity not in hands)

    def doubts(self, filed: Approval) -> Iterator[str]:
        """Yield why an agreement that has its shape does not count."""
        yield from (each.message for each in lowering_faults(filed, self.demand, self.about))
        decided = parse_time(filed.record["decided_at"])
        if decided and self.since and decided <= self.since:
            yield f"{filed.path} is older than the newest release: it agreed to an earlier fall"


def lowering(deck: Deck) -> dict[str, Any]:
    """Return the facts under `records.lowering`."""
    fall = fall_of(deck)
    if fall is None:
        return {"from": "", "approvers": [], "signed": [], "doubts": []}
    filed = [(record, list(_doubts(deck, fall, record))) for record in deck.shelf.of("lowerings")]
    return {
        "from": fall.about["from"],
        "approvers": fall.approvers,
        "signed": [_filed(deck, record).identity for record, doubts in filed if not doubts],
        "doubts": [doubt for _, doubts in filed for doubt in doubts],
    }


def _doubts(deck: Deck, fall: Fall, record: Record) -> Iterator[str]:
    if record.problems:
        yield f"{record.path}: {record.problems[0]}"
        return
    filed = _filed(deck, record)
    yield from fall.doubts(filed)
    if vouched_before(deck, record, filed) is False:
        yield f"{record.path} came in the commit that names its signer or key, or before it"


def _filed(deck: Deck, record: Record) -> Approval:
    files = (record.data, deck.sources.snapshot.data(f"{record.path}.sig"))
    signature = deck.signature(record, APPROVAL_NAMESPACE)
    revoked = "a revocation is on record" if record.stem in deck.shelf.revoked else ""
    history = deck.shelf.history
    return approval(record.path, record.value, files, history, signature, revoked, LOWERINGS)


def fall_of(deck: Deck) -> Fall | None:
    """Return how the tier fell below that of the newest verdict the gate signed; None if it did not."""
    rubric, now = deck.sources.pack.tiers, str(deck.project["tier"])
    order, (before, since) = list(rubric["tiers"]), _before(deck)
    if before not in order or order.index(before) <= order.index(now):
        return None
    system, answers = str(deck.project["name"]), _answers(deck)
    return Fall(
        about={"system": system, "from": before, "to": now, "answers": answers},
        since=since,
        demand=_demand(deck, system, before, answers),
    )


def _before(deck: Deck) -> tuple[str, datetime | None]:
    """The tier of the newest verdict that the gate signed, and when; before any, the highest approved."""
    signed = [gate for gate in deck.shelf.of("gates") if deck.passes(gate)]
    if signed:
        return str(gate_details(signed[-1]).get("tier")), parse_time(signed[-1].base["at"])
    order = list(deck.sources.pack.tiers["tiers"])
    valid = (each.record for each in deck.approvals if each.signature.status is Status.VALID)
    approved = [str(record.get("tier")) for record in valid]
    return max((tier for tier in approved if tier in order), key=order.index, default=""), None


def _answers(deck: Deck) -> str:
    """One digest of the answers that decide the tier, wherever they are recorded."""
    risk, snapshot = value_of(deck.documents, "risk"), deck.sources.snapshot
    answers, lock = (read_mapping(snapshot, path) for path in (ANSWERS, LOCK))
    given = tiers(risk, answers, lock, deck.sources.pack.tiers).given
    return f"sha256:{sha256(canonical(given))}"


def _demand(deck: Deck, system: str, before: str, answers: str) -> Demand:
    """What agreeing asks of a person: as an approval at the tier before, by none of those who lowered it."""
    history, releases = deck.shelf.history, deck.shelf.of("releases")
    since = history.ancestors(releases[-1].text("commit")) if releases else frozenset()
    commits = history.commits(history.by_sha.keys() - since, PLACES["risk"], ANSWERS, LOCK)
    return Demand(
        system=system,
        version="",
        subject_digest=answers,
        commit="",
        run_id="",
        tier=before,
        obligations=duties(before, deck.sources.pack.tiers),
        policy_pack=deck.sources.pack.digest,
        people=deck.people,
        builders=builders(commits, None, deck.people),
        shared_keys=shared_keys(deck.signers.decode(errors="replace")),
        now=deck.sources.as_of,
    )
