"""Fitting alone: rows and committed configuration in, a folder with the model out. No clock, no tracking.

`train` calls it for a new run and `rebuild` calls it from an old commit, so that both do the same.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import artifact, metrics, settings, wiring
from .dataset import Dataset, recorded
from .outcome import Refused
from .policies import DataPolicy, TrainingPolicy, load

CONFIGURATION = ("policy/training.yaml", "policy/data.yaml", "policy/gates.yaml")


@dataclass(frozen=True)
class Fitted:
    """A fitted model and how it was chosen."""

    model: Any
    parameters: dict[str, Any]
    search: list[dict[str, Any]]
    metrics: dict[str, float]


def fit(dataset: Dataset, folder: Path, held: Callable[[], None] = lambda: None) -> Fitted:
    """Search on validation, keep the best model, and fill the run's folder; `held` may refuse to go on."""
    training, contract = load(TrainingPolicy), load(DataPolicy)
    features = wiring.wire(features_file(), training.features)
    simple = wiring.wire(features_file(), training.baseline)
    wiring.refuse_columns((*features, *simple), contract.protected, contract.columns)
    fitted = _search(training, _numbers(dataset, features, contract.target), held)
    folder.mkdir(parents=True)
    (folder / "model.skops").write_bytes(artifact.dumps(fitted.model))
    shutil.copyfile(features_file(), folder / "features.py")
    (folder / "policy").mkdir()
    for name in CONFIGURATION:
        shutil.copyfile(settings.path(name), folder / name)
    return fitted


def features_file() -> Path:
    """The team's features.py in this project's tree."""
    return settings.path("src", settings.package(), "features.py")


@dataclass(frozen=True)
class _Numbers:
    train: tuple[wiring.Matrix, NDArray[np.int64]]
    validation: tuple[wiring.Matrix, NDArray[np.int64]]


def _numbers(dataset: Dataset, features: tuple[wiring.Feature, ...], target: str) -> _Numbers:
    frames = {name: dataset.rows(name) for name in ("train", "validation")}
    for name, rows in frames.items():
        if rows[target].nunique() < 2:
            told = f"the {name} rows are all alike: `{target}` has {rows[target].nunique()} of its two values"
            raise Refused(told, "policy/data.yaml: splits", "read more rows, or deal this split more of them")
    sides = [(wiring.matrix(features, rows), rows[target].to_numpy()) for rows in frames.values()]
    for inputs, _ in sides:
        if not np.isfinite(inputs).all():
            bad = features[int(np.argmin(np.isfinite(inputs).all(axis=0)))].name
            raise Refused(
                f"feature `{bad}` is not a finite number everywhere", "features.py", f"correct `{bad}`"
            )
    return _Numbers(*sides)


def _search(training: TrainingPolicy, numbers: _Numbers, held: Callable[[], None]) -> Fitted:
    from ..model import build

    tried, best = [], None
    for choice in _choices(training):
        parameters = {**training.parameters, **choice}
        model = build(parameters, training.seed).fit(*numbers.train)
        held()
        score = metrics.log_loss(numbers.validation[1], model.predict_proba(numbers.validation[0])[:, 1])
        tried.append({"parameters": choice, "score": round(score, 10)})
        if best is None or score < best[0]:
            best = (score, model, parameters)
    assert best is not None  # a search without any entry still tries its one empty choice
    return Fitted(best[1], best[2], tried, _measured(best[1], numbers))


def _choices(training: TrainingPolicy) -> Iterator[dict[str, Any]]:
    names = sorted(training.search)
    for values in itertools.product(*(training.search[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def _measured(model: Any, numbers: _Numbers) -> dict[str, float]:
    found: dict[str, float] = {}
    for side in ("train", "validation"):
        inputs, answers = getattr(numbers, side)
        scores = model.predict_proba(inputs)[:, 1]
        found |= {
            f"{side}_auc": metrics.auc(answers, scores),
            f"{side}_log_loss": metrics.log_loss(answers, scores),
        }
    return {name: round(value, 10) for name, value in found.items()}


if __name__ == "__main__":
    fit(recorded(sys.argv[1]), Path(sys.argv[2]))
