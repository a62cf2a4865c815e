"""`retrain`: which trigger of policy/retraining.yaml fired, with its numbers. No calendar decides."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ..pipeline import records, settings
from ..pipeline.outcome import Outcome, Refused
from ..pipeline.verdict import bundle
from ..serving import history, routes
from ..serving.clock import Clock, clock, parse
from . import run, window

WHERE = "policy/retraining.yaml"


@dataclass(frozen=True)
class Trigger:
    """One trigger: what was wanted, what was found, and whether that is enough."""

    id: str
    fired: bool
    found: str
    wanted: str


@dataclass(frozen=True)
class Known:
    """What the triggers look at: earlier looks at this release, and when it was made."""

    looks: Sequence[Mapping[str, Any]]
    made: datetime
    at: datetime


def retrain(as_of: str | None = None) -> Outcome:
    """Say whether retraining is due and why; exit 0 either way. The retrained model passes the same gates."""
    judged, policy = clock(as_of), settings.policy("retraining")
    known = _known(judged)
    asked = settings.need(policy, "triggers", WHERE)
    if not asked:
        raise Refused("no trigger is watched", WHERE, f"git checkout -- {WHERE}")
    triggers = [_trigger(each, known) for each in asked]
    fired = [each for each in triggers if each.fired]
    waiting = _cooling(float(settings.need(policy, "cool_down_days", WHERE)), known)
    broken = _broken_feed(known)
    due = bool(fired) and not waiting and not broken
    lines = [_sentence(due, fired, waiting or broken), *(_line(each) for each in triggers)]
    details = {
        **judged.said,
        "due": due,
        "fired": [asdict(each) for each in fired],
        "held_back": waiting or broken,
        "triggers": [asdict(each) for each in triggers],
    }
    records.write_atomic(settings.path("var", "monitor", "retrain.json"), records.dumps(details).encode())
    return Outcome("retrain", True, tuple(lines), details)


def _known(judged: Clock) -> Known:
    version = routes.read().champion or _answered_last()
    if version is None:
        raise Refused("no release to replace", "var/routes.json", "promote a release")
    looks = [
        each for each in run.history() if each["version"] == version and parse(each["as_of"]) <= judged.as_of
    ]
    made = parse(records.read_record(bundle(version) / "release.json")["created_at"])
    return Known(looks, made, judged.as_of)


def _answered_last() -> str | None:
    """Behind the safe answer it is the release that was taken out whose looks count."""
    entries = reversed(history.read())
    return next((each["version"] for each in entries if each["action"] in ("promote", "rollback")), None)


def _trigger(asked: Mapping[str, Any], known: Known) -> Trigger:
    kind = str(asked.get("kind"))
    if kind not in TRIGGERS:
        raise Refused(f"no trigger of kind `{kind}`", WHERE, f"use one of: {', '.join(TRIGGERS)}")
    return TRIGGERS[kind](asked, known)


def _drift(asked: Mapping[str, Any], known: Known) -> Trigger:
    """So many of the last so many looks said that these signals moved: one bad hour is not a reason."""
    needed, of = int(asked["windows"]), int(asked["of"])
    watched = set(asked["signals"])
    hits = [each for each in known.looks[-of:] if watched & each["alarmed"].keys()]
    named = sorted({name for each in hits for name in watched & each["alarmed"].keys()})
    found = f"{len(hits)} of the last {min(of, len(known.looks))} looks" + (
        f": {', '.join(named)}" if named else ""
    )
    return Trigger(str(asked["id"]), len(hits) >= needed, found, f"{needed} of {of} looks")


def _labels(asked: Mapping[str, Any], known: Known) -> Trigger:
    """Enough new outcomes to learn from that the release has not seen."""
    rows = int(asked["rows"])
    new = sum(1 for when, _ in window.labels(known.at).values() if known.made < when)
    return Trigger(str(asked["id"]), new >= rows, f"{new} outcomes since the release", f"{rows} outcomes")


def _feedback(asked: Mapping[str, Any], known: Known) -> Trigger:
    """Enough people overruled or contested an answer."""
    since = max(known.made, known.at - timedelta(days=float(asked["days"])))
    said = sum(1 for when in _feedback_times() if since < when <= known.at)
    rows = int(asked["rows"])
    return Trigger(
        str(asked["id"]), said >= rows, f"{said} in {asked['days']} days", f"{rows} overrules or complaints"
    )


TRIGGERS: dict[str, Callable[[Mapping[str, Any], Known], Trigger]] = {
    "drift": _drift,
    "performance": _drift,
    "labels": _labels,
    "feedback": _feedback,
}


def _cooling(days: float, known: Known) -> str:
    left = known.made + timedelta(days=days) - known.at
    return f"cool-down: the release is younger than {days:g} days" if left > timedelta(0) else ""


def _broken_feed(known: Known) -> str:
    """A broken feed is mended, not learned from."""
    if known.looks and "pipeline" in known.looks[-1]["kinds"]:
        return "the last look found pipeline drift: mend the feed first"
    return ""


def _feedback_times() -> list[datetime]:
    """Times in var/feedback/*.jsonl: one line per overrule or complaint, {"id", "at", "kind"}."""
    files = sorted(settings.path("var", "feedback").glob("*.jsonl"))
    return [
        _said_at(line, f"{settings.relative(file)}, line {number}")
        for file in files
        for number, line in enumerate(file.read_bytes().splitlines(), 1)
        if line.strip()
    ]


def _said_at(line: bytes, where: str) -> datetime:
    try:
        return parse(json.loads(line)["at"])
    except (KeyError, TypeError, ValueError, Refused) as error:
        raise Refused(
            "not feedback", where, 'write {"id": ..., "at": ..., "kind": ...} on one line'
        ) from error


def _sentence(due: bool, fired: Sequence[Trigger], held_back: str) -> str:
    names = ", ".join(each.id for each in fired)
    if due:
        return f"retrain: {names}; then `pipeline`, `register` and the same gates as ever"
    return f"not now: {names} fired, but {held_back}" if fired else "not now: no trigger fired"


def _line(trigger: Trigger) -> str:
    return (
        f"  {'fired' if trigger.fired else 'quiet'}: {trigger.id}: {trigger.found} (wanted {trigger.wanted})"
    )
