"""Arguments to one typed call to an exit code. The only print, the only exit."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from roadworthy import __version__
from roadworthy.errors import RoadworthyError


class Answer(NamedTuple):
    """What a command says: text for standard output, and the exit code."""

    text: str
    exit_code: int = 0


Run = Callable[[argparse.Namespace], Answer]
Subparsers = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    root = argparse.ArgumentParser(prog="roadworthy", description="Make, judge and update governed ML projects.")
    root.add_argument("--version", action="version", version=f"roadworthy {__version__}")
    verbs = root.add_subparsers(dest="verb", metavar="VERB", required=True)
    for add in VERBS:
        add(verbs)
    return root


def _tier(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("tier", help="explain a risk tier question by question")
    verb.add_argument("project", nargs="?", default=".", help="a generated project (default: here)")
    verb.add_argument("--data", action="append", default=[], metavar="KEY=VALUE", help="an answer instead")
    verb.add_argument("--json", action="store_true")

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.tier import explain_tier
        from roadworthy.render.tier import tier_json, tier_text

        result = explain_tier(args.project, args.data)
        return Answer(tier_json(result) if args.json else tier_text(result))

    verb.set_defaults(run=run)


VERBS = (_tier,)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 ok, 1 refused, 2 usage, 3 not judgeable, 130 interrupted."""
    sys.exit(_run(argv))


def _run(argv: Sequence[str] | None) -> int:
    try:
        args = parser().parse_args(argv)
        answer: Answer = args.run(args)
        _say(answer.text)
        return answer.exit_code
    except RoadworthyError as error:
        _complain(f"roadworthy: {error.message}", error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("roadworthy: interrupted; nothing half-done was left behind", "")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _report_bug(error)


def _say(text: str) -> None:
    if text:
        print(text)


def _complain(line: str, hint: str) -> None:
    print(line, file=sys.stderr)
    if hint:
        print(f"  next: {hint}", file=sys.stderr)


def _report_bug(error: Exception) -> int:
    if os.environ.get("ROADWORTHY_DEBUG"):
        traceback.print_exc()
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {place.name} ({os.path.basename(place.filename)}:{place.lineno}): {error}"
    _complain(f"roadworthy: this is a bug, not your mistake: {what}", "run again with ROADWORTHY_DEBUG=1 and report it")
    return 3
