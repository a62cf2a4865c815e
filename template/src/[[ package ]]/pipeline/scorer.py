"""A model ready to answer: the same road from inputs to decision for evaluation, batch and serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import artifact, policies, wiring
from .outcome import Refused


@dataclass(frozen=True)
class Scorer:
    """A fitted model, its features and the score from which on the answer is yes."""

    model: Any
    features: tuple[wiring.Feature, ...]
    threshold: float

    @property
    def columns(self) -> tuple[str, ...]:
        """The inputs a row must have."""
        return wiring.columns(self.features)

    def score(self, row: Mapping[str, Any]) -> float:
        """One row's score; a missing input is refused by name."""
        try:
            return float(self.model.predict_proba([wiring.vector(self.features, row)])[0, 1])
        except KeyError as error:
            raise Refused(f"input {error} is missing", "the row to score", f"send {error} as well") from error

    def scores(self, frame: Mapping[str, Any]) -> NDArray[np.float64]:
        """All rows' scores, from columns."""
        return np.asarray(
            self.model.predict_proba(wiring.matrix(self.features, frame))[:, 1], dtype=np.float64
        )

    def taught(self, rows: Mapping[str, Any], answers: Any) -> Scorer:
        """A model of the same kind and parameters, fitted anew on other rows or to another question."""
        from sklearn.base import clone

        model = clone(self.model, safe=False)
        return replace(self, model=model.fit(wiring.matrix(self.features, rows), answers))

    def decide(self, score: float) -> int:
        """1 from the threshold on, else 0."""
        return int(score >= self.threshold)


def load_scorer(folder: Path, trusted: Sequence[str]) -> Scorer:
    """Open a run or a release by its own copies of model, features and configuration."""
    training = policies.load(policies.TrainingPolicy, folder)
    return Scorer(
        model=artifact.load(folder / "model.skops", trusted),
        features=wiring.wire(folder / "features.py", training.features),
        threshold=training.threshold,
    )
