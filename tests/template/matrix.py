"""The answers that the template is tried with: every pair of answers, and every tier in every shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
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


def tier_answers(tier: str, mode: str, ci: str) -> Answers:
    """Answers that compute to this tier, in this mode, for this CI provider."""
    return {**TIERS[tier], "mode": mode, "ci": ci}


def every_tier() -> list[Answers]:
    """Every tier in every mode with every CI provider."""
    return [tier_answers(*shape) for shape in product(TIERS, FACTORS["mode"], FACTORS["ci"])]


def pairwise(factors: Mapping[str, tuple[Any, ...]]) -> list[Answers]:
    """Rows in which every pair of values of two factors occurs; greedy, and always the same rows."""
    missing = set(_pairs(factors))
    rows = []
    while missing:
        row = _row(factors, missing, min(missing))
        missing -= set(combinations(sorted(row.items()), 2))
        rows.append({name: factors[name][index] for name, index in row.items()})
    return rows


def _pairs(factors: Mapping[str, tuple[Any, ...]]) -> Iterator[Pair]:
    for one, other in combinations(sorted(factors), 2):
        for first, second in product(range(len(factors[one])), range(len(factors[other]))):
            yield (one, first), (other, second)


def _row(factors: Mapping[str, tuple[Any, ...]], missing: set[Pair], seed: Pair) -> dict[str, int]:
    row = dict(seed)
    for name in sorted(set(factors) - set(row), key=lambda name: -len(factors[name])):
        gains = [_gain(row, (name, index), missing) for index in range(len(factors[name]))]
        row[name] = gains.index(max(gains))
    return row


def _gain(row: Mapping[str, int], value: tuple[str, int], missing: set[Pair]) -> int:
    return sum(tuple(sorted((chosen, value))) in missing for chosen in row.items())
