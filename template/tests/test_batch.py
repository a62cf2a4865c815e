"""A file is scored row by row on the road of a single request; its refusals, lineage and dual run with it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from project import module
from serving_fixtures import Workshop, keys, made_up, workshop

__all__ = ["keys", "workshop"]


@pytest.fixture
def one(workshop: Workshop) -> Workshop:
    workshop.release("1")
    module("pipeline.promote").promote("1")
    return workshop


def write(file: Path, rows: dict[str, Any], **changes: Any) -> Path:
    count = len(rows["debt"])
    table = {"id": range(1, count + 1), "colour": ["red"] * count, **rows, **changes}
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return file


def score(made: Workshop, source: Path) -> tuple[Any, list[dict[str, str]]]:
    target = made.root / "scored.csv"
    outcome = module("serving.batch").score(str(source), str(target))
    with target.open() as stream:
        return outcome, list(csv.DictReader(stream))


def test_every_row_is_answered_and_captured(one: Workshop) -> None:
    rows = made_up(11, 50)
    outcome, written = score(one, write(one.root / "in.csv", rows))
    assert outcome.ok
    assert [each["id"] for each in written] == [str(n) for n in range(1, 51)]
    captured = {line["id"]: line for line in one.lines()}
    assert {each["prediction_id"] for each in written} == captured.keys()
    assert all(captured[each["prediction_id"]]["approval_id"] == ["apr-1-robin"] for each in written)
    direct = module("pipeline.scorer").load_scorer(one.root / "var/releases/1", []).scores(rows)
    assert [float(each["score"]) for each in written] == pytest.approx(list(direct))


def test_rows_outside_the_contract_keep_their_place(one: Workshop) -> None:
    rows = {name: list(values) for name, values in made_up(11, 5).items()}
    rows["income"][2], rows["late"][3], rows["debt"][4] = "", 9, "much"
    outcome, written = score(one, write(one.root / "in.csv", rows))
    assert not outcome.ok
    assert outcome.details["refused"] == 3
    assert [bool(each["error"]) for each in written] == [False, False, True, True, True]
    assert "income: is null" in written[2]["error"]
    assert "late: is not a known value" in written[3]["error"]
    assert "debt: is a str" in written[4]["error"]


def test_the_safe_answer_for_a_whole_file(one: Workshop) -> None:
    module("pipeline.promote").rollback(reason="x", to="fallback")
    _, written = score(one, write(one.root / "in.csv", made_up(11, 3)))
    assert {each["decision"] for each in written} == {"refer"}


def test_a_pointer_that_moves_meanwhile_leaves_no_output(
    one: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = module("serving.batch")
    score_rows = batch.score_rows

    def moved(serving: Any, rows: Any) -> Any:
        module("pipeline.promote").rollback(reason="x", to="fallback")
        return score_rows(serving, rows)

    monkeypatch.setattr(batch, "score_rows", moved)
    with pytest.raises(module("pipeline.outcome").Refused, match="pointer moved"):
        score(one, write(one.root / "in.csv", made_up(11, 3)))
    assert not (one.root / "scored.csv").exists()


def test_a_challenger_is_run_beside_and_its_differences_written(one: Workshop) -> None:
    if module("serving").part("challenger") is None:
        pytest.fail("this test belongs to tiers with staged rollout")
    one.release("2")
    module("pipeline.promote").promote("2", stage="shadow")
    outcome, written = score(one, write(one.root / "in.csv", made_up(11, 200)))
    assert {each["version"] for each in written} == {"1"}
    dual = outcome.details["dual_run"]
    assert dual["rows"] == 200
    with open(dual["file"]) as stream:
        differ = list(csv.DictReader(stream))
    assert len(differ) == dual["differ"]
    assert all(each["decision"] != each["challenger_decision"] for each in differ)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "columns missing"),
        ("id,debt\n1,2\n", "columns missing: income, late"),
        ("debt,income,late\n", "no row"),
    ],
)
def test_files_that_cannot_be_scored(one: Workshop, text: str, match: str) -> None:
    source = one.root / "in.csv"
    source.write_text(text)
    with pytest.raises(module("pipeline.outcome").Refused, match=match):
        score(one, source)


def test_a_file_that_is_not_there(one: Workshop) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="not a CSV"):
        score(one, one.root / "nowhere.csv")


def test_the_input_is_never_overwritten(one: Workshop) -> None:
    source = write(one.root / "in.csv", made_up(11, 3))
    with pytest.raises(module("pipeline.outcome").Refused, match="overwrite"):
        module("serving.batch").score(str(source), str(source))


def test_without_a_release_nothing_is_scored(workshop: Workshop) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no verified release"):
        score(workshop, write(workshop.root / "in.csv", made_up(11, 3)))


def test_the_drill_of_a_project_that_only_scores(one: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    drill = module("serving.drill")
    monkeypatch.setattr(drill, "_mode", lambda: module("serving.rehearse_batch"))
    outcome = drill.drill()
    assert outcome.ok, outcome.lines
    assert outcome.details["to"] == "fallback"
    assert outcome.details["failed_requests"] == 0
    assert outcome.details["requests"] > 20
