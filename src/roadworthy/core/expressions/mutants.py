"""Small lies about an expression: each must be told apart from the truth by some case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from roadworthy.core.expressions.syntax import Node, write

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", "<=": ">", ">": "<="}
_NEIGHBOUR = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_QUANTIFIER = {"all": "exists", "exists": "all"}


def mutants(node: Node) -> dict[str, str]:
    """Return the source of every mutant of an expression, and what was changed in it."""
    found = {write(_not(node)): "negated"}
    for change, mutant in _mutate(node):
        found.setdefault(write(mutant), change)
    found.pop(write(node), None)
    return found


def _mutate(node: Node) -> Iterator[tuple[str, Node]]:
    yield from _here(node)
    for at, part in enumerate(node.parts):
        for change, mutant in _mutate(part):
            yield change, replace(node, parts=(*node.parts[:at], mutant, *node.parts[at + 1 :]))


def _here(node: Node) -> Iterator[tuple[str, Node]]:  # noqa: C901  one case per kind of node
    match node:
        case Node("op", "&&" | "||", (left, right)):
            yield f"dropped {write(right)}", left
            yield f"dropped {write(left)}", right
        case Node("op", "in"):
            yield "in was negated", _not(node)
        case Node("op", "!", (operand,)):
            yield "a ! was dropped", operand
        case Node("op", "?:", (condition, yes, no)):
            yield "the branches were swapped", replace(node, parts=(condition, no, yes))
        case Node("method", "filter", (target, *_)):
            yield "a filter was dropped", target
        case Node("literal", value):
            yield from ((f"{write(node)} {change}", other) for change, other in _constants(value))
        case Node("op" | "method", str(value)):
            for others in (_OPPOSITE, _NEIGHBOUR, _QUANTIFIER):
                if value in others:
                    yield f"{value} became {others[value]}", replace(node, value=others[value])


def _not(node: Node) -> Node:
    return Node("op", "!", (node,))


def _constants(value: object) -> Iterator[tuple[str, Node]]:
    if isinstance(value, bool):
        yield "was flipped", Node("literal", not value)
    elif isinstance(value, int | float):
        for other in (value + 1, value - 1):
            negative = Node("op", "-", (Node("literal", -other),))
            yield f"became {other}", Node("literal", other) if other >= 0 else negative
    elif isinstance(value, str):
        yield "changed", Node("literal", value + "~")
