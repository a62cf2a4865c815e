"""Runbooks, model cards, papers of language-model applications: what they say is held against facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from roadworthy.core.approval.subject import sha256
from roadworthy.facts.cards import cards
from roadworthy.facts.llm import dated, llm_facts
from roadworthy.facts.records import Shelf
from roadworthy.facts.runbooks import runbooks
from tests.facts.snapshots import record, shelf, snapshot

RUN = "20261120T090000Z-ab12cd"


CARD = (
    "# Card\n\n## Evaluation\n\n- Discrimination: 0.7812\n\n## Results\n\n"
    "| Metric | Candidate |\n|---|---|\n| auc | 0.7812 (0.74 to 0.82) |\n"
)
EVALUATION = {"run_id": RUN, "candidate": {"auc": {"value": 0.78123, "low": 0.7403, "high": 0.8204}}}
WORDS = {
    "schema": "card/v1",
    "purpose": {"intended_use": "First look at 2 kinds of loans"},
    "evaluation": {"auc": {"ref": "evidence://evaluations/{run_id}.json#candidate.auc.value"}},
    "data": {"rows": {"ref": "evidence://data/{manifest}.json#splits.train.rows"}},
}


def shelf_with_card(text: str) -> Shelf:
    subject = [{"role": "card", "name": "card.md", "sha256": sha256(text.encode())}]
    return shelf(
        releases=[record("releases", "1", {"version": "1", "run_id": RUN, "subject": subject})],
        runs=[record("runs", RUN, {"run_id": RUN, "data": {"manifest_sha256": "c" * 64}})],
        evaluations=[record("evaluations", RUN, EVALUATION)],
        datasets=[
            record("datasets", "c" * 12, {"manifest_sha256": "c" * 64, "splits": {"train": {"rows": 700}}})
        ],
    )


def card_facts(words: Any, text: str = CARD, filed: str = "") -> dict[str, Any]:
    return cards(words, shelf_with_card(text), snapshot({"governance/cards/1.md": filed or text}))


def test_a_card_whose_numbers_are_the_evidence() -> None:
    assert card_facts(WORDS) == {
        "typed_numbers": [],
        "unresolved": [],
        "rendered": [{"version": "1", "digest_ok": True, "numbers_ok": True}],
    }


@pytest.mark.parametrize("value", [0.78, 3, "0.78", " > 95 % ", "78,1%"])
def test_a_typed_number_is_found(value: Any) -> None:
    assert card_facts({**WORDS, "limits": {"accuracy": value}})["typed_numbers"] == ["limits.accuracy"]


def test_a_figure_in_a_sentence_is_found_where_it_speaks_of_the_evaluation() -> None:
    assert card_facts({"evaluation": {"why": "It reaches 78 % of all."}})["typed_numbers"] == [
        "evaluation.why"
    ]
    assert card_facts({"limits": {"why": "It was made in 1996 for 2 tracts."}})["typed_numbers"] == []


@pytest.mark.parametrize(
    "ref",
    [
        "evidence://evaluations/{run_id}.json#candidate.f1.value",
        "evidence://evaluations/none.json#candidate.auc.value",
        "evidence://../../etc/passwd#x",
        "https://example.org/number",
        "evidence://evaluations/{run_id}.json",
    ],
)
def test_a_reference_to_nowhere_is_found(ref: str) -> None:
    assert card_facts({"evaluation": {"auc": {"ref": ref}}})["unresolved"] == ["evaluation.auc"]


@pytest.mark.parametrize("old", ["0.7812 (0.74", "Discrimination: 0.7812"])
def test_a_number_that_the_evidence_does_not_give_is_found(old: str) -> None:
    text = CARD.replace(old, old.replace("0.7812", "0.9812"))
    assert card_facts(WORDS, text)["rendered"] == [{"version": "1", "digest_ok": True, "numbers_ok": False}]


def test_a_card_other_than_the_approved_one_is_found() -> None:
    assert not card_facts(WORDS, CARD, CARD + "\nmore")["rendered"][0]["digest_ok"]
    assert not card_facts(WORDS, "No numbers at all.\n")["rendered"][0]["numbers_ok"]


RUNBOOK = (
    "For sue@x.example and @mia.\n\n| severity | first act |\n|---|---|\n| 1 | stop |\n"
    "| 2 | look |\n| 3 | note |\n\n"
    "4. Report within 15 days (10 after a death,\n   2 for a wide one).\n"
    "5. Write `governance/incidents/<date>.yaml`.\n"
)


def test_a_runbook_in_facts() -> None:
    found = runbooks(snapshot({"governance/runbooks/incident.md": RUNBOOK, "governance/other.md": "x"}))
    assert len(found) == 1
    assert found[0]["contacts"] == ["@mia", "sue@x.example"]
    assert found[0]["severities"] == 3
    assert {2, 10, 15} <= set(found[0]["clocks"])
    assert not found[0]["placeholders"]


@pytest.mark.parametrize("text", ["Call <name here>.", "Severity TBD", "TODO: contacts"])
def test_a_to_do_in_a_runbook_is_found(text: str) -> None:
    assert runbooks(snapshot({"governance/runbooks/a.md": text}))[0]["placeholders"]


def test_severities_count_up_from_one() -> None:
    text = "| 2 | x |\n| 3 | y |\n| 4 | z |\n"
    assert runbooks(snapshot({"governance/runbooks/a.md": text}))[0]["severities"] == 0


@pytest.mark.parametrize(
    "model",
    [
        "m-2026-01-02",
        "m-20260102",
        "claude-x-4-20250514",
        "gpt-0613",
        "m@v1.2.3",
        "anthropic.m-20250514-v1:0",
    ],
)
def test_a_dated_model(model: str) -> None:
    assert dated(model)


@pytest.mark.parametrize("model", ["m-latest", "gpt-4", "m", "m-stable", "m-preview-2026-01-02", "m-v2", ""])
def test_a_floating_alias(model: str) -> None:
    assert not dated(model)


PROMPT = "You are a clerk."
DOCUMENTS: dict[str, Any] = {
    "prompts": {
        "value": {"entries": [{"path": "prompts/s.md", "role": "system", "sha256": sha256(PROMPT.encode())}]}
    },
    "vendors": {
        "value": {
            "models": [
                {"model": "m-2026-01-02", "fallback": "n-2026-01-02", "retires_on": "2026-12-20"},
                {"model": "n-2026-01-02", "fallback": "safe-answer"},
                {"model": "o-latest", "fallback": "o-latest"},
            ]
        }
    },
}
SUITE = {
    "run_id": RUN,
    "passed": True,
    "suite": {
        "model": "m-2026-01-02",
        "judge": "j-2026-01-02",
        "repeats": 3,
        "groundedness": 0.9,
        "cases": [{"passed": True, "human": True}, {"passed": False}, {"passed": "yes"}],
        "safety": [{"category": "leakage", "passed": True}, {"category": "jailbreak"}],
        "prompts": [{"path": "prompts/s.md", "sha256": sha256(PROMPT.encode())}],
    },
}


def test_the_papers_of_an_application() -> None:
    files = {"prompts/s.md": PROMPT, "prompts/extra.md": "x", "prompts/manifest.yaml": "x"}
    found = llm_facts(
        DOCUMENTS,
        shelf(evaluations=[record("evaluations", RUN, SUITE)]),
        snapshot(files),
        lambda moment: -30.0 if moment else None,
    )
    assert found["prompts"] == [{"path": "prompts/s.md", "role": "system", "digest_ok": True}]
    assert found["unlisted"] == ["prompts/extra.md"]
    assert [(m["dated"], m["retires_in_days"], m["fallback_known"]) for m in found["models"]] == [
        (True, 30.0, True),
        (True, None, True),
        (False, None, False),
    ]
    suite = found["suites"][0]
    assert (suite["cases"], suite["human_labels"], suite["safety_cases"], suite["safety_failures"]) == (
        2,
        1,
        1,
        1,
    )
    assert suite["prompts_same"]
    assert suite["model_known"]
    assert suite["safety"] == ["leakage"]


def test_an_edited_prompt_is_found() -> None:
    found = llm_facts(DOCUMENTS, shelf(), snapshot({"prompts/s.md": PROMPT + "!"}), lambda _: None)
    assert not found["prompts"][0]["digest_ok"]
    assert found["suites"] == []


def test_odd_shapes_are_survived() -> None:
    odd = replace(
        record("evaluations", RUN, {}), value={"suite": {"cases": 3, "safety": [1], "prompts": "x"}}
    )
    papers = {"prompts": {"value": {"entries": 3}}, "vendors": {"value": {"models": [1, {"retires_on": 3}]}}}
    found = llm_facts(papers, shelf(evaluations=[odd]), snapshot({}), lambda _: None)
    assert found["suites"][0]["cases"] == 0
    assert len(found["models"]) == 1
    assert cards({"a": [1, {"b": None}]}, shelf(), snapshot({}))["typed_numbers"] == ["a.0"]
