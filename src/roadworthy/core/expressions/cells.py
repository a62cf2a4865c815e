"""The facts of one project, typed and plain, and known by their values; what a check reads of them.

A cell is a root of facts, or what lies right below one (`documents.card`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from roadworthy.core.documents.bounds import ParseError, plain
from roadworthy.core.expressions.fact_schema import FactSchema, Type, complete
from roadworthy.core.judging.models import Check
from roadworthy.core.memo import Memo, identity
from roadworthy.core.values import frozen

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")
# What functions of expressions look at.
CLOCK = "as_of"
_BEHIND = {"files": "files", "age": CLOCK}


@frozen
class Facts:
    """Completed facts by root, and what tells a value of a cell from any other. With a problem, no cells."""

    values: dict[str, Any]
    cells: Mapping[str, Hashable]
    problem: str = ""


def typed(facts: Mapping[str, Any], paths: Iterable[str], root: Type, memo: Memo) -> Facts:
    """Return collected facts as expressions may read them; what was seen before is not looked at again."""
    cells: dict[str, Hashable] = {"files": identity(tuple(paths))}
    values: dict[str, Any] = {}
    try:
        for name, value in facts.items():
            key = ("facts", name, identity(value))
            values[name], known = memo.once(key, partial(_root, name, value, root.fields[name], memo))
            cells |= known
    except ParseError as error:
        whole = {name: complete(value, root.fields[name]) for name, value in facts.items()}
        return Facts(values=whole, cells={}, problem=f"the facts cannot be evaluated: {error}")
    return Facts(values=values, cells=cells)


def _root(name: str, value: Any, type_: Type, memo: Memo) -> tuple[Any, dict[str, Hashable]]:
    if not type_.fields:
        return plain(complete(value, type_), mend=True), {name: identity(value)}
    given = value if isinstance(value, Mapping) else {}
    known = {f"{name}.{field}": identity(given.get(field)) for field in type_.fields}
    made = {
        field: memo.once((cell, known[cell]), partial(_field, given.get(field), below))
        for field, below in type_.fields.items()
        for cell in (f"{name}.{field}",)
    }
    return made, {name: tuple(known.values()), **known}


def _field(value: Any, type_: Type) -> Any:
    return plain(complete(value, type_), mend=True)


def reads(check: Check, schema: FactSchema) -> frozenset[str]:
    """Return the cells that judging a check may read. Never too few: a word in quotes counts too."""
    asked = (check.expression, check.when, check.on, check.message, check.place)
    said = (check.expected, check.actual, check.by, check.until)
    roots = (need.partition(".")[0] for need in check.needs)
    known = (" ".join(schema.needs.get(root, ())) for root in roots)
    named = frozenset(_named(" ".join((*asked, *said, *known)), schema.root))
    return named | {
        schema.unknown[root] for cell in named if (root := cell.partition(".")[0]) in schema.unknown
    }


def unknowns(text: str, facts: Mapping[str, Any], schema: FactSchema) -> Iterator[tuple[str, str]]:
    """Yield what an expression asks and nobody can know: a field of a record, and which fact says why."""
    words = frozenset(re.findall(r"\w+", text))
    for cell in sorted(frozenset(_named(text, schema.root))):
        root, _, name = cell.partition(".")
        why, below, value = schema.unknown.get(root, ""), schema.root.fields[root], facts.get(root)
        if name in below.fields:
            below, value = Type(fields={name: below.fields[name]}), {name: (value or {}).get(name)}
        yield from ((each, why) for each in _unknown(value, below, words, root))


def _unknown(value: Any, type_: Type, words: Container[str], place: str) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _unknown(each, type_.item or Type("any"), words, place)
    elif isinstance(value, Mapping):
        place = str(value.get("path") or place)
        for name, below in type_.fields.items():
            if below.unknowable and name in words and value.get(name) is None:
                yield f"{name} of {place}"
            yield from _unknown(value.get(name), below, words, place)


def _named(text: str, root: Type) -> Iterator[str]:
    for name in _NAME.findall(text):
        first, _, second = name.partition(".")
        if first in _BEHIND:
            yield _BEHIND[first]
        if first in root.fields:
            yield name if second in root.fields[first].fields else first
