"""The type of an expression over the fact schema. An unknown field or an unguarded null is a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from roadworthy.core.expressions.fact_schema import Type
from roadworthy.core.expressions.syntax import Node, write

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
_UNARY = {"!": {"bool"}, "-": _NUMBERS}
_MACROS = {"exists", "all", "exists_one", "filter", "map"}
Known = frozenset[str]


def check_type(node: Node, schema: Type, wanted: str) -> Typing:
    """Type `node` over the schema; it must come to `wanted` (bool, string or any)."""
    typing = Typing(schema, asks=wanted == "bool")
    found = typing.type_of(node)
    if wanted not in ("any", found.name) and found.name != "any" and not {wanted, found.name} <= _TEXT:
        typing.problems.append(f"expected {wanted}, found {found.name}: {write(node)}")
    return typing


@dataclass
class Typing:
    """Types one expression: problems and fact roots of all of it; variables and known values of one place.

    A question (`asks`) may not look past what is unknown; words about the answer may.
    """

    schema: Type
    asks: bool = False
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

    def _type_of(self, node: Node) -> Type:
        match node:
            case Node("literal", value):
                return _LITERALS[type(value)]
            case Node("name", name):
                return self._name(str(name))
            case Node("select", name, (operand,)):
                return self._select(self.type_of(operand), str(name), node)
            case Node("list", _, items):
                types = [self.type_of(item) for item in items]
                return Type("list", item=types[0] if types else ANY)
            case Node("op", op):
                return self._operation(node, str(op))
        return self._call(node, str(node.value))

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
        elif found.nullable and not found.unknowable:
            self.problem(f"{write(node)} may be null; compare it with null first")
        return found

    def _operation(self, node: Node, op: str) -> Type:
        left, *rest = node.parts
        if op in ("&&", "||"):
            self._demand(left, {"bool"})
            self.where(left, op == "&&")._demand(rest[0], {"bool"})
            return BOOL
        if op in ("==", "!=", "in"):
            return self._compare(node, left, rest[0])
        if op == "?:":
            self._demand(left, {"bool"})
            self.where(left, False).type_of(rest[1])
            return self.where(left, True).type_of(rest[0])
        if op == "[]":
            self.type_of(rest[0])
            return self.type_of(left).item or ANY
        return self._ordered(op, left, rest[0]) if rest else self._demand(left, _UNARY[op])

    def _ordered(self, op: str, left: Node, right: Node) -> Type:
        if op in ("<", "<=", ">", ">="):
            found = self._demand(left, _NUMBERS | _TEXT)
            self._demand(right, _NUMBERS if found.name in _NUMBERS else {found.name})
            return BOOL
        found = self._demand(left, _NUMBERS | {"list"} | _TEXT)
        self._demand(right, _TEXT if found.name in _TEXT else {found.name})
        return STRING if found.name in _TEXT else found

    def _compare(self, node: Node, one: Node, other: Node) -> Type:
        left, right = self.type_of(one), self.type_of(other)
        if node.value == "in":
            if right.name not in ("list", "map", "any"):
                self.problem(f"expected a list, found {right.name}: {write(other)}")
            right = right.item or ANY
        if self.asks and (left.unknowable or right.unknowable):
            self.problem(f"{write(node)} is an answer where one is unknown; use it bare: then so is this")
        elif not _comparable(left, right):
            self.problem(f"{left.name} is never {right.name}: {write(node)}")
        return BOOL

    def _call(self, node: Node, name: str) -> Type:
        on_value = node.kind == "method"
        if on_value and name in _MACROS:
            return self._macro(node, *node.parts)
        of_files = on_value and node.parts[0] == Node("name", "files")
        operands = node.parts[1:] if of_files else node.parts
        prefix = "files." if of_files else "." if on_value else ""
        takes, gives = _FUNCTIONS.get(prefix + name, ((), ANY))
        if not 1 <= len(operands) <= len(takes):
            return self.problem(f"unknown function {name}: {write(node)}")
        for operand, names in zip(operands, takes, strict=False):
            self._demand(operand, names)
        return gives

    def _macro(self, node: Node, target: Node, *arguments: Node) -> Type:
        over = self._demand(target, {"list", "map"})
        if len(arguments) != 2 or arguments[0].kind != "name":
            return self.problem(f"{node.value} takes a name and an expression: {write(node)}")
        name, body = str(arguments[0].value), arguments[1]
        each = STRING if over.name == "map" else over.item or ANY
        inner = replace(self, scope={**self.scope, name: each})
        if node.value == "map":
            return Type("list", item=inner.type_of(body))
        inner._demand(body, {"bool"})
        return Type("list", item=each) if node.value == "filter" else BOOL


def facts_when(node: Node, holds: bool) -> Known:
    """Return the expressions that cannot be null once `node` came to `holds`."""
    match node:
        case Node("op", "!=" | "==", (operand, Node("literal", None))) if holds is (node.value == "!="):
            return frozenset({write(operand)})
        case Node("op", "&&" | "||", (left, right)) if holds is (node.value == "&&"):
            return facts_when(left, holds) | facts_when(right, holds)
        case Node("op", "!", (operand,)):
            return facts_when(operand, not holds)
    return frozenset()


def _comparable(left: Type, right: Type) -> bool:
    if "any" in (left.name, right.name):
        return True
    if "null" in (left.name, right.name):
        return left.nullable or right.nullable
    return left.name == right.name or {left.name, right.name} <= _NUMBERS or {left.name, right.name} <= _TEXT
