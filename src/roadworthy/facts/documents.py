"""What people wrote, parsed without believing it: documents with their shape and their empty phrases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from roadworthy.core.approval.placeholders import placeholders
from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.documents.parts import mapping, part, text
from roadworthy.core.documents.snapshot import Unreadable
from roadworthy.core.packs.pack import Shape
from roadworthy.core.times import days_between, parse_day, rfc3339
from roadworthy.facts.history import History
from roadworthy.facts.sources import Sources

GOVERNANCE = ("system", "risk", "card", "roles")
POLICY = ("data", "training", "gates", "serving", "monitoring", "retraining", "rollout", "budgets")
PLACES = {
    **{name: f"governance/{name}.yaml" for name in GOVERNANCE},
    **{name: f"policy/{name}.yaml" for name in POLICY},
    "envelope": "governance/envelope.yaml",
    "vendors": "governance/vendors.yaml",
    "prompts": "prompts/manifest.yaml",
    "evals": "policy/evals.yaml",
}
MOST = 20


def documents(sources: Sources) -> dict[str, Any]:
    """Return the facts under `documents`."""
    return {name: _document(name, path, sources) for name, path in PLACES.items()}


def _document(name: str, path: str, sources: Sources) -> dict[str, Any]:
    snapshot = sources.snapshot
    data = snapshot.read(path)
    if isinstance(data, Unreadable):
        present = path in snapshot.sizes or path in snapshot.refused
        return {"path": path, "present": present, "valid": False, "errors": [data.reason], "value": {}}
    return snapshot.once(f"{name} {sources.pack.digest}", [path], lambda: _read(name, path, data, sources))


def _read(name: str, path: str, data: bytes, sources: Sources) -> dict[str, Any]:
    try:
        value = parse(path, data)
    except ParseError as error:
        return {"path": path, "present": True, "valid": False, "errors": [str(error)], "value": {}}
    errors = misfits(f"{name}.v1.json", value, sources.pack.schemas, sources.shape)
    return {
        "path": path,
        "present": True,
        "valid": not errors,
        "errors": errors[:MOST],
        "placeholders": list(placeholders(value))[:MOST] if isinstance(value, dict) else ["."],
        "sha256": sources.snapshot.digest(path),
        "value": mapping(value),
    }


def misfits(schema: str, value: Any, schemas: Mapping[str, Any], shape: Shape) -> list[str]:
    """Return why a value does not have the shape of a named schema of the pack."""
    known = schemas.get(schema)
    return list(shape(known, value)) if known else [f"the pack has no schema {schema}"]


def value_of(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what a document says, empty when it says nothing readable."""
    return mapping(facts[name].get("value"))


def with_reviews(
    facts: Mapping[str, Any], history: History, as_of: datetime, review_days: int
) -> dict[str, Any]:
    """Return the documents with who answers for their words, and until when those stand."""
    return {name: {**each, **_review(each, history, as_of, review_days)} for name, each in facts.items()}


def _review(
    document: Mapping[str, Any], history: History, as_of: datetime, review_days: int
) -> dict[str, Any]:
    review = part(document["value"], "review")
    reviewed, due = (parse_day(review.get(name)) for name in ("reviewed_on", "next_review"))
    last = next(iter(history.touched.get(document["path"], ())), None)
    stands = due or (last.at + timedelta(days=review_days) if last else None)
    who = text(review.get("reviewed_by"))
    return {
        "reviewed_days_ago": days_between(reviewed, as_of),
        "review_due_in_days": days_between(as_of, due),
        "author": who or (last.commit.author.email if last else ""),
        "review_by": rfc3339(stands) if stands else "",
    }
