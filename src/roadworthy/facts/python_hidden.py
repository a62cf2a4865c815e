"""Code that is only known when it runs: text, files and names that Python turns into code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from roadworthy.facts.python_tree import Tree, full_name, literal

_RUN_TEXT = frozenset({"eval", "exec", "__builtins__"})
_RUN = frozenset(
    {
        *("builtins.eval", "builtins.exec", "runpy.run_path", "runpy.run_module", "imp.load_source"),
        *("importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader"),
        *("types.FunctionType", "types.CodeType", "ctypes.CDLL", "ctypes.cdll.LoadLibrary"),
        *("code.InteractiveInterpreter", "code.InteractiveConsole", "os.system", "os.popen"),
    }
)
_IMPORTS = frozenset({"__import__", "importlib.import_module", "importlib.__import__"})
# A file with none of these words hides nothing.
SUSPECT = frozenset(
    {
        *("getattr", "shell", "trust_remote_code"),
        *(n.rpartition(".")[2] for n in (*_RUN_TEXT, *_RUN, *_IMPORTS)),
    }
)


def hidden_code(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield line and name of what turns into code something that stands in no file of the package."""
    names = tree.names
    defined = {node.name for node in tree.of(ast.FunctionDef)}
    for node in tree.of(ast.Name, ast.Attribute, ast.Call):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            name = names.get(node.id, node.id)
            if (name in _RUN_TEXT and node.id not in defined) or name in _RUN:
                yield node.lineno, name
        elif isinstance(node, ast.Attribute) and full_name(node, names) in _RUN:
            yield node.lineno, full_name(node, names)
        elif isinstance(node, ast.Call):
            yield from _calls(node, names)


def _calls(node: ast.Call, names: dict[str, str]) -> Iterator[tuple[int, str]]:
    name = full_name(node.func, names)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    own = any("__package__" in ast.unparse(part) or "__name__" in ast.unparse(part) for part in node.args[1:])
    if name in _IMPORTS and not own and not (node.args and literal(node.args[0])):
        yield node.lineno, f"{name} of a name known only later"
    if name == "getattr" and node.args and full_name(node.args[0], names) in ("builtins", "os", "importlib"):
        yield node.lineno, f"getattr of {full_name(node.args[0], names)}"
    for word in ("shell", "trust_remote_code"):
        if isinstance(given.get(word), ast.Constant) and given[word].value:  # type: ignore[attr-defined]
            yield node.lineno, f"{word}=True"
