"""What the project's Python says without running it: who computes features, what is loaded and tested."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from roadworthy.core.documents.parts import mapping, part
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts import python_hidden, python_tree
from roadworthy.facts.python_hidden import hidden_code
from roadworthy.facts.python_logic import copies, feature_logic
from roadworthy.facts.python_patched import patched
from roadworthy.facts.python_path import in_the_way
from roadworthy.facts.python_text import Source, helpers_in, read_source, read_tests, same_letters, words
from roadworthy.facts.quiet import left_out, plugins_of, silenced
from roadworthy.facts.sources import submodules
from roadworthy.facts.vetted import is_vetted

MOST = 20
MAX_FILES = 2000
# A prompt is in what is called so, in a message of a role, or in what makes messages.
_MESSAGES = frozenset({"role", "from_template", "from_messages"})
_TEST_FILE = re.compile(r"(^|.*/)(test_[^/]*|[^/]*_test)\.py")
_MODULE = re.compile(r"[a-z_]\w*(\.[a-z_]\w*)*")
_OWN_LOGIC = ("features.py", "data.py", "model.py")
Words = frozenset[str]
Suspect = Callable[[Words], bool]
Finder = Callable[[Any], Iterator[tuple[int, str]]]


def imports(snapshot: Snapshot, package: str) -> dict[str, Any]:
    """Return the facts under `imports`."""
    root = f"src/{package}/"
    paths = [path for path in snapshot.under(root) if path.endswith(".py")][:MAX_FILES]
    read = {path: snapshot.read(path) for path in paths}
    data = {path: each for path, each in read.items() if isinstance(each, bytes)}
    sources = {path: source for path, each in data.items() if (source := read_source(each))}
    code = _Code(data)
    graph = {path: _edges(path, source, root, sources) for path, source in sources.items()}
    users = {path for path, source in sources.items() if _uses_features(path, source, root, graph)}
    trained = _reached([p for p in sources if _named(p, root, "train", "fit")], graph) & users
    served = (
        _reached([p for p in sources if _named(p, root, "serving", "serve", "score", "batch")], graph) & users
    )
    unread = sorted(set(paths) - set(sources)) + [
        p for p in (*snapshot.refused, *submodules(snapshot)) if p.startswith(root) and _holds_code(p)
    ]
    before = list(in_the_way(snapshot, sources, root))
    tested = [each["what"] for each in before if each["path"].startswith("tests/")]
    before = [each for each in before if not each["path"].startswith("tests/")]
    elsewhere = [path for path in data if path.removeprefix(root) not in _OWN_LOGIC]
    facts = {
        "feature_logic_elsewhere": _logic(elsewhere, code, root, snapshot),
        "unsafe_loads": code.find(data, python_tree.may_load, python_tree.unsafe_loads),
        "vendor_sdks": code.find(
            _outside_gateway(data, root), _any_of(python_tree.SOLD), python_tree.vendor_uses
        ),
        "prompt_literals": code.find(data, _prompting, python_tree.prompt_literals),
        "imports_roadworthy": [
            f"{path}:{line}"
            for path, source in sources.items()
            for name, line in source.imports
            if name.partition(".")[0] == "roadworthy"
        ][:MOST],
        "features": _features(data.get(f"{root}features.py")),
        "model_reads": _keys(data.get(f"{root}model.py"), _columns(snapshot)),
        "hidden_code": [*_hidden(code, package), *before][:MOST],
        **_tests(snapshot, package, {_module(path, root): path for path in sources}, graph),
    }
    facts["tests_silenced"] = [*facts["tests_silenced"], *tested][:MOST]
    return {
        "available": bool(sources) and not unread and not code.unparsed,
        "reason": _reason(sources, unread, code.unparsed, root),
        "unparsed": sorted(code.unparsed)[:MOST],
        "features_module": f"{root}features.py" in sources,
        "training_uses_features": bool(trained),
        "serving_uses_features": bool(served and trained),
        "gateway_module": any(_named(path, root, "gateway") for path in sources),
        **facts,
    }


def _holds_code(path: str) -> bool:
    """Whether what cannot be looked into may be code: a module, or a folder."""
    return path.endswith(".py") or "." not in path.rpartition("/")[2]


# What these find depends on nothing but the file.
FINDERS: tuple[Finder, ...] = (
    python_tree.unsafe_loads,
    python_tree.vendor_uses,
    python_tree.prompt_literals,
    hidden_code,
)


class _Code:
    """Syntax trees on demand, remembering which could not be had."""

    def __init__(self, data: Mapping[str, bytes]) -> None:
        self.data = data
        self.unparsed: set[str] = set()

    def find(self, paths: Iterable[str], suspect: Suspect, finder: Finder) -> list[str]:
        """Return `path:line what` for every finding in the files whose words look suspicious."""
        found = []
        for path in paths:
            lines = _findings(finder, suspect, self.data[path])
            if lines is None:
                self.unparsed.add(path)
            else:
                found += [f"{path}:{line} {what}" for line, what in lines]
        return found[:MOST]


@lru_cache(maxsize=4096)
def _findings(finder: Finder, suspect: Suspect, data: bytes) -> tuple[tuple[int, str], ...] | None:
    """What a finder finds in a file: the same bytes in a thousand projects are looked at once."""
    found = words(data)
    if (found is not None and not suspect(found)) or (finder in FINDERS and is_vetted(data)):
        return ()
    tree = python_tree.tree_of(data)
    if tree is None or len(tree.readings) > python_tree.MOST_READINGS:
        return None
    return tuple(sorted({each for reading in tree.readings for each in finder(reading)}))


def _logic(paths: list[str], code: _Code, root: str, snapshot: Snapshot) -> list[str]:
    """Feature computations outside the features module: over the contract's columns, or a copied function."""
    columns = frozenset(_columns(snapshot))
    features = code.data.get(f"{root}features.py")
    own = python_tree.tree_of(features) if features else None
    names = (
        frozenset(name for name in python_tree.functions(own) if name[0] != "_") if own else frozenset[str]()
    )
    found = code.find(paths, _any_of(_parts(columns)), _same(feature_logic, columns=columns))
    found += code.find(paths, _any_of(names), _same(copies, names=names, columns=columns))
    return found[:MOST]


