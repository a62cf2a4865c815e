"""Staged rollout: what a challenger must have shown before it acts, counted from the captured predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..pipeline import settings
from ..pipeline.outcome import Refused
from . import capture
from .clock import Clock, parse
from .history import Entry
from .routes import Routes


@dataclass(frozen=True)
class Evidence:
    """What one stage has seen. `acted` counts answers that people got from the challenger."""

    since: str
    days: float
    samples: int
    errors: int
    disagreements: int
    acted: int


def enter(
    stage: str,
    percent: int | None,
    version: str,
    before: Routes,
    entries: Sequence[Entry],
    judged: Clock,
) -> tuple[Routes, dict[str, Any] | None]:
    """The pointer with this challenger in shadow or canary; a canary needs a finished shadow."""
    _beside(stage, version, before)
    if stage == "shadow":
        return replace(before, challenger=version, shadow=True, canary_percent=0), None
    policy = settings.policy("rollout")
    evidence = {"shadow": _shadow(version, entries, judged)}
    _demand(version, _shadow_short(policy, evidence["shadow"]))
    share = (
        percent
        if percent is not None
        else int(settings.need(policy, "canary.percent", "policy/rollout.yaml"))
    )
    if not 0 < share < 100:
        raise Refused(f"a canary of {share} %", "--percent or policy/rollout.yaml", "name 1 to 99")
    return replace(before, challenger=version, shadow=False, canary_percent=share), _plain(evidence)


def passed(version: str, entries: Sequence[Entry], judged: Clock) -> dict[str, Any]:
    """The stage report of a challenger that may now answer alone; Refused names all that is missing."""
    policy = settings.policy("rollout")
    evidence = {"shadow": _shadow(version, entries, judged), "canary": _canary(version, entries, judged)}
    missing = _shadow_short(policy, evidence["shadow"]) + _canary_short(policy, evidence["canary"])
    _demand(version, missing)
    return _plain(evidence)


def _beside(stage: str, version: str, before: Routes) -> None:
    if before.live == "nothing" or (stage == "canary" and before.champion is None):
        raise Refused(
            f"no release serves that {version} could run beside",
            "var/routes.json",
            f"promote {version} --stage {'shadow' if before.fallback else 'full'}",
        )
    if version == before.champion:
        raise Refused(f"release {version} serves already", "var/routes.json", "nothing to do")


def _demand(version: str, missing: list[str]) -> None:
    if missing:
        raise Refused(
            f"release {version} has not shown enough: " + "; ".join(missing),
            "policy/rollout.yaml",
            f"promote {version} --stage shadow, let it see requests, then --stage canary",
        )


def _shadow_short(policy: Mapping[str, Any], seen: Evidence | None) -> list[str]:
    wanted = settings.need(policy, "shadow", "policy/rollout.yaml")
    days, samples = float(wanted["min_days"]), int(wanted["min_samples"])
    if days <= 0 and samples <= 0:
        return []
    if seen is None:
        return [f"shadow: {days:g} days and {samples} samples wanted, none seen"]
    short = [f"shadow: {seen.days:.1f} of {days:g} days"] if seen.days < days else []
    short += [f"shadow: answered {seen.acted} requests while it must not act"] if seen.acted else []
    return short + _quality("shadow", wanted, seen)


def _canary_short(policy: Mapping[str, Any], seen: Evidence | None) -> list[str]:
    wanted = settings.need(policy, "canary", "policy/rollout.yaml")
    if int(wanted["percent"]) <= 0:
        return []
    if seen is None:
        return [f"canary: {wanted['min_samples']} samples wanted, none seen"]
    return _quality("canary", wanted, seen)


def _quality(stage: str, wanted: Mapping[str, Any], seen: Evidence) -> list[str]:
    short = []
    if seen.samples < int(wanted["min_samples"]):
        short.append(f"{stage}: {seen.samples} of {wanted['min_samples']} samples")
    if seen.errors > float(wanted["max_error_rate"]) * max(seen.samples, 1):
        short.append(f"{stage}: {seen.errors} errors in {seen.samples} samples")
    if seen.disagreements > float(wanted.get("max_disagreement", 1)) * max(seen.samples, 1):
        short.append(f"{stage}: {seen.disagreements} of {seen.samples} decisions differ from the champion's")
    return short


def _shadow(version: str, entries: Sequence[Entry], judged: Clock) -> Evidence | None:
    entered = _entered("shadow", version, entries)
    if entered is None:
        return None
    left = _entered("canary", version, entries)
    lines = list(_captured(entered, left))
    beside = [line["shadow"] for line in lines if (line.get("shadow") or {}).get("version") == version]
    champion = [line["decision"] for line in lines if (line.get("shadow") or {}).get("version") == version]
    return Evidence(
        since=entered["as_of"],
        days=_days(entered["as_of"], left["as_of"] if left else judged.as_of.isoformat()),
        samples=len(beside),
        errors=sum(1 for each in beside if each.get("error")),
        disagreements=sum(1 for a, b in zip(beside, champion, strict=True) if a.get("decision") != b),
        acted=sum(1 for line in lines if line.get("version") == version),
    )


def _canary(version: str, entries: Sequence[Entry], judged: Clock) -> Evidence | None:
    entered = _entered("canary", version, entries)
    if entered is None:
        return None
    answered = [line for line in _captured(entered, None) if line.get("version") == version]
    errors = sum(1 for line in answered if line.get("error"))
    days = _days(entered["as_of"], judged.as_of.isoformat())
    return Evidence(entered["as_of"], days, len(answered), errors, 0, len(answered))


def _entered(stage: str, version: str, entries: Sequence[Entry]) -> Entry | None:
    """Where this challenger entered the stage, in its latest unbroken time as the challenger."""
    found = None
    for entry in reversed(entries):
        if entry["routes"]["challenger"] != version:
            break
        if entry["action"] == stage:
            found = entry
    return found


def _captured(since: Entry, until: Entry | None) -> Iterator[Mapping[str, Any]]:
    for line in capture.lines(since["ts"]):
        if until is None or line["ts"] < until["ts"]:
            yield line


def _days(start: str, end: str) -> float:
    return (parse(end) - parse(start)).total_seconds() / 86400


def _plain(evidence: Mapping[str, Evidence | None]) -> dict[str, Any]:
    return {stage: asdict(seen) if seen else None for stage, seen in evidence.items()}
