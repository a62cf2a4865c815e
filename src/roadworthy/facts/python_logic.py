"""Feature computations in Python's syntax tree: arithmetic over the contract's columns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Set

from roadworthy.facts.python_tree import Tree, full_name, keys, literal, nodes

_MATH = ("numpy.", "math.", "operator.", "scipy.", "polars.", "jax.numpy.")
_METHODS = frozenset(
    {
        *("div", "truediv", "floordiv", "rdiv", "mul", "add", "sub", "rsub", "pow", "mod", "diff"),
        *("pct_change", "cumsum", "shift", "rolling", "ewm", "divide", "multiply", "subtract"),
    }
)
_FORMULAS = frozenset({"eval", "expr", "selectExpr", "sql", "query"})
_SQL = re.compile(r"\bselect\b.+\bfrom\b", re.IGNORECASE | re.DOTALL)
Columns = frozenset[str]


def feature_logic(tree: Tree, columns: Columns) -> Iterator[tuple[int, str]]:
    """Yield line and words of arithmetic, comparisons and formulas over the contract's columns."""
    stand_ins = _stand_ins(tree, columns)
    for node in tree.of(ast.BinOp, ast.AugAssign, ast.Compare, ast.Call, ast.Constant):
        formulas = {name for text in _formulas(node) for name in _formula(text, columns)}
        used = formulas or _used(list(_operands(node, tree.names)), columns, stand_ins)
        if used:
            yield getattr(node, "lineno", 0), f"computes with {', '.join(sorted(used))}"


def _operands(node: ast.AST, names: dict[str, str]) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.AugAssign):
        yield from (node.target, node.value)
    elif isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Call) and full_name(node.func, names).startswith((*_MATH, "np.")):
        yield from node.args
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        yield from (node.func.value, *node.args)


def _used(parts: list[ast.expr], columns: Columns, stand_ins: Mapping[str, str]) -> Set[str]:
    """The columns that operands read: by key; or two of them by attribute, argument or another name."""
    if not parts:
        return frozenset()
    walked = [node for part in parts for node in nodes(part)]
    by_key = columns.intersection(keys(walked))
    loose = set(_loose(walked, columns, stand_ins))
    return by_key if by_key else loose if len(loose) > 1 else set()


def _loose(walked: Iterable[ast.AST], columns: Columns, stand_ins: Mapping[str, str]) -> Iterator[str]:
    for node in walked:
        if isinstance(node, ast.Attribute) and node.attr in columns:
            yield node.attr
        elif isinstance(node, ast.Name) and node.id not in ("self", "cls"):
            name = stand_ins.get(node.id, node.id)
            if name in columns:
                yield name


def _stand_ins(tree: Tree, columns: Columns) -> dict[str, str]:
    """Names that stand for a column: its written name, or what was read by it."""
    found: dict[str, str] = {}
    for node in tree.of(ast.Assign):
        if isinstance(node.targets[0], ast.Name):
            value = node.value
            read = [literal(value)] if isinstance(value, ast.Constant) else _plain(value)
            for name in columns.intersection(read):
                found[node.targets[0].id] = name
    return found


def _plain(value: ast.expr) -> list[str]:
    """The one key of `row["x"]` or `row.get("x")` and of nothing larger."""
    return list(keys(nodes(value))) if isinstance(value, ast.Subscript | ast.Call) else []


def _formulas(node: ast.AST) -> Iterator[str]:
    """Texts that something else will compute: SQL, and what `frame.eval` and its like are given."""
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _FORMULAS:
        yield from (literal(part) for part in node.args)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
        yield node.value


def _formula(text: str, columns: Columns) -> set[str]:
    """Two columns with an operator between them."""
    pairs = re.findall(r"(?=\b(\w+)\b\W{0,3}[-+*/]\W{0,3}(\w+)\b)", text[:2000])
    return {name for pair in pairs if set(pair) <= columns and len(set(pair)) > 1 for name in pair}


def copies(tree: Tree, names: frozenset[str], columns: Columns) -> Iterator[tuple[int, str]]:
    """Yield second definitions of features: at the top of a module, or anywhere over columns."""
    for node in tree.of(ast.FunctionDef, ast.AsyncFunctionDef):
        if node.name in names:
            takes = {argument.arg for argument in nodes(node.args) if isinstance(argument, ast.arg)}
            if node in tree.body or takes & columns:
                yield node.lineno, f"defines {node.name} a second time"
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in names and getattr(node.value, "attr", "") != name:
                yield node.lineno, f"defines {name} a second time"
