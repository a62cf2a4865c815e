"""The card: words where words belong, evidence where numbers belong, and nothing in between."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from conftest import Project
from project import module

CARD = "governance/card.yaml"


def words(project: Project) -> dict[str, Any]:
    return dict(yaml.safe_load(project.path(CARD).read_text("utf-8")))


def refused(value: dict[str, Any], match: str) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match=match):
        module("pipeline.card").check(value)


def test_the_words_of_the_sample_are_accepted(seen: Project) -> None:
    module("pipeline.card").check(words(seen))
    assert len(list(module("pipeline.words").leaves(words(seen)))) > 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "TODO",
        "tbd.",
        "N/A",
        "No impact.",
        "none",
        "...",
        "We will see, todo",
        "By <name here>",
        None,
    ],
)
def test_a_placeholder_is_refused(seen: Project, text: str | None) -> None:
    refused({**words(seen), "purpose": {"intended_use": text}}, "waits for its words")


@pytest.mark.parametrize("number", [0.91, 91, "0.91", "91 %", "> 0,9", "~3"])
def test_a_typed_in_number_is_refused(seen: Project, number: Any) -> None:
    refused({**words(seen), "evaluation": {"discrimination": number}}, "typed in by hand")


@pytest.mark.parametrize("sentence", ["It reaches an AUC of 0.91.", "Right in 91 % of cases."])
def test_a_figure_hidden_in_a_sentence_is_refused(seen: Project, sentence: str) -> None:
    refused({**words(seen), "evaluation": {"metric_rationale": sentence}}, "typed in by hand")


@pytest.mark.parametrize(
    "text", ["Applicants of 1990 in Boston.", "A loan officer reviews each refusal.", "x < y and y > z"]
)
def test_honest_words_pass(seen: Project, text: str) -> None:
    module("pipeline.card").check({"purpose": {"intended_use": text}})


@pytest.mark.parametrize(
    "reference",
    [
        "evidence://evaluations/{run_id}.json#candidate.charm.value",
        "evidence://evaluations/{run_id}.json",
        "evidence://../policy/gates.yaml#tier",
        "https://example.org/metrics.json#auc",
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(seen: Project, reference: str) -> None:
    names = {"run_id": module("pipeline.evaluate").read_run(None)["run_id"]}
    with pytest.raises(module("pipeline.outcome").Refused, match="leads nowhere"):
        module("pipeline.card").resolve(reference, names)


def test_a_reference_to_a_record_that_is_not_there_is_refused(seen: Project) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no such record"):
        module("pipeline.card").resolve("evidence://evaluations/none.json#candidate", {})


def test_the_rendered_card_tells_every_gate_and_figure(shown: Project) -> None:
    (file,) = shown.path("governance", "evaluations").glob("*.json")
    found = module("pipeline.records").read_record(file)
    card = shown.path("governance", "cards", "1.md").read_text("utf-8")
    number = module("pipeline.check").number
    for name, figure in found["candidate"].items():
        assert f"| {name} | {number(figure['value'])} (" in card
    for check in found["checks"]:
        assert f"| {check['id']} |" in card
    assert card.count("| unknown |") == sum(check["passed"] is None for check in found["checks"])
