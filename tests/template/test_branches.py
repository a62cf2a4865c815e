"""Every branch is rendered both ways: a condition nobody saw true and false is dead, or untested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined, nodes
from jinja2.sandbox import SandboxedEnvironment

from tests.template.rendering import ROOT, TEMPLATE, Project, sources

Seen = dict[str, set[bool]]
CONFIG: Any = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))


def environment(seen: Seen) -> SandboxedEnvironment:
    """The template's own Jinja, with two functions that note what each condition and loop came to."""
    env = SandboxedEnvironment(**{**CONFIG["_envops"], "undefined": StrictUndefined})
    env.filters["to_nice_yaml"] = lambda value: yaml.safe_dump(dict(value))

    def note(where: str, value: Any) -> Any:
        seen[where].add(bool(value))
        return value

    env.globals.update(__note__=note)
    return env


def noted(env: SandboxedEnvironment, name: str, source: str) -> tuple[nodes.Template, list[str]]:
    """A parsed template whose every condition reports itself, and the conditions' names."""
    tree = env.parse(source, name)
    wheres = []
    for number, (node, part) in enumerate(conditions(tree)):
        where = f"{name}:{node.lineno}#{number} {type(node).__name__}"
        wheres.append(where)
        note = nodes.Name("__note__", "load", lineno=node.lineno)
        arguments = [nodes.Const(where, lineno=node.lineno), getattr(node, part)]
        setattr(node, part, nodes.Call(note, arguments, [], None, None, lineno=node.lineno))
    return tree, wheres


def conditions(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    """Every `if`, `elif`, inline `if` and filtered loop of a template, with the attribute that decides."""
    for node in list(tree.find_all((nodes.If, nodes.CondExpr, nodes.For))):
        if not isinstance(node, nodes.For) or node.test is not None:
            yield node, "test"


def texts() -> list[tuple[str, str]]:
    """Every text that is rendered: conditional paths, and the files with the template suffix."""
    paths = [(f"path {path}", path) for path in sources() if "[%" in path]
    files = [(path, (TEMPLATE / path).read_text("utf-8")) for path in sources() if path.endswith(".jinja")]
    assert len(paths) > 10
    assert len(files) > 15
    return paths + files


@pytest.fixture(scope="module")
def walked(matrix: list[Project]) -> tuple[list[str], Seen]:
    """All conditions, and what they came to over the whole matrix."""
    seen: Seen = defaultdict(set)
    env = environment(seen)
    known: list[str] = []
    for name, source in texts():
        tree, wheres = noted(env, name, source)
        known += wheres
        compiled = env.template_class.from_code(env, env.compile(tree), env.globals)
        for project in matrix:
            compiled.render(
                _copier_answers={}, _copier_conf={"answers_file": ".copier-answers.yml"}, **project.context
            )
    return known, seen


def test_every_condition_was_true_and_was_false(walked: tuple[list[str], Seen]) -> None:
    known, seen = walked
    assert len(known) > 40
    assert {where: seen[where] for where in known if seen[where] != {True, False}} == {}


def test_a_dead_branch_would_be_found(matrix: list[Project]) -> None:
    seen: Seen = defaultdict(set)
    env = environment(seen)
    tree, (where,) = noted(env, "dead", "[% if tier == ['low'] %]never[% endif %]")
    compiled = env.template_class.from_code(env, env.compile(tree), env.globals)
    for project in matrix:
        compiled.render(**project.context)
    assert seen[where] == {False}
