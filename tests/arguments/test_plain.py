"""A command of plain words: read without argparse, and to the same end."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.arguments import VERBS
from roadworthy.arguments.parser import parser
from roadworthy.arguments.plain import plain


def told(held: dict[str, Any]) -> dict[str, Any]:
    return held | {"run": held["run"].__qualname__}


@pytest.mark.parametrize("words", [(), ("place",), ("1", "place"), ("a", "b", "c"), ("",)], ids=str)
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_plain_command_is_read_as_argparse_reads_it(verb: str, words: tuple[str, ...]) -> None:
    given = [verb, *words]
    read = plain(given)
    if read is not None:
        assert told(vars(read)) == told(vars(parser(verb).parse_args(given)))


def test_the_commands_of_every_day_are_read_without_argparse() -> None:
    every_day = (["check"], ["check", "p"], ["update"], ["update", "p"], ["new", "p"], ["explain", "GOV-01"])
    assert [given for given in every_day if plain(given) is None] == []
