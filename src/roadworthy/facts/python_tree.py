"""Python source as a syntax tree, made only where words look suspicious. Never run, never crashing."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Set
from copy import copy
from functools import cached_property, lru_cache
from itertools import islice, product
from typing import Any

VENDORS = {
    *("openai", "anthropic", "cohere", "mistralai", "groq", "together", "replicate", "litellm", "vertexai"),
    *(
        "google.generativeai",
        "google.genai",
        "langchain_openai",
        "langchain_anthropic",
        "langchain_community",
    ),
    *("llama_index", "instructor", "fireworks", "ai21", "voyageai", "ollama", "zhipuai", "dashscope"),
}
HOSTS = re.compile(
    r"\bapi\.(openai|anthropic|cohere|mistral|groq|together|deepseek|x)\.(com|ai|xyz)\b|generativelanguage\.googleapis"
    r"|openai\.azure\.com|bedrock-runtime"
)
_LOADERS = {
    **{
        key: {"load", "loads"}
        for key in ("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal")
    },
    "pickle5": {"load", "loads"},
    "shelve": {"open"},
    "pandas": {"read_pickle"},
    "torch": {"load"},
    "torch.hub": {"load"},
    "numpy": {"load"},
    "numpy.lib.format": {"read_array"},
    "jsonpickle": {"decode", "loads"},
    "pandas.io.pickle": {"read_pickle"},
    "keras.models": {"load_model"},
    "keras.saving": {"load_model"},
    "tensorflow.keras.models": {"load_model"},
    "skops.io": {"load", "loads"},
    "ruamel.yaml": {"YAML"},
    "yaml": {"load", "unsafe_load", "full_load", "load_all"},
    "mlflow.sklearn": {"load_model"},
    "mlflow.pyfunc": {"load_model"},
}
_PICKLES = ("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal")
_ALWAYS = ("Unpickler", "load_from_checkpoint", "UnsafeLoader")
# A file has words of these together, or one of those alone, or it loads nothing that runs code.
_ASKED: dict[str, set[str]] = {}
for _module, _functions in _LOADERS.items():
    more = {"Unpickler", "getattr"} if _module in _PICKLES else set[str]()
    _ASKED.setdefault(_module.partition(".")[0], set()).update(_functions, more)
_TELLING = frozenset({*_ALWAYS, "__import__", "import_module"})
# A file with none of these words names no vendor and no host of one.
SOLD = frozenset(
    {*(name.partition(".")[0] for name in VENDORS), "api", "generativelanguage", "bedrock", "__import__"}
    | {"import_module"}
)
_PROMPT_NAME = re.compile(r"prompt|system_message|system_instruction|instructions|persona", re.IGNORECASE)
LITERAL = 20
MOST_READINGS = 64


class Tree:
    """A parsed file, walked once: its nodes in the order of `ast.walk`, what its imported names stand for.

    A name may be imported twice: `readings` are the trees in which it stands for one thing each.
    """

    def __init__(self, module: ast.Module) -> None:
        self.body = module.body
        self.nodes = nodes(module)

    def of(self, *kinds: type[ast.AST]) -> list[Any]:
        """Return the nodes of some kinds."""
        return [node for node in self.nodes if type(node) in kinds]

    @cached_property
    def names(self) -> dict[str, str]:
        """Return what each imported name stands for."""
        return self.readings[0].names

    @cached_property
    def readings(self) -> tuple[Tree, ...]:
        """Return one tree for each way to understand all names, one more than MOST_READINGS for any more."""
        meanings = _meanings(self.nodes)
        ways = islice(product(*meanings.values()), MOST_READINGS + 1)
        return tuple(self._where(dict(zip(meanings, way, strict=True))) for way in ways)

    def _where(self, names: dict[str, str]) -> Tree:
        reading = copy(self)
        vars(reading)["names"] = names
        return reading


@lru_cache(maxsize=1024)
def tree_of(data: bytes) -> Tree | None:
    """Return the tree of a file, None when it cannot be had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Tree(ast.parse(data))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def nodes(root: ast.AST) -> list[ast.AST]:
    """Return a node and all below it, nearest first; contexts and operators, which say nothing, left out."""
    found = [root]
    for node in found:
        for name in _BRANCHES[type(node)]:
            value = getattr(node, name, None)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


