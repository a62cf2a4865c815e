"""The type of an expression over the fact schema. An unknown field or an unguarded null is a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roadworthy.core.expressions.fact_schema import Type
from roadworthy.core.expressions.syntax import (
    Binary,
    Call,
    Choice,
    Index,
    ListOf,
    Literal,
    Name,
    Node,
    Select,
    Unary,
    write,
)

ANY, BOOL, INT, DOUBLE, STRING, NULL = (
    Type(name) for name in ("any", "bool", "int", "double", "string", "null")
)
_LITERALS = {bool: BOOL, int: INT, float: DOUBLE, str: STRING, type(None): NULL}
# What the engine itself can be asked of the files: `files.has(path)`, `files.glob(pattern)`.
_FILES = {"has": BOOL, "glob": Type("list", item=STRING)}
_NUMBERS = {"int", "double"}
_TEXT = {"string", "time"}
_TEXT_TESTS = {"startsWith", "endsWith", "contains", "matches"}
_MACROS = {"exists", "all", "exists_one", "filter", "map"}
Known = frozenset[str]


@dataclass
class Typing:
    """Problems found while typing one expression, and the fact roots it read."""

    problems: list[str]
    roots: set[str]


def check_type(node: Node, schema: Type, wanted: str) -> Typing:
    """Type `node` over the schema; it must come to `wanted` (bool, string or any)."""
    typing = Typing([], set())
    found = _Typist(typing, schema).type_of(node, {}, frozenset())
    if wanted not in ("any", found.name) and found.name != "any" and not {wanted, found.name} <= _TEXT:
        typing.problems.append(f"expected {wanted}, found {found.name}: {write(node)}")
    return typing


class _Typist:
    def __init__(self, typing: Typing, schema: Type) -> None:
        self.typing = typing
        self.schema = schema

    def problem(self, text: str) -> Type:
        self.typing.problems.append(text)
        return ANY

    def type_of(self, node: Node, scope: Mapping[str, Type], known: Known) -> Type:
        found = self._type_of(node, scope, known)
        sure = found.nullable and write(node) in known
        return Type(found.name, False, found.means, found.fields, found.item) if sure else found

    def _type_of(self, node: Node, scope: Mapping[str, Type], known: Known) -> Type:  # noqa: C901
        match node:
            case Literal(value):
                return _LITERALS[type(value)]
            case Name(name):
                return self._name(name, scope)
            case Select(operand, field):
                return self._select(self.type_of(operand, scope, known), field, node)
            case Index(operand, index):
                self.type_of(index, scope, known)
                return self.type_of(operand, scope, known).item or ANY
            case ListOf(items):
                types = [self.type_of(item, scope, known) for item in items]
                return Type("list", item=types[0] if types else ANY)
            case Unary(op, operand):
                return self._demand(operand, {"bool"} if op == "!" else _NUMBERS, scope, known)
            case Choice(condition, yes, no):
                self._demand(condition, {"bool"}, scope, known)
                self.type_of(no, scope, known | facts_when(condition, False))
                return self.type_of(yes, scope, known | facts_when(condition, True))
            case Binary():
                return self._binary(node, scope, known)
            case Call():
                return self._call(node, scope, known)

    def _name(self, name: str, scope: Mapping[str, Type]) -> Type:
        if name in scope:
            return scope[name]
        if name not in self.schema.fields:
            return self.problem(f"unknown fact {name}; there is {', '.join(sorted(self.schema.fields))}")
        self.typing.roots.add(name)
        return self.schema.fields[name]

    def _select(self, owner: Type, field: str, node: Node) -> Type:
        if owner.name == "any":
            return ANY
        if owner.name == "map" and owner.item is not None:
            return owner.item
        if field not in owner.fields:
            known = ", ".join(sorted(owner.fields)) or "nothing below it"
            return self.problem(f"unknown field {field} in {write(node)}; there is {known}")
        return owner.fields[field]

    def _demand(self, node: Node, names: set[str], scope: Mapping[str, Type], known: Known) -> Type:
        found = self.type_of(node, scope, known)
        if found.name not in names | {"any"}:
            self.problem(f"expected {' or '.join(sorted(names))}, found {found.name}: {write(node)}")
        elif found.nullable:
            self.problem(f"{write(node)} may be null; compare it with null first")
        return found

    def _binary(self, node: Binary, scope: Mapping[str, Type], known: Known) -> Type:
        if node.op in ("&&", "||"):
            self._demand(node.left, {"bool"}, scope, known)
            self._demand(node.right, {"bool"}, scope, known | facts_when(node.left, node.op == "&&"))
            return BOOL
        if node.op in ("==", "!=", "in"):
            return self._compare(node, scope, known)
        if node.op in ("<", "<=", ">", ">="):
            left = self._demand(node.left, _NUMBERS | _TEXT, scope, known)
            self._demand(node.right, _NUMBERS if left.name in _NUMBERS else {left.name}, scope, known)
            return BOOL
        left = self._demand(node.left, _NUMBERS | {"list"} | _TEXT, scope, known)
        self._demand(node.right, _TEXT if left.name in _TEXT else {left.name}, scope, known)
        return STRING if left.name in _TEXT else left

    def _compare(self, node: Binary, scope: Mapping[str, Type], known: Known) -> Type:
        left, right = self.type_of(node.left, scope, known), self.type_of(node.right, scope, known)
        if node.op == "in":
            if right.name not in ("list", "map", "any"):
                self.problem(f"expected a list, found {right.name}: {write(node.right)}")
            right = right.item or ANY
        if not _comparable(left, right):
            self.problem(f"{left.name} is never {right.name}: {write(node)}")
        return BOOL

    def _call(self, node: Call, scope: Mapping[str, Type], known: Known) -> Type:
        if node.target is None:
            return self._function(node, scope, known)
        if node.target == Name("files") and node.name in _FILES and len(node.arguments) == 1:
            self._demand(node.arguments[0], {"string"}, scope, known)
            return _FILES[node.name]
        if node.name in _MACROS:
            return self._macro(node, scope, known)
        if node.name == "size":
            self._demand(node.target, {"list", "map", "string"}, scope, known)
            return INT
        if node.name == "join":
            self._demand(node.target, {"list"}, scope, known)
            return STRING
        if node.name not in _TEXT_TESTS:
            return self.problem(f"unknown function {node.name}: {write(node)}")
        for argument in (node.target, *node.arguments):
            self._demand(argument, {"string"}, scope, known)
        return BOOL

    def _function(self, node: Call, scope: Mapping[str, Type], known: Known) -> Type:
        results = {"size": INT, "string": STRING, "int": INT, "double": DOUBLE}
        if node.name == "age" and len(node.arguments) == 1:
            self._demand(node.arguments[0], {"string", "time"}, scope, known)
            return DOUBLE
        if node.name not in results or len(node.arguments) != 1:
            return self.problem(f"unknown function {node.name}: {write(node)}")
        allowed = {"list", "map", "string"} if node.name == "size" else _NUMBERS | {"string", "bool"}
        self._demand(node.arguments[0], allowed, scope, known)
        return results[node.name]

    def _macro(self, node: Call, scope: Mapping[str, Type], known: Known) -> Type:
        over = self._demand(node.target, {"list", "map"}, scope, known) if node.target else ANY
        if len(node.arguments) != 2 or not isinstance(node.arguments[0], Name):
            return self.problem(f"{node.name} takes a name and an expression: {write(node)}")
        variable, body = node.arguments
        inner = {**scope, write(variable): STRING if over.name == "map" else over.item or ANY}
        if node.name == "map":
            return Type("list", item=self.type_of(body, inner, known))
        self._demand(body, {"bool"}, inner, known)
        return Type("list", item=inner[write(variable)]) if node.name == "filter" else BOOL


def facts_when(node: Node, holds: bool) -> Known:
    """Return the expressions that cannot be null once `node` came to `holds`."""
    match node:
        case Binary("!=", operand, Literal(None)) if holds:
            return frozenset({write(operand)})
        case Binary("==", operand, Literal(None)) if not holds:
            return frozenset({write(operand)})
        case Binary("&&", left, right) if holds:
            return facts_when(left, True) | facts_when(right, True)
        case Binary("||", left, right) if not holds:
            return facts_when(left, False) | facts_when(right, False)
        case Unary("!", operand):
            return facts_when(operand, not holds)
        case _:
            return frozenset()


def _comparable(left: Type, right: Type) -> bool:
    if "any" in (left.name, right.name):
        return True
    if "null" in (left.name, right.name):
        return left.nullable or right.nullable
    return left.name == right.name or {left.name, right.name} <= _NUMBERS or {left.name, right.name} <= _TEXT
