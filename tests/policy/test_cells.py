"""A check reads the cells that it is said to read, nothing else: what is remembered is never another's."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

import pytest

from roadworthy.commands.packs import Bench, open_bench, read_pack
from roadworthy.core.expressions.cells import reads, typed
from roadworthy.core.expressions.fact_schema import Type
from roadworthy.core.judging.evaluate import Situation, judge_check
from roadworthy.core.judging.models import Check, Control, Finding, Grade, Judged
from roadworthy.core.memo import Memo
from roadworthy.core.packs.cases import cases_of
from roadworthy.core.values import replace

BENCH: Bench = open_bench()
CONTROLS = {control.id: control for control in read_pack(None).controls}
# Another value of each plain type than any fact has by chance.
OTHER = {"string": "elsewhere", "bool": True, "int": 7, "double": 7.5, "time": "2001-01-01T00:00:00Z"}


def fresh() -> Bench:
    return replace(BENCH, memo=Memo())


def situation(facts: Mapping[str, Any]) -> Situation:
    project = facts["project"]
    names = {name: project[name] for name in ("kind", "mode", "tier")}
    return Situation(**names, tiers=tuple(BENCH.pack.tiers["tiers"]), as_of=date(2026, 11, 20), released=True)


def judged(bench: Bench, control: Control, facts: Mapping[str, Any]) -> tuple[Judged, ...]:
    found = typed(facts, (), bench.schema.root, bench.memo)
    return bench.judge((control,), found, situation(facts), ())


def cases() -> Iterator[tuple[Control, Mapping[str, Any]]]:
    yield from ((each, case.facts) for each in CONTROLS.values() for case in cases_of(each, BENCH.schema))


def other(type_: Type) -> Any:
    if type_.name == "list":
        return [other(type_.item or Type("any"))]
    if type_.name == "map":
        return {name: other(below) for name, below in type_.fields.items()}
    return OTHER.get(type_.name, {"else": "where"})


def hidden(facts: Mapping[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """The facts with another value in every cell that is not kept."""
    return {
        root: {
            field: facts[root][field] if {root, f"{root}.{field}"} & kept else other(below)
            for field, below in type_.fields.items()
        }
        if type_.fields
        else facts[root]
        if root in kept
        else other(type_)
        for root, type_ in BENCH.schema.root.fields.items()
    }


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_a_check_reads_nothing_but_its_cells(name: str) -> None:
    control = CONTROLS[name]
    for case in cases_of(control, BENCH.schema):
        about = situation(case.facts)
        for check in control.checks:
            kept = reads(check, BENCH.schema)
            assert found_by_asking(case.facts, control, check, about) == found_by_asking(
                hidden(case.facts, kept), control, check, about
            ), f"{check.id} of {case.name} reads more than {sorted(kept)}"


def found_by_asking(facts: Mapping[str, Any], control: Control, check: Check, about: Situation) -> Finding:
    bench = fresh()
    plain = typed(facts, (), bench.schema.root, bench.memo)
    asker = bench.engine.bind(plain, bench.schema, lambda schema, value: ())
    return judge_check(control, check, about, asker)


@cache
def alone() -> tuple[tuple[Control, Mapping[str, Any], tuple[Judged, ...]], ...]:
    """Every case, and what it comes to where nothing was judged before."""
    return tuple((*each, judged(fresh(), *each)) for each in cases())


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_every_case_is_judged_as_if_it_were_alone(seed: int) -> None:
    shared, order = fresh(), [*alone(), *alone()]
    random.Random(seed).shuffle(order)
    for control, facts, expected in order:
        assert judged(shared, control, facts) == expected


def at_random(facts: Mapping[str, Any], type_: Type, chance: random.Random) -> dict[str, Any]:
    """The facts with another value in one cell."""
    root = chance.choice([name for name in sorted(type_.fields) if type_.fields[name].fields])
    field = chance.choice(sorted(type_.fields[root].fields))
    return {**facts, root: {**facts[root], field: other(type_.fields[root].fields[field])}}


def test_one_other_fact_is_another_question() -> None:
    shared, chance = fresh(), random.Random(7)
    for control, facts in [*cases()][::5]:
        changed = at_random(facts, BENCH.schema.root, chance)
        pair = (facts, changed, facts)
        assert [judged(shared, control, each) for each in pair] == [
            judged(fresh(), control, each) for each in pair
        ]


ROOT = Type(fields={"a": Type(fields={"b": Type("string"), "c": Type("any")}), "as_of": Type("time")})


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a.b == 'x'", {"a.b"}),
        ("a.c.b.as_of", {"a.c"}),
        ("a . b == 'x'", {"a"}),
        ("a['b']", {"a"}),
        ("a.?b", {"a"}),
        ("a.`b`", {"a"}),
        (".a.b == 'x'", {"a.b"}),
        ("x.all(a, a.b) && (a).b", {"a", "a.b"}),
        ("'a word'", {"a"}),
        ("age(a.b) > 1", {"a.b", "as_of"}),
        ("files.has(a.b)", {"a.b", "files"}),
        ("a.nothing", {"a"}),
    ],
)
def test_never_too_few_cells(text: str, cells: set[str]) -> None:
    asked = Check(id="one", grade=Grade.DERIVED, expression=text)
    assert reads(asked, replace(BENCH.schema, root=ROOT, needs={})) == cells


def test_what_the_files_and_the_clock_decide_is_asked_again() -> None:
    control, bench = CONTROLS["GOV-01"], fresh()
    facts = next(facts for each, facts in cases() if each is control)
    one = replace(control.checks[0], id="one", when="", needs=(), expression="files.has('x')")
    two = replace(one, id="two", expression="age('2026-11-19T00:00:00Z') < 2.0")
    bench = replace(bench, pack=replace(bench.pack, controls=(replace(control, checks=(one, two)),)))

    def verdicts(as_of: str, *paths: str) -> list[str]:
        found = typed({**facts, "as_of": as_of}, paths, bench.schema.root, bench.memo)
        (judged,) = bench.judge(bench.pack.controls, found, situation(facts), paths)
        return [str(finding.raw) for finding in judged.findings]

    assert verdicts("2026-11-20T00:00:00Z", "x") == ["pass", "pass"]
    assert verdicts("2026-11-20T00:00:00Z", "y") == ["fail", "pass"]
    assert verdicts("2026-12-20T00:00:00Z", "x") == ["pass", "fail"]
    assert verdicts("2026-11-20T00:00:00Z", "x") == ["pass", "pass"]
