"""Python read for the programs it starts and the clouds it changes: text, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from roadworthy.facts.deploying import CALL, DEPLOYING_WORDS, LATER, deploys, named_deployer, promotes
from roadworthy.facts.python_text import words
from roadworthy.facts.python_tree import Tree, full_name, literal, nodes, tree_of
from roadworthy.facts.shell import Command, commands
from roadworthy.facts.vetted import is_vetted

_AWS = (
    "create_endpoint update_endpoint update_service update_function_code create_deployment start_deployment "
    "put_image update_alias"
)
# A method of these clients that changes what serves. A name alone says nothing: `push` is also a list's.
_CLIENTS = {
    name: tuple(verbs.split())
    for name, verbs in {
        "boto3": _AWS,
        "botocore": _AWS,
        "aioboto3": _AWS,
        "sagemaker": "deploy",
        "google": "deploy deploy_model update_service create_service",
        "vertexai": "deploy",
        "azure": "begin_create_or_update begin_deploy",
        "kubernetes": "create_ patch_ replace_ apply",
        "kubernetes_asyncio": "create_ patch_ replace_ apply",
        "openshift": "create_ patch_ replace_ apply",
        "docker": "push",
        "mlflow": "create_deployment update_deployment deploy",
        "bentoml": "deploy",
        "modal": "deploy",
        "pulumi": "up",
        "paramiko": "exec_command put",
        "asyncssh": "run put",
        "fabric": "run put sudo",
    }.items()
}
_STARTERS = ("subprocess", "system", "popen", "exec", "spawn", "getattr")
_SPACED, _WORD = re.compile(r"\S\s+\S"), re.compile(r"\w+")
# What lets a shell make a word of several.
_PUT_TOGETHER = re.compile(r"[$'\"\\]")
_WORDS = DEPLOYING_WORDS.union(_CLIENTS)
_CALLED_BY_NAME = ("sh.", "plumbum.cmd.")
# What these are given is shown or compared, not done.
_SHOWS = (
    "print",
    "echo",
    "secho",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "log",
    "write",
)
_SHOWS_MORE = ("add_argument", "add_parser", "ArgumentParser", "option", "argument", "fail", "skip", "match")


@lru_cache(maxsize=4096)
def may_run(data: bytes) -> bool:
    """Return whether Python source has a word of what deploys or starts; what cannot be read may."""
    found = words(data)
    return found is None or not found.isdisjoint(_WORDS) or any(word.startswith(_STARTERS) for word in found)


def runs_in(data: bytes) -> tuple[Command, ...]:
    """Return the deploying commands that Python source would run, in order of lines."""
    tree = None if is_vetted(data) else tree_of(data)
    return () if tree is None else runs_of(tree)


@lru_cache(maxsize=256)
def runs_of(tree: Tree) -> tuple[Command, ...]:
    """Return the deploying commands that a parsed file would run."""
    shown, texts = _shown(tree), _texts(tree)
    found: dict[int, Command] = {}
    for node in tree.of(ast.Constant, ast.JoinedStr, ast.BinOp, ast.List, ast.Tuple, ast.Call):
        if id(node) not in shown:
            for command in (c for each in tree.readings for c in _commands(node, each.names, texts)):
                # One of a line is enough to say; what promotes never stands for what ships beside it.
                if command.line not in found or not promotes(command):
                    found[command.line] = command
    return tuple(found[line] for line in sorted(found))


def _commands(node: Any, names: dict[str, str], texts: Mapping[str, str]) -> Iterator[Command]:
    if isinstance(node, ast.Call):
        yield from _listed(node.args, node.lineno, texts)
        yield from _called(node, names)
    elif isinstance(node, (ast.List, ast.Tuple)):
        yield from _listed(node.elts, node.lineno, texts)
    else:
        yield from (c for c in _in_text(literal(node), node.lineno) if deploys(c))


def _in_text(text: str, line: int) -> Iterator[Command]:
    if _SPACED.search(text) and (_PUT_TOGETHER.search(text) or not _WORDS.isdisjoint(_WORD.findall(text))):
        yield from (_command(command.words, line) for command in commands(text))


def _listed(parts: list[ast.expr], line: int, texts: Mapping[str, str]) -> Iterator[Command]:
    """Words given one by one; a deploying program whose verb is put in later is not known to be harmless."""
    words = tuple(_word(part, texts) for part in parts)
    if not words or not any(named_deployer(word) for word in words):
        return
    command = _command(tuple(word or LATER for word in words), line)
    if deploys(command):
        yield command


def _word(part: ast.expr, texts: Mapping[str, str]) -> str:
    return texts.get(part.id, "") if isinstance(part, ast.Name) else literal(part)


def _called(node: ast.Call, names: dict[str, str]) -> Iterator[Command]:
    name = full_name(node.func, names)
    verb = name.rpartition(".")[2] or getattr(node.func, "attr", "")
    for root in sorted({each.partition(".")[0] for each in names.values()} & _CLIENTS.keys()):
        if any(verb == each or (each.endswith("_") and verb.startswith(each)) for each in _CLIENTS[root]):
            yield _command((f"{root}.{verb}{CALL}",), node.lineno)
    for start in _CALLED_BY_NAME:
        if name.startswith(start):
            words = (*name.removeprefix(start).split("."), *(literal(each) or LATER for each in node.args))
            yield from (c for c in (_command(words, node.lineno),) if deploys(c))


def _command(words: tuple[str, ...], line: int) -> Command:
    return Command(words=words, path=words[0], line=line, sure=False)


def _texts(tree: Tree) -> dict[str, str]:
    """Names that stand for one written text."""
    return {
        target.id: literal(node.value)
        for node in tree.of(ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and literal(node.value)
    }


def _shown(tree: Tree) -> set[int]:
    """The nodes whose text is only shown or compared: messages, help, docstrings, assertions."""
    found: set[int] = set()
    for node in tree.of(ast.Call, ast.Expr, ast.Assert, ast.Raise):
        if id(node) not in found and _is_shown(node):
            found.update(id(inner) for inner in nodes(node))
    return found


def _is_shown(node: ast.AST) -> bool:
    """Whether a call, an expression alone, an assertion or a raise only shows what it holds."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in _SHOWS or name in _SHOWS_MORE or name.startswith(("assert", "_print"))
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return True
