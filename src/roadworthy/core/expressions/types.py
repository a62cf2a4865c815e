"""The type of an expression over the fact schema. An unknown field or an unguarded null is a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
_NUMBERS = {"int", "double"}
_TEXT = {"string", "time"}
_STRING, _SIZED, _PLAIN = {"string"}, {"list", "map", "string"}, _NUMBERS | {"string", "bool"}
# What a function takes and gives; after a point, one called on a value; of `files`, what the engine answers.
_FUNCTIONS: dict[str, tuple[tuple[set[str], ...], Type]] = {
    "age": ((_TEXT,), DOUBLE),
    "size": ((_SIZED,), INT),
    "string": ((_PLAIN,), STRING),
    "int": ((_PLAIN,), INT),
    "double": ((_PLAIN,), DOUBLE),
    ".size": ((_SIZED,), INT),
    ".join": (({"list"}, _STRING), STRING),
    **{f".{name}": ((_STRING, _STRING), BOOL) for name in ("startsWith", "endsWith", "contains", "matches")},
    "files.has": ((_STRING,), BOOL),
    "files.glob": ((_STRING,), Type("list", item=STRING)),
}
_MACROS = {"exists", "all", "exists_one", "filter", "map"}
Known = frozenset[str]


def check_type(node: Node, schema: Type, wanted: str) -> Typing:
    """Type `node` over the schema; it must come to `wanted` (bool, string or any)."""
    typing = Typing(schema)
    found = typing.type_of(node)
    if wanted not in ("any", found.name) and found.name != "any" and not {wanted, found.name} <= _TEXT:
        typing.problems.append(f"expected {wanted}, found {found.name}: {write(node)}")
    return typing


@dataclass
class Typing:
    """Types one expression: problems and fact roots of all of it; variables and known values of one place."""

    schema: Type
    scope: Mapping[str, Type] = field(default_factory=dict)
    known: Known = frozenset()
    problems: list[str] = field(default_factory=list)
    roots: set[str] = field(default_factory=set)

    def where(self, node: Node, holds: bool) -> Typing:
        """Return the typing of what is evaluated only when `node` came to `holds`."""
        return replace(self, known=self.known | facts_when(node, holds))

    def problem(self, text: str) -> Type:
        self.problems.append(text)
        return ANY

    def type_of(self, node: Node) -> Type:
        found = self._type_of(node)
        sure = found.nullable and write(node) in self.known
        return Type(found.name, False, found.means, found.fields, found.item) if sure else found

    def _type_of(self, node: Node) -> Type:  # noqa: C901  one case per kind of node
        match node:
            case Literal(value):
                return _LITERALS[type(value)]
            case Name(name):
                return self._name(name)
            case Select(operand, name):
                return self._select(self.type_of(operand), name, node)
            case Index(operand, index):
                self.type_of(index)
                return self.type_of(operand).item or ANY
            case ListOf(items):
                types = [self.type_of(item) for item in items]
                return Type("list", item=types[0] if types else ANY)
            case Unary(op, operand):
                return self._demand(operand, {"bool"} if op == "!" else _NUMBERS)
            case Choice(condition, yes, no):
                self._demand(condition, {"bool"})
                self.where(condition, False).type_of(no)
                return self.where(condition, True).type_of(yes)
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)

    def _name(self, name: str) -> Type:
        if name in self.scope:
            return self.scope[name]
        if name not in self.schema.fields:
            return self.problem(f"unknown fact {name}; there is {', '.join(sorted(self.schema.fields))}")
        self.roots.add(name)
        return self.schema.fields[name]

    def _select(self, owner: Type, name: str, node: Node) -> Type:
        if owner.name == "any":
            return ANY
        if owner.name == "map" and owner.item is not None:
            return owner.item
        if name not in owner.fields:
            known = ", ".join(sorted(owner.fields)) or "nothing below it"
            return self.problem(f"unknown field {name} in {write(node)}; there is {known}")
        return owner.fields[name]

    def _demand(self, node: Node, names: set[str]) -> Type:
        found = self.type_of(node)
        if found.name not in names | {"any"}:
            self.problem(f"expected {' or '.join(sorted(names))}, found {found.name}: {write(node)}")
        elif found.nullable:
            self.problem(f"{write(node)} may be null; compare it with null first")
        return found

    def _binary(self, node: Binary) -> Type:
        if node.op in ("&&", "||"):
            self._demand(node.left, {"bool"})
            self.where(node.left, node.op == "&&")._demand(node.right, {"bool"})
            return BOOL
        if node.op in ("==", "!=", "in"):
            return self._compare(node)
        if node.op in ("<", "<=", ">", ">="):
            left = self._demand(node.left, _NUMBERS | _TEXT)
            self._demand(node.right, _NUMBERS if left.name in _NUMBERS else {left.name})
            return BOOL
        left = self._demand(node.left, _NUMBERS | {"list"} | _TEXT)
        self._demand(node.right, _TEXT if left.name in _TEXT else {left.name})
        return STRING if left.name in _TEXT else left

    def _compare(self, node: Binary) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if node.op == "in":
            if right.name not in ("list", "map", "any"):
                self.problem(f"expected a list, found {right.name}: {write(node.right)}")
            right = right.item or ANY
        if not _comparable(left, right):
            self.problem(f"{left.name} is never {right.name}: {write(node)}")
        return BOOL

    def _call(self, node: Call) -> Type:
        if node.target and node.name in _MACROS:
            return self._macro(node, node.target)
        of_files = node.target == Name("files")
        operands = (node.target, *node.arguments) if node.target and not of_files else node.arguments
        prefix = "files." if of_files else "." if node.target else ""
        takes, gives = _FUNCTIONS.get(prefix + node.name, ((), ANY))
        if not 1 <= len(operands) <= len(takes):
            return self.problem(f"unknown function {node.name}: {write(node)}")
        for operand, names in zip(operands, takes, strict=False):
            self._demand(operand, names)
        return gives

    def _macro(self, node: Call, target: Node) -> Type:
        over = self._demand(target, {"list", "map"})
        if len(node.arguments) != 2 or not isinstance(node.arguments[0], Name):
            return self.problem(f"{node.name} takes a name and an expression: {write(node)}")
        name, body = node.arguments[0].name, node.arguments[1]
        each = STRING if over.name == "map" else over.item or ANY
        inner = replace(self, scope={**self.scope, name: each})
        if node.name == "map":
            return Type("list", item=inner.type_of(body))
        inner._demand(body, {"bool"})
        return Type("list", item=each) if node.name == "filter" else BOOL


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
