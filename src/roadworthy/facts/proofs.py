"""Proofs by doing, and what people file: drills, rebuilds, monitoring, incidents, requests for waivers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roadworthy.core.approval.people import Person
from roadworthy.core.approval.placeholders import placeholders
from roadworthy.core.approval.subject import entries
from roadworthy.core.documents.parts import count, mapping, number, part, rows
from roadworthy.core.judging.granting import apart
from roadworthy.core.judging.models import Control
from roadworthy.core.times import days_between, parse_day, parse_time, rfc3339
from roadworthy.facts.records import FALLBACK, SKEW, Record, Shelf
from roadworthy.facts.sources import Sources

# A wider tolerance would call two different models the same.
MOST_TOLERANCE = 0.01
# Numbers of a look are rounded to six digits, seconds of a drill to three.
ROUNDED, SECOND_ROUNDED = 2e-6, 2e-3
LEVELS = ("ok", "investigate", "pause", "rollback")


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
            "current": _current(record, shelf),
            "doubts": list(_drill_doubts(record, shelf)),
            "to": record.text("to"),
            "alarm": {name: record.mapping("alarm").get(name) for name in ("planted", "raised", "seconds")},
        }
        for record in shelf.of("drills")
    ]


def _current(record: Record, shelf: Shelf) -> bool:
    """Whether it rehearsed the release that was the newest then, or the one that served."""
    at = str(record.base["at"])
    there = [release.text("version") for release in shelf.of("releases") if str(release.base["at"]) <= at]
    return record.text("from_version") in {*there[-1:], shelf.live_at(at)}


def _drill_doubts(record: Record, shelf: Shelf) -> Iterator[str]:
    """What a drill says that cannot be: of where it went, of its time, of who noticed."""
    start, end = record.text("from_version"), record.text("to")
    release = shelf.find("releases", "version", start)
    if release is None or release.text("subject_digest") != record.text("subject_digest"):
        yield "it is not about the release that it left"
    if end == start or (end != FALLBACK and shelf.find("releases", "version", end) is None):
        yield f"it went from {start} to {end}"
    took, last = (number(record.value.get(name)) for name in ("seconds", "last_stale_ms"))
    if took is not None and last is not None and abs(took - last / 1000) > SECOND_ROUNDED:
        yield f"{took:g} s are not {last:g} ms"
    alarm = record.mapping("alarm")
    if record.value.get("passed") is True and alarm and not alarm.get("raised"):
        yield "it passed although nobody noticed the fault"


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
            "live": record.text("version") == shelf.live,
            "doubts": list(_rebuild_doubts(record, shelf)),
        }
        for record in shelf.of("rebuilds")
    ]


def _rebuild_doubts(record: Record, shelf: Shelf) -> Iterator[str]:
    """What a rebuild says that cannot be: another run than the release's, scores that differ and do not."""
    release = shelf.find("releases", "version", record.text("version"))
    run, known = record.text("run_id"), release.text("run_id") if release else ""
    if run and run != known:
        yield f"release {record.text('version')} came of run {known}"
    apart, tolerance = (number(record.value.get(name)) for name in ("difference", "tolerance"))
    if (
        record.value.get("passed") is True
        and apart is not None
        and tolerance is not None
        and apart > tolerance
    ):
        yield f"scores differ by {apart:g}"


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
    stops = {
        moved.path: moved.base["at"] for moved in shelf.of("deployments") if moved.text("action") == FALLBACK
    }
    found: list[dict[str, Any]] = []
    enough: float | None = None
    for record, known in looks:
        look = _look(record, known, stops) | {"latest": record.path == newest, **_in_place(record, shelf)}
        size, measured = number(record.mapping("window").get("rows")), "cost_per_answer" in look["measured"]
        left = not measured and None not in (enough, size) and (size or 0.0) >= (enough or 0.0)
        if measured and size is not None:
            enough = size if enough is None else min(enough, size)
        found.append(look | {"cost": look["cost"] | {"left_out": left}})
    return found


def _in_place(record: Record, shelf: Shelf) -> dict[str, Any]:
    """Whether what a look is about served then, and what it says that cannot be."""
    version = str(record.value.get("version"))
    release = shelf.find("releases", "version", version)
    run = shelf.find("runs", "run_id", release.text("run_id")) if release else None
    known = part(run.mapping("data"), "splits").get("reference") if run else None
    return {
        "served": version == shelf.live_at(str(record.base["at"])),
        "doubts": list(_look_doubts(record, known)),
    }


def _look_doubts(record: Record, reference: Any) -> Iterator[str]:
    said = record.mapping("reference").get("sha256")
    if said and reference and said != reference:
        yield "it compares with the rows of another model"
    signals = record.rows("signals")
    if number(record.mapping("window").get("rows")) == 0 and any(
        each.get("group") == "prediction" and number(each.get("value")) is not None for each in signals
    ):
        yield "it measured predictions where there was no answer"
    worst = max((_rank(each) for each in signals), default=0)
    if record.text("level") in LEVELS and LEVELS.index(record.text("level")) < worst:
        yield f"it says {record.text('level')} where a signal says {LEVELS[worst]}"


def _rank(signal: Mapping[str, Any]) -> int:
    """How high a signal stands: by its own word, or by its value where that is beyond limit and chance."""
    value, noise = number(signal.get("value")), number(signal.get("noise"))
    limits = {name: number(limit) for name, limit in part(signal, "limits").items() if name in LEVELS}
    over = [
        LEVELS.index(name)
        for name, limit in limits.items()
        if None not in (value, limit) and (value or 0.0) > max(limit or 0.0, noise or 0.0) + ROUNDED
    ]
    said = str(signal.get("level"))
    return max([LEVELS.index(said) if said in LEVELS else 0, *over])


def _known(record: Record, subjects: Mapping[str, str]) -> bool:
    return subjects.get(str(record.value.get("version"))) == record.text("subject_digest")


def _look(record: Record, known: bool, stops: Mapping[str, str]) -> dict[str, Any]:
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
        "cost": _cost(measured, record.mapping("cap")),
        "stopped": _stopped(record, stops),
    }


def _stopped(record: Record, stops: Mapping[str, str]) -> bool:
    """Whether the switch to the safe answer that it names is on record, and happened then."""
    then, at = parse_time(stops.get(str(record.mapping("cap").get("stopped")))), parse_time(record.base["at"])
    return then is not None and at is not None and abs(then - at) <= SKEW


def _cost(measured: Sequence[Mapping[str, Any]], cap: Mapping[str, Any]) -> dict[str, Any]:
    """What one answer cost, and the limit it was held against; of two numbers, the worse."""
    found = next((each for each in measured if each.get("measure") == "cost_per_answer"), {})
    costs = [number(each) for each in (found.get("value"), cap.get("cost"))]
    limits = [number(each) for each in (part(found, "limits").get("pause"), cap.get("hard"))]
    return {
        "value": max((each for each in costs if each is not None), default=None),
        "cap": min((each for each in limits if each is not None), default=None),
    }


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
    sized = type(window.get("rows")) is int
    told = [number(each.get("value")) for each in measured if each.get("measure") == "leaks"]
    holds = sized and count(said.get("lines")) >= least and told == [number(said.get("leaks"))]
    return {name: said.get(name) for name in ("lines", "redact", "leaks")} if holds else {}
