"""Every signal: a number, what chance alone would give, and the level that the policy puts on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from ..pipeline import metrics
from ..pipeline.outcome import Refused
from ..serving.clock import parse
from ..serving.release import Release
from . import stats
from .window import Outcomes, Reference, Window

LEVELS = ("ok", "investigate", "pause", "rollback")
UNKNOWN = "unknown"
WAITING = "waiting"
WHERE = "policy/monitoring.yaml"
NO_SCORE = "no answer has a score"


@dataclass(frozen=True)
class Watched:
    """All that a measure may look at."""

    release: Release
    reference: Reference
    window: Window
    outcomes: Outcomes
    budgets: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class Measured:
    """A value with its chance level; None when it cannot be known, and why."""

    value: float | None
    noise: float = 0.0
    about: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Signal:
    """One judged measure."""

    id: str
    group: str
    measure: str
    value: float | None
    noise: float
    limits: Mapping[str, float]
    level: str
    about: str
    parts: Mapping[str, float]

    @property
    def alarmed(self) -> bool:
        """Whether somebody has to act."""
        return self.level in LEVELS[1:]


def judge(asked: Mapping[str, Any], seen: Watched, least: Mapping[str, int]) -> Signal:
    """Measure one signal of the policy and put it on a level; too few rows make it unknown, never ok."""
    name = str(asked.get("measure"))
    if name not in MEASURES:
        raise Refused(f"no measure `{name}`", WHERE, f"use one of: {', '.join(MEASURES)}")
    group = str(asked["group"])
    short = _too_few(group, seen, {**least, "rows": int(asked.get("min_rows", least["rows"]))})
    found = Measured(None, about=short) if short else MEASURES[name](seen)
    limits = _limits(asked, seen.budgets)
    level = _level(found, limits, str(asked.get("when_unknown", "investigate")))
    return Signal(
        str(asked["id"]), group, name, found.value, found.noise, limits, level, found.about, found.parts
    )


def _limits(asked: Mapping[str, Any], budgets: Mapping[str, Any]) -> dict[str, float]:
    """The levels of a signal; those of cost are the budget's own."""
    if asked.get("limits") == "budgets":
        cap = budgets["per_answer"]
        return {"investigate": float(cap["alert"]), "pause": float(cap["hard"])}
    return {level: float(asked[level]) for level in LEVELS[1:] if asked.get(level) is not None}


def _level(found: Measured, limits: Mapping[str, float], when_unknown: str) -> str:
    if found.value is None:
        return WAITING if when_unknown == "wait" else UNKNOWN
    passed = [level for level, limit in limits.items() if found.value >= limit and found.value >= found.noise]
    return max(passed, key=LEVELS.index, default="ok")


def _too_few(group: str, seen: Watched, least: Mapping[str, int]) -> str:
    if group == "performance":
        rows, wanted, what = seen.outcomes.rows, least["labels"], "labels"
    else:
        rows, wanted, what = len(seen.window.answered), least["rows"], "answers"
    return f"{rows} of {wanted} {what}" if rows < wanted else ""


def _inputs(seen: Watched, distance: Callable[[stats.Values, stats.Values], stats.Distance]) -> Measured:
    """The input that moved furthest beyond its chance level."""
    found = {
        name: distance(seen.reference.columns[name], values) for name, values in seen.window.columns.items()
    }
    if not found:
        return Measured(None, about="every input is redacted")
    worst = max(found, key=lambda name: (found[name].value >= found[name].noise, found[name].value))
    parts = {name: round(each.value, 4) for name, each in found.items()}
    about = worst if found[worst].value > 0 else ""
    return Measured(found[worst].value, found[worst].noise, about, parts)


def _psi(known: stats.Values, now: stats.Values) -> stats.Distance:
    return stats.psi(stats.shares(known, now))


def _shape(known: stats.Values, now: stats.Values) -> stats.Distance:
    if stats.numeric(known):
        return stats.ks(known, now)
    return stats.cramers_v(stats.shares(known, now))


def _nulls(known: stats.Values, now: stats.Values) -> stats.Distance:
    before, after = stats.missing(known), stats.missing(now)
    return stats.Distance(after - before, stats.of_share(before, (len(known), len(now))))


def _novel(known: stats.Values, now: stats.Values) -> stats.Distance:
    """The share of values the reference never had: beyond its range, or of an unknown kind."""
    there, before = stats.present(now), stats.present(known)
    if stats.numeric(known):
        outside = (there < before.min()) | (there > before.max())
    else:
        outside = ~np.isin(there.astype(str), before.astype(str))
    return stats.Distance(float(outside.sum() / len(now)), stats.of_share(0.0, (len(known), len(now))))


def _leaks(seen: Watched) -> Measured:
    """Lines of the capture in which a field stands in clear that the policy says to redact."""
    found = seen.window.sample
    about = f"{', '.join(found.fields)} in clear" if found.leaks else f"{found.lines} lines read"
    return Measured(float(found.leaks), about=about)


def _refused(seen: Watched) -> Measured:
    asked = len(seen.window.refused) + len(seen.window.answered)
    causes: dict[str, float] = {}
    for line in seen.window.refused:
        cause = str(line["error"]).split(";")[0]
        causes[cause] = causes.get(cause, 0) + 1
    worst = max(causes, key=lambda cause: causes[cause], default="")
    return Measured(len(seen.window.refused) / asked, stats.of_share(0.0, (asked, asked)), worst, causes)


