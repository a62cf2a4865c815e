"""Thresholds then and now: a limit that is looser than when the last release passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.core.documents.parts import mapping, number, part, rows
from roadworthy.facts.past import GATES
from roadworthy.facts.releases import Deck


def loosened(deck: Deck) -> list[str]:
    """Return limits of the thresholds that are looser now than when the newest gated release was made."""
    gated = [record for record in deck.shelf.of("releases") if deck.gate_of(record)]
    if not gated:
        return []
    was = deck.past.document(gated[-1].text("commit"), GATES)
    now = deck.documents["gates"].get("value")
    return sorted(looser(was, mapping(now)))


def looser(was: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> Iterable[str]:
    """Walk two threshold files side by side: every `limit` with an `op`, wherever it stands."""
    limit, op = was.get("limit"), str(was.get("op"))
    if isinstance(limit, int | float) and _worse(now.get("limit"), op, limit):
        yield f"{path or 'limit'}: {limit}, now {now.get('limit')}"
    for name, inner in was.items():
        place = f"{path}.{name}".lstrip(".")
        if isinstance(inner, Mapping):
            yield from looser(inner, part(now, name), place)
        elif isinstance(inner, list):
            yield from _looser_rows(inner, now.get(name), place)


def _looser_rows(was: Any, now: Any, path: str) -> Iterable[str]:
    here = {str(row.get("id")): row for row in rows(now)}
    for row in rows(was):
        if "id" in row:
            yield from looser(row, here.get(str(row["id"]), {}), f"{path}.{row['id']}")


def _worse(now: Any, op: str, was: float) -> bool:
    found = number(now)
    if found is None:
        return True
    return found < was if op.startswith(">") else found > was if op.startswith("<") else found != was
