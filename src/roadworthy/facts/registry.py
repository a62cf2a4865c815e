"""What a rollback would serve, and whether the registry tells the same story as the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.facts.records import Record, Shelf
from roadworthy.facts.releases import FALLBACK, Deck, gate_details, live_version, served, standing
from roadworthy.facts.sources import Tracked

# A registry's tag, and where the release record says the same.
TAGS = {"tier": "tier", "subject_digest": "subject_digest", "run_id": "run_id"}


def registry_facts(deck: Deck, tracked: Tracked) -> dict[str, Any]:
    """Return the facts under `registry`."""
    return {
        "reachable": tracked.reachable,
        "reason": tracked.reason,
        "rollback_candidate": _candidate(deck),
        "mismatches": sorted(_mismatches(deck.shelf, tracked.tags)),
    }


def _candidate(deck: Deck) -> dict[str, Any]:
    """The newest release that served and is not the live one; without one, the fallback."""
    live = live_version(deck.shelf)
    earlier = [
        r
        for r in deck.shelf.of("releases")
        if served(deck.shelf, r.text("version")) and r.text("version") != live
    ]
    good = [record for record in earlier if standing(deck, record)]
    if not good:
        return {"version": FALLBACK, "served": False, "approved": False, "expired": bool(earlier)}
    chosen: Record = good[-1]
    gate = deck.gate_of(chosen)
    approved = gate is not None and bool(gate_details(gate).get("approvals"))
    return {"version": chosen.text("version"), "served": True, "approved": approved, "expired": False}


def _mismatches(shelf: Shelf, tags: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for version, said in tags.items():
        release = shelf.find("releases", "version", said.get("version", version))
        for tag, name in TAGS.items():
            recorded = str(release.value.get(name)) if release else "no release record"
            if tag in said and said[tag] != recorded:
                yield f"version {version}: {tag} {said[tag]}, record {recorded}"
