"""The Makefile and the governance files: every verb has its target, every to-do is where people look."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from roadworthy.core.approval.placeholders import placeholders
from tests.template.matrix import PERSON, every_tier, tier_answers
from tests.template.rendering import TEMPLATE, Project, Renders
from tests.template.tools import accepts, run, tool


@pytest.fixture(scope="module")
def born(render: Renders) -> list[Project]:
    """A project of each tier, in both modes."""
    return [render(answers) for answers in every_tier()]


def verbs(project: Project) -> set[str]:
    """The verbs of the project's own command line, read from its table."""
    tree = ast.parse(project.text(f"src/{project.context['package']}/cli.py"))
    tables = [node.value for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)]
    (table,) = [value for value in tables if isinstance(value, ast.Dict)]
    package = f"src/{project.context['package']}"
    pairs = [(key, value) for key, value in zip(table.keys, table.values, strict=True) if key]
    found = {ast.literal_eval(key): _module(value) for key, value in pairs}
    return {verb for verb, module in found.items() if f"{package}/{module}.py" in project.files}


def _module(verb: ast.expr) -> str:
    assert isinstance(verb, ast.Call)
    target = ast.literal_eval(verb.args[1])
    return str(target).partition(":")[0].replace(".", "/")


def targets(project: Project) -> set[str]:
    """The targets that `make` lists."""
    listed = accepts(tool("make"), cwd=project.folder)
    return set(re.findall(r"^  make ([a-z]+) ", listed, re.MULTILINE))


def test_every_verb_has_a_target_that_make_lists(born: list[Project]) -> None:
    for project in born:
        assert len(verbs(project)) >= 13
        assert verbs(project) <= targets(project)


def test_every_target_runs_something(born: list[Project]) -> None:
    values = ["VERSION=1", "REASON=drift", "ID=abc", "IN=a.csv", "OUT=b.csv", "VENV=/somewhere"]
    for project in born[:2] + born[-2:]:
        for target in sorted(targets(project) - {"setup"}):
            said = accepts(tool("make"), "--dry-run", target, *values, cwd=project.folder)
            assert re.search(r"python|roadworthy|docker|awk", said), target


@pytest.mark.parametrize("target", ["promote", "approve", "gate", "rebuild", "trace", "rollback"])
def test_a_missing_value_is_asked_for(born: list[Project], target: str) -> None:
    result = run(tool("make"), target, "VENV=/somewhere", cwd=born[-1].folder)
    assert result.returncode == 2
    assert f"expected a value: make {target} " in result.stderr


def test_a_version_from_the_caller_reaches_the_verb(born: list[Project]) -> None:
    said = accepts(tool("make"), "-n", "promote", "VERSION=7", "STAGE=canary", "VENV=/v", cwd=born[-1].folder)
    assert said.splitlines()[-1] == "/v/bin/python -m credit_decision promote 7 --stage canary"


def test_no_make_feature_newer_than_macos_has(born: list[Project]) -> None:
    for project in born:
        assert (
            re.findall(r"!=|\$\(file |\.ONESHELL|\$\(let |\.EXTRA_PREREQS|&:", project.text("Makefile")) == []
        )


def test_governance_names_each_person_once(render: Renders) -> None:
    same = dict.fromkeys(("owner_business", "owner_data", "approver"), PERSON)
    people = render({**tier_answers("low", "online", "github"), **same}).yaml("governance/roles.yaml")[
        "people"
    ]
    (solo,) = [person for person in people if person["identity"] == PERSON]
    assert solo["roles"] == ["business-owner", "data-owner", "reviewer"]
    assert solo["emails"] == [PERSON]


def test_only_people_can_fill_what_is_empty(born: list[Project]) -> None:
    for project in born:
        todo = {name: set(placeholders(project.yaml(f"governance/{name}.yaml"))) for name in PEOPLE}
        assert {"decision", "users", "affected", "business_metric"} <= todo["system"]
        assert {f"answers.{question}.reason" for question in ("impact", "scale")} <= todo["risk"]
        assert {"purpose.intended_use", "limits.known_limitations"} <= todo["card"]
        assert {"people[0].name", "people[0].team"} <= todo["roles"]


PEOPLE = ("system", "risk", "card", "roles")


def test_the_card_has_no_number(born: list[Project]) -> None:
    for project in born:
        leaves = list(_leaves(project.yaml("governance/card.yaml")))
        assert len(leaves) > 8
        assert [leaf for leaf in leaves if not isinstance(leaf, str)] == []
        assert sum(leaf.startswith("evidence://") for leaf in leaves) >= 3


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    return [value]


def test_nothing_in_the_package_knows_the_checker() -> None:
    package = TEMPLATE / "src" / "[[ package ]]"
    files = sorted(package.rglob("*.py"))
    assert len(files) > 20
    assert [path.name for path in files if _imports(path, "roadworthy")] == []


def _imports(path: Path, module: str) -> bool:
    nodes = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = [alias.name for node in nodes for alias in node.names] + [
        getattr(node, "module", "") or "" for node in nodes
    ]
    return any(name.split(".")[0] == module for name in names)
