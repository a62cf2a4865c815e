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
_LEVELS = ("||", "&&", "< <= > >= == != in", "+ -", "* / %")
# How tightly a binary operator binds; 0 binds least.
BINDS = {op: level for level, ops in enumerate(_LEVELS) for op in ops.split()}
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Node:
    """One node of a tree, with the nodes below it.

    Of a `literal`, `value` is the constant; of a `name` and a `select` its word; of a `call` and a `method`,
    whose first part is what it is called on, the function; of an `op` the operator, `[]` and `?:` among them.
    A `list` has parts only.
    """

    kind: str
    value: str | int | float | bool | None = None
    parts: tuple[Node, ...] = ()


def parse(source: str) -> Node:
    """Return the tree of an expression; a UsageError says where it stops making sense."""
    reader = _Reader(source)
    node = reader.choice()
    reader.expect("")
    return node


def write(node: Node) -> str:
    """Return the source of a tree."""
    match node.kind:
        case "literal":
            return json.dumps(node.value, ensure_ascii=False)
        case "name":
            return str(node.value)
        case "select":
            return f"{_tight(node.parts[0])}.{node.value}"
        case "call":
            return f"{node.value}({_listed(node.parts)})"
        case "method":
            return f"{_tight(node.parts[0])}.{node.value}({_listed(node.parts[1:])})"
        case "list":
            return f"[{_listed(node.parts)}]"
    return _operation(str(node.value), *node.parts)


def _listed(nodes: tuple[Node, ...]) -> str:
    return ", ".join(write(node) for node in nodes)


def _operation(op: str, first: Node, *rest: Node) -> str:
    if op == "[]":
        return f"{_tight(first)}[{write(rest[0])}]"
    if op == "?:":
        return f"{_tight(first)} ? {_tight(rest[0])} : {_tight(rest[1])}"
    if not rest:
        return f"{op}{_tight(first)}"
    return f"{_beside(first, BINDS[op])} {op} {_beside(rest[0], BINDS[op] + 1)}"


def _tight(node: Node) -> str:
    bare = node.kind != "op" or node.value == "[]"
    return write(node) if bare else f"({write(node)})"


def _beside(node: Node, level: int) -> str:
    """An operand of an operator: in brackets when it binds less than the operator does."""
    looser = node.kind == "op" and len(node.parts) > 1 and BINDS.get(str(node.value), level) < level
    return f"({write(node)})" if looser or (node.kind, node.value) == ("op", "?:") else write(node)


def _tokens(source: str) -> Iterator[tuple[str, str, int]]:
    position = 0
    while position < len(source.rstrip()):
        match = _TOKEN.match(source, position)
        if match is None:
            raise UsageError(
                f"expression: unexpected {source[position : position + 10]!r} at column {position + 1}"
            )
        kind = str(match.lastgroup)
        yield kind, match[kind], match.start(kind)
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
        return Node("op", "?:", (condition, yes, self.choice()))

    def binary(self, least: int) -> Node:
        node = self.unary()
        while BINDS.get(self.text, -1) >= least:
            op = self.accept(*BINDS)
            node = Node("op", op, (node, self.binary(BINDS[op] + 1)))
        return node

    def unary(self) -> Node:
        if op := self.accept("!", "-"):
            return Node("op", op, (self.unary(),))
        node = self.primary()
        while op := self.accept(".", "["):
            node = self.member(node) if op == "." else self.index(node)
        return node

    def member(self, node: Node) -> Node:
        name = self.word()
        if self.accept("("):
            return Node("method", name, (node, *self.listed(")")))
        return Node("select", name, (node,))

    def index(self, node: Node) -> Node:
        inside = self.choice()
        self.expect("]")
        return Node("op", "[]", (node, inside))

    def word(self) -> str:
        kind, text, _ = self.tokens[self.at]
        if kind != "word":
            self.expect("a name")
        self.at += 1
        return text

    def listed(self, close: str) -> tuple[Node, ...]:
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
            return Node("list", None, self.listed("]"))
        kind, text, _ = self.tokens[self.at]
        if kind in ("int", "double", "string"):
            self.at += 1
            return Node("literal", _constant(kind, text))
        name = self.word()
        if name in _CONSTANTS:
            return Node("literal", _CONSTANTS[name])
        return Node("call", name, self.listed(")")) if self.accept("(") else Node("name", name)


def _constant(kind: str, text: str) -> str | int | float:
    if kind in ("int", "double"):
        return int(text) if kind == "int" else float(text)
    return text[2:-1] if text.startswith("r") else re.sub(r"\\(.)", r"\1", text[1:-1])
