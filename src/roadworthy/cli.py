"""Arguments to one typed call to an exit code. The only print, the only exit."""

from __future__ import annotations

import gc

gc.set_threshold(
    50_000
)  # first: what a command imports and reads stays, and looking for garbage in it finds none

import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

from roadworthy.arguments import plain
from roadworthy.arguments.answer import Answer
from roadworthy.errors import RoadworthyError, Unjudgeable


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 ok, 1 refused, 2 usage, 3 not judgeable, 130 interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    _print_anything()
    code = _run(argv)
    if argv is None:
        os._exit(code)  # all is said and flushed; taking Python apart first would be a twentieth of an update
    sys.exit(code)


def _print_anything() -> None:
    """A terminal that knows no such letter shows its number; nobody loses a verdict to it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Being told to stop leaves as little behind as Ctrl-C does."""
    raise KeyboardInterrupt


def _run(argv: Sequence[str] | None) -> int:
    answer = Answer("", 0)
    try:
        given = sys.argv[1:] if argv is None else argv
        args = _understood(given)
        answer = Answer(*args.run(args))
        _say(answer.text)
        return answer.exit_code
    except RoadworthyError as error:
        _complain(f"roadworthy: {error.message}", error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("roadworthy: interrupted; nothing half-done was left behind", "")
        return 130
    except BrokenPipeError:
        # Whoever reads stopped reading; the verdict stands.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return answer.exit_code
    except Exception as error:
        return _report_bug(error)


def _understood(given: Sequence[str]) -> Any:
    args = plain(given)
    if args is None:
        from roadworthy.arguments.parser import parsed

        return parsed(given)
    return args


def _say(text: str) -> None:
    try:
        print(text, end="\n" if text else "", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        hint = "what was done stands: make room there, then ask again"
        raise Unjudgeable(f"standard output cannot be written: {error.strerror}", hint) from error


def _complain(line: str, hint: str) -> None:
    print(line, file=sys.stderr)
    if hint:
        print(f"  next: {hint}", file=sys.stderr)


def _report_bug(error: Exception) -> int:
    import traceback

    if os.environ.get("ROADWORTHY_DEBUG"):
        traceback.print_exc()
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = (
        f"{type(error).__name__} in {place.name} ({os.path.basename(place.filename)}:{place.lineno}): {error}"
    )
    _complain(
        f"roadworthy: this is a bug, not your mistake: {what}",
        "run again with ROADWORTHY_DEBUG=1 and report it",
    )
    return 3
