"""The whole command line, or as much of it as one verb needs, read by argparse."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from roadworthy import __version__
from roadworthy.arguments import VERBS
from roadworthy.errors import UsageError


class _Parser(argparse.ArgumentParser):
    """Asks for the terminal's width for help only; argparse does for every option, and imports `shutil`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(formatter_class=partial(argparse.HelpFormatter, width=78), **given)

    def format_help(self) -> str:
        self.formatter_class = argparse.HelpFormatter
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Say it as every other mistake is said: one line, and the next step whole on a line of its own."""
        verb = self.prog.partition(" ")[2]
        raise UsageError(f"{verb}: {message}" if verb else message, f"{self.prog} --help")


def parser(verb: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the whole command line, or of one verb."""
    about = "Make, judge and update governed ML projects."
    root = _Parser(prog="roadworthy", description=about)
    root.add_argument("--version", action="version", version=f"roadworthy {__version__}")
    verbs = root.add_subparsers(prog="roadworthy", dest="verb", metavar="VERB", required=True)
    for name in (verb,) if verb in VERBS else VERBS:
        getattr(import_module(f"roadworthy.arguments.{VERBS[name]}"), f"add_{name}")(verbs)
    return root


def parsed(given: Sequence[str]) -> argparse.Namespace:
    """Return what was asked; UsageError for what the verb does not take."""
    args, strange = parser(next(iter(given), None)).parse_known_args(given)
    if strange:
        verb = " ".join(filter(None, ("roadworthy", args.verb, getattr(args, "act", None))))
        raise UsageError(f"{verb} takes no {strange[0]}", f"{verb} --help")
    return args
