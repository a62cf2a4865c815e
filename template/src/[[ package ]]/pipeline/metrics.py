"""Measures of a binary decision, in plain numpy so that five hundred resamples cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .outcome import Refused
from .policies import Bootstrap

Answers = NDArray[np.int64]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """What a model said about rows whose answers are known."""

    answers: Answers
    scores: Scores
    threshold: float

    @property
    def decisions(self) -> Answers:
        """1 from the threshold on."""
        return (self.scores >= self.threshold).astype(np.int64)

    def at(self, rows: Any) -> Judged:
        """The same on some of the rows."""
        return Judged(self.answers[rows], self.scores[rows], self.threshold)


@dataclass(frozen=True)
class Interval:
    """A figure with its bootstrap interval; nan where the rows cannot tell."""

    value: float
    low: float
    high: float

    def record(self) -> dict[str, float | None]:
        """The interval as records hold it: rounded, and null instead of nan."""
        return {name: None if np.isnan(each) else round(each, 6) for name, each in asdict(self).items()}


def auc(answers: Answers, scores: Scores) -> float:
    """Chance that a yes is ranked above a no; ties count half, one class alone is nan."""
    values, places = np.unique(scores, return_inverse=True)
    yes = np.bincount(places, weights=answers, minlength=len(values))
    no = np.bincount(places, minlength=len(values)) - yes
    if not yes.sum() or not no.sum():
        return float("nan")
    return float((yes * (np.cumsum(no) - no / 2)).sum() / (yes.sum() * no.sum()))


def log_loss(answers: Answers, scores: Scores) -> float:
    """Mean negative log-likelihood."""
    safe = np.clip(scores, 1e-12, 1 - 1e-12)
    return float(-np.mean(np.where(answers == 1, np.log(safe), np.log(1 - safe))))


def share(part: Any) -> float:
    """Mean of a boolean array; nan of an empty one."""
    return float(np.mean(part)) if len(part) else float("nan")


METRICS: dict[str, Callable[[Judged], float]] = {
    "auc": lambda judged: auc(judged.answers, judged.scores),
    "brier": lambda judged: share((judged.scores - judged.answers) ** 2),
    "accuracy": lambda judged: share(judged.decisions == judged.answers),
    "sensitivity": lambda judged: share(judged.decisions[judged.answers == 1] == 1),
    "specificity": lambda judged: share(judged.decisions[judged.answers == 0] == 0),
    "selection_rate": lambda judged: share(judged.decisions == 1),
}


LOWER_IS_BETTER = frozenset({"brier"})


def lead(name: str, ours: Judged, theirs: Judged) -> float:
    """By how much ours is better in this metric; below zero it is worse."""
    gap = measure(name)(ours) - measure(name)(theirs)
    return -gap if name in LOWER_IS_BETTER else gap


def measure(name: str) -> Callable[[Judged], float]:
    """The metric of this name; an unknown one is refused."""
    if name not in METRICS:
        raise Refused(f"no metric `{name}`", "policy/gates.yaml", f"use one of: {', '.join(METRICS)}")
    return METRICS[name]


def resamples(rows: int, bootstrap: Bootstrap) -> NDArray[np.int64]:
    """The same resamples of row numbers for every figure, so that differences are paired."""
    return np.random.default_rng(bootstrap.seed).integers(0, rows, size=(bootstrap.samples, rows))


def interval(value: float, drawn: list[float], bootstrap: Bootstrap) -> Interval:
    """The middle of what the resamples gave."""
    known = [each for each in drawn if not np.isnan(each)]
    if not known:
        return Interval(value, float("nan"), float("nan"))
    tail = (1 - bootstrap.level) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def with_interval(function: Callable[[Judged], float], judged: Judged, bootstrap: Bootstrap) -> Interval:
    """A metric and its interval on these rows."""
    drawn = [function(judged.at(rows)) for rows in resamples(len(judged.answers), bootstrap)]
    return interval(function(judged), drawn, bootstrap)
