"""Tests that are told to keep quiet: by configuration, or by a hook that decides in their place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.python_tree import Tree, tree_of
from roadworthy.facts.sources import TESTED_BY

_LISTS = re.compile(
    r"--(?:collect-only|co|setup-plan|setup-only|fixtures|markers|help|version|stepwise-skip)\b"
)
_SECTION = re.compile(r"^\[(?:tool[.:])?pytest[^\]]*\]\s*$(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_OPTIONS = re.compile(r"^addopts\s*=(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_PATHS = re.compile(r"^testpaths\s*=(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
# Hooks that may answer in the place of what they are asked about.
_INSTEAD = frozenset(
    {
        "pytest_runtest_protocol",
        "pytest_pyfunc_call",
        "pytest_runtestloop",
        "pytest_cmdline_main",
        "pytest_runtest_call",
    }
)
_EXITS = frozenset({"os._exit", "sys.exit", "pytest.exit"})
MOST = 20


def silenced(snapshot: Snapshot, tests: Iterable[str]) -> list[str]:
    """Return where tests are kept from running, or from failing."""
    tests, found = list(tests), list[str]()
    for path in TESTED_BY:
        for section in _SECTION.findall(snapshot.text(path)) if path in snapshot.sizes else ():
            found += [
                f"{path} {option}" for text in _OPTIONS.findall(section) for option in _LISTS.findall(text)
            ]
            found += [f"{path} testpaths" for text in _PATHS.findall(section) if _elsewhere(text, tests)]
    for path in snapshot.paths:
        if path.rpartition("/")[2] == "conftest.py" and (tree := tree_of(snapshot.data(path) or b"")):
            found += [f"{path}:{line} {what}" for line, what in _hooks(tree)]
    return found[:MOST]


def _elsewhere(paths: str, tests: list[str]) -> bool:
    """Whether most tests lie outside the folders that are looked into."""
    places = tuple(f"{place.strip('/')}/" for place in re.findall(r"[\w./-]+", paths) if place != ".")
    outside = [test for test in tests if not test.startswith(places)]
    return bool(places) and len(outside) * 2 > len(tests)


def _hooks(tree: Tree) -> Iterator[tuple[int, str]]:
    for node in tree.nodes:
        if isinstance(node, ast.FunctionDef) and node.name in _INSTEAD and any(map(_answers, ast.walk(node))):
            yield node.lineno, f"{node.name} answers in their place"
        elif isinstance(node, ast.FunctionDef) and node.name == "pytest_collection_modifyitems":
            yield from ((node.lineno, "takes all of them away") for each in ast.walk(node) if _empties(each))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if node.attr in ("exitstatus", "outcome"):
                yield node.lineno, f"sets {node.attr}"
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("_exit", "exit"):
            yield from ((node.lineno, f"calls {name}") for name in _EXITS & {ast.unparse(node.func)})


def _answers(node: ast.AST) -> bool:
    said = node.value if isinstance(node, ast.Return) else None
    return isinstance(said, ast.Constant) and said.value is not None


def _empties(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        target, value = node.targets[0], node.value
        return isinstance(target, ast.Subscript) and isinstance(value, ast.List) and not value.elts
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "clear"
    return called or isinstance(node, ast.Delete)
