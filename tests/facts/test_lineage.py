"""Digests are recomputed, links followed and comparisons redone; a record is never taken at its word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from roadworthy.core.approval.subject import canonical, sha256
from roadworthy.facts.datasets import datasets
from roadworthy.facts.history import History
from roadworthy.facts.lineage import evaluations, runs
from roadworthy.facts.past import Past
from roadworthy.facts.proofs import drills, rebuilds
from roadworthy.facts.records import FOLDERS, Record, Shelf

A, B, C, D = (letter * 64 for letter in "abcd")
COMMIT, RUN_ID = "1" * 40, "20261120T090000Z-ab12cd"
GATES = (
    b"metrics:\n- {id: auc, metric: auc, op: '>=', limit: 0.7}\nfairness: {ratio: {op: '>=', limit: 0.8}}\n"
)
CONTRACT, TRAINING, LOCK = b"columns: {}\n", b"seed: 1\n", b"numpy==2 --hash=sha256:x\n"
SOURCE = {"name": "loans", "rows": 10, "sha256": A, "newest": "2026-11-01"}
SPLITS = {name: {"sha256": digest, "rows": 5} for name, digest in (("train", A), ("test", B))}
MANIFEST = sha256(canonical({"source": SOURCE, "contract_sha256": sha256(CONTRACT), "splits": SPLITS}))

DATASET: dict[str, Any] = {
    "manifest_sha256": MANIFEST,
    "source": SOURCE,
    "contract_sha256": sha256(CONTRACT),
    "splits": {name: {**each, "path": f"var/{name}.csv"} for name, each in SPLITS.items()},
    "overlap_rows": 0,
    "quality": {
        "passed": True,
        "checks": [{"id": "nulls", "passed": True}, {"id": "lateness", "passed": None}],
    },
}
RUN: dict[str, Any] = {
    "run_id": RUN_ID,
    "submitter": {"name": "Dana", "email": "dana@x.example"},
    "code": {"commit": COMMIT, "dirty": False},
    "data": {"manifest_sha256": MANIFEST, "splits": {"train": A, "test": B}},
    "config": {"policy/training.yaml": sha256(TRAINING), "policy/data.yaml": sha256(CONTRACT)},
    "gates_sha256": sha256(GATES),
    "environment": {"lock_sha256": sha256(LOCK)},
    "seed": 1,
    "search": [{"parameters": {}, "score": 1.0}],
    "cost": {"seconds": 90.0, "cpu_seconds": 80.0, "rows": 5, "fits": 1},
    "artifacts": {"model.skops": C, "features.py": D},
}
METRIC = {"value": 0.8, "low": 0.7, "high": 0.9}
EVALUATION: dict[str, Any] = {
    "run_id": RUN_ID,
    "model_sha256": C,
    "gates_sha256": sha256(GATES),
    "data": {"test": B, "challenge": D},
    "candidate": {"auc": METRIC},
    "baseline": {"auc": METRIC},
    "incumbent": None,
    "challenge": {"auc": METRIC},
    "slices": [{"name": "men", "rows": 40}],
    "fairness": {"groups": {"a": 1, "b": 2}, "metrics": {"air": {"value": 0.9}}},
    "checks": [
        {"id": "auc", "metric": "auc", "value": 0.8, "op": ">=", "limit": 0.7, "passed": True},
        {"id": "fairness:ratio", "metric": "air", "value": 0.9, "op": ">=", "limit": 0.8, "passed": True},
        {"id": "slice:men", "metric": "accuracy", "value": None, "op": ">=", "limit": 0.8, "passed": None},
    ],
    "passed": True,
}


def record(kind: str, name: str, value: Mapping[str, Any], at: str = "2026-11-20T09:00:00Z") -> Record:
    path = f"governance/{FOLDERS[kind][0]}/{name}.json"
    base = {"path": path, "schema_ok": True, "added_once": True, "at": at, "age_days": 0.1, "by": ""}
    return Record(kind=kind, path=path, value=value, data=b"", problems=(), base=base)


def shelf(**kinds: list[Record]) -> Shelf:
    whole = {kind: tuple(kinds.get(kind, ())) for kind in FOLDERS}
    return Shelf(kinds=whole, invalid=(), revoked=frozenset(), history=History(available=True))


def changed(value: Mapping[str, Any], path: str, new: Any) -> dict[str, Any]:
    """Return a copy with one dotted field set."""
    name, _, rest = path.partition(".")
    return {**value, name: changed(value[name], rest, new) if rest else new}


PAST = Past(
    available=True,
    known=frozenset({COMMIT}),
    blobs={
        (COMMIT, "policy/gates.yaml"): GATES,
        (COMMIT, "policy/data.yaml"): CONTRACT,
        (COMMIT, "policy/training.yaml"): TRAINING,
        (COMMIT, "requirements/train.txt"): LOCK,
    },
)


def dataset(value: Mapping[str, Any] = DATASET, name: str = MANIFEST[:12]) -> dict[str, Any]:
    known = shelf(datasets=[record("datasets", name, value)], runs=[record("runs", RUN_ID, RUN)])
    return datasets(known, PAST, b"", {RUN_ID})[0]


def run(value: Mapping[str, Any] = RUN, past: Past = PAST, name: str = RUN_ID) -> dict[str, Any]:
    known = shelf(datasets=[record("datasets", MANIFEST[:12], DATASET)], runs=[record("runs", name, value)])
    return runs(known, past, {RUN_ID})[0]


def evaluation(
    value: Mapping[str, Any] = EVALUATION, past: Past = PAST, **more: list[Record]
) -> dict[str, Any]:
    records = {
        "runs": [record("runs", RUN_ID, RUN)],
        "evaluations": [record("evaluations", RUN_ID, value)],
        **more,
    }
    return evaluations(shelf(**records), past, {RUN_ID})[0]


def test_a_true_dataset() -> None:
    found = dataset()
    assert found["digest_ok"]
    assert found["contract_known"] is True
    assert found["released"]
    assert found["splits"] == ["test", "train"]
    assert found["distinct"]
    assert found["quality_passed"]
    assert found["quality_checks"] == ["nulls", "lateness"]


@pytest.mark.parametrize(
    ("path", "value", "fact"),
    [
        ("splits.train.sha256", C, "digest_ok"),
        ("source.rows", 11, "digest_ok"),
        ("contract_sha256", C, "digest_ok"),
        ("contract_sha256", C, "contract_known"),
        ("splits.train.sha256", B, "distinct"),
        ("quality.passed", False, "quality_passed"),
        ("quality.checks", [], "quality_passed"),
        ("quality.checks", [{"id": "nulls", "passed": False}], "quality_passed"),
        ("quality.checks", "all fine", "quality_passed"),
    ],
)
def test_a_false_dataset(path: str, value: Any, fact: str) -> None:
    assert dataset(changed(DATASET, path, value))[fact] is False


def test_no_contract_at_all_is_none_that_a_dataset_can_name() -> None:
    assert dataset({**DATASET, "contract_sha256": sha256(b"")})["contract_known"] is False


def test_a_dataset_that_no_released_run_names_is_a_try() -> None:
    known = shelf(datasets=[record("datasets", MANIFEST[:12], DATASET)], runs=[record("runs", RUN_ID, RUN)])
    assert not datasets(known, PAST, b"", set())[0]["released"]


def test_a_dataset_under_another_name_is_not_that_dataset() -> None:
    assert dataset(name="0" * 12)["digest_ok"] is False


def test_a_true_run() -> None:
    found = run()
    for fact in (
        "commit_known",
        "dataset_known",
        "config_ok",
        "gates_ok",
        "lock_ok",
        "artifacts_ok",
        "has_search",
        "released",
    ):
        assert found[fact] is True, fact
    assert (found["dirty"], found["seed"], found["submitter"]) == (False, 1, "dana@x.example")


@pytest.mark.parametrize(
    ("path", "value", "fact"),
    [
        ("code.commit", "2" * 40, "commit_known"),
        ("code.commit", "2" * 40, "gates_ok"),
        ("data.manifest_sha256", A, "dataset_known"),
        ("data.splits", {"train": C}, "dataset_known"),
        ("data.splits", {}, "dataset_known"),
        ("config", {"policy/training.yaml": A}, "config_ok"),
        ("config", {}, "config_ok"),
        ("gates_sha256", A, "gates_ok"),
        ("environment", {"lock_sha256": A}, "lock_ok"),
        ("artifacts", {"features.py": D}, "artifacts_ok"),
        ("artifacts", {"model.skops": "yes"}, "artifacts_ok"),
        ("search", [], "has_search"),
    ],
)
def test_a_false_run(path: str, value: Any, fact: str) -> None:
    assert run(changed(RUN, path, value))[fact] is False


def test_a_tree_is_clean_only_if_it_says_so() -> None:
    for said in (True, None, "no", 0):
        assert run(changed(RUN, "code.dirty", said))["dirty"] is True


def test_without_history_the_past_is_unknown_and_not_false() -> None:
    blind = Past(available=False, known=frozenset(), blobs={})
    found = run(past=blind)
    assert [found[fact] for fact in ("commit_known", "config_ok", "gates_ok", "lock_ok")] == [None] * 4


def test_a_true_evaluation() -> None:
    found = evaluation()
    facts = (
        "run_known",
        "gates_same",
        "data_same",
        "checks_true",
        "checks_demanded",
        "passed",
        "has_baseline",
    )
    for fact in (*facts, "has_challenge", "has_intervals", "incumbent_ok", "released"):
        assert found[fact] is True, fact
    assert (found["fairness_groups"], found["slices"]) == (2, [{"name": "men", "rows": 40}])


CHECK = EVALUATION["checks"][0]


@pytest.mark.parametrize(
    ("path", "value", "fact"),
    [
        ("model_sha256", A, "run_known"),
        ("run_id", "another", "run_known"),
        ("gates_sha256", A, "gates_same"),
        ("data.test", A, "data_same"),
        ("checks", [{**CHECK, "value": 0.6}], "checks_true"),
        ("checks", [{**CHECK, "value": None}], "checks_true"),
        ("checks", [{**CHECK, "op": "~"}], "checks_true"),
        ("checks", [{**CHECK, "passed": False}], "checks_true"),
        ("checks", [], "checks_true"),
        ("checks", [CHECK], "checks_demanded"),
        ("checks", [{**CHECK, "limit": 0.6}, EVALUATION["checks"][1]], "checks_demanded"),
        ("baseline", {}, "has_baseline"),
        ("baseline", {"f1": METRIC}, "has_baseline"),
        ("challenge", {}, "has_challenge"),
        ("candidate", {"auc": {**METRIC, "low": 0.85}}, "has_intervals"),
        ("candidate", {"auc": {"value": 0.8}}, "has_intervals"),
        ("candidate", {}, "has_intervals"),
        ("incumbent", {"version": "7", "model_sha256": A}, "incumbent_ok"),
        ("passed", "true", "passed"),
    ],
)
def test_a_false_evaluation(path: str, value: Any, fact: str) -> None:
    assert evaluation(changed(EVALUATION, path, value))[fact] is False


def test_it_is_compared_with_what_served_then() -> None:
    served = [record("deployments", "d", {"action": "promote", "version": "3"}, "2026-11-19T09:00:00Z")]
    later = [replace(served[0], base={**served[0].base, "at": "2026-11-21T09:00:00Z"})]
    release = record(
        "releases", "3", {"version": "3", "subject": [{"role": "model", "name": "m", "sha256": A}]}
    )
    named = changed(EVALUATION, "incumbent", {"version": "3", "model_sha256": A})
    assert evaluation(deployments=served)["incumbent_ok"] is False
    assert evaluation(named, deployments=served)["incumbent_ok"] is False
    assert evaluation(named, deployments=served, releases=[release])["incumbent_ok"] is True
    assert evaluation(deployments=later)["incumbent_ok"] is True


def test_rebuilds_and_drills_are_recomputed() -> None:
    subject = [{"role": "model", "name": "m", "sha256": C, "path": "m"}]
    release = record("releases", "1", {"version": "1", "subject": subject, "subject_digest": "sha256:" + A})
    true = {
        "version": "1",
        "original_sha256": C,
        "rebuilt_sha256": C,
        "metrics": {"auc": {"original": 0.8, "rebuilt": 0.8}},
        "tolerance": 0.001,
        "passed": True,
    }

    def rebuilt(**change: Any) -> dict[str, Any]:
        return rebuilds(shelf(releases=[release], rebuilds=[record("rebuilds", "r", {**true, **change})]))[0]

    assert (rebuilt()["equal"], rebuilt()["within"], rebuilt()["original_ok"]) == (True, True, True)
    assert rebuilt(rebuilt_sha256=A, equal=True)["equal"] is False
    assert rebuilt(original_sha256=A)["original_ok"] is False
    assert rebuilt(metrics={})["within"] is False
    assert rebuilt(metrics={"auc": {"original": 0.8, "rebuilt": 0.9}})["within"] is False
    drill = {"subject_digest": "sha256:" + A, "passed": "yes", "seconds": True}
    found = drills(shelf(releases=[release], drills=[record("drills", "d", drill)]))[0]
    assert (found["subject_known"], found["passed"], found["seconds"]) == (True, False, None)


def test_what_a_run_cost_is_about_its_rows_and_its_search() -> None:
    assert run()["minutes"] == 1.5
    for where, new in (("rows", 6), ("fits", 2), ("seconds", 0), ("cpu_seconds", 0), ("seconds", "90")):
        assert run(changed(RUN, f"cost.{where}", new))["minutes"] is None
    assert run(changed(RUN, "cost", None))["minutes"] is None


def _row(name: str, **more: Any) -> dict[str, Any]:
    return {"attribute": "sex", "name": name, "auc": METRIC, "features": {"income": METRIC}, **more}


@pytest.mark.parametrize(
    ("row", "passed", "found"),
    [
        (_row("sex"), True, ["sex"]),
        (_row("sex"), False, ["sex"]),
        (_row("sex"), None, []),
        (_row("age"), True, []),
        (_row("sex", features={}), True, []),
        (_row("sex", features={"income": 0.6}), True, []),
        (_row("sex", auc={"value": 0.8}), True, []),
    ],
)
def test_proxies_count_where_each_and_all_together_were_measured_and_judged(
    row: Mapping[str, Any], passed: bool | None, found: list[str]
) -> None:
    said = {**EVALUATION, "proxies": [row], "checks": [{"id": "proxy:sex", "passed": passed}]}
    assert evaluation(said)["proxies"] == found


def _curve(*windows: tuple[Any, Any]) -> dict[str, Any]:
    rows = [{"age": age, "rows": count, "auc": METRIC} for age, count in windows]
    return {**EVALUATION, "staleness": {"curve": rows}, "checks": [{"id": "staleness"}]}


@pytest.mark.parametrize(
    ("windows", "aged"),
    [
        (((0, 3), (1, 2)), True),
        (((0, 3), (1, 3)), False),
        (((0, 3), (2, 2)), False),
        (((0, 5),), False),
        ((), False),
        (((0, 3), (1, "2")), False),
    ],
)
def test_a_curve_over_age_is_over_all_rows_of_training(windows: tuple[Any, ...], aged: bool) -> None:
    known = [record("datasets", MANIFEST[:12], DATASET)]
    assert evaluation(_curve(*windows), datasets=known)["aged"] is aged
    assert not evaluation({**_curve(*windows), "checks": []}, datasets=known)["aged"]
    assert not evaluation(_curve(*windows))["aged"]


def test_the_newest_release_names_the_latest_evaluation_and_run() -> None:
    first = record("releases", "1", {"run_id": RUN_ID}, "2026-11-20T10:00:00Z")
    second = record("releases", "2", {"run_id": "other"}, "2026-11-21T10:00:00Z")
    assert evaluation(releases=[first])["latest"]
    assert not evaluation(releases=[first, second])["latest"]
    assert not evaluation()["latest"]


def taken(use: str, said: Mapping[str, Any] | None, at: str = "2026-11-20T09:00:00Z") -> dict[str, Any]:
    """Return the facts of a snapshot under a contract of this use, that says it was taken under another."""
    contract = f"use: {use}\n".encode()
    value = {**DATASET, "created_at": at, "contract_sha256": sha256(contract), "source": {"use": said}}
    return datasets(shelf(datasets=[record("datasets", "x", value)]), PAST, contract, set())[0]


UNDER = {"class": "internal", "purpose": "train", "until": "2026-11-20"}


@pytest.mark.parametrize(
    ("use", "said", "at", "held"),
    [
        ("{class: internal, purposes: [train], until: 2026-11-20}", UNDER, "2026-11-20T23:00:00Z", True),
        ("{class: internal, purposes: [train], until: 2026-11-20}", UNDER, "2026-11-21T00:00:00Z", False),
        ("{class: internal, purposes: [train], until: 2026-11-20}", UNDER, "soon", False),
        ("{class: internal, purposes: [infer], until: 2026-11-20}", UNDER, "2026-11-20T23:00:00Z", False),
        ("{class: personal, purposes: [train], until: 2026-11-20}", UNDER, "2026-11-20T23:00:00Z", False),
        ("{class: internal, purposes: [train]}", UNDER, "2026-11-20T23:00:00Z", False),
        ("{class: internal, purposes: [train]}", {**UNDER, "until": None}, "2036-11-20T23:00:00Z", True),
        (
            "{class: internal, purposes: [train], until: soon}",
            {**UNDER, "until": "soon"},
            "2026-11-20",
            False,
        ),
        ("{class: internal, purposes: train, until: 2026-11-20}", UNDER, "2026-11-20T23:00:00Z", False),
        ("anything", UNDER, "2026-11-20T23:00:00Z", False),
        ("{class: internal, purposes: [train], until: 2026-11-20}", None, "2026-11-20T23:00:00Z", False),
    ],
)
def test_a_use_holds_as_its_contract_says_and_no_longer(
    use: str, said: Mapping[str, Any] | None, at: str, held: bool
) -> None:
    assert taken(use, said, at)["use_held"] is held


@pytest.mark.parametrize(
    ("said", "erased"),
    [
        ({"sha256": A, "keys": 4, "dropped": 3}, 3),
        ({"sha256": A, "keys": 0, "dropped": 0}, 0),
        ({"sha256": "all", "keys": 4, "dropped": 3}, None),
        ({"sha256": A, "keys": 2, "dropped": 3}, None),
        ({"sha256": A, "keys": 4, "dropped": -1}, None),
        ({"sha256": A, "keys": True, "dropped": 0}, None),
        (None, None),
    ],
)
def test_an_erasure_is_its_list_and_its_count(said: Any, erased: int | None) -> None:
    assert dataset(changed(DATASET, "source.erased", said))["erased"] == erased


def test_the_newest_release_names_the_latest_data() -> None:
    known = {"datasets": [record("datasets", MANIFEST[:12], DATASET)], "runs": [record("runs", RUN_ID, RUN)]}
    release = record("releases", "1", {"run_id": RUN_ID})
    assert datasets(shelf(**known, releases=[release]), PAST, b"", set())[0]["latest"]
    assert not datasets(shelf(**known), PAST, b"", set())[0]["latest"]
