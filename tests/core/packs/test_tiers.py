"""The rubric: its vectors, its gates and floors, and that no worse answer ever lowers a tier."""

from __future__ import annotations

import json
from itertools import pairwise, product
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.adapters.policy import read_policy
from roadworthy.core.packs.tiers import PROHIBITED, assess, highest, obligations, risk_answers

RUBRIC: dict[str, Any] = yaml.safe_load(read_policy(None)["tiers.yaml"])
QUESTIONS = ("impact", "autonomy", "reversibility", "regulatory", "scale")
VECTORS = [
    ("revenue forecast", "1,0,1,0,0", 5, "low"),
    ("internal RAG Q&A", "1,0,0,1,0", 5, "low"),
    ("churn", "1,2,0,1,1", 10, "moderate"),
    ("recommender", "1,3,0,1,3", 14, "moderate"),
    ("support chatbot, answers only", "1,3,1,1,2", 15, "moderate"),
    ("refund agent", "2,3,1,1,2", 18, "high"),
    ("card-fraud block", "2,3,1,2,3", 21, "high"),
    ("CV screening with recruiter", "3,1,2,3,1", 22, "high"),
    ("credit decision", "3,2,2,3,2", 25, "critical"),
    ("sepsis alert", "3,1,3,3,1", 24, "critical"),
]
ANSWERS = st.fixed_dictionaries(
    {name: st.integers(0, 3) for name in QUESTIONS},
    optional={"circumstances": st.lists(st.sampled_from(list(RUBRIC["circumstances"])), unique=True)},
)


def _answers(row: str) -> dict[str, Any]:
    return dict(zip(QUESTIONS, (int(number) for number in row.split(",")), strict=True))


@pytest.mark.parametrize(("name", "row", "score", "tier"), VECTORS, ids=[vector[0] for vector in VECTORS])
def test_vector(name: str, row: str, score: int, tier: str) -> None:
    found = assess(_answers(row), RUBRIC)
    assert (found.score, found.name) == (score, tier)


def test_emotion_scoring_of_agents_is_prohibited() -> None:
    found = assess({**_answers("1,0,0,0,0"), "prohibited": ["emotion_at_work"]}, RUBRIC)
    assert found.name == PROHIBITED
    assert found.prohibited[0][0] == "Art. 5(1)(f)"


def test_there_are_ten_prohibited_gates_and_each_ends_it() -> None:
    assert len(RUBRIC["prohibited"]) == 10
    for gate in RUBRIC["prohibited"]:
        assert assess({**_answers("0,0,0,0,0"), "prohibited": [gate]}, RUBRIC).name == PROHIBITED


@pytest.mark.parametrize("circumstance", RUBRIC["circumstances"])
def test_each_circumstance_lifts_to_its_floor(circumstance: str) -> None:
    found = assess({**_answers("0,0,0,0,0"), "circumstances": [circumstance]}, RUBRIC)
    assert found.name == RUBRIC["circumstances"][circumstance]["floor"] != "low"


def test_the_worst_harm_that_is_final_is_critical() -> None:
    assert assess(_answers("3,0,3,0,0"), RUBRIC).name == "critical"
    assert assess(_answers("3,0,2,0,0"), RUBRIC).name == "moderate"


def test_an_unanswered_question_counts_as_the_worst() -> None:
    assert assess({}, RUBRIC).score == 30
    assert all(line.answer is None for line in assess({}, RUBRIC).lines)


@pytest.mark.parametrize("name", ["annexiii", "", {"annex_iii": True}, ["annex_iii"], None, 7])
def test_an_unknown_circumstance_hides_no_floor(name: Any) -> None:
    assert assess({**_answers("0,0,0,0,0"), "circumstances": [name]}, RUBRIC).name == "critical"


@pytest.mark.parametrize("name", ["socialscoring", "", ["social_scoring"], None])
def test_an_unknown_practice_is_prohibited(name: Any) -> None:
    assert assess({**_answers("0,0,0,0,0"), "prohibited": [name]}, RUBRIC).name == PROHIBITED


@given(ANSWERS, st.sampled_from(QUESTIONS))
def test_raising_one_answer_never_lowers_the_tier(answers: dict[str, Any], question: str) -> None:
    if answers[question] < 3:
        worse = {**answers, question: answers[question] + 1}
        order = RUBRIC["tiers"].index
        assert order(assess(worse, RUBRIC).name) >= order(assess(answers, RUBRIC).name)


@given(ANSWERS, st.sampled_from(list(RUBRIC["circumstances"])))
def test_one_more_circumstance_never_lowers_the_tier(answers: dict[str, Any], circumstance: str) -> None:
    worse = {**answers, "circumstances": [*answers.get("circumstances", ()), circumstance]}
    order = RUBRIC["tiers"].index
    assert order(assess(worse, RUBRIC).name) >= order(assess(answers, RUBRIC).name)


def test_every_score_has_one_band() -> None:
    scores = {
        assess(dict(zip(QUESTIONS, row, strict=True)), RUBRIC).score for row in product(range(4), repeat=5)
    }
    assert scores == set(range(31))
    for score in scores:
        assert sum(low <= score <= high for low, high in RUBRIC["bands"].values()) == 1


def test_a_higher_tier_never_obliges_to_less() -> None:
    tiers = [tier for tier in RUBRIC["tiers"] if tier != PROHIBITED]
    less = ("approvals", "log_retention_days", "shadow_days", "canary_percent")
    more = (
        "approval_days",
        "review_days",
        "rollback_seconds",
        "drill_days",
        "rebuild_days",
        "monitoring_hours",
    )
    for lower, higher in pairwise(tiers):
        was, now = obligations(lower, RUBRIC), obligations(higher, RUBRIC)
        assert all(now[name] >= was[name] for name in less)
        assert all(now[name] <= was[name] for name in (*more, "acknowledge_hours", "waiver_days"))
        assert was.keys() == now.keys()


def test_a_prohibited_tier_obliges_to_nothing_but_stopping() -> None:
    assert obligations(PROHIBITED, RUBRIC) == {}
    assert highest(["low", PROHIBITED, "critical"], RUBRIC) == PROHIBITED


@pytest.mark.parametrize(
    "text", ["[]", "3", '{"answers": []}', '{"answers": {"impact": "3"}}', '{"answers": {"impact": 9}}']
)
def test_nonsense_in_the_risk_record_counts_as_the_worst(text: str) -> None:
    assert assess(risk_answers(json.loads(text)), RUBRIC).score == 30
