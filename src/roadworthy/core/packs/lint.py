"""What is wrong with a pack before it judges anybody: unknown fields, unproven checks, dead references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roadworthy.core.expressions.fact_schema import FactSchema, Type
from roadworthy.core.expressions.syntax import parse
from roadworthy.core.expressions.types import check_type
from roadworthy.core.judging.models import Check, Control, Grade, Pack
from roadworthy.core.packs.cases import steps_of
from roadworthy.errors import UsageError

_WANTED = {
    "expression": "bool",
    "when": "bool",
    **dict.fromkeys(("message", "place", "expected", "actual", "by", "until"), "string"),
}
_EXPECTED = frozenset({"pass", "fail", "not_applicable", "unknown"})
_FRAMEWORK = ("id", "title", "edition", "source", "checked", "review_by", "refs")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, and where."""

    place: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Linted:
    """What lint found: problems, framework maps past their review, and how much was read."""

    controls: int
    checks: int
    frameworks: int
    problems: tuple[Problem, ...]
    stale: tuple[str, ...]


def lint(pack: Pack, schema: FactSchema, today: str) -> Linted:
    """Hold a pack against its fact types, its frameworks and the rules of a provable control."""
    controls, frameworks = pack.controls, pack.frameworks.items()
    return Linted(
        controls=len(controls),
        checks=sum(len(control.checks) for control in controls),
        frameworks=len(frameworks),
        problems=(
            *(problem for control in controls for problem in _control(control, pack, schema)),
            *(problem for name, framework in frameworks for problem in _framework(name, framework)),
            *(Problem(place="tiers.yaml", text=text) for text in _tiers(pack.tiers)),
        ),
        stale=pack.stale(today),
    )


def _control(control: Control, pack: Pack, schema: FactSchema) -> Iterator[Problem]:
    place = f"controls/{control.id}.yaml"
    ids = [check.id for check in control.checks]
    if len(set(ids)) < len(ids):
        yield Problem(place=place, text="two checks have the same id")
    dates = [control.enforce_from, *(check.enforce_from for check in control.checks)]
    if control.announced and any(day < control.announced for each in dates for day in each.values()):
        yield Problem(place=place, text=f"enforced before it is announced ({control.announced})")
    for check in control.checks:
        yield from _check(f"{place} {check.id}", control, check, schema)
    yield from (Problem(place=place, text=text) for text in _maps(control, pack.frameworks))
    yield from (Problem(place=place, text=text) for text in _cases(control, schema.root))


def _check(place: str, control: Control, check: Check, schema: FactSchema) -> Iterator[Problem]:
    if not check.title or not check.message:
        yield Problem(place=place, text="a check has a title, and a message for when it fails")
    if check.grade is Grade.ATTESTED and not (check.by and check.until):
        yield Problem(place=place, text="what is attested names who (`by`) and until when (`until`)")
    yield from (Problem(place=place, text=f"{name}: {text}") for name, text in mistyped(check, schema))
    yield from (Problem(place=place, text=text) for text in _unproven(control, check))


def mistyped(check: Check, schema: FactSchema) -> Iterator[tuple[str, str]]:
    """Yield what in a check names an unknown fact, or has another type than is wanted: where, and what."""
    for name, wanted in _WANTED.items():
        source = getattr(check, name)
        if not source:
            continue
        try:
            typing = check_type(parse(source), schema.root, wanted)
        except UsageError as error:
            yield name, error.message
            continue
        yield from ((name, problem) for problem in typing.problems)
        missing = typing.roots & schema.needs.keys() - set(check.needs) if name == "expression" else set()
        yield from (
            (name, f"reads {root}, which may be unavailable: add it to needs") for root in sorted(missing)
        )
    yield from (
        ("needs", f"{need} is not among {', '.join(sorted(schema.needs))}")
        for need in check.needs
        if need not in schema.needs
    )
    if check.on and type_at(schema.root, check.on) is None:
        yield "on", f"unknown fact {check.on}"


