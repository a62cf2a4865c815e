"""What a rollback would serve, and whether the registry tells the same story as the records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from roadworthy.core.documents.parts import rows
from roadworthy.core.documents.remote import Ask
from roadworthy.facts.records import FALLBACK, Record, Shelf
from roadworthy.facts.releases import Deck, gate_details, served, standing
from roadworthy.facts.sources import Tracked

# What `register` writes beside the tag `release`, and the release record says under the same names.
TAGS = ("tier", "subject_digest")
SEARCH = "/api/2.0/mlflow/model-versions/search"
SAFE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
PAGE = 200
MOST_PAGES = 10


def registry_facts(deck: Deck, tracked: Tracked) -> dict[str, Any]:
    """Return the facts under `registry`."""
    return {
        "reachable": tracked.reachable,
        "reason": tracked.reason,
        "rollback_candidate": _candidate(deck),
        "mismatches": sorted(differences(deck.shelf, tracked.tags)),
    }


def _candidate(deck: Deck) -> dict[str, Any]:
    """The newest release that served and is not the live one; without one, the fallback."""
    live = deck.shelf.live
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


def differences(shelf: Shelf, tags: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield what the registry tells otherwise. A release that acts, or is next, has to be there."""
    records = {record.text("version"): record for record in shelf.of("releases")}
    registered = [said for said in tags.values() if "release" in said]
    for said in registered:
        yield from _told_otherwise(said, records.get(said["release"]))
    demanded = {shelf.live, *list(records)[-1:]} & records.keys()
    for version in sorted(demanded - {said["release"] for said in registered}):
        yield f"release {version}: not in the registry"


def _told_otherwise(said: Mapping[str, str], record: Record | None) -> Iterator[str]:
    release = f"release {said['release']}"
    if record is None:
        yield f"{release}: on no record"
        return
    for tag, recorded in ((tag, record.text(tag)) for tag in TAGS):
        if said.get(tag) != recorded:
            yield f"{release}: {tag} {said.get(tag, 'missing')}, record {recorded}"


def read_registry(ask: Ask, model: str) -> Tracked:
    """Return the tags of a registered model's versions from an MLflow server, or why they are not known."""
    if not re.fullmatch(SAFE, model):
        return Tracked(reachable=False, reason="the system has no name that a registry could hold")
    tags: dict[str, dict[str, str]] = {}
    wanted, token = quote(f"name = '{model}'"), ""
    for _ in range(MOST_PAGES):
        answer = ask(f"{SEARCH}?max_results={PAGE}&filter={wanted}&page_token={quote(token)}")
        if answer.reason or not isinstance(answer.value, dict):
            return Tracked(reachable=False, reason=f"the registry: {answer.reason or 'no mapping'}")
        for version in rows(answer.value.get("model_versions")):
            tags[str(version.get("version"))] = {
                str(tag.get("key")): str(tag.get("value")) for tag in rows(version.get("tags"))
            }
        token = str(answer.value.get("next_page_token") or "")
        if not token:
            return Tracked(reachable=True, tags=tags)
    return Tracked(reachable=False, reason=f"the registry holds more than {PAGE * MOST_PAGES} versions")
