"""A run: made from what was committed, told in full, and the same every time."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

import mutations
from conftest import Project
from project import module

NEEDED = {
    "schema", "run_id", "kind", "created_at", "submitter", "code", "data", "config", "gates_sha256",
    "environment", "seed", "parameters", "search", "metrics", "artifacts", "tracking", "cost",
}  # fmt: skip


def newest() -> dict[str, Any]:
    return dict(module("pipeline.evaluate").read_run(None))


def test_the_record_says_what_the_run_stood_on(seen: Project) -> None:
    records, run = module("pipeline.records"), newest()
    assert run.keys() >= NEEDED
    assert run["code"] == {"commit": records.git("rev-parse", "HEAD~1").decode().strip(), "dirty": False}
    assert run["submitter"] == {"name": "Kim Developer", "email": "kim@loans.example"}
    assert run["gates_sha256"] == records.sha256_file(seen.path("policy", "gates.yaml"))
    assert run["data"]["manifest_sha256"] == module("pipeline.dataset").current().manifest
    assert run["environment"]["lock_sha256"] == records.sha256_file(module("pipeline.train").lock_file())
    for name, digest in {**run["artifacts"], **run["config"]}.items():
        assert records.sha256_file(seen.path("var", "runs", run["run_id"], name)) == digest


def test_the_search_is_recorded_and_its_best_is_used(seen: Project) -> None:
    run = newest()
    assert len(run["search"]) > 1
    best = min(run["search"], key=lambda tried: float(tried["score"]))
    assert best["parameters"].items() <= run["parameters"].items()


def test_what_the_run_cost_is_recorded(seen: Project) -> None:
    run, dataset = newest(), module("pipeline.dataset").current()
    assert run["cost"]["rows"] == len(dataset.rows("train"))
    assert run["cost"]["fits"] == len(run["search"])
    assert run["cost"]["seconds"] > 0
    assert run["cost"]["cpu_seconds"] > 0


def test_a_run_longer_than_its_budget_is_stopped_and_leaves_nothing(ran: Project) -> None:
    ran.edit("policy/budgets.yaml", lambda value: value["training"].update(max_minutes=0))
    with pytest.raises(module("pipeline.outcome").Refused, match="the budget allows 0") as refused:
        module("pipeline.train").train()
    assert refused.value.where == "policy/budgets.yaml"
    assert (
        len(list(ran.path("var", "runs").iterdir()))
        == len(list(ran.path("governance", "runs").glob("*.json")))
        == 1
    )


def test_a_second_run_gives_the_same_model_and_tells_of_a_dirty_tree(ran: Project) -> None:
    first = newest()
    ran.path("src", "scratch.py").write_text("# not committed\n")
    second = module("pipeline.records").read_record(_file(ran, module("pipeline.train").train()))
    assert second["artifacts"] == first["artifacts"]
    assert second["code"]["dirty"] is True
    assert second["run_id"] != first["run_id"]


def test_the_tracked_run_shows_the_same(seen: Project) -> None:
    run = newest()
    assert run["tracking"]["uri"] == "sqlite:///var/mlflow.db"
    with module("pipeline.tracking").tracking() as mlflow:
        seen = mlflow.MlflowClient().get_run(run["tracking"]["run_id"]).data
    assert seen.metrics == pytest.approx(run["metrics"])
    assert {name: str(value) for name, value in run["parameters"].items()}.items() <= seen.params.items()
    assert seen.params["seed"] == str(run["seed"])
    assert seen.tags["model.sha256"] == run["artifacts"]["model.skops"]
    assert seen.tags["data.manifest_sha256"] == run["data"]["manifest_sha256"]


def test_what_tracking_prints_is_no_part_of_the_answer(
    seen: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with module("pipeline.tracking").tracking():
        sys.stdout.write("View run at: https://tracking.example\n")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "View run at: https://tracking.example\n")


def test_tracking_calls_nobody_and_leaves_the_environment_alone(seen: Project) -> None:
    with module("pipeline.tracking").tracking() as mlflow:
        assert mlflow.get_tracking_uri().startswith("sqlite:")
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_server_address_is_recorded_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://kim:secret@tracking.example/ml")
    assert module("pipeline.tracking").shown() == "https://tracking.example/ml"


def test_training_without_a_snapshot_is_refused(ran: Project) -> None:
    ran.path("var", "data", "current").unlink()
    with pytest.raises(module("pipeline.outcome").Refused, match="no snapshot"):
        module("pipeline.train").train()


def test_a_feature_that_is_not_a_number_is_refused_by_name(ran: Project) -> None:
    file = ran.path("src", module("").__name__, "features.py")
    policies = module("pipeline.policies")
    column = mutations.readable(policies.load(policies.DataPolicy))
    added = f"\n\ndef nowhere({column}):\n    return {column} * float('nan')\n"
    file.write_text(file.read_text() + added)
    ran.edit("policy/training.yaml", lambda value: value["features"].append("nowhere"))
    with pytest.raises(module("pipeline.outcome").Refused, match="nowhere"):
        module("pipeline.train").train()


def _file(project: Project, outcome: Any) -> Any:
    assert outcome.ok
    return project.path("governance", "runs", f"{outcome.details['run_id']}.json")