def _unproven(control: Control, check: Check) -> Iterator[str]:
    about = [case for case in control.cases if case.get("check", check.id) == check.id]
    expected = {case.get("expect") for case in about}
    yield from (f"no case that must {word}" for word in ("pass", "fail") if word not in expected)
    if not any(case.get("stuffed") and case.get("expect") == "fail" for case in about):
        yield "no keyword-stuffed case (`stuffed: true`) that must fail"


def _maps(control: Control, frameworks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for reference in control.maps:
        framework = frameworks.get(reference.framework)
        if framework is None:
            yield f"maps to the unknown framework {reference.framework}"
        elif framework.get("edition") != reference.edition:
            edition = framework.get("edition")
            yield f"maps to {reference.framework} {reference.edition}, the file is of {edition}"
        elif reference.ref not in framework.get("refs", {}):
            yield f"maps to {reference.framework} {reference.ref}, which its file does not have"


def _cases(control: Control, root: Type) -> Iterator[str]:
    names = [str(case.get("name")) for case in control.cases]
    if len(set(names)) < len(names):
        yield "two cases have the same name"
    for case in control.cases:
        if case.get("expect") not in _EXPECTED:
            words = ", ".join(sorted(_EXPECTED))
            yield f"case {case.get('name')!r} expects {case.get('expect')!r}, not one of {words}"
        for path, value in case.get("given", {}).items():
            texts = _strange(type_at(root, path), value, path)
            yield from (f"case {case.get('name')!r}: {text}" for text in texts)


def _strange(type_: Type | None, value: Any, path: str) -> Iterator[str]:
    """A misspelt fact in a case would prove nothing, in silence."""
    if type_ is None:
        yield f"unknown fact {path}"
    elif type_.name == "list" and isinstance(value, list) and type_.item:
        for item in value:
            yield from _strange(type_.item, item, f"{path}[]")
    elif type_.name == "map" and isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strange(type_.item or type_.fields.get(key), inner, f"{path}.{key}")


def type_at(root: Type, path: str) -> Type | None:
    """Return the type of the fact at a path such as records.drills[0].seconds; None when there is none."""
    node: Type | None = root
    for step in steps_of(path):
        if node is None or node.name == "any":
            return node
        node = node.item if isinstance(step, int) or node.item else node.fields.get(step)
    return node


def _framework(name: str, framework: Mapping[str, Any]) -> Iterator[Problem]:
    place = f"frameworks/{name}.yaml"
    yield from (
        Problem(place=place, text=f"lacks {field}") for field in _FRAMEWORK if not framework.get(field)
    )
    if framework.get("id") != name:
        yield Problem(place=place, text=f"its id is {framework.get('id')}, its file says {name}")
    if str(framework.get("review_by", "")) <= str(framework.get("checked", "")):
        yield Problem(place=place, text="it is to be reviewed before it was checked")


def _tiers(tiers: Mapping[str, Any]) -> Iterator[str]:
    """Obligations and limits are given for each tier under the same names, and keep the statutory floors."""
    for table in ("obligations", "limits"):
        rows: Mapping[str, Mapping[str, Any]] = tiers.get(table, {})
        names = {name for row in rows.values() for name in row}
        for tier in [tier for tier in tiers.get("tiers", ()) if tier != "prohibited"]:
            yield from (f"{table}.{tier} lacks {name}" for name in sorted(names - set(rows.get(tier, {}))))
    yield from under_floor(tiers)


def under_floor(tiers: Mapping[str, Any]) -> Iterator[str]:
    """Yield every number that is under a statutory floor."""
    for floor in tiers.get("statutory", ()):
        for path, value in _values(tiers, str(floor["path"]).split("."), ""):
            if not isinstance(value, int | float) or value < floor["least"]:
                yield f"{path} is {value}, at least {floor['least']} by law ({floor['source']})"


def _values(node: Any, steps: list[str], path: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield path, node
        return
    if not isinstance(node, Mapping):
        return
    names: Iterable[str] = node if steps[0] == "*" else [steps[0]]
    for name in names:
        yield from _values(node.get(name), steps[1:], f"{path}.{name}".lstrip("."))
