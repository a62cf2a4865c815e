"""No verb, no option and no line of help that the pages leave out; no command on one that does not exist."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadworthy.arguments.parser import parser
from roadworthy.commands.check import check
from roadworthy.commands.packs import read_pack
from roadworthy.core.judging.models import Control
from roadworthy.render.text import report_text
from tests.printed import named, strange, typed
from tests.projects.making import make_project, run
from tests.template.matrix import tier_answers

ROOT = Path(__file__).parents[1]
OURS = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SHAPES = (("critical", "online", "github"), ("moderate", "batch", "gitlab"), ("low", "online", "gitlab"))
# Files that a control asks for, and a project of kind `trained` does not receive.
ASKED_FOR = {"governance/envelope.yaml", "governance/vendors.yaml"}
SILENT = {"--help", "-h", "--json", "--version"}


def commands(root: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield every command that does something, such as `policy test`, with its parser."""
    acts = [action for action in root._actions if isinstance(action, argparse._SubParsersAction)]
    if not acts:
        yield name, root
    for action in acts:
        for word, inner in action.choices.items():
            yield from commands(inner, f"{name} {word}".strip())


COMMANDS = dict(commands(parser()))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_on_the_page(name: str) -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    row = next((line for line in page.splitlines() if line.startswith((f"| `{name} ", f"| `{name}`"))), "")
    assert row, f"docs/reference/commands.md has no row for {name}"
    options = {option for action in COMMANDS[name]._actions for option in action.option_strings}
    missing = [option for option in sorted(options - SILENT) if option not in row]
    assert missing == []


def test_the_readme_shows_the_verbs() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    verbs = [line for line in parser().format_help().splitlines() if line.startswith("    ")]
    assert len(verbs) > 5
    assert "\n".join(verbs) in readme


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Projects of three shapes: what each of them says must hold in it, what we say in one of them."""
    home = tmp_path_factory.mktemp("born")
    return [make_project(home / shape[0], tier_answers(*shape)) for shape in SHAPES]


@pytest.fixture(scope="module")
def makefiles(born: list[Path]) -> list[str]:
    """This repository's, a platform's and the projects'."""
    places = (ROOT, ROOT / "src/roadworthy/scaffold", *born)
    return [(place / "Makefile").read_text() for place in places]


def wrong(page: str, makefiles: list[str]) -> list[str]:
    """What a reader would hear who types what the page prints; a verb may be named without its values."""
    told = [(each, strange(each, makefiles)) for each in typed(page)]
    told += [(each, strange(each, makefiles)) for each in named(page) if " VERB" not in each]
    names = set(named(page))
    return [f"{each}: {said}" for each, said in told if said and not (each in names and "required" in said)]


@pytest.mark.parametrize("page", OURS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_exists(page: Path, makefiles: list[str]) -> None:
    assert wrong(page.read_text("utf-8"), makefiles) == []


def test_every_command_that_a_project_prints_exists_in_it(born: list[Path]) -> None:
    for project in born:
        pages = [*project.glob("*.md"), *project.glob("governance/**/*.md"), *project.glob(".git?*/**/*.md")]
        assert len(pages) > 2
        for page in pages:
            text = page.read_text("utf-8")
            assert wrong(text, [(project / "Makefile").read_text()]) == [], page
            # Outside an environment `python -m` finds no package of the project.
            assert not re.search(r"(?<!bin/)python -m", text), page


@pytest.mark.parametrize("control", read_pack(None).controls, ids=lambda control: str(control.id))
def test_what_a_control_says_to_run_exists(control: Control, born: list[Path], makefiles: list[str]) -> None:
    command, *words = control.remediation.command.split()
    if command == "$EDITOR":
        lost = [path for path in words if not list(born[0].glob(path))]
        assert set(lost) <= ASKED_FOR
    elif command in ("make", "roadworthy"):
        assert strange(control.remediation.command, makefiles[2:]) == ""
        assert words[:2] != ["explain", control.id], "whoever reads it is there already"
    else:
        assert command in ("git", "gh")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("make fly", "there is no fly"),
        ("make rollback", "rollback: required: REASON"),
        ("make rollback REASON=x SPEED=3", "nothing reads SPEED"),
        ("roadworthy check --soft", "takes no --soft"),
        ("roadworthy approve", "required"),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(command: str, said: str, born: list[Path]) -> None:
    assert said in strange(command, [(born[0] / "Makefile").read_text()])
    assert wrong(f"```sh\n{command}\n```\n", [(born[0] / "Makefile").read_text()])


def test_the_locks_are_made_anew_as_they_say(born: list[Path], tmp_path: Path) -> None:
    (tmp_path / "uv").write_text('#!/bin/sh\necho "uv $*"\n')
    (tmp_path / "uv").chmod(0o700)
    ran = run(
        ["make", "-s", "lock"], cwd=born[0], env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    )
    for line in ran.replace(" -q", "").splitlines():
        lock = born[0] / "requirements" / line.split()[-2]
        assert f"#    {line}\n" in lock.read_text()
    assert len(ran.splitlines()) == 4


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "README.md"])
def test_every_place_of_this_repository_that_is_named_is_there(page: str) -> None:
    named_places = re.findall(
        r"`((?:src|tests|template|tools|docs)/[^`<*]+)`", (ROOT / page).read_text("utf-8")
    )
    assert page == "README.md" or len(named_places) > 10
    assert [place for place in named_places if not (ROOT / place).exists()] == []


def test_the_tutorial_shows_what_a_new_project_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(ROOT))
    told = report_text(check(str(make_project(tmp_path / "payment-plan", {"name": "payment-plan"}))))
    page = (ROOT / "docs/tutorial/first-project.md").read_text("utf-8")
    block = page.partition("PENDING to do, not failing yet\n")[2].partition("```")[0]
    shown = [line for line in block.splitlines() if line.strip() not in ("", "…")]
    assert len(shown) > 3
    assert [line for line in shown if line not in told.splitlines()] == []