@lru_cache(maxsize=256)
def _same(finder: Callable[..., Any], **about: frozenset[str]) -> Finder:
    """One finder for the same question: two partials are never equal, and nothing would be looked at once."""
    return partial(finder, **about)


@lru_cache(maxsize=256)
def _any_of(names: Words) -> Suspect:
    return lambda found: not found.isdisjoint(names)


@lru_cache(maxsize=64)
def _in(package: str) -> Finder:
    return partial(patched, package=package)


def _parts(names: Iterable[str]) -> Words:
    """The words of names: a column may be called by several."""
    return frozenset(word for name in names for word in re.findall(r"\w+", same_letters(name)))


def _prompting(found: Words) -> bool:
    return not found.isdisjoint(_MESSAGES) or any(map(python_tree.prompts, found))


def _hidden(code: _Code, package: str) -> list[dict[str, str]]:
    found = code.find(code.data, _any_of(python_hidden.SUSPECT), hidden_code)
    # What a release carries was looked at with it, and no word tells an assignment from a change.
    teams = [path for path, data in code.data.items() if not is_vetted(data)]
    found += code.find(teams, bool, _in(package))
    return [{"path": each.partition(" ")[0].rpartition(":")[0], "what": each} for each in found]


def _keys(data: bytes | None, columns: Iterable[str]) -> list[str]:
    """The columns of the contract that a file reads by name or by argument."""
    tree = python_tree.tree_of(data) if data else None
    if tree is None:
        return []
    arguments = {node.arg for node in tree.of(ast.arg)}
    return sorted({*python_tree.keys(tree.nodes), *arguments} & set(columns))


def _features(data: bytes | None) -> list[dict[str, Any]]:
    tree = python_tree.tree_of(data) if data else None
    return list(python_tree.signatures(tree)) if tree else []


def _columns(snapshot: Snapshot) -> list[str]:
    contract = mapping(snapshot.document("policy/data.yaml"))
    return [str(name) for name in part(contract, "columns")][:200]


