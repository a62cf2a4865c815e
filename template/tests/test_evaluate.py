"""Gates: thresholds from before the run, rivals that are real, and no unknown that counts as a pass."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import Project
from project import module


def evaluate(run_id: str | None = None) -> Any:
    return module("pipeline.evaluate").evaluate(run_id)


def retrained(project: Project, change: Any) -> Any:
    """Commit a change of the training policy and train with it."""
    project.edit("policy/training.yaml", change)
    project.commit()
    module("pipeline.train").train()
    return evaluate()


def failing(outcome: Any) -> set[str]:
    return {check["id"] for check in outcome.details["report"]["checks"] if check["passed"] is False}


def report(project: Project) -> dict[str, Any]:
    records = module("pipeline.records")
    (found,) = [
        records.read_record(file) for file in project.path("governance", "evaluations").glob("*.json")
    ]
    return dict(found)


def test_the_report_holds_the_whole_comparison(seen: Project) -> None:
    found, run = report(seen), module("pipeline.evaluate").read_run(None)
    assert found["passed"] is True
    assert found["model_sha256"] == run["artifacts"]["model.skops"]
    assert found["gates_sha256"] == run["gates_sha256"]
    assert found["data"] == {name: run["data"]["splits"][name] for name in ("test", "challenge")}
    assert found["incumbent"] is None
    for figure in found["candidate"].values():
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert {"beats-baseline"} <= {check["id"] for check in found["checks"]}


def test_the_same_run_gets_the_same_figures(ran: Project) -> None:
    before = report(ran)
    ran.path("governance", "evaluations", f"{before['run_id']}.json").unlink()
    after = evaluate().details["report"]
    assert {**after, "created_at": ""} == {**before, "created_at": ""}


def test_a_verdict_is_not_overwritten(ran: Project) -> None:
    ran.edit("policy/serving.yaml", lambda value: value)
    file = ran.path("governance", "evaluations", f"{report(ran)['run_id']}.json")
    file.write_text(file.read_text().replace('"passed": true', '"passed": false'))
    with pytest.raises(module("pipeline.outcome").Refused, match="add-only"):
        evaluate()


def test_a_model_no_better_than_the_baseline_is_refused(ran: Project) -> None:
    outcome = retrained(ran, lambda value: value.update(features=value["baseline"]))
    assert not outcome.ok
    assert "beats-baseline" in failing(outcome)
    assert "refused by" in outcome.lines[-1]


def test_a_model_worse_than_the_one_that_serves_is_refused(serving: Project) -> None:
    outcome = retrained(serving, lambda value: value.update(features=value["features"][-1:]))
    assert not outcome.ok
    assert "keeps-up-with-incumbent" in failing(outcome)
    assert outcome.details["report"]["incumbent"]["version"] == "1"


def test_an_incumbent_that_serves_is_measured_on_the_same_rows(serving: Project) -> None:
    outcome = retrained(serving, lambda value: value.update(features=value["features"][:-1]))
    rival, release = (
        outcome.details["report"]["incumbent"],
        module("pipeline.records").read_records("releases")[0],
    )
    model = next(each["sha256"] for each in release["subject"] if each["role"] == "model")
    assert rival["model_sha256"] == model
    first = module("pipeline.records").read_record(
        serving.path("governance", "evaluations", f"{release['run_id']}.json")
    )
    assert rival["metrics"] == first["candidate"]


def test_a_comparison_with_itself_is_refused(serving: Project) -> None:
    module("pipeline.train").train()
    with pytest.raises(module("pipeline.outcome").Refused, match="comparison with itself"):
        evaluate()


def test_an_incumbent_that_was_swapped_is_refused(serving: Project) -> None:
    retrain = serving.path("var", "releases", "1", "model.skops")
    retrain.write_bytes(retrain.read_bytes() + b" ")
    with pytest.raises(module("pipeline.outcome").Refused, match="not what was released"):
        retrained(serving, lambda value: value.update(features=value["features"][:-1]))


def loosen(value: Any) -> None:
    value["metrics"][0]["limit"] = 0.0


@pytest.mark.parametrize("committed", [False, True])
def test_thresholds_that_changed_after_the_run_are_refused(ran: Project, committed: bool) -> None:
    ran.edit("policy/gates.yaml", loosen)
    if committed:
        ran.commit()
    with pytest.raises(module("pipeline.outcome").Refused, match="thresholds changed after the run"):
        evaluate()


def test_thresholds_that_were_never_committed_are_refused(ran: Project) -> None:
    ran.edit("policy/gates.yaml", loosen)
    module("pipeline.train").train()
    with pytest.raises(module("pipeline.outcome").Refused, match="never committed"):
        evaluate()


@pytest.mark.parametrize("name", ["model.skops", "features.py", "policy/training.yaml", "policy/gates.yaml"])
def test_a_swapped_file_is_refused(ran: Project, name: str) -> None:
    file = ran.path("var", "runs", report(ran)["run_id"], *name.split("/"))
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(module("pipeline.outcome").Refused, match="not the file that the run made"):
        evaluate()


def test_another_model_under_the_run_is_refused(ran: Project) -> None:
    """A real model, and a better one perhaps, but not the one of the record."""
    first = report(ran)["run_id"]
    ran.edit("policy/training.yaml", lambda value: value.update(features=value["features"][:-1]))
    other = module("pipeline.train").train().details["run_id"]
    shutil.copyfile(
        ran.path("var", "runs", other, "model.skops"), ran.path("var", "runs", first, "model.skops")
    )
    with pytest.raises(module("pipeline.outcome").Refused, match=r"model\.skops is not the file"):
        evaluate(first)


def test_a_missing_run_is_refused(seen: Project) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no such record"):
        evaluate("20200101T000000Z-000000")


@pytest.mark.parametrize(
    ("value", "passed"), [(0.7, True), (0.9, True), (0.69, False), (None, None), (float("nan"), None)]
)
def test_an_unknown_value_is_neither_yes_nor_no(value: float | None, passed: bool | None) -> None:
    check = module("pipeline.check").judge("ranking", "auc", value, ">=", 0.7)
    assert check.passed is passed
    assert bool(module("pipeline.evaluate").blocking([check])) is (passed is not True)


def test_an_unknown_metric_is_refused(seen: Project) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no metric"):
        module("pipeline.metrics").measure("happiness")


FURTHER = ("slices", "fairness", "challenge", "proxies", "staleness")


def test_what_the_policy_does_not_ask_for_is_not_reported(ran: Project) -> None:
    def light(value: Any) -> None:
        for key in FURTHER:
            value.pop(key, None)

    ran.edit("policy/gates.yaml", light)
    ran.commit()
    module("pipeline.train").train()
    outcome = evaluate()
    assert outcome.ok
    assert not set(FURTHER) & outcome.details["report"].keys()


def test_a_gate_whose_module_is_not_here_is_refused() -> None:
    """A lighter tier comes without some modules; gates.yaml may not count on them then."""
    with pytest.raises(module("pipeline.outcome").Refused, match="without the module for `horoscope`"):
        module("pipeline.evaluate").further("horoscope")


LIMIT = {"op": ">=", "limit": 0.5}
UNLISTED = {
    "slices.columns": {"slices": {"columns": ["nowhere"], "metric": "accuracy", **LIMIT}},
    "fairness.groups.some": {
        "fairness": {
            "attribute": "person",
            "groups": {"some": ["nowhere"], "others": ["nowhere"]},
            "adverse_impact_ratio": LIMIT,
            "equal_opportunity_difference": LIMIT,
        }
    },
    "challenge.directions": {
        "challenge": {"metric": "auc", **LIMIT, "directions": [{"column": "nowhere", "add": 1}]}
    },
}


@pytest.mark.parametrize("key", UNLISTED)
def test_a_gate_on_a_column_outside_the_contract_is_refused_by_name(ran: Project, key: str) -> None:
    ran.edit("policy/gates.yaml", lambda value: value.update(UNLISTED[key]))
    policies = module("pipeline.policies")
    with pytest.raises(module("pipeline.outcome").Refused, match=f"`{key}` names `nowhere`") as told:
        policies.load(policies.GatesPolicy)
    assert told.value.where == str(ran.path("policy", "gates.yaml"))
    assert "policy/data.yaml" in told.value.repair


def test_too_few_test_rows_are_unknown_and_block() -> None:
    evaluate, judge = module("pipeline.evaluate"), module("pipeline.check").judge
    gates = SimpleNamespace(min_rows=30)
    found = [judge("ranking", "auc", 1.0, ">=", 0.7)]
    for rows, passed in ((30, True), (29, None)):
        case = SimpleNamespace(evidence=SimpleNamespace(rows=range(rows)), gates=gates)
        known = evaluate._known(case, found)
        assert [each.passed for each in known] == [passed]
        assert bool(evaluate.blocking(known)) is (passed is None)
