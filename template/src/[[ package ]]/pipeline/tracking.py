"""MLflow as the picture for people: one tracked run per `train`, one registered version per release.

Nothing that decides reads it: gates, promotion and serving stand on files and digests.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import settings
from .fit import Fitted

_VARIABLE = "MLFLOW_TRACKING_URI"
_LOCAL = "sqlite:///var/mlflow.db"


@contextlib.contextmanager
def tracking() -> Iterator[Any]:
    """MLflow at MLFLOW_TRACKING_URI, or on a database in var/. What it prints is no part of our answer."""
    settings.quiet()
    import mlflow

    asked = os.environ.get(_VARIABLE)
    settings.path("var").mkdir(exist_ok=True)
    try:
        with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(sys.stderr):
            mlflow.set_tracking_uri(asked or f"sqlite:///{settings.path('var', 'mlflow.db')}")
            yield mlflow
    finally:  # set_tracking_uri writes the variable, and the next caller must find what the user set
        _restore(asked)


def log_run(record: dict[str, Any], fitted: Fitted, folder: Path) -> dict[str, str]:
    """Track a run: parameters, metrics, search, digests, code and files; answers where to find it."""
    with tracking() as mlflow:
        experiment = _experiment(mlflow)
        with mlflow.start_run(experiment_id=experiment, run_name=record["run_id"], tags=_tags(record)) as run:
            mlflow.log_params(
                {**fitted.parameters, "seed": record["seed"], "features": ",".join(record["features"])}
            )
            mlflow.log_metrics(fitted.metrics)
            mlflow.log_dict(record, "run.json")
            mlflow.log_artifacts(str(folder), "run")
            mlflow.sklearn.log_model(
                fitted.model, name="model", serialization_format="skops", pip_requirements=_requirements()
            )
    return {"uri": shown(), "experiment": settings.system(), "run_id": str(run.info.run_id)}


def register_version(
    release: dict[str, Any], run: dict[str, Any], evaluation: dict[str, Any]
) -> dict[str, str]:
    """Show a release in the registry, with its evaluation on the run; answers the registry's own version."""
    with tracking() as mlflow:
        client, name, run_id = mlflow.MlflowClient(), settings.system(), run["tracking"]["run_id"]
        with contextlib.suppress(mlflow.exceptions.MlflowException):  # it exists from the second release on
            client.create_registered_model(name)
        found = evaluation["candidate"]
        for metric in sorted(found):
            client.log_metric(run_id, f"test_{metric}", found[metric]["value"])
        tags = {
            "release": release["version"],
            "subject_digest": release["subject_digest"],
            "tier": release["tier"],
        }
        source = f"{client.get_run(run_id).info.artifact_uri}/run"
        version = client.create_model_version(name, source, run_id=run_id, tags=tags)
    return {"name": name, "version": str(version.version)}


def _experiment(mlflow: Any) -> str:
    name, client = settings.system(), mlflow.MlflowClient()
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    local = str(mlflow.get_tracking_uri()).startswith("sqlite:")  # a server keeps its artifacts itself
    folder = settings.path("var", "mlartifacts").as_uri() if local else None
    return str(client.create_experiment(name, artifact_location=folder))


def _tags(record: dict[str, Any]) -> dict[str, str]:
    return {
        "mlflow.source.git.commit": record["code"]["commit"],
        "code.dirty": str(record["code"]["dirty"]).lower(),
        "data.manifest_sha256": record["data"]["manifest_sha256"],
        "environment.lock_sha256": record["environment"]["lock_sha256"],
        "model.sha256": record["artifacts"]["model.skops"],
    }


def _requirements() -> list[str]:
    """Named outright, because inferring them starts a process of its own."""
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in ("scikit-learn", "skops", "numpy")]


def shown() -> str:
    """The address as a record may hold it: no credentials, no folder of this machine."""
    asked = os.environ.get(_VARIABLE)
    if not asked:
        return _LOCAL
    parts = urlsplit(asked)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _restore(asked: str | None) -> None:
    if asked is None:
        os.environ.pop(_VARIABLE, None)
    else:
        os.environ[_VARIABLE] = asked
