"""Every answer is one whole line with its lineage, and what the policy redacts is never written."""

from __future__ import annotations

import json
import threading

import pytest

from project import module
from serving_fixtures import Workshop, keys, workshop
from serving_samples import INPUTS, SERVING

__all__ = ["keys", "workshop"]
FIELDS = {
    "id", "ts", "route", "score", "decision", "inputs", "ms", "model", "version", "approval_id", "code_rev",
    "data_sha256", "env_sha256", "model_sha256", "subject_digest", "shadow",
}  # fmt: skip


def answerer(made: Workshop):
    """An answerer over the live release, as server and batch build it."""
    live = module("serving.live").Live()
    live.refresh()
    return live, module("serving.answer").Answerer(module("serving.capture").capture(), "refer")


def ask(made: Workshop, **extra):
    live, answers = answerer(made)
    asked = module("serving.request").read(json.dumps({"inputs": INPUTS, **extra}).encode())
    return answers.answer(live.serving, asked)


@pytest.fixture
def one(workshop: Workshop) -> Workshop:
    workshop.release("1")
    module("pipeline.promote").promote("1")
    return workshop


def test_an_answer_carries_its_whole_lineage(one: Workshop) -> None:
    ask(one, id="case-1")
    (line,) = one.lines()
    assert line.keys() >= FIELDS
    assert line["id"] == "case-1"
    assert line["inputs"] == INPUTS
    assert line["approval_id"] == ["apr-1-robin"]
    assert line["code_rev"] == "c" * 40
    assert line["env_sha256"] == "e" * 64
    model = (one.root / "var/releases/1/model.skops").read_bytes()
    assert line["model_sha256"] == module("pipeline.records").sha256_bytes(model)
    assert line["subject_digest"] == one.read("governance/releases/1.json")["subject_digest"]
    assert line["model"] == "sample-system"


def test_a_fallback_answer_is_captured_without_lineage_it_does_not_have(one: Workshop) -> None:
    module("pipeline.promote").rollback(reason="x", to="fallback")
    ask(one)
    (line,) = one.lines()
    assert line["route"] == "fallback"
    assert line["version"] is None
    assert line["decision"] == "refer"


def test_redacted_fields_are_never_written(one: Workshop) -> None:
    one.policy("serving", SERVING.replace("redact: []", "redact: [income]"))
    ask(one)
    (line,) = one.lines()
    assert line["inputs"] == {**INPUTS, "income": "redacted"}
    assert str(INPUTS["income"]) not in next((one.root / "var/predictions").iterdir()).read_text()


def test_lines_of_several_writers_stay_whole(one: Workshop) -> None:
    capture = module("serving.capture")
    line = {"id": "x", "ts": "2026-11-20T00:00:00.000000Z", "inputs": {"text": "y" * 2000}}

    def write() -> None:
        mine = capture.capture()
        for _ in range(50):
            mine.write(line)
        mine.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file = one.root / "var/predictions/20261120.jsonl"
    assert [json.loads(each)["id"] for each in file.read_text().splitlines()] == ["x"] * 200


def test_a_line_cut_by_a_crash_is_passed_over(one: Workshop) -> None:
    ask(one, id="case-1")
    file = next((one.root / "var/predictions").iterdir())
    file.write_bytes(file.read_bytes() + b'{"id": "case-2", "ts"')
    assert [each["id"] for each in one.lines()] == ["case-1"]


def test_a_new_day_is_a_new_file_and_old_ones_are_named(one: Workshop) -> None:
    from datetime import UTC, datetime

    capture = module("serving.capture")
    mine = capture.capture()
    for day in ("2026-09-01", "2026-11-19", "2026-11-20"):
        mine.write({"id": day, "ts": f"{day}T12:00:00.000000Z", "inputs": {}})
    assert [each["id"] for each in capture.lines("2026-11-19")] == ["2026-11-19", "2026-11-20"]
    old = capture.expired(datetime(2026, 11, 20, tzinfo=UTC))
    assert [each.name for each in old] == ["20260901.jsonl"]
