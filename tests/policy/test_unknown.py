"""What passes while a fact is null passes whatever that fact is: nobody passes for want of knowledge.

Every case of every control is judged again with each field that may be null set to null, and then to values.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from roadworthy.commands.packs import open_bench, read_pack
from roadworthy.commands.policy import _Judge
from roadworthy.core.expressions.fact_schema import Type
from roadworthy.core.judging.models import Check
from roadworthy.core.packs.cases import cases_of

BENCH = open_bench()
CONTROLS = {control.id: control for control in read_pack(None).controls}
GREEN = ("pass", "not_applicable")
VALUES: Mapping[str, tuple[Any, ...]] = {
    "bool": (True, False),
    "int": (-1, 0, 1, 10**6),
    "double": (-1.0, 0.0, 0.01, 1.0, 1e6),
    "list": ((), ("another",)),
}
UNREADABLE = "a record whose time is none has not its shape, which another check of its kind asks for"
LONG_AGO = "records.deployments.age_days"
# Where nothing said is an answer of its own, and why it may pass. Of what only git tells nothing is here.
UNSAID: Mapping[str, str] = {
    f"COST-01/measured {LONG_AGO}": UNREADABLE,
    f"DOC-02/explained {LONG_AGO}": UNREADABLE,
    f"MON-02/sampled {LONG_AGO}": UNREADABLE,
    f"MON-03/recent {LONG_AGO}": UNREADABLE,
    f"MON-03/labels {LONG_AGO}": UNREADABLE,
    f"MON-03/labels-kept {LONG_AGO}": UNREADABLE,
    f"REPRO-02/rebuilt {LONG_AGO}": UNREADABLE,
    f"REPRO-02/serving-rebuilt {LONG_AGO}": UNREADABLE,
    "MON-03/honest-looks records.monitoring.age_days": UNREADABLE,
    "COST-01/cap-held records.monitoring.cost.value": "no cost in this look; `measured` asks for one with it",
    "DATA-02/contract-bites documents.data.value.columns.nulls": "who says nothing of gaps allows none",
    "DATA-05/proxies records.evaluations.checks.passed": "a small group; each attribute has one told",
    "EVAL-02/honest-verdict records.evaluations.checks.passed": "a small slice or group; others must pass",
    "LLM-02/not-retired llm.models.retires_in_days": "the provider has announced no end",
    "MON-01/plan documents.monitoring.value.window.min_rows": "no bound, so none that the other contradicts",
    "MON-01/plan documents.monitoring.value.window.max_rows": "no bound, so none that the other contradicts",
    "RET-01/signals documents.retraining.value.triggers.of": "of so many looks as it counts",
}


def nullable(value: Any, type_: Type, words: frozenset[str], way: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Every place of some facts that may be null and that an expression names, with its type."""
    if type_.nullable and way[-1] in words:
        yield way, type_
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from nullable(each, type_.item or Type("any"), words, (*way, at))
    elif isinstance(value, dict):
        for name, each in value.items():
            below = type_.item or type_.fields.get(name)
            if below and (len(way) > 1 or name in words):
                yield from nullable(each, below, words, (*way, name))


def changed(facts: Mapping[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The facts with another value in one place."""
    found = dict(facts)
    place: Any = found
    for step in way[:-1]:
        place[step] = copy.copy(place[step])
        place = place[step]
    place[way[-1]] = value
    return found


def named(check: Check) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", f"{check.expression} {check.when}"))


def field_of(way: tuple[Any, ...], type_: Type) -> str:
    """The path of a field in the schema, without the places of lists and the keys of maps."""
    steps, node = [], type_
    for step in way:
        if node.item is None:
            steps.append(step)
        node = node.item or node.fields[step]
    return ".".join(steps)


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_nobody_passes_for_want_of_knowledge(name: str) -> None:
    control, judge, found = CONTROLS[name], _Judge(BENCH), set[str]()

    def verdict(check: Check, facts: Mapping[str, Any]) -> str:
        judge.bound.clear()
        return judge(control, check, facts)

    for case in cases_of(control, BENCH.schema):
        for check in (each for each in control.checks if each.id in case.checks):
            before = verdict(check, case.facts)
            for way, type_ in nullable(case.facts, BENCH.schema.root, named(check)):
                blind = verdict(check, changed(case.facts, way, None))
                about = f"{name}/{check.id} {field_of(way, BENCH.schema.root)}"
                if blind in GREEN:
                    values = (verdict(check, changed(case.facts, way, each)) for each in VALUES[type_.name])
                    if any(each not in GREEN for each in (before, *values)):
                        assert not type_.unknowable, about
                        found.add(about)
    assert found == {each for each in UNSAID if each.startswith(f"{name}/")}
