"""The answers that the template is tried with: every pair of answers, and every tier in every shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from random import Random
from typing import Any

Answers = Mapping[str, Any]
Pair = tuple[tuple[str, int], tuple[str, int]]

PERSON = "solo@loans.example"
FACTORS: Mapping[str, tuple[Any, ...]] = {
    "circumstances": ([], ["outside_people"], ["annex_iii", "special_category"], ["safety_component"]),
    "impact": (0, 1, 2, 3),
    "autonomy": (0, 1, 2, 3),
    "reversibility": (0, 1, 2, 3),
    "regulatory": (0, 1, 2, 3),
    "scale": (0, 1, 2, 3),
    "mode": ("online", "batch"),
    "ci": ("github", "gitlab"),
    "tracking": ("embedded", "server"),
    "sample": (True, False),
    "name": ("credit-decision", "churn", "card-fraud-2"),
    "owner_data": ("data@loans.example", PERSON, "@data-team"),
    "owner_business": ("business@loans.example", PERSON),
    "approver": ("@model-risk", PERSON),
}
# One rubric per tier, in every shape that changes which files arrive.
TIERS: Mapping[str, Answers] = {
    "low": {"impact": 0, "autonomy": 0, "reversibility": 0, "regulatory": 0, "scale": 0, "circumstances": []},
    "moderate": {
        "impact": 1,
        "autonomy": 2,
        "reversibility": 0,
        "regulatory": 1,
        "scale": 1,
        "circumstances": [],
    },
    "high": {
        "impact": 2,
        "autonomy": 3,
        "reversibility": 1,
        "regulatory": 1,
        "scale": 2,
        "circumstances": [],
    },
    "critical": {"impact": 3, "autonomy": 2, "reversibility": 2, "regulatory": 3, "scale": 2},
}

SHAPES = (("online", "github"), ("batch", "gitlab"))


def tier_answers(tier: str, mode: str, ci: str) -> Answers:
    """Answers that compute to this tier, in this mode, for this CI provider."""
    return {**TIERS[tier], "mode": mode, "ci": ci}


def every_tier() -> list[Answers]:
    """Every tier, online with one CI provider and in batch with the other."""
    return [tier_answers(tier, *shape) for tier in TIERS for shape in SHAPES]


def pairwise(factors: Mapping[str, tuple[Any, ...]]) -> list[Answers]:
    """Rows in which every pair of values of two factors occurs; greedy, and always the same rows."""
    missing, chance = set(_pairs(factors)), Random(0)
    rows: list[Answers] = []
    while missing:
        drafts = [_row(factors, missing, min(missing), chance) for _ in range(DRAFTS)]
        best = max(drafts, key=lambda draft: len(missing & _met(draft)))
        missing -= _met(best)
        rows.append({name: factors[name][index] for name, index in best.items()})
    return rows


# So many orders of filling a row are tried; more make fewer rows, and take longer to find them.
DRAFTS = 30


def _pairs(factors: Mapping[str, tuple[Any, ...]]) -> Iterator[Pair]:
    for one, other in combinations(sorted(factors), 2):
        for first, second in product(range(len(factors[one])), range(len(factors[other]))):
            yield (one, first), (other, second)


def _met(row: Mapping[str, int]) -> set[Pair]:
    return set(combinations(sorted(row.items()), 2))


def _row(
    factors: Mapping[str, tuple[Any, ...]], missing: set[Pair], seed: Pair, chance: Random
) -> dict[str, int]:
    row = dict(seed)
    rest = sorted(set(factors) - set(row))
    for name in chance.sample(rest, len(rest)):
        gains = [_gain(row, (name, index), missing) for index in range(len(factors[name]))]
        row[name] = chance.choice([index for index, gain in enumerate(gains) if gain == max(gains)])
    return row


def _gain(row: Mapping[str, int], value: tuple[str, int], missing: set[Pair]) -> int:
    return sum(tuple(sorted((chosen, value))) in missing for chosen in row.items())
