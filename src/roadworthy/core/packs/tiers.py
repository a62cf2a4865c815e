"""The risk tier: gates, then floors, then score. The rubric is data (`policy/tiers.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from roadworthy.core.values import frozen

PROHIBITED = "prohibited"
WORST_ANSWER = 3

Rubric = Mapping[str, Any]
Answers = Mapping[str, Any]


@frozen
class Line:
    """One question of the rubric, its answer and what that adds to the score."""

    question: str
    ask: str
    answer: int | None
    choice: str
    points: int


@frozen
class Tier:
    """A computed tier, with everything that led to it."""

    name: str
    score: int
    band: str
    lines: tuple[Line, ...]
    floors: tuple[tuple[str, str], ...]
    prohibited: tuple[tuple[str, str], ...]


@frozen
class Explained:
    """A tier, what it obliges to, and the tier that the project's own files say."""

    tier: Tier
    obligations: Mapping[str, Any]
    recorded: str
    rubric_version: int
    source: str


def assess(answers: Answers, rubric: Rubric) -> Tier:
    """Return the tier of `answers`. An unanswered question counts as the worst answer."""
    lines = tuple(_line(name, question, answers.get(name)) for name, question in rubric["questions"].items())
    score = sum(line.points for line in lines)
    band = next(str(name) for name, (low, high) in rubric["bands"].items() if low <= score <= high)
    floors = tuple(_floors(answers, rubric))
    hits = tuple(_prohibited(answers, rubric))
    name = PROHIBITED if hits else highest((band, *(floor for floor, _ in floors)), rubric)
    return Tier(name=name, score=score, band=band, lines=lines, floors=floors, prohibited=hits)


def risk_answers(document: Any) -> dict[str, Any]:
    """Return the answers in a parsed `governance/risk.yaml`; what is no valid answer counts as the worst."""
    said: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    answers = said.get("answers")
    given: Mapping[str, Any] = answers if isinstance(answers, Mapping) else {}
    plain = {name: each.get("answer") if isinstance(each, Mapping) else each for name, each in given.items()}
    valid = {name: each for name, each in plain.items() if type(each) is int and 0 <= each <= WORST_ANSWER}
    named = {key: said[key] for key in ("circumstances", "prohibited") if isinstance(said.get(key), list)}
    return valid | named


def highest(names: Sequence[str], rubric: Rubric) -> str:
    """Return the most severe of some tier names."""
    order: Sequence[str] = rubric["tiers"]
    return max(names, key=order.index)


def obligations(tier: str, rubric: Rubric) -> dict[str, Any]:
    """Return what a tier obliges to; nothing for a prohibited one, which obliges to stop."""
    return dict(rubric["obligations"].get(tier, {}))


def _line(name: str, question: Mapping[str, Any], answer: int | None) -> Line:
    value = WORST_ANSWER if answer is None else answer
    choice = "unanswered, counted as the worst" if answer is None else question["choices"][value]
    return Line(
        question=name, ask=question["ask"], answer=answer, choice=choice, points=question["weight"] * value
    )


def _floors(answers: Answers, rubric: Rubric) -> list[tuple[str, str]]:
    known = rubric["circumstances"]
    named = [known.get(str(name), _strange(name, rubric)) for name in answers.get("circumstances", ())]
    combined = [
        floor
        for floor in rubric["combined_floors"]
        if all(answers.get(name, WORST_ANSWER) == value for name, value in floor["when"].items())
    ]
    return [(floor["floor"], floor["text"]) for floor in (*named, *combined)]


def _prohibited(answers: Answers, rubric: Rubric) -> list[tuple[str, str]]:
    known = rubric["prohibited"]
    strange = {"ref": "Art. 5", "text": "a practice that the rubric does not know, counted as prohibited"}
    named = [known.get(str(name), strange) for name in answers.get("prohibited", ())]
    return [(gate["ref"], gate["text"]) for gate in named]


def _strange(name: Any, rubric: Rubric) -> Mapping[str, str]:
    """A misspelt circumstance must not hide the floor that it was meant to be."""
    worst = [tier for tier in rubric["tiers"] if tier != PROHIBITED][-1]
    return {"floor": worst, "text": f"{str(name)[:40]!r} is no known circumstance, counted as the worst"}
