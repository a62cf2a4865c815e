"""Old releases can be made again, from their commit and rows, in a checkout of their own."""

from __future__ import annotations

import pytest

from conftest import Project
from project import module


def test_a_release_is_made_again_although_the_tree_has_moved_on(serving: Project) -> None:
    serving.edit(
        "policy/training.yaml", lambda value: value.update(features=value["features"][:1], threshold=0.9)
    )
    serving.commit()
    outcome = module("pipeline.rebuild").rebuild("1")
    record = outcome.details["record"]
    assert outcome.ok
    assert record["equal"]
    assert record["original_sha256"] == record["rebuilt_sha256"]
    assert record["metrics"]["auc"]["original"] == record["metrics"]["auc"]["rebuilt"]
    assert len(list(serving.path("governance", "rebuilds").glob("*-1.json"))) == 1


def test_a_swapped_release_is_not_proven_by_its_rebuild(serving: Project) -> None:
    dataset, rebuild = module("pipeline.dataset").current(), module("pipeline.rebuild")
    run = module("pipeline.evaluate").read_run(None)
    model = serving.path("var", "releases", "1", "model.skops")
    model.write_bytes(model.read_bytes() + b"\n")
    with pytest.raises(module("pipeline.outcome").Refused, match="not the one of its run"):
        rebuild.compared("1", run, dataset, serving.path("var", "runs", run["run_id"]))


def test_a_release_nobody_can_make_again_is_refused(serving: Project) -> None:
    file = next(serving.path("governance", "runs").glob("*.json"))
    file.write_text(file.read_text().replace('"dirty": false', '"dirty": true'))
    with pytest.raises(module("pipeline.outcome").Refused, match="uncommitted changes"):
        module("pipeline.rebuild").rebuild("1")


def test_an_unknown_release_is_refused(shown: Project) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no such record"):
        module("pipeline.rebuild").rebuild("7")


def test_rows_that_changed_are_refused(serving: Project) -> None:
    record = module("pipeline.dataset").current().record
    file = serving.path(record["splits"]["train"]["path"])
    file.write_text(file.read_text() + "\n")
    with pytest.raises(module("pipeline.outcome").Refused, match="not the recorded ones"):
        module("pipeline.rebuild").rebuild("1")
