"""A release: every byte in one bundle, only from a clean run that passed and that nobody touched."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import yaml

from conftest import Project
from project import module


def register() -> Any:
    return module("pipeline.register").register()


def refused(match: str) -> Any:
    return pytest.raises(module("pipeline.outcome").Refused, match=match)


def test_the_bundle_holds_every_file_of_the_subject(shown: Project) -> None:
    records, verdict = module("pipeline.records"), module("pipeline.verdict")
    release = records.read_record(shown.path("governance", "releases", "1.json"))
    bundle = shown.path("var", "releases", "1")
    for each in release["subject"]:
        assert records.sha256_file(bundle / each["path"]) == each["sha256"]
    assert {each["role"] for each in release["subject"]} >= {
        "model", "features", "data", "thresholds", "config", "eval_report", "card",
    }  # fmt: skip
    assert release["subject_digest"] == verdict.subject_digest(release["subject"])
    assert records.read_record(bundle / "release.json") == release


def test_files_of_the_repository_are_the_committed_ones(shown: Project) -> None:
    records = module("pipeline.records")
    release = records.read_record(shown.path("governance", "releases", "1.json"))
    committed = [each for each in release["subject"] if "/" in each["name"]]
    assert len(committed) >= 6
    for each in committed:
        assert records.sha256_bytes(records.head_bytes(each["name"])) == each["sha256"]


def test_the_registry_shows_the_release(shown: Project) -> None:
    release = module("pipeline.records").read_record(shown.path("governance", "releases", "1.json"))
    with module("pipeline.tracking").tracking() as mlflow:
        (version,) = mlflow.MlflowClient().search_model_versions(f"name='{release['system']}'")
    assert version.tags["release"] == "1"
    assert version.tags["subject_digest"] == release["subject_digest"]


def test_a_run_is_released_once(shown: Project) -> None:
    with refused("is release 1 already"):
        register()


def test_a_later_release_names_its_change_and_its_way_back(serving: Project) -> None:
    serving.edit("policy/training.yaml", lambda value: value.update(seed=value["seed"] + 1, threshold=0.51))
    serving.commit()
    module("pipeline.train").train()
    assert module("pipeline.evaluate").evaluate().ok
    release = register().details["release"]
    assert (release["version"], release["change_type"], release["rollback_to"]) == ("2", "threshold", "1")


def test_a_run_without_evaluation_is_refused(ran: Project) -> None:
    shutil.rmtree(ran.path("governance", "evaluations"))
    with refused("never evaluated"):
        register()


def rewrite(project: Project, folder: str, change: Any) -> None:
    (file,) = project.path("governance", folder).glob("*.json")
    records = module("pipeline.records")
    value = records.read_record(file)
    change(value)
    file.write_text(records.dumps(value))


def test_a_run_that_did_not_pass_is_refused(ran: Project) -> None:
    rewrite(ran, "evaluations", lambda value: value.update(passed=False))
    with refused("did not pass"):
        register()


@pytest.mark.parametrize("key", ["model_sha256", "gates_sha256"])
def test_an_evaluation_of_something_else_is_refused(ran: Project, key: str) -> None:
    rewrite(ran, "evaluations", lambda value: value.update({key: "0" * 64}))
    with refused("of another model"):
        register()


def dirty(value: Any) -> None:
    value["code"]["dirty"] = True


def test_a_dirty_run_is_refused_where_the_policy_says_so(ran: Project) -> None:
    ran.edit("policy/gates.yaml", lambda value: value.update(dirty_tree="refuse"))
    ran.commit()
    ran.path("src", "scratch.py").write_text("# not committed\n")
    module("pipeline.train").train()
    assert module("pipeline.evaluate").evaluate().ok
    with refused("uncommitted changes"):
        register()


def test_a_swapped_model_is_refused(ran: Project) -> None:
    run = module("pipeline.evaluate").read_run(None)
    model = ran.path("var", "runs", run["run_id"], "model.skops")
    model.write_bytes(model.read_bytes() + b"\n")
    with refused("not the file that the run made"):
        register()


def test_loosened_thresholds_are_refused(ran: Project) -> None:
    ran.edit("policy/gates.yaml", lambda value: value.update(min_rows=1))
    with refused("thresholds changed after the run"):
        register()


@pytest.mark.parametrize(("name", "committed"), [("training", True), ("data", True), ("serving", False)])
def test_configuration_that_is_not_the_committed_one_is_refused(
    ran: Project, name: str, committed: bool
) -> None:
    file = ran.path("policy", f"{name}.yaml")
    file.write_text(file.read_text() + "# moved\n")
    if committed:
        ran.commit()
    with refused(f"policy/{name}.yaml is not the committed one"):
        register()


def test_a_project_without_its_generator_still_releases(ran: Project) -> None:
    shutil.rmtree(ran.path(".roadworthy"), ignore_errors=True)
    release = register().details["release"]
    assert release["tier"] == yaml.safe_load(ran.path("policy", "gates.yaml").read_text())["tier"]
    assert "policy_pack" not in {each["role"] for each in release["subject"]}


RECORDS = (("var", "releases"), ("governance", "releases"), ("governance", "cards"))


@pytest.mark.parametrize("before", [(), RECORDS], ids=["first release", "folders of older ones"])
def test_nothing_is_left_behind_by_a_refusal(ran: Project, before: Any) -> None:
    for folder in before:
        ran.path(*folder).mkdir(parents=True, exist_ok=True)
    ran.edit("governance/card.yaml", lambda value: value["purpose"].update(intended_use="TODO"))
    found = everything(ran)
    with refused("waits for its words"):
        register()
    assert everything(ran) == found


def everything(project: Project) -> set[Any]:
    return {file for folder in RECORDS for file in (project.path(*folder), *project.path(*folder).rglob("*"))
            if file.exists()}  # fmt: skip
