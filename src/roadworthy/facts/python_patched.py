"""Code that changes other code while it runs: modules rewritten from outside."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from roadworthy.facts.python_tree import Tree, full_name

_SEARCH = frozenset({"sys.modules", "sys.path", "sys.meta_path", "sys.path_hooks"})
_CHANGES = frozenset({"insert", "append", "extend", "update", "setdefault", "pop", "clear", "__setitem__"})


def patched(tree: Tree, package: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of what gives a module of the package, or a library, another content or place."""
    names = tree.names
    whole = {each.asname or each.name for node in tree.of(ast.Import) for each in node.names}

    def module(node: Any) -> str:
        name = names.get(node.id, "") if isinstance(node, ast.Name) else ""
        return (
            name
            if name.startswith(f"{package}.") or (isinstance(node, ast.Name) and node.id in whole)
            else ""
        )

    for node in tree.nodes:
        for target in _assigned(node):
            if isinstance(target, ast.Attribute) and module(target.value):
                yield target.lineno, f"{module(target.value)}.{target.attr} assigned"
            where = target.value if isinstance(target, ast.Subscript) else target
            if full_name(where, names) in _SEARCH or _table_of(where, module):
                yield target.lineno, "a table of modules changed"
        if isinstance(node, ast.Call):
            yield from _called(node, names, module)


def _assigned(node: ast.AST) -> Iterable[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []


def _called(node: ast.Call, names: dict[str, str], module: Any) -> Iterator[tuple[int, str]]:
    name = full_name(node.func, names)
    if name == "setattr" and node.args and module(node.args[0]):
        yield node.lineno, f"setattr of {module(node.args[0])}"
    by = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES else None
    if by is not None and (full_name(by, names) in _SEARCH or _table_of(by, module)):
        yield node.lineno, f"{ast.unparse(by)} changed"


def _table_of(node: Any, module: Any) -> bool:
    """`vars(module)` or `module.__dict__`."""
    if isinstance(node, ast.Call):
        return (
            isinstance(node.func, ast.Name)
            and node.func.id == "vars"
            and bool(node.args and module(node.args[0]))
        )
    return isinstance(node, ast.Attribute) and node.attr == "__dict__" and bool(module(node.value))