def _edges(path: str, source: Source, root: str, sources: Mapping[str, Source]) -> set[str]:
    """The files of the package that a file imports."""
    own = (".", root.split("/")[1])
    stems = (_absolute(name, path, root) for name, _ in source.imports if name.startswith(own))
    return {each for stem in stems for each in (f"{stem}.py", f"{stem}/__init__.py") if each in sources}


def _absolute(name: str, path: str, root: str) -> str:
    """The path, without its ending, of a module named in an import of `path`."""
    dots = len(name) - len(name.lstrip("."))
    rest = name.lstrip(".").replace(".", "/")
    if not dots:
        return f"src/{rest}"
    folder = path.rpartition("/")[0]
    for _ in range(dots - 1):
        folder = folder.rpartition("/")[0]
    return f"{folder}/{rest}".rstrip("/")


def _uses_features(path: str, source: Source, root: str, graph: Mapping[str, set[str]]) -> bool:
    """Whether a file imports the features module, or wires the file of that name which a release carries."""
    return f"{root}features.py" in graph[path] or "features.py" in source.strings


def _reached(starts: Iterable[str], graph: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(graph.get(path, ()))
    return found


def _named(path: str, root: str, *names: str) -> bool:
    parts = path.removeprefix(root).removesuffix(".py").split("/")
    return any(part == name or part.startswith(f"{name}_") for part in parts for name in names)


def _outside_gateway(data: Mapping[str, bytes], root: str) -> list[str]:
    return [path for path in data if not _named(path, root, "gateway")]


def _module(path: str, root: str) -> str:
    return path.removeprefix(root).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _tests(
    snapshot: Snapshot, package: str, modules: Mapping[str, str], graph: Mapping[str, set[str]]
) -> dict[str, Any]:
    """Tests that assert something, what they reach, and how many assert nothing."""
    names, targets, empty, plugins = [], set[str](), 0, tuple(plugins_of(snapshot))
    sources = _test_sources(snapshot)
    helpers = frozenset(name for source in sources.values() for name in helpers_in(source.code))
    for path, source in sources.items():
        tests = read_tests(source.code, helpers) if _TEST_FILE.fullmatch(path) else ()
        good = [test.name for test in tests if test.asserts and not test.skipped]
        empty += sum(not test.asserts for test in tests)
        names += [f"{path}::{name}" for name in good]
        targets |= _targets(source, package) & modules.keys() if good else set()
    # The command line imports everything: what is reached only through it is not what a test is about.
    reached = _reached([modules[name] for name in targets - {"cli", "__main__"}], graph)
    return {
        "tests": names,
        "test_targets": sorted(name for name, path in modules.items() if path in reached or name in targets),
        "empty_tests": empty,
        "tests_silenced": silenced(snapshot, names, plugins),
        "tests_left_out": left_out(snapshot, plugins),
    }


def _test_sources(snapshot: Snapshot) -> dict[str, Source]:
    """Test files, and the files of the folder `tests`, which hold their helpers."""
    names = [
        p for p in snapshot.paths if _TEST_FILE.fullmatch(p) or (p.startswith("tests/") and p.endswith(".py"))
    ]
    read = {path: snapshot.read(path) for path in names[:MAX_FILES]}
    return {path: s for path, data in read.items() if isinstance(data, bytes) and (s := read_source(data))}


def _targets(source: Source, package: str) -> set[str]:
    """Modules of the package that a test file names, by import or by `module("name")` of a helper."""
    imported = {
        name.removeprefix(f"{package}.") for name, _ in source.imports if name.startswith(f"{package}.")
    }
    helped = any(name.split(".")[0] == "project" for name, _ in source.imports)
    return {name for name in imported if name} | (_modules_in(source.strings) if helped else set())


@lru_cache(maxsize=4096)
def _modules_in(strings: frozenset[str]) -> set[str]:
    return {text for text in strings if _MODULE.fullmatch(text)}


def _reason(sources: Mapping[str, Source], unread: list[str], unparsed: set[str], root: str) -> str:
    if not sources:
        return f"there is no Python under {root.replace('//', '/')}"
    broken = sorted({*unread, *unparsed})
    return f"cannot be read: {', '.join(broken[:5])}" if broken else ""
