"""Tests that are told to keep quiet: by configuration, or by a hook that decides in their place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

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
_FRAMEWORKS = frozenset({"pytest", "unittest", "builtins"})
_EXITS = frozenset({"os._exit", "sys.exit", "pytest.exit"})
_SET = re.compile(r"^(python_files|python_functions|norecursedirs)\s*=(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_OTHERWISE = re.compile(
    r"(?<![\w-])-c[\s=]\s*\S+|(?:-o|--override-ini)[\s=]\s*(?:python_|addopts|testpaths|norec)\S*|--noconftest"
)
_LEAVES = re.compile(
    r"(?<![\w-])(?:-k|-m(?!\s*['\"\\]*not\b)|--deselect|--ignore(?:-glob)?)[\s=]\s*(?:'[^']*'|[^\s'\"]+)"
)
_MARKED_OUT = re.compile(r"(?<![\w-])-m\s*['\"\\]*not\s+(\w+)")
_HOOKED = re.compile(
    rb"def pytest_|_exit\b|exitstatus|pytest_plugins|autouse|collect_ignore|setattr\(pytest|pytest\.\w+ *="
)
_LISTED = frozenset({"collect_ignore", "collect_ignore_glob"})
# A mark or an option that somebody put there on purpose is asked by these.
_ASKS = re.compile(r"keywords|get_closest_marker|iter_markers|getoption|getvalue")
_ADDS = re.compile(
    r"add_marker\([^)]*\b(?:skip|xfail)\b|\bpytest\.(?:skip|xfail)\("
    r"|\bitems\[:\] = \[.* if |pytest_deselected"
)
_ADDED = re.compile(r"add_marker\([^)]*?(\w+)['\"]?\)")
MOST = 20
Plugins = Sequence[tuple[str, Tree]]


def silenced(snapshot: Snapshot, tests: Iterable[str], plugins: Plugins) -> list[str]:
    """Return where tests are kept from running, or from failing."""
    tests, found = list(tests), list[str]()
    for path, section in _sections(snapshot):
        options = " ".join(_OPTIONS.findall(section))
        found += [f"{path} {each}" for each in (*_LISTS.findall(options), *_OTHERWISE.findall(options))]
        found += [f"{path} testpaths" for text in _PATHS.findall(section) if _elsewhere(text, tests)]
        found += [f"{path} {name}" for name, text in _SET.findall(section) if _misses(name, text, tests)]
    for path, tree in plugins:
        found += [f"{path}:{line} {what}" for line, what in _hooks(tree)]
    return found[:MOST]


def left_out(snapshot: Snapshot, plugins: Plugins) -> list[str]:
    """Return where single tests are left out, or forgiven, other than by a mark of their own."""
    found, unmarked = list[str](), set[str]()
    for path, section in _sections(snapshot):
        options = " ".join(_OPTIONS.findall(section))
        found += [f"{path} {each}" for each in _LEAVES.findall(options)]
        unmarked |= set(_MARKED_OUT.findall(options))
    for path, tree in plugins:
        found += [f"{path}:{line} {what}" for line, what in _leaves(tree, unmarked)]
    return found[:MOST]


def _sections(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for path in TESTED_BY:
        for section in _SECTION.findall(snapshot.text(path)) if path in snapshot.sizes else ():
            yield path, section


def plugins_of(snapshot: Snapshot) -> Iterator[tuple[str, Tree]]:
    """Whatever pytest may load as a plugin: where a hook is defined, or what it reads is set."""
    for path in snapshot.paths:
        data = snapshot.data(path) if path.endswith(".py") else None
        if data and _HOOKED.search(data) and (tree := tree_of(data)):
            yield path, tree


def _leaves(tree: Tree, unmarked: set[str]) -> Iterator[tuple[int, str]]:
    for node in tree.nodes:
        if isinstance(node, ast.Assign) and {ast.unparse(each) for each in node.targets} & _LISTED:
            yield node.lineno, "leaves files out"
        if not isinstance(node, ast.FunctionDef):
            continue
        decides = node.name.startswith(
            ("pytest_collection_mod", "pytest_itemcollected", "pytest_runtest_setup")
        )
        text = ast.unparse(node) if decides or node.decorator_list else ""
        if node.name == "pytest_ignore_collect":
            yield node.lineno, f"{node.name} leaves files out"
        elif (decides or "autouse=True" in text) and _ADDS.search(text) and not _ASKS.search(text):
            yield node.lineno, f"{node.name} leaves tests out, or forgives them"
        elif decides and unmarked & set(_ADDED.findall(text)):
            yield node.lineno, f"{node.name} marks what addopts leaves out"


def _misses(name: str, text: str, tests: list[str]) -> bool:
    """Whether a setting makes most tests nobody's; a function is also named by how it begins."""
    patterns = re.findall(r"[\w.*?/\[\]-]+", text.replace("[", " ").replace("]", " "))
    if name == "norecursedirs":
        gone = [t for t in tests if any(fnmatchcase(f, p) for f in t.split("/")[:-1] for p in patterns)]
        return len(gone) * 2 > len(tests)
    ends, more = (".py", "") if name == "python_files" else ("", "*")
    said = [t.partition("::")[0] if ends else t.rpartition("::")[2] for t in tests]
    bare = [re.split(r"[/.]", each.removesuffix(ends))[-1] + ends for each in said]
    kept = [each for each in bare if any(fnmatchcase(each, p + more) for p in patterns)]
    return bool(patterns) and len(kept) * 2 < len(tests)


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
            elif ast.unparse(node.value) in _FRAMEWORKS:
                yield node.lineno, f"replaces {ast.unparse(node)}"
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _called(node))


def _called(node: ast.Call) -> Iterator[str]:
    """What a call sets that was to be found out, or ends before it was."""
    name = ast.unparse(node.func)
    if name == "setattr" and node.args:
        what = ast.unparse(node.args[0])
        if what in _FRAMEWORKS or {"'outcome'", "'exitstatus'"} & {ast.unparse(each) for each in node.args}:
            yield f"sets {what}"
    elif name in _EXITS:
        yield f"calls {name}"


def _answers(node: ast.AST) -> bool:
    said = node.value if isinstance(node, ast.Return) else None
    return isinstance(said, ast.Constant) and said.value is not None


def _empties(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        target, value = node.targets[0], node.value
        return isinstance(target, ast.Subscript) and isinstance(value, ast.List) and not value.elts
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "clear"
    return called or isinstance(node, ast.Delete)
