"""Code that changes other code while it runs: modules rewritten from outside, or found somewhere else."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.python_text import Source
from roadworthy.facts.python_tree import Tree, full_name
from roadworthy.facts.sources import TESTED_BY

_SEARCH = frozenset({"sys.modules", "sys.path", "sys.meta_path", "sys.path_hooks"})
_CHANGES = frozenset({"insert", "append", "extend", "update", "setdefault", "pop", "clear", "__setitem__"})
_PATHS = re.compile(
    r"(?:PYTHONPATH\s*[:+?]*=\s*|^pythonpath\s*=\s*)(\[[^\]]*\]|\S+(?:\n[ \t]+\S+)*)", re.MULTILINE
)
_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==", re.MULTILINE)
# What Python runs before the first line, and what sets the environment up.
_FIRST = frozenset({"sitecustomize", "usercustomize", "pip", "setuptools"})
# Names of the standard library that nothing on the road asks for, and that are words for folders.
_ALWAYS = sys.stdlib_module_names - {"test", "code", "profile", "cmd", "site", "this", "tkinter", "turtle"}


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


def search_path(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the folders where Python looks: by itself, and by what make, an image or tests say."""
    said = [
        word.removeprefix("$(CURDIR)").removeprefix("/app").strip("./")
        for path in ("Makefile", "deploy/Containerfile", *TESTED_BY)
        for value in _PATHS.findall(snapshot.text(path))
        for word in re.split(r"[\s:,\"'\[\]]+", value)
    ]
    return tuple(dict.fromkeys(("", "src", *said)))


def in_the_way(snapshot: Snapshot, sources: Mapping[str, Source], root: str) -> Iterator[dict[str, str]]:
    """Yield files of the project that Python finds before what the paved road imports under that name."""
    used = {name.partition(".")[0] for source in sources.values() for name, _ in source.imports}
    locks = (snapshot.text(path) for path in snapshot.under("requirements") if path.endswith(".txt"))
    locked = {re.sub(r"[-.]+", "_", name).lower() for text in locks for name in _LOCKED.findall(text)}
    taken = ((used | locked | _ALWAYS) - {root.split("/")[1], ""}) | _FIRST
    for place in search_path(snapshot):
        prefix = f"{place}/" if place else ""
        for path in snapshot.under(place) if place else snapshot.paths:
            name = path.removeprefix(prefix).removesuffix("/__init__.py").removesuffix(".py")
            name = name.partition(".")[0] if path.endswith((".so", ".pyd", ".pyc")) else name
            known = taken - sys.stdlib_module_names | used if place == "tests" else taken
            if "/" not in name and "." not in name and name in known and path.removeprefix(prefix) != name:
                yield {"path": path, "what": f"{path} stands before {name}"}
