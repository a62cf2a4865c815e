"""`monitor`: compare what serves with what was promised, say at which level to act and who is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from ..pipeline import records, settings
from ..pipeline.outcome import Outcome, Refused
from ..pipeline.verdict import bundle
from ..serving import capture, filing, part, release, routes
from ..serving.clock import Clock, clock, parse
from . import diagnose, exposition, page, window
from .signals import LEVELS, UNKNOWN, WHERE, Signal, Watched, judge

evidence = part("evidence", __name__.rpartition(".")[0])  # not in every tier


@dataclass(frozen=True)
class Seen:
    """One finished look: what was watched, what the signals say, and the verdict made of them."""

    watched: Watched
    signals: tuple[Signal, ...]
    verdict: dict[str, Any]


def monitor(as_of: str | None = None) -> Outcome:
    """Judge the release that serves; exit 1 when somebody has to act. Leaves verdict, metrics and a page."""
    judged = clock(as_of)
    policy, budgets = settings.policy("monitoring"), settings.policy("budgets")
    seen = look(policy, budgets, judged)
    if evidence:
        seen.verdict.update(evidence.evidence(seen.watched, seen.signals, budgets, judged))
    record = _keep(seen, policy, judged)
    verdict = seen.verdict
    alarmed = [each for each in seen.signals if each.level not in ("ok", "waiting")]
    lines = [
        f"{verdict['level']}: release {verdict['version']}, {verdict['window']['rows']} answers, "
        f"{verdict['labels_joined']} outcomes",
        *(_line(each) for each in alarmed),
        *(f"{each['kind']} drift: {each['why']}; {each['first']}" for each in verdict["kinds"]),
        *_stopped(verdict),
        *([f"tell: {', '.join(verdict['recipients'])}: {verdict['do']}"] if verdict["recipients"] else []),
        "look: var/monitor/index.html",
    ]
    old = [settings.relative(each) for each in capture.expired(judged.as_of)]
    lines += [f"past retention, to be deleted: {', '.join(old)}"] if old else []
    details = {**verdict, "page": "var/monitor/index.html", "record": record, "past_retention": old}
    return Outcome("monitor", verdict["level"] == "ok", tuple(lines), details)


def look(policy: Mapping[str, Any], budgets: Mapping[str, Any], judged: Clock) -> Seen:
    """Measure and judge every signal of the policy for the release that serves."""
    watched = _watch(policy, budgets, judged)
    least = {name: int(settings.need(policy, f"window.min_{name}", WHERE)) for name in ("rows", "labels")}
    asked = settings.need(policy, "signals", WHERE)
    if not asked:
        raise Refused("no signal is watched", WHERE, f"git checkout -- {WHERE}")
    signals = tuple(judge(each, watched, least) for each in asked)
    return Seen(watched, signals, _verdict(watched, signals, policy, judged))


def _watch(policy: Mapping[str, Any], budgets: Mapping[str, Any], judged: Clock) -> Watched:
    pointer = routes.read()
    if pointer.champion is None:
        raise Refused(
            f"{pointer.live} answers, so no model is there to watch", "var/routes.json", "promote a release"
        )
    live = release.load(pointer.champion, pointer.pinned.get(pointer.champion))
    asked = settings.need(policy, "window", WHERE)
    return Watched(
        release=live,
        reference=window.reference(live, bundle(live.version)),
        window=window.window(live, asked, judged.as_of),
        outcomes=window.outcomes(live, float(asked["outcome_days"]), judged.as_of),
        budgets=budgets,
        at=judged.as_of,
    )


def _verdict(
    watched: Watched, signals: tuple[Signal, ...], policy: Mapping[str, Any], judged: Clock
) -> dict[str, Any]:
    level = overall(signals)
    action = settings.need(policy, f"actions.{level}", WHERE) if level != "ok" else {}
    return {
        "schema": "monitor/v1",
        **judged.said,
        "version": watched.release.version,
        "subject_digest": watched.release.lineage["subject_digest"],
        "level": level,
        "kinds": [asdict(each) for each in diagnose.diagnose(signals)],
        "recipients": list(action.get("recipients", ())),
        "do": action.get("do", ""),
        "window": {
            "from": watched.window.start,
            "to": watched.window.end,
            "rows": len(watched.window.answered),
            "refused": len(watched.window.refused),
            "unreadable": watched.window.unreadable,
        },
        "sample": asdict(watched.window.sample),
        "labels_joined": watched.outcomes.rows,
        "reference": {"path": watched.reference.path, "sha256": watched.reference.sha256},
        "signals": [_plain(each) for each in signals],
    }


def overall(signals: tuple[Signal, ...]) -> str:
    """The highest level of all; what could not be known asks for investigation."""
    levels = ["investigate" if each.level == UNKNOWN else each.level for each in signals]
    return max((each for each in levels if each in LEVELS), key=LEVELS.index, default="investigate")


def _plain(signal: Signal) -> dict[str, Any]:
    value = None if signal.value is None else round(signal.value, 6)
    return {**asdict(signal), "value": value, "noise": round(signal.noise, 6), "alarmed": signal.alarmed}


def _line(signal: Signal) -> str:
    value = "unknown" if signal.value is None else f"{signal.value:.3g}"
    limits = (f"{level} from {limit:g}" for level, limit in signal.limits.items())
    return f"  {signal.level}: {signal.id} = {value} ({'; '.join(filter(None, (signal.about, *limits)))})"


def _stopped(verdict: Mapping[str, Any]) -> list[str]:
    cap = verdict.get("cap") or {}
    return [f"over the hard cap: the safe answer is given, {cap['stopped']}"] if cap.get("stopped") else []


def _keep(seen: Seen, policy: Mapping[str, Any], judged: Clock) -> str | None:
    """Latest verdict, trend, metrics and page under var/; a record in git on alarm and once in a while."""
    folder = settings.path("var", "monitor")
    records.write_atomic(folder / "latest.json", records.dumps(seen.verdict).encode())
    with (folder / "history.jsonl").open("ab") as stream:
        stream.write(records.canonical(_trend(seen.verdict)) + b"\n")
    records.write_atomic(folder / "metrics.prom", exposition.text(seen.verdict, seen.signals).encode())
    records.write_atomic(
        folder / "index.html", page.page(seen.watched, seen.signals, seen.verdict, history()).encode()
    )
    if seen.verdict["level"] == "ok" and not _due(float(policy.get("record_every_days", 1)), judged):
        return None
    return filing.add("monitoring", judged.at, seen.verdict)


def history() -> list[dict[str, Any]]:
    """Every earlier look, oldest first."""
    file = settings.path("var", "monitor", "history.jsonl")
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.is_file() else []


def _trend(verdict: Mapping[str, Any]) -> dict[str, Any]:
    alarmed = {each["id"]: each["level"] for each in verdict["signals"] if each["alarmed"]}
    kept = {key: verdict[key] for key in ("at", "as_of", "version", "level", "labels_joined")}
    return {**kept, "alarmed": alarmed, "kinds": [each["kind"] for each in verdict["kinds"]]}


def _due(days: float, judged: Clock) -> bool:
    files = sorted(settings.path("governance", "monitoring").glob("*.json"))
    if not files:
        return True
    return judged.as_of - parse(records.read_record(files[-1])["as_of"]) >= timedelta(days=days)
