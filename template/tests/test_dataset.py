"""Snapshots and splits: named by digest, disjoint, stable, and refused when somebody touched them."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import DATA_FOLDERS, Project, link_data
from mutations import unused
from project import module

LEARNING = ("train", "validation", "test", "challenge")


def policy() -> Any:
    policies = module("pipeline.policies")
    return policies.load(policies.DataPolicy)


def dealt(rows: Any) -> dict[str, Any]:
    return dict(module("pipeline.splits").deal(rows, policy()))


def test_no_row_is_on_two_sides(seen: Project, rows: Any) -> None:
    splits, key = dealt(rows), policy().key
    assert all(len(splits[name]) for name in LEARNING)
    for left, right in combinations(LEARNING, 2):
        assert not set(splits[left][key]) & set(splits[right][key])
    assert sum(len(splits[name]) for name in LEARNING) == len(rows)


def test_reference_is_what_the_model_was_not_fitted_on(seen: Project, rows: Any) -> None:
    splits, key = dealt(rows), policy().key
    assert set(splits["reference"][key]) == set(splits["validation"][key]) | set(splits["test"][key])


def test_new_rows_do_not_move_old_ones(seen: Project, rows: Any) -> None:
    key, before, after = policy().key, dealt(rows.head(len(rows) // 2)), dealt(rows)
    for name in LEARNING:
        assert set(before[name][key]) <= set(after[name][key])


def test_challenge_rows_are_hard(seen: Project, rows: Any) -> None:
    hard, rules = dealt(rows)["challenge"], policy().splits.hard
    assert rules
    assert all(any(row[rule.column] > rule.above for rule in rules) for _, row in hard.iterrows())


@pytest.mark.parametrize("how", ["key", "content"])
def test_overlap_is_refused(seen: Project, rows: Any, how: str) -> None:
    splits, contract = dealt(rows), policy()
    stray = splits["test"].head(1)
    if how == "content":
        stray = stray.assign(**{contract.key: unused(rows, contract, 1)})
    splits["train"] = type(rows)([*splits["train"].to_dict("records"), *stray.to_dict("records")])
    with pytest.raises(module("pipeline.outcome").Refused, match="more than one split"):
        module("pipeline.splits").refuse_overlap(splits, contract)


def test_the_record_names_what_is_on_disk(seen: Project) -> None:
    records, dataset = module("pipeline.records"), module("pipeline.dataset").current()
    record = dataset.record
    assert record["quality"]["passed"] is True
    for name, split in record["splits"].items():
        assert records.sha256_file(seen.path(split["path"])) == split["sha256"]
        assert len(dataset.rows(name)) == split["rows"]
    splits = {
        name: {key: split[key] for key in ("sha256", "rows")} for name, split in record["splits"].items()
    }
    whole = {"source": record["source"], "contract_sha256": record["contract_sha256"], "splits": splits}
    assert records.sha256_bytes(records.canonical(whole)) == dataset.manifest


def test_the_same_rows_are_the_same_snapshot(ran: Project, rows: Any) -> None:
    prepare = module("pipeline.dataset").prepare
    assert prepare(rows).details["manifest_sha256"] == prepare(rows).details["manifest_sha256"]
    assert len(list(ran.path("governance", "data").glob("*.json"))) == 1


def test_an_edited_snapshot_is_refused(ran: Project) -> None:
    dataset = module("pipeline.dataset").current()
    file = ran.path(dataset.record["splits"]["test"]["path"])
    file.write_text(file.read_text().replace("1", "0", 1))
    with pytest.raises(module("pipeline.outcome").Refused, match="not the recorded ones"):
        dataset.rows("test")


def test_rows_that_may_not_train_a_model_are_refused(ran: Project, rows: Any) -> None:
    ran.edit("policy/data.yaml", lambda contract: contract["use"].update(purposes=["infer", "monitor"]))
    with pytest.raises(module("pipeline.outcome").Refused, match="may not be used for training"):
        module("pipeline.dataset").prepare(rows)


YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


@pytest.mark.parametrize("verb", ["dataset.data", "train.train"])
def test_a_use_that_is_over_is_refused_before_anything_is_read(
    ran: Project, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, function = verb.split(".")
    monkeypatch.setattr(module("pipeline.dataset"), "_loaded", lambda: pytest.fail("it was read"))
    ran.edit("policy/data.yaml", lambda contract: contract["use"].update(until=YESTERDAY.isoformat()))
    with pytest.raises(module("pipeline.outcome").Refused, match="may not be used since"):
        getattr(module(f"pipeline.{name}"), function)()


def test_a_target_of_more_than_two_values_is_refused(ran: Project, rows: Any) -> None:
    name = policy().target
    ran.edit("policy/data.yaml", lambda value: value["columns"].update({name: {"type": "integer"}}))
    many = rows.assign(**{name: [place % 3 for place in range(len(rows))]})
    with pytest.raises(module("pipeline.outcome").Refused, match="holds 2, and a target is 0 or 1"):
        module("pipeline.dataset").prepare(many)


def test_rows_that_are_all_alike_teach_nothing(seen: Project, rows: Any) -> None:
    name = policy().target
    alike = SimpleNamespace(rows=lambda split: rows.assign(**{name: 1}))
    with pytest.raises(module("pipeline.outcome").Refused, match="the train rows are all alike"):
        module("pipeline.fit")._numbers(alike, (), name)


def test_a_use_that_ends_today_still_holds(ran: Project, rows: Any) -> None:
    today = datetime.now(UTC).date().isoformat()
    ran.edit("policy/data.yaml", lambda contract: contract["use"].update(until=today))
    assert module("pipeline.dataset").prepare(rows).ok
    said = module("pipeline.dataset").current().record["source"]["use"]
    assert said == {"class": policy().use.class_, "purpose": "train", "until": today}


@pytest.mark.parametrize(("tier", "refused"), [("low", True), ("moderate", False)])
def test_special_categories_need_more_than_the_lowest_tier(
    ran: Project, monkeypatch: pytest.MonkeyPatch, tier: str, refused: bool
) -> None:
    ran.edit("policy/data.yaml", lambda contract: contract["use"].update({"class": "special-category"}))
    monkeypatch.setattr(module("pipeline.settings"), "tier", lambda: tier)
    refusal = pytest.raises(module("pipeline.outcome").Refused, match="special categories")
    with refusal if refused else nullcontext():
        module("pipeline.dataset").permitted(policy())


def test_rows_on_the_erasure_list_are_in_no_snapshot(serving: Project, rows: Any) -> None:
    """The list is recorded by its digest; the release that knew such a row is named."""
    dataset, key = module("pipeline.dataset"), policy().key
    keys = [str(each) for each in rows[key].tail(3)]
    serving.path("var", "erasure.txt").write_text("\n".join([*keys, "", "nobody"]))
    serving.edit("policy/data.yaml", lambda contract: contract["use"].update(erasure_list="var/erasure.txt"))
    outcome, record = dataset.prepare(rows), dataset.current().record
    assert any("releases that knew some: 1" in line for line in outcome.lines)
    digest = module("pipeline.records").sha256_file(serving.path("var", "erasure.txt"))
    assert record["source"]["erased"] == {"sha256": digest, "keys": 4, "dropped": 3, "affected": ["1"]}
    for name in LEARNING:
        assert not set(dataset.current().rows(name)[key].astype(str)) & set(keys)


def test_an_erasure_list_that_is_not_there_is_refused(ran: Project, rows: Any) -> None:
    ran.edit("policy/data.yaml", lambda contract: contract["use"].update(erasure_list="var/nowhere.txt"))
    with pytest.raises(module("pipeline.outcome").Refused, match="cannot be read"):
        module("pipeline.dataset").prepare(rows)


def test_rows_come_back_as_they_were(seen: Project, rows: Any) -> None:
    dataset, key = module("pipeline.dataset").current(), policy().key
    kept = dataset.rows("train").set_index(key)
    given = rows.set_index(key).loc[kept.index, kept.columns]
    assert given.equals(kept)


def test_texts_come_back_as_they_were(ran: Project, rows: Any) -> None:
    """Training must see the words that serving will be sent, also those that look like something else."""
    words = ["007", "1e3", "NA", "null", "True", 'a "b", c', "Öko"]
    ran.edit("policy/data.yaml", lambda value: value["columns"].update(word={"type": "string", "nulls": 0.5}))
    column = [None if place % 5 == 0 else words[place % len(words)] for place in range(len(rows))]
    dataset, contract, sent = module("pipeline.dataset"), policy(), rows.assign(word=column)
    assert dataset.prepare(sent).ok
    kept = dataset.current().rows("train").set_index(contract.key)["word"]
    given = sent.set_index(contract.key).loc[kept.index, "word"]
    assert set(kept.dropna()) == set(words)
    assert kept.fillna("").tolist() == given.fillna("").tolist()


def test_rows_are_kept_in_the_order_they_happened(ran: Project, rows: Any) -> None:
    """Staleness is read from that order, whatever order `load` gives."""
    contract, dataset = policy(), module("pipeline.dataset")
    happened = [f"2020-{1 + place % 12:02}-01" for place in range(len(rows))]
    late = {"event": "happened_on", "max_delay_days": 36500}
    ran.edit("policy/data.yaml", lambda value: value["time"].update(late))
    assert dataset.prepare(rows.assign(happened_on=happened)).ok
    order = dict(zip(rows[contract.key], happened, strict=True))
    kept = [order[key] for key in dataset.current().rows("train")[contract.key]]
    assert kept == sorted(kept)


def test_files_that_load_reads_are_in_the_copy_without_being_copied(tmp_path: Path) -> None:
    for name in DATA_FOLDERS:
        (tmp_path / "here" / name / "2026").mkdir(parents=True)
        (tmp_path / "here" / name / "2026" / "export.csv").write_text("key\n1\n")
    link_data(tmp_path / "here", tmp_path / "there")
    for name in DATA_FOLDERS:
        folder = tmp_path / "there" / name / "2026"
        assert (folder / "export.csv").read_text() == "key\n1\n"
        assert (folder / "export.csv").is_symlink()
        (folder / "later.csv").write_text("key\n2\n")
        assert not (tmp_path / "here" / name / "2026" / "later.csv").exists()
