"""The proof of a control: cases that hold, mutants that are noticed, and what happens when they are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from roadworthy.core.expressions.fact_schema import parse_schema
from roadworthy.core.expressions.syntax import parse
from roadworthy.core.judging.models import Check, Control
from roadworthy.core.packs.cases import patched, prove
from roadworthy.core.packs.pack import control_from
from roadworthy.errors import UsageError

SCHEMA = parse_schema(
    {
        "needs": {},
        "kinds": {},
        "facts": {"drill.ok": ["bool", ""], "drill.age": ["int", ""], "limit": ["int", ""]},
    }
)


def _control(cases: list[dict[str, Any]], expression: str = "drill.ok && drill.age <= limit") -> Control:
    return control_from(
        {
            "id": "TST-01",
            "title": "Drill",
            "intent": "A drill is fresh.",
            "severity": "high",
            "version": 1,
            "remediation": {"text": "do it", "effort": "minutes"},
            "checks": [{"id": "fresh", "grade": "executed", "expression": expression}],
            "cases": cases,
        }
    )


def _value(node: Any, facts: Mapping[str, Any]) -> Any:
    """A tiny evaluator, so that the proof is tested apart from any binding."""
    below = [_value(part, facts) for part in node.parts]
    operators: dict[str, Callable[..., Any]] = {
        "!": lambda a: not a,
        "&&": lambda a, b: a and b,
        "<=": lambda a, b: a <= b,
        "<": lambda a, b: a < b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
    }
    match node.kind:
        case "literal":
            return node.value
        case "name":
            return facts[node.value]
        case "select":
            return below[0][node.value]
    return operators[node.value](*below)


def _judge(control: Control, check: Check, facts: Mapping[str, Any]) -> str:
    return "pass" if _value(parse(check.expression), facts) else "fail"


CONFORMING = {"name": "fresh", "expect": "pass", "given": {"drill": {"ok": True, "age": 31}, "limit": 31}}
CASES = [
    CONFORMING,
    {"name": "failed", "expect": "fail", "given": {"drill.ok": False}},
    {"name": "old", "expect": "fail", "given": {"drill.age": 32}},
    {"name": "young", "expect": "pass", "given": {"drill.age": 3}},
]


def test_good_cases_hold_and_notice_every_mutant() -> None:
    proof = prove([_control(CASES)], SCHEMA, _judge)
    assert proof.ok
    assert proof.cases == 4
    assert proof.mutants >= 5
    assert proof.checks["executed"] == 1


@pytest.mark.parametrize("left_out", ["failed", "old"])
def test_a_case_left_out_lets_a_mutant_survive(left_out: str) -> None:
    proof = prove([_control([case for case in CASES if case["name"] != left_out])], SCHEMA, _judge)
    assert proof.survived
    assert not proof.broken
    assert not proof.ok


def test_a_case_that_does_not_hold_is_broken() -> None:
    proof = prove(
        [_control([*CASES, {"name": "wrong", "expect": "pass", "given": {"drill.ok": False}}])],
        SCHEMA,
        _judge,
    )
    assert [each.what for each in proof.broken] == ["case 'wrong': expected pass, found fail"]
    assert not proof.ok


def test_nothing_to_test_is_not_a_proof() -> None:
    assert not prove([], SCHEMA, _judge).ok


def test_a_patch_changes_one_place_and_leaves_the_base() -> None:
    base = {"a": [{"b": 1}]}
    assert patched(base, {"a[0].b": 2, "a[1]": {"b": 3}, "c.d": 4}) == {
        "a": [{"b": 2}, {"b": 3}],
        "c": {"d": 4},
    }
    assert base == {"a": [{"b": 1}]}


@pytest.mark.parametrize("path", ["a[2].b", "a.b", "a[0].b.c"])
def test_a_patch_of_nowhere_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="nothing to set"):
        patched({"a": [{"b": 1}]}, {path: 1})


def test_a_case_for_an_unknown_check_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown check"):
        prove([_control([{**CONFORMING, "check": "stale"}])], SCHEMA, _judge)
