"""Whom a candidate is measured against: a one-feature model, and the release that really serves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from . import records, settings, wiring
from .metrics import Judged
from .outcome import Refused
from .policies import DataPolicy, TrainingPolicy, load
from .scorer import Scorer, load_scorer
from .train import run_folder

_COMPARED = ("model.skops", "features.py", "policy/training.yaml")


@dataclass(frozen=True)
class Evidence:
    """What a candidate said: itself, its word on the test rows, those, the hard ones, what taught it."""

    scorer: Scorer
    candidate: Judged
    rows: pd.DataFrame
    hard: pd.DataFrame
    train: pd.DataFrame


@dataclass(frozen=True)
class Incumbent:
    """The champion of var/routes.json, opened from its own bundle."""

    version: str
    model_sha256: str
    scorer: Scorer


def trusted() -> tuple[str, ...]:
    """Types that the policy lets a model hold, beyond those skops knows to be safe."""
    return tuple(settings.policy("serving").get("trusted_types") or ())


def judged(scorer: Scorer, rows: pd.DataFrame, target: str) -> Judged:
    """A scorer's word on rows whose answers are known; rows without a column it reads are refused."""
    try:
        scores = scorer.scores(rows)
    except KeyError as error:
        raise Refused(
            f"the model reads the column {error}, which the rows lack",
            "policy/data.yaml",
            f"keep {error} there",
        ) from error
    return Judged(rows[target].to_numpy(), scores, scorer.threshold)


def baseline(run_id: str, train: pd.DataFrame, rows: pd.DataFrame) -> Judged:
    """What the simple model of training.yaml says, fitted on the same training rows."""
    from sklearn.linear_model import LogisticRegression

    folder, target = run_folder(run_id), load(DataPolicy).target
    training = load(TrainingPolicy, folder)
    features = wiring.wire(folder / "features.py", training.baseline)
    model = LogisticRegression().fit(wiring.matrix(features, train), train[target])
    return judged(Scorer(model, features, training.threshold), rows, target)


def incumbent(run_id: str) -> Incumbent | None:
    """The release that answers now, or nothing; the candidate itself is refused as its own rival."""
    version = champion()
    if version is None:
        return None
    release = records.read_record(settings.path("governance", "releases", f"{version}.json"))
    folder = settings.path("var", "releases", version)
    if not _differ(folder, run_folder(run_id)):
        raise Refused(
            f"release {version} serves this very model: a comparison with itself proves nothing",
            f"var/releases/{version}",
            "change rows or configuration, then run `data` and `train` again",
        )
    model = records.sha256_file(folder / "model.skops")
    if model != next(each["sha256"] for each in release["subject"] if each["role"] == "model"):
        raise Refused(
            f"release {version} is not what was released", f"var/releases/{version}", "restore the bundle"
        )
    return Incumbent(version, model, load_scorer(folder, trusted()))


def champion() -> str | None:
    """The version that var/routes.json lets answer."""
    file = settings.path("var", "routes.json")
    version: Any = records.read_record(file).get("champion") if file.is_file() else None
    return str(version) if version is not None else None


def _differ(left: Path, right: Path) -> bool:
    """Whether two folders differ in anything that makes an answer."""
    return any(records.sha256_file(left / name) != records.sha256_file(right / name) for name in _COMPARED)