class _Branches(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each kind of node that may hold other nodes."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        bare = kind in (ast.Constant, ast.Name)
        self[kind] = () if bare else tuple(each for each in kind._fields if each not in ("ctx", "op", "ops"))
        return self[kind]


_BRANCHES = _Branches()


def may_load(words: Set[str]) -> bool:
    """Return whether a file of these words may load what runs code while it is read."""
    asked = (not words.isdisjoint(functions) for head, functions in _ASKED.items() if head in words)
    return not words.isdisjoint(_TELLING) or any(asked)


def unsafe_loads(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield line and name of what runs code while it reads an object: called, or handed on by its name."""
    names = tree.names
    called = {id(node.func) for node in tree.of(ast.Call)}
    asked = {id(node.value) for node in tree.of(ast.Attribute)}
    for node in tree.nodes:
        if isinstance(node, ast.Call):
            module, _, function = full_name(node.func, names).rpartition(".")
            if function in _LOADERS.get(module, ()) and not _guarded(module, function, node):
                yield node.lineno, f"{module}.{function}"
            elif function in _ALWAYS or (function == "getattr" and not module and _opens(node, names)):
                yield node.lineno, function
            hidden = _hidden_import(node, names)
            if hidden in _LOADERS:
                yield node.lineno, f"{hidden}, imported by name"
        elif isinstance(node, ast.Attribute | ast.Name) and id(node) not in called:
            whole = isinstance(node, ast.Name) and node.id in names and id(node) not in asked
            if _hands_on(full_name(node, names), whole):
                yield node.lineno, full_name(node, names)


def _hands_on(name: str, whole: bool) -> bool:
    """Whether a name that is not called stands for a loader, or for a whole module of them."""
    module, _, function = name.rpartition(".")
    return (whole and name in _PICKLES) or (
        module in _PICKLES and function in (*_LOADERS[module], "Unpickler")
    )


def _opens(node: ast.Call, names: dict[str, str]) -> bool:
    """Whether `getattr` takes something out of a module that loads without care."""
    return bool(node.args) and full_name(node.args[0], names) in _PICKLES


def vendor_uses(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield line and name of vendor model SDKs that are imported, and of their hosts."""
    for node in tree.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if _is_vendor(alias.name))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            full = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from ((node.lineno, name) for name in full[:1] + full[1:] if _is_vendor(name))
        elif isinstance(node, ast.Call) and _is_vendor(_hidden_import(node, tree.names)):
            yield node.lineno, _hidden_import(node, tree.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and HOSTS.search(node.value):
            yield node.lineno, HOSTS.search(node.value)[0]  # type: ignore[index]


def prompt_literals(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield line and start of prompts that are written in code, wherever a prompt goes."""
    for node in tree.nodes:
        if isinstance(node, ast.Dict):
            pairs = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            candidates = [pairs["content"]] if {"role", "content"} <= pairs.keys() else []
        elif isinstance(node, ast.Call):
            candidates = [keyword.value for keyword in node.keywords if keyword.arg and prompts(keyword.arg)]
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("from_template", "from_messages"):
                candidates += node.args
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = any(prompts(getattr(target, "id", getattr(target, "attr", ""))) for target in targets)
            candidates = [node.value] if named and node.value else []
        else:
            continue
        yield from (
            (value.lineno, text[:40]) for value in candidates if len(text := literal(value)) >= LITERAL
        )


def functions(tree: Tree) -> frozenset[str]:
    """Return the names of the functions at the top of a module."""
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def signatures(tree: Tree) -> Iterator[dict[str, Any]]:
    """Yield each public function at the top of a module: name, what it reads, whether it is documented."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            inputs = [argument.arg for argument in arguments]
            yield {
                "name": node.name,
                "inputs": inputs + (sorted(set(keys(nodes(node))) - set(inputs)) if inputs else []),
                "documented": bool((ast.get_docstring(node) or "").strip()),
            }


def keys(walked: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what is read by a written name: rows["x"], rows.get("x"), rows.loc[:, "x"], col("x")."""
    for node in walked:
        if isinstance(node, ast.Subscript):
            yield from (literal(part) for part in nodes(node.slice) if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Call) and _called(node.func) in ("get", "col", "pop", "getattr"):
            yield from (literal(part) for part in node.args)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def literal(node: ast.expr | None) -> str:
    """Return the text that is written out in an expression, joined and formatted strings included."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) for part in node.values if isinstance(part, ast.Constant))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return literal(node.left) + literal(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return literal(node.func.value) or "".join(
            literal(e) for a in node.args if isinstance(a, ast.List) for e in a.elts
        )
    return ""


def _meanings(walked: Iterable[ast.AST]) -> dict[str, list[str]]:
    """Return all that each imported name stands for, in whatever scope; a module may be given other names."""
    found: dict[str, list[str]] = {}
    renamed = []
    for node in walked:
        if isinstance(node, ast.Import):
            for alias in node.names:
                _add(found, alias.asname or alias.name.partition(".")[0], [_bound(alias)])
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                _add(found, alias.asname or alias.name, [f"{node.module}.{alias.name}"])
        elif isinstance(node, ast.Assign | ast.NamedExpr | ast.AnnAssign) and isinstance(
            node.value, ast.Name
        ):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            renamed += [(each.id, node.value.id) for each in targets if isinstance(each, ast.Name)]
    for name, old in renamed:
        _add(found, name, [each for each in found.get(old, ()) if "." not in each])
    return found


def _bound(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.partition(".")[0]


def _add(found: dict[str, list[str]], name: str, more: list[str]) -> None:
    if more:
        found[name] = list(dict.fromkeys((*found.get(name, ()), *more)))


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """Return the dotted name of an expression, its first part as it was imported."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _hidden_import(node: ast.Call, names: dict[str, str]) -> str:
    """The module that `__import__("x")` or `import_module("x")` names."""
    if full_name(node.func, names) in ("__import__", "importlib.import_module") and node.args:
        return literal(node.args[0])
    return ""


def _guarded(module: str, function: str, node: ast.Call) -> bool:
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if module == "torch":
        return _is(given.get("weights_only"), True)
    if module.startswith("numpy"):
        return "allow_pickle" not in given or _is(given["allow_pickle"], False)
    if module == "skops.io":
        return not _is(given.get("trusted"), True) and "untrusted" not in ast.unparse(node)
    if module == "ruamel.yaml":
        return literal(given.get("typ")) != "unsafe"
    if module == "yaml" and function in ("load", "load_all"):
        loader = given.get("Loader") or (node.args[1] if len(node.args) > 1 else None)
        return loader is not None and "Safe" in ast.unparse(loader)
    return False


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _is_vendor(name: str) -> bool:
    return any(name == vendor or name.startswith(f"{vendor}.") for vendor in VENDORS)


@lru_cache(maxsize=65_536)
def prompts(name: str) -> bool:
    """Return whether a name says that it holds a prompt."""
    return bool(_PROMPT_NAME.search(name)) or name == "system"
