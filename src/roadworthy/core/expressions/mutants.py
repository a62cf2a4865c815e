"""Small lies about an expression: each must be told apart from the truth by some case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from roadworthy.core.expressions.syntax import Binary, Call, Choice, Literal, Node, Unary, write

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", "<=": ">", ">": "<="}
_NEIGHBOUR = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_QUANTIFIER = {"all": "exists", "exists": "all"}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A changed expression and what was changed in it."""

    change: str
    source: str


def mutants(node: Node) -> tuple[Mutant, ...]:
    """Return every mutant of an expression, without repetitions, the expression itself excluded."""
    found = {write(Unary("!", node)): "negated"}
    for change, mutant in _mutate(node):
        found.setdefault(write(mutant), change)
    found.pop(write(node), None)
    return tuple(Mutant(change=change, source=source) for source, change in found.items())


def _mutate(node: Node) -> Iterator[tuple[str, Node]]:
    yield from _here(node)
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tuple):
            for number, item in enumerate(value):
                for change, mutant in _mutate(item):
                    yield change, _with(node, field.name, (*value[:number], mutant, *value[number + 1 :]))
        elif hasattr(value, "__dataclass_fields__"):
            for change, mutant in _mutate(value):
                yield change, _with(node, field.name, mutant)


def _with(node: Node, name: str, value: Any) -> Node:
    return replace(node, **{name: value})


def _here(node: Node) -> Iterator[tuple[str, Node]]:  # noqa: C901  one case per kind of node
    match node:
        case Binary("&&" | "||", left, right):
            yield f"dropped {write(right)}", left
            yield f"dropped {write(left)}", right
        case Binary(op, left, right) if op in _OPPOSITE:
            yield f"{op} became {_OPPOSITE[op]}", Binary(_OPPOSITE[op], left, right)
            if op in _NEIGHBOUR:
                yield f"{op} became {_NEIGHBOUR[op]}", Binary(_NEIGHBOUR[op], left, right)
        case Binary("in"):
            yield "in was negated", Unary("!", node)
        case Unary("!", operand):
            yield "a ! was dropped", operand
        case Choice(condition, yes, no):
            yield "the branches were swapped", Choice(condition, no, yes)
        case Call(target, name, arguments) if target is not None and name in _QUANTIFIER:
            yield f"{name} became {_QUANTIFIER[name]}", Call(target, _QUANTIFIER[name], arguments)
        case Call(target, "filter", _) if target is not None:
            yield "a filter was dropped", target
        case Literal():
            yield from _constants(node)
        case _:
            return


def _constants(node: Literal) -> Iterator[tuple[str, Node]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{write(node)} was flipped", Literal(not value)
    elif isinstance(value, int | float):
        for other in (value + 1, value - 1):
            yield f"{value} became {other}", Literal(other) if other >= 0 else Unary("-", Literal(-other))
    elif isinstance(value, str):
        yield f"{write(node)} changed", Literal(value + "~")
