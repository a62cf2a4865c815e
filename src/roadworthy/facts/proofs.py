"""Proofs by doing, and what people file: drills, rebuilds, monitoring, incidents, requests for waivers."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from roadworthy.core.approval.people import Person
from roadworthy.core.approval.placeholders import placeholders
from roadworthy.core.approval.subject import entries
from roadworthy.core.documents.parts import count, mapping, number, part, rows
from roadworthy.core.judging.granting import apart
from roadworthy.core.judging.models import Control
from roadworthy.core.times import days_between, parse_day, rfc3339
from roadworthy.facts.records import Record, Shelf
from roadworthy.facts.releases import FALLBACK
from roadworthy.facts.sources import Sources

# A wider tolerance would call two different models the same.
MOST_TOLERANCE = 0.01
# Numbers of a look are rounded to six digits.
ROUNDED = 2e-6


def drills(shelf: Shelf) -> list[dict[str, Any]]:
    """Return the facts under `records.drills`."""
    subjects = {release.text("subject_digest") for release in shelf.of("releases")}
    return [
        {
            **record.base,
            "passed": record.value.get("passed") is True,
            "seconds": number(record.value.get("seconds")),
            "requests": record.value.get("requests"),
            "failed_requests": record.value.get("failed_requests"),
            "subject_known": record.text("subject_digest") in subjects,
            "to": record.text("to"),
            "alarm": {name: record.mapping("alarm").get(name) for name in ("planted", "raised", "seconds")},
        }
        for record in shelf.of("drills")
    ]


def rebuilds(shelf: Shelf) -> list[dict[str, Any]]:
    """Return the facts under `records.rebuilds`."""
    return [
        {
            **record.base,
            "version": record.text("version"),
            "passed": record.value.get("passed") is True,
            "equal": record.text("original_sha256") == record.text("rebuilt_sha256") != "",
            "original_ok": record.text("original_sha256") in _models(shelf, record.text("version")),
            "within": _within(record),
        }
        for record in shelf.of("rebuilds")
    ]


def _models(shelf: Shelf, version: str) -> set[str]:
    release = shelf.find("releases", "version", version)
    subject = entries(release.value.get("subject")) if release else None
    return {entry.sha256 for entry in subject or () if entry.role == "model"}


def _within(record: Record) -> bool:
    tolerance = number(record.value.get("tolerance"))
    metrics = record.mapping("metrics")
    return (
        tolerance is not None
        and tolerance <= MOST_TOLERANCE
        and bool(metrics)
        and all(_close(pair, tolerance) for pair in metrics.values())
    )


def _close(pair: Any, tolerance: float) -> bool:
    original, rebuilt = (number(mapping(pair).get(name)) for name in ("original", "rebuilt"))
    return original is not None and rebuilt is not None and abs(original - rebuilt) <= tolerance


def waivers(
    shelf: Shelf, controls: Mapping[str, Control], sources: Sources, known: Sequence[Person]
) -> list[dict[str, Any]]:
    """Return the facts under `records.waivers`: requests, each with what speaks for and against it."""
    return [
        _waiver(record, controls.get(record.text("control")), sources)
        | {"apart": apart(record.text("requested_by"), record.text("approved_by"), known)}
        for record in shelf.of("waivers")
    ]


def _waiver(record: Record, control: Control | None, sources: Sources) -> dict[str, Any]:
    issued, expires = (parse_day(record.value.get(name)) for name in ("issued_at", "expires_at"))
    return {
        **record.base,
        "id": record.text("id") if record.text("id") == record.stem else "",
        "control": record.text("control"),
        "control_known": control is not None,
        "waivable": control is not None and control.waivable,
        "days": days_between(issued, expires),
        "expires_in_days": days_between(sources.as_of, expires),
        "expires_at": rfc3339(expires) if expires else "",
        "requested_by": record.text("requested_by"),
        "approved_by": record.text("approved_by"),
        "compensating": len(record.rows("compensating_controls")),
        "placeholders": list(placeholders(dict(record.value))),
    }


def incidents(shelf: Shelf) -> list[dict[str, Any]]:
    """Return the facts under `records.incidents`."""
    return [
        {**record.base, "id": record.text("id"), "open": not record.value.get("closed_at")}
        for record in shelf.of("incidents")
    ]


def monitoring(shelf: Shelf) -> list[dict[str, Any]]:
    """Return the facts under `records.monitoring`."""
    subjects = {release.text("version"): release.text("subject_digest") for release in shelf.of("releases")}
    looks = [(record, _known(record, subjects)) for record in shelf.of("monitoring")]
    newest = next((record.path for record, known in reversed(looks) if known), "")
    stops = {moved.path for moved in shelf.of("deployments") if moved.text("action") == FALLBACK}
    return [_look(record, known, stops) | {"latest": record.path == newest} for record, known in looks]


def _known(record: Record, subjects: Mapping[str, str]) -> bool:
    return subjects.get(str(record.value.get("version"))) == record.text("subject_digest")


def _look(record: Record, known: bool, stops: Container[str]) -> dict[str, Any]:
    measured = [each for each in record.rows("signals") if number(each.get("value")) is not None]
    return {
        **record.base,
        "version": str(record.value.get("version") or ""),
        "level": record.text("level"),
        "labels_joined": record.value.get("labels_joined"),
        "version_known": known,
        "measured": sorted({str(each.get("measure")) for each in measured}),
        "groups": sorted({str(each.get("group")) for each in measured}),
        "sample": _sample(record, measured),
        "explained": _explained(record.mapping("explained")),
        "cost": _cost(measured),
        "stopped": record.mapping("cap").get("stopped") in stops,
    }


def _cost(measured: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What one answer cost, and the limit it was held against."""
    found = next((each for each in measured if each.get("measure") == "cost_per_answer"), {})
    return {"value": number(found.get("value")), "cap": number(part(found, "limits").get("pause"))}


def _explained(said: Mapping[str, Any]) -> dict[str, Any]:
    """The decision that was explained, and by which inputs; nothing where the numbers do not add up."""
    score, reasons = number(said.get("score")), rows(said.get("reasons"))
    left = [number(each.get("without")) for each in reasons]
    moved = [number(each.get("effect")) for each in reasons]
    if score is None or not all(_adds_up(score, pair) for pair in zip(left, moved, strict=True)):
        return {}
    return {
        "id": said.get("id"),
        "again": said.get("again"),
        "inputs": [each.get("input") for each in reasons],
    }


def _adds_up(score: float, pair: tuple[float | None, float | None]) -> bool:
    without, effect = pair
    return without is not None and bool(effect) and abs(score - without - (effect or 0.0)) <= ROUNDED


def _sample(record: Record, measured: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was read of the capture; nothing, where that is less than the window or its signal disagrees."""
    said, window = record.mapping("sample"), record.mapping("window")
    least = sum(count(window.get(name)) for name in ("rows", "refused"))
    told = [number(each.get("value")) for each in measured if each.get("measure") == "leaks"]
    holds = count(said.get("lines")) >= least and told == [number(said.get("leaks"))]
    return {name: said.get(name) for name in ("lines", "redact", "leaks")} if holds else {}
