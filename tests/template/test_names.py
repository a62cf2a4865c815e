"""Which answers may name a project: none that Python, its packages or YAML take for something else."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import pytest

from roadworthy.adapters.git.sources import open_folder
from roadworthy.core.templates.source import Source
from roadworthy.core.templates.template import resolve
from roadworthy.errors import UsageError
from tests.template.rendering import ROOT
from tests.template.tools import accepts, project_python

INSTALLED = "import importlib.metadata as m, json; print(json.dumps(list(m.packages_distributions())))"
YAML_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
OWN_MODULES = {path.stem for path in (ROOT / "template" / "tests").rglob("[a-z]*.py")} | {
    path.stem for path in (ROOT / "template").glob("*sample*/*.py") if path.stem != "life"
}


@pytest.fixture(scope="module")
def source() -> Source:
    return open_folder(ROOT)


def refused(source: Source, answers: Mapping[str, str]) -> str:
    try:
        resolve(source.template, answers)
    except UsageError as error:
        return error.message
    return ""


def as_answer(module: str) -> str:
    return module.replace("_", "-")


def test_a_package_that_would_hide_another_is_refused(source: Source) -> None:
    installed = set(json.loads(accepts(project_python(), "-c", INSTALLED, cwd=ROOT)))
    test_modules = {name for name in OWN_MODULES if not name.startswith("test_")}
    taken = {*sys.stdlib_module_names, *installed, *test_modules, "test", "roadworthy", "class"}
    names = sorted(name for name in taken if name.islower() and name.isidentifier() and name[0] != "_")
    assert len(names) > 250
    assert [name for name in names if not refused(source, {"name": as_answer(name)})] == []


@pytest.mark.parametrize("name", sorted(YAML_WORDS))
def test_a_word_that_yaml_takes_for_something_else_is_refused(source: Source, name: str) -> None:
    assert "already taken" in refused(source, {"name": name})


@pytest.mark.parametrize("name", ["a", "json-model", "e5", "x1e5", "inf", "none-such", "a" * 40])
def test_other_names_are_taken(source: Source, name: str) -> None:
    assert refused(source, {"name": name}) == ""


@pytest.mark.parametrize("name", ["", "-a", "a-", "a--b", "1e5", "A", "a_b", "ä", "a b", "a" * 41])
def test_what_no_package_or_machine_may_be_called_is_refused(source: Source, name: str) -> None:
    assert "expected" in refused(source, {"name": name})


@pytest.mark.parametrize("owner", ["nobody", "@", "a@", "a b@c", 'a"@b', "a\\@b", "a@b\n", "a@b@c", "a\t@b"])
@pytest.mark.parametrize("question", ["owner_business", "approver"])
def test_what_reaches_nobody_is_refused(source: Source, question: str, owner: str) -> None:
    assert "an e-mail address or an @handle" in refused(source, {question: owner})


@pytest.mark.parametrize("owner", ["o'neil+x@x.org", "@handle", "@group/team", "é@x.org"])
def test_whoever_can_be_reached_is_taken(source: Source, owner: str) -> None:
    assert refused(source, {"owner_data": owner}) == ""


@pytest.mark.parametrize("stray", ["\r", "\0", "\n", "\u2028", "\t", '"', "\\"])
def test_a_purpose_that_breaks_a_file_is_refused(source: Source, stray: str) -> None:
    assert "one sentence" in refused(source, {"purpose": f"Says who is likely{stray}to pay late."})