def _input_age(seen: Watched) -> Measured:
    pairs = [(line["ts"], line.get("observed_at")) for line in seen.window.answered]
    ages = [(parse(ts) - parse(seen_at)).total_seconds() / 3600 for ts, seen_at in pairs if seen_at]
    if not ages:
        return Measured(None, about="no request said when its inputs were observed (observed_at)")
    return Measured(float(np.quantile(ages, 0.95)), about=f"95 % of {len(ages)} requests are fresher")


def _data_age(seen: Watched) -> Measured:
    if not seen.reference.newest:
        return Measured(None, about="the dataset record does not say how new its newest row is")
    age = (seen.at - parse(seen.reference.newest)).total_seconds() / 86400
    return Measured(age, about=f"newest training row {seen.reference.newest}")


def _score_psi(seen: Watched) -> Measured:
    if not len(seen.window.scores):
        return Measured(None, about=NO_SCORE)
    found = _psi(seen.reference.scores, seen.window.scores)
    return Measured(found.value, found.noise)


def _decisions(seen: Watched) -> Measured:
    if not len(seen.window.scores):
        return Measured(None, about=NO_SCORE)
    scorer = seen.release.scorer
    before, now = (
        float(np.mean([scorer.decide(score) for score in part]))
        for part in (seen.reference.scores, seen.window.scores)
    )
    sizes = (len(seen.reference.scores), len(seen.window.scores))
    return Measured(
        abs(now - before), stats.of_share(before, sizes), f"{before:.1%} → {now:.1%} {seen.release.words[1]}"
    )


def _loss(metric: str, sign: float) -> Callable[[Watched], Measured]:
    """How much worse a metric is on realised outcomes than on the reference rows."""

    def measure(seen: Watched) -> Measured:
        threshold = seen.release.scorer.threshold
        function = metrics.measure(metric)
        before = function(metrics.Judged(seen.reference.answers, seen.reference.scores, threshold))
        realised = metrics.Judged(seen.outcomes.answers, seen.outcomes.scores, threshold)
        now = function(realised)
        if np.isnan(now):
            return Measured(None, about="all outcomes are alike")
        return Measured(sign * (before - now), _wobble(function, realised), f"{before:.3f} → {now:.3f}")

    return measure


def _wobble(function: Callable[[metrics.Judged], float], judged: metrics.Judged) -> float:
    """Two standard errors of a metric, by resampling the outcomes."""
    random = np.random.default_rng(0)
    rows = len(judged.answers)
    drawn = [function(judged.at(random.integers(0, rows, rows))) for _ in range(100)]
    return float(2 * np.nanstd(drawn))


def _calibration(seen: Watched) -> Measured:
    """A calibrated model stays so when only inputs shift; when the relation changes, it does not."""
    gap = float(np.mean(seen.outcomes.answers) - np.mean(seen.outcomes.scores))
    known = float(np.mean(seen.reference.answers) - np.mean(seen.reference.scores))
    spread = float(np.sqrt(np.mean(seen.outcomes.scores * (1 - seen.outcomes.scores)) / seen.outcomes.rows))
    expected, happened = np.mean(seen.outcomes.scores), np.mean(seen.outcomes.answers)
    return Measured(
        abs(gap - known), stats.SURE * spread, f"expected {expected:.1%}, happened {happened:.1%}"
    )


def _latency(seen: Watched) -> Measured:
    times = [line["ms"] for line in seen.window.answered]
    return Measured(float(np.quantile(times, 0.95)), about=f"median {np.median(times):.2f} ms")


def _errors(seen: Watched) -> Measured:
    failed = [line["error"] for line in seen.window.answered if line["error"]]
    return Measured(len(failed) / len(seen.window.answered), about=str(failed[-1]) if failed else "")


def _cost(seen: Watched) -> Measured:
    """Cost of one answer: the endpoint's time and the people who review, spread over the answers."""
    rates, lines = seen.budgets["rates"], seen.window.answered
    reviewed = sum(1 for line in lines if line["decision"] != seen.release.words[1])
    parts = {
        "endpoint": float(rates["endpoint_per_hour"]) * seen.window.hours / len(lines),
        "human review": float(rates["review_per_case"]) * reviewed / len(lines),
        "monitoring": float(rates["monitoring_per_run"]) / len(lines),
    }
    about = f"{seen.budgets['currency']}; {reviewed} of {len(lines)} reviewed"
    return Measured(
        sum(parts.values()), about=about, parts={name: round(each, 4) for name, each in parts.items()}
    )


MEASURES: dict[str, Callable[[Watched], Measured]] = {
    "input_psi": lambda seen: _inputs(seen, _psi),
    "input_shape": lambda seen: _inputs(seen, _shape),
    "nulls": lambda seen: _inputs(seen, _nulls),
    "novel": lambda seen: _inputs(seen, _novel),
    "refused": _refused,
    "leaks": _leaks,
    "input_age_hours": _input_age,
    "data_age_days": _data_age,
    "score_psi": _score_psi,
    "decisions": _decisions,
    "auc_loss": _loss("auc", 1.0),
    "accuracy_loss": _loss("accuracy", 1.0),
    "brier_loss": _loss("brier", -1.0),
    "calibration_gap": _calibration,
    "latency_p95_ms": _latency,
    "errors": _errors,
    "cost_per_answer": _cost,
}
