"""A control's own proof: its cases, and whether they would notice if the control were wrong.

The first case of a control is a conforming project; `given` holds fact paths with their values. Every other
case changes that project: `given: {records.drills[0].seconds: 301}`.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from roadworthy.core.expressions.fact_schema import FactSchema, complete
from roadworthy.core.expressions.mutants import mutants
from roadworthy.core.expressions.syntax import parse
from roadworthy.core.judging.models import Check, Control
from roadworthy.errors import UsageError

Judge = Callable[[Control, Check, Mapping[str, Any]], str]
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One project, and what the named checks must say of it."""

    name: str
    facts: Mapping[str, Any]
    checks: tuple[str, ...]
    expect: str
    stuffed: bool
    whole: bool

    def agrees(self, found: str) -> bool:
        """Whether a verdict is the expected one; a case of the whole control may be beside some checks."""
        return found == self.expect or (self.whole and found == "not_applicable")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A case that did not come out as it says, or a mutant that no case noticed."""

    control: str
    check: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What testing some controls came to."""

    controls: int
    checks: Mapping[str, int]
    cases: int
    stuffed: int
    mutants: int
    broken: tuple[Outcome, ...]
    survived: tuple[Outcome, ...]

    @property
    def ok(self) -> bool:
        """Every case holds, every mutant was noticed, and there was something to test."""
        return self.cases > 0 and not self.broken and not self.survived


def prove(controls: Iterable[Control], schema: FactSchema, judge: Judge) -> Proof:
    """Run every case and every mutant of some controls."""
    controls = tuple(controls)
    read = {control.id: cases_of(control, schema) for control in controls}
    tried = [(c, check, mutant) for c in controls for check in c.checks for mutant in _mutants(check)]
    return Proof(
        controls=len(controls),
        checks=_grades(controls),
        cases=sum(len(cases) for cases in read.values()),
        stuffed=sum(case.stuffed for cases in read.values() for case in cases),
        mutants=len(tried),
        broken=tuple(b for control in controls for b in _broken(control, read[control.id], judge)),
        survived=tuple(
            Outcome(control=control.id, check=check.id, what=change)
            for control, check, (change, mutant) in tried
            if not _noticed(control, mutant, read[control.id], judge)
        ),
    )


def cases_of(control: Control, schema: FactSchema) -> tuple[Case, ...]:
    """Return the cases of a control, each with its complete facts."""
    base: dict[str, Any] = {}
    found = []
    for number, case in enumerate(control.cases):
        facts = patched(base, case.get("given", {}))
        base = facts if number == 0 else base
        found.append(_case(control, case, complete(facts, schema.root)))
    return tuple(found)


def patched(facts: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `facts` with each path of `given` set to its value."""
    result: dict[str, Any] = copy.deepcopy(dict(facts))
    for path, value in given.items():
        _set(result, path, copy.deepcopy(value))
    return result


def _case(control: Control, case: Mapping[str, Any], facts: Mapping[str, Any]) -> Case:
    known = [check.id for check in control.checks]
    named = [case["check"]] if "check" in case else known
    unknown = [name for name in named if name not in known]
    if unknown:
        raise UsageError(f"{control.id}: case {case['name']!r} names the unknown check {unknown[0]}")
    return Case(
        name=case["name"],
        facts=facts,
        checks=tuple(named),
        expect=case["expect"],
        stuffed=bool(case.get("stuffed")),
        whole="check" not in case,
    )


def steps_of(path: str) -> list[Any]:
    """Return the steps of a fact path: names, and numbers for places in lists."""
    return [int(number) if number else name for number, name in _STEP.findall(path)]


def _set(node: Any, path: str, value: Any) -> None:
    steps = steps_of(path)
    for step, following in itertools.pairwise(steps):
        _reach(node, step, path, [] if isinstance(following, int) else {})
        node = node[step]
    _reach(node, steps[-1], path, None)
    node[steps[-1]] = value


def _reach(node: Any, step: Any, path: str, empty: Any) -> None:
    """Make room at `step`; a list grows by one at its end."""
    if isinstance(step, int) and isinstance(node, list) and step <= len(node):
        node.extend([empty] * (step == len(node)))
    elif isinstance(step, str) and isinstance(node, dict):
        node.setdefault(step, empty)
    else:
        raise UsageError(f"case: nothing to set at {path}", "give the list or map above it first")


def _broken(control: Control, cases: Iterable[Case], judge: Judge) -> Iterator[Outcome]:
    checks = {check.id: check for check in control.checks}
    for case in cases:
        for name in case.checks:
            found = judge(control, checks[name], case.facts)
            if not case.agrees(found):
                what = f"case {case.name!r}: expected {case.expect}, found {found}"
                yield Outcome(control=control.id, check=name, what=what)


def _mutants(check: Check) -> Iterator[tuple[str, Check]]:
    for source, change in mutants(parse(check.expression)).items() if check.expression else ():
        yield change, replace(check, expression=source)
    for source, change in mutants(parse(check.when)).items() if check.when else ():
        yield f"when: {change}", replace(check, when=source)


def _noticed(control: Control, mutant: Check, cases: Iterable[Case], judge: Judge) -> bool:
    return any(
        mutant.id in case.checks and not case.agrees(judge(control, mutant, case.facts)) for case in cases
    )


def _grades(controls: Iterable[Control]) -> dict[str, int]:
    grades = [str(check.grade) for control in controls for check in control.checks]
    return {grade: grades.count(grade) for grade in ("derived", "executed", "attested")}
