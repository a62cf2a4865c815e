"""No verb, no option and no line of help that the pages leave out."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadworthy.arguments.parser import parser

ROOT = Path(__file__).parents[1]
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
