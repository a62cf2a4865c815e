"""Commands that a page prints: those to be typed, in fences; those that are only named, in `code`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from roadworthy.arguments.parser import parser
from roadworthy.errors import RoadworthyError
from tests.walking import blocks

_NAMED = re.compile(r"`((?:make|roadworthy) [^`]+)`")
_TYPED = re.compile(r"(?:^|&& |; )(?:[.\w/-]*/)?((?:make|roadworthy) [^;&|]+)")
_PROMPT = re.compile(r"^(?:\$ |  next: (?:or [a-z ]+: )?)")


def named(page: str) -> list[str]:
    """Return each `make …` and `roadworthy …` of the prose of a page."""
    return _NAMED.findall(page)


def typed(page: str) -> Iterator[str]:
    """Yield each of them that a fence of a page tells its reader to type."""
    for block in blocks(page):
        for line in block.text.replace("\\\n", " ").splitlines():
            if block.language == "sh" or (block.language == "text" and _PROMPT.match(line)):
                yield from _TYPED.findall(_PROMPT.sub("", line))


def strange(command: str, makefiles: list[str]) -> str:
    """Say what is wrong with a command: it must parse, or one of the Makefiles must know it. Else nothing."""
    program, *words = shlex.split(command, comments=True)
    if program == "roadworthy":
        return _misused(words)
    wrong = [_unmade(words, makefile) for makefile in makefiles]
    return "" if "" in wrong else "; ".join(wrong)


def _misused(words: list[str]) -> str:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        try:
            extra = parser(words[0]).parse_known_args(words)[1]
        except RoadworthyError as error:
            return error.message
        except SystemExit:  # --help and --version
            return ""
    return f"takes no {extra[0]}" if extra else ""


def _unmade(words: list[str], makefile: str) -> str:
    given = {word.partition("=")[0] for word in words if "=" in word}
    if unread := [name for name in given if not re.search(rf"\$\(([a-z]+ \$\()?{name}\b", makefile)]:
        return f"nothing reads {', '.join(unread)}"
    for target in (word for word in words if "=" not in word):
        rule = re.search(rf"(?m)^{re.escape(target)}:.*\n((?:\t.*\n)*)", makefile)
        if not rule:
            return f"there is no {target}"
        if missing := [name for name in re.findall(r"\(call need,(\w+)", rule[1]) if name not in given]:
            return f"{target}: required: {', '.join(missing)}"
    return ""
