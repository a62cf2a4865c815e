"""The model. Your file: an unfitted scikit-learn estimator, and how a score becomes a decision.

Anything with `fit` and `predict_proba` will do. It is kept with skops, which opens only types it knows;
name others (HistGradientBoosting needs one) under `trusted_types` in policy/serving.yaml.
"""

from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def build(parameters: dict[str, Any], seed: int) -> Any:
    """A fresh estimator; `parameters` come from policy/training.yaml, with one choice of its search."""
    return make_pipeline(StandardScaler(), LogisticRegression(random_state=seed, **parameters))
