"""A tier that fell: from what the newest release was gated as, and who else could have agreed to that."""

from __future__ import annotations

from typing import Any

from roadworthy.core.approval.duties import builders
from roadworthy.core.approval.signatures import Status
from roadworthy.facts.project import ANSWERS, LOCK, duties
from roadworthy.facts.releases import Deck, gate_details

RISK = "governance/risk.yaml"


def lowering(deck: Deck) -> dict[str, Any]:
    """Return the facts under `records.lowering`."""
    order = list(deck.sources.pack.tiers["tiers"])
    before = _tier_before(deck)
    fell = before in order and order.index(before) > order.index(str(deck.project["tier"]))
    return {"from": before if fell else "", "approvers": _approvers(deck, before) if fell else []}


def _tier_before(deck: Deck) -> str:
    """The tier of the newest verdict that the gate signed; before any, the highest that was approved."""
    signed = [str(gate_details(gate).get("tier")) for gate in deck.shelf.of("gates") if deck.passes(gate)]
    if signed:
        return signed[-1]
    order = list(deck.sources.pack.tiers["tiers"])
    valid = (each.record for each in deck.approvals if each.signature.status is Status.VALID)
    approved = [str(record.get("tier")) for record in valid]
    return max((tier for tier in approved if tier in order), key=order.index, default="")


def _approvers(deck: Deck, before: str) -> list[str]:
    """Who approves at the tier before, and had no hand in the answers since its newest release."""
    roles = set(duties(before, deck.sources.pack.tiers)["approver_roles"])
    history, releases = deck.shelf.history, deck.shelf.of("releases")
    since = history.ancestors(releases[-1].text("commit")) if releases else frozenset()
    commits = history.commits(history.by_sha.keys() - since, RISK, ANSWERS, LOCK)
    hands = builders(commits, None, deck.people).people
    return sorted(each.identity for each in deck.people if roles & each.roles and each.identity not in hands)
