"""The syntax of CEL as a tree: parsed to be typed and mutated, written back to be evaluated.

The evaluator (`adapters/cel.py`) has a parser of its own that shows nothing of what it read.
Grammar: https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from roadworthy.errors import UsageError

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|(?P<int>\d+)|
    (?P<string>r?"(?:\\.|[^"\\])*"|r?'(?:\\.|[^'\\])*')|
    (?P<word>[A-Za-z_]\w*)|(?P<op>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])
    )""",
    re.VERBOSE,
)
LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("<", "<=", ">", ">=", "==", "!=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Literal:
    """A constant."""

    value: str | int | float | bool | None


@dataclass(frozen=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True)
class Select:
    """`operand.field`."""

    operand: Node
    field: str


@dataclass(frozen=True)
class Index:
    """`operand[index]`."""

    operand: Node
    index: Node


@dataclass(frozen=True)
class Call:
    """`target.name(arguments)`, or `name(arguments)`."""

    target: Node | None
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class ListOf:
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Unary:
    """`!a` or `-a`."""

    op: str
    operand: Node


@dataclass(frozen=True)
class Binary:
    """`left op right`."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Choice:
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node


Node = Literal | Name | Select | Index | Call | ListOf | Unary | Binary | Choice


def parse(source: str) -> Node:
    """Return the tree of an expression; a UsageError says where it stops making sense."""
    reader = _Reader(source)
    node = reader.choice()
    reader.expect("")
    return node


def write(node: Node) -> str:  # noqa: C901  one case per kind of node
    """Return the source of a tree."""
    match node:
        case Literal(value):
            return json.dumps(value, ensure_ascii=False)
        case Name(name):
            return name
        case Select(operand, field):
            return f"{_tight(operand)}.{field}"
        case Index(operand, index):
            return f"{_tight(operand)}[{write(index)}]"
        case Call(target, name, arguments):
            inside = ", ".join(write(argument) for argument in arguments)
            return f"{_tight(target)}.{name}({inside})" if target else f"{name}({inside})"
        case ListOf(items):
            return "[" + ", ".join(write(item) for item in items) + "]"
        case Unary(op, operand):
            return f"{op}{_tight(operand)}"
        case Binary(op, left, right):
            return f"{_loose(left, op)} {op} {_loose(right, op, right=True)}"
        case Choice(condition, yes, no):
            return f"{_tight(condition)} ? {_tight(yes)} : {_tight(no)}"


def level(op: str) -> int:
    """Return how tightly a binary operator binds; 0 binds least."""
    return next(index for index, ops in enumerate(LEVELS) if op in ops)


def _tight(node: Node) -> str:
    return f"({write(node)})" if isinstance(node, Binary | Choice | Unary) else write(node)


def _loose(node: Node, op: str, right: bool = False) -> str:
    bare = not isinstance(node, Choice) and (
        not isinstance(node, Binary) or level(node.op) - right >= level(op)
    )
    return write(node) if bare else f"({write(node)})"


def _tokens(source: str) -> Iterator[tuple[str, str, int]]:
    position = 0
    while position < len(source.rstrip()):
        match = _TOKEN.match(source, position)
        if match is None:
            raise UsageError(
                f"expression: unexpected {source[position : position + 10]!r} at column {position + 1}"
            )
        yield str(match.lastgroup), match.group(str(match.lastgroup)), match.start(str(match.lastgroup))
        position = match.end()
    yield "end", "", len(source)


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = list(_tokens(source))
        self.at = 0

    @property
    def text(self) -> str:
        kind, text, _ = self.tokens[self.at]
        return text if kind in ("op", "word", "end") else f"{kind} {text}"

    def accept(self, *texts: str) -> str:
        text = self.text
        if text not in texts:
            return ""
        self.at += 1
        return text

    def expect(self, text: str) -> None:
        if self.text != text:
            column = self.tokens[self.at][2] + 1
            wanted, found = text or "the end", self.text or "the end"
            raise UsageError(
                f"expression: expected {wanted!r}, found {found!r} at column {column}: {self.source}"
            )
        self.at += 1

    def choice(self) -> Node:
        condition = self.binary(0)
        if not self.accept("?"):
            return condition
        yes = self.binary(0)
        self.expect(":")
        return Choice(condition, yes, self.choice())

    def binary(self, depth: int) -> Node:
        if depth == len(LEVELS):
            return self.unary()
        node = self.binary(depth + 1)
        while op := self.accept(*LEVELS[depth]):
            node = Binary(op, node, self.binary(depth + 1))
        return node

    def unary(self) -> Node:
        if op := self.accept("!", "-"):
            return Unary(op, self.unary())
        node = self.primary()
        while op := self.accept(".", "["):
            node = self.member(node) if op == "." else self.index(node)
        return node

    def member(self, node: Node) -> Node:
        name = self.word()
        return Call(node, name, self.arguments(")")) if self.accept("(") else Select(node, name)

    def index(self, node: Node) -> Node:
        inside = self.choice()
        self.expect("]")
        return Index(node, inside)

    def word(self) -> str:
        kind, text, _ = self.tokens[self.at]
        if kind != "word":
            self.expect("a name")
        self.at += 1
        return text

    def arguments(self, close: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self.accept(close):
            items.append(self.choice())
            if self.text != close:
                self.expect(",")
        return tuple(items)

    def primary(self) -> Node:
        if self.accept("("):
            node = self.choice()
            self.expect(")")
            return node
        if self.accept("["):
            return ListOf(self.arguments("]"))
        kind, text, _ = self.tokens[self.at]
        if kind in ("int", "double", "string"):
            self.at += 1
            return Literal(_constant(kind, text))
        name = self.word()
        if name in _CONSTANTS:
            return Literal(_CONSTANTS[name])
        return Call(None, name, self.arguments(")")) if self.accept("(") else Name(name)


def _constant(kind: str, text: str) -> str | int | float:
    if kind == "int":
        return int(text)
    if kind == "double":
        return float(text)
    if text.startswith("r"):
        return text[2:-1]
    return re.sub(r"\\(.)", r"\1", text[1:-1])
