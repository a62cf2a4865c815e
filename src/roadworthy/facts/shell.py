"""Shell text read as data: which commands it would run, and whether the failure of one would stop it.

This is no shell. It knows enough to tell `roadworthy gate 1` from `echo roadworthy gate 1` and from
`roadworthy gate 1 || true`; what it cannot read it does not count as a gate, and does count as a deployment.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from roadworthy.core.values import frozen, replace

MAX_SCRIPT = 65_536
_OPERATORS = frozenset({"&&", "||", "|", ";", "&", "(", ")", "|&", ";;"})
_KEYWORDS = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{", "for", "case"})
_UNSURE = frozenset({"if", "elif", "while", "until", "!"})
_OPENING = frozenset({"if", "for", "while", "until", "case", "{", "function"})
_CLOSING = frozenset({"fi", "done", "esac", "}"})
_TESTS = frozenset({"false", "test", "[", "[["})
_WRAPPERS = {"sudo", "exec", "time", "command", "nice", "nohup", "env", "uvx", "xargs", "@"}
_RUNNERS = {("uv", "tool"), *((name, "run") for name in ("uv", "poetry", "pipx", "hatch", "pdm"))}
# Variables that decide which file a name runs, or what is run before it.
BENDING = frozenset(
    {
        *("PATH", "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE"),
    }
)
# Variables by which make does something else than its file says.
_MAKE_BENDING = frozenset({"MAKEFLAGS", "GNUMAKEFLAGS", "MAKEFILES"})
# Settings of the judge; in the project they are the judged one's own.
_SETTINGS = frozenset({"ROADWORTHY_CONFIG", "XDG_CONFIG_HOME"})
OWN_PLACE = re.compile(r"PWD|WORKSPACE|github\.workspace|CI_PROJECT_DIR|^[^/~$]")
_HERE = frozenset(
    {"", ".", "$PWD", "$GITHUB_WORKSPACE", "${{github.workspace}}", "${GITHUB_WORKSPACE}", "$CI_PROJECT_DIR"}
)
_DEFINES = re.compile(
    r"(?:^|[;&|]\s*)\s*(?:function\s+([\w.-]+)|([\w.-]+)\s*\(\s*\)|alias\s+([\w.-]+)=|hash\s+-p\s+\S+\s+([\w.-]+))",
    re.MULTILINE,
)
_ANY_NAME = "command_not_found_handle"
_TRAP = re.compile(r"\btrap\s+.*\b(?:exit|DEBUG)\b")
# `|| exit 3`, `|| exit $?`, `|| { echo no; exit 1; }`: the step ends, and not with 0.
_FAILS = re.compile(r"^\|\| exit \$\?|\bexit (?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(?!\S)")
_STOPS = re.compile(r"\bset\s+-\w*e")
MAKES = frozenset({"make", "gmake"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|\{\{\s*env\.(\w+)\s*\}\}|(\w+))")
_INTO_SHELL = re.compile(r"\|\s*(?:sudo\s+)?(?:\S*/)?(?:ba|da|z|k)?sh\b")
_FED = re.compile(
    r"(?:^|[|;&(]|\s)(?:\S*/)?(?:(?:ba|da|z|k)?sh|ssh|python[\d.]*|xargs|eval|kubectl|docker)\s"
)


@frozen
class Command:
    """One simple command: its words, its line from 1, and whether its failure fails the script."""

    words: tuple[str, ...]
    path: str
    line: int
    sure: bool
    # Its name may stand for something else than it seems: a function, another PATH, another folder.
    bent: bool = False
    known: tuple[tuple[str, str], ...] = ()  # for make: the environment, which its file may ask

    @property
    def text(self) -> str:
        """The words as one short line."""
        return " ".join(self.words)[:80]


def commands(
    script: str,
    *,
    pipefail: bool = False,
    known: Mapping[str, str] = MappingProxyType({}),
    apart: bool = False,
) -> Iterator[Command]:
    """Yield the simple commands of a script, in order, with `-e` as CI has it; `known` is the environment.

    `apart`: each line is a script of its own, as in a recipe of make.
    """
    return iter(_commands(script, pipefail, tuple(known.items()), apart))


@lru_cache(maxsize=1024)
def _commands(
    script: str, pipefail: bool, known: tuple[tuple[str, str], ...], apart: bool
) -> tuple[Command, ...]:
    """The same targets and scripts are called from many jobs, and are the same in many projects."""
    return tuple(_read(script, pipefail, dict(known), apart))


def _read(script: str, pipefail: bool, values: dict[str, str], apart: bool) -> Iterator[Command]:
    brave, depth, own, place = True, 0, defined(""), ""
    lines = list(_lines(script[:MAX_SCRIPT]))
    for number, line, fed in lines:
        own |= defined(line)
        brave = brave and not _TRAP.search(line)
        tail = apart or number == lines[-1][0]
        before = "" if apart else place
        for first, words, sure in _simple(_tokens(line), pipefail, tail, apart and not _STOPS.search(line)):
            head = words[0] if words else ""
            depth += (head in _OPENING or words[1:2] == ["function"]) - (head in _CLOSING and depth > 0)
            values |= _assigned(words)
            bare = _bare(words)
            told = [_said(word, values) for word in bare]
            if bare[:1] == ["set"]:
                brave = brave and not _lets_go(bare[1:])
                pipefail = pipefail or "pipefail" in bare
            elif bare and told[0]:
                name = told[0].rpartition("/")[2]
                # What a variable stands for may change on the way: it may deploy, but it is no gate.
                whole = (
                    sure and brave and depth == 0 and "-" not in head[:2] and not fed and told[0] == bare[0]
                )
                bent = bool(place or own & {name, _ANY_NAME} or any(map(_bends, values, values.values())))
                known = tuple(values.items()) if name in MAKES else ()
                whole = whole and not (known and _MAKE_BENDING & values.keys())
                yield Command(
                    words=(name, *told[1:]), path=told[0], line=number, sure=whole, bent=bent, known=known
                )
                if bare[0] in ("echo", "printf") and _INTO_SHELL.search(line):
                    yield from (replace(c, line=number, sure=False) for c in commands(" ".join(told[1:])))
                place = _gone(place, told) if name in ("cd", "pushd", "popd") else place
            if ends := _ends(bare) or (head == "exec" and bool(bare)):
                if ends and first and depth == 0:
                    return
                brave = brave and (bare[:1] in (["exit"], ["return"]) and _fails(bare))
        place = before if apart or "(" in line else place


def defined(text: str) -> set[str]:
    """Return the names that a text of shell gives a meaning of its own: functions, aliases."""
    return {next(filter(None, match)) for match in _DEFINES.findall(text)}


def _bends(name: str, value: str) -> bool:
    own = name in _SETTINGS and OWN_PLACE.search(value) is not None
    return own or name in BENDING or name.startswith("BASH_FUNC_")


def _lets_go(options: list[str]) -> bool:
    """Whether `set` lets failures pass, or only reads what follows."""
    named = {(word[:1], name) for word, name in pairwise(options)}
    short = any((each[:1] == "+" and "e" in each) or (each[:1] == "-" and "n" in each) for each in options)
    return short or not named.isdisjoint({("+", "errexit"), ("-", "noexec")})


def _ends(bare: list[str]) -> bool:
    return bare[:1] in (["exit"], ["return"])


def _fails(bare: list[str]) -> bool:
    """Whether a script ends here with a failure."""
    return len(bare) > 1 and bare[1].strip() not in ("0", "00", "256")


def _gone(place: str, words: list[str]) -> str:
    """Where a script is after it went to another folder; the root of the project is empty."""
    target = words[1].rstrip("/") if len(words) > 1 else "~"
    if target in _HERE:
        return place if target in ("", ".") else ""
    if target == ".." and place and not place.startswith(("/", "$", "~", "..")):
        return place.rpartition("/")[0]
    return f"{place}/{target}".strip("/") if target[:1] not in ("/", "$", "~", "-") else target


def _assigned(words: list[str]) -> dict[str, str]:
    """Variables that a command sets for those after it."""
    pairs = (word.partition("=") for word in words if _ASSIGNMENT.match(word))
    return {name.rstrip("+"): value for name, _, value in pairs}


def _said(word: str, values: Mapping[str, str]) -> str:
    """A word with the variables put in that are known."""
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2] or match[3], match[0]), word)


def _lines(script: str) -> Iterator[tuple[int, str, bool]]:
    """Join continued lines; a here-document is skipped, unless it is fed to something that runs it."""
    waiting, fed, held, start = "", False, "", 0
    for number, line in enumerate(script.splitlines(), 1):
        if waiting:
            if line.strip() == waiting:
                waiting = ""
            elif fed:
                yield number, line, True
            continue
        start = start or number
        held += line.removesuffix("\\") + (" " if line.endswith("\\") else "")
        if line.endswith("\\"):
            continue
        yield start, held, False
        here = re.search(r"<<-?\s*['\"]?(\w+)", held)
        waiting, fed, held, start = here[1] if here else "", _FED.search(held) is not None, "", 0
    if held:
        yield start, held, False


def _tokens(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();|&")
    lexer.whitespace_split = True
    try:
        return [part for token in lexer for part in _parts(token)]
    except ValueError:
        return re.findall(r"&&|\|\||[;|&()]|[^\s;|&()'\"]+", line)


def _parts(token: str) -> list[str]:
    """The lexer glues punctuation: `);(` is three operators. `f()` starts a body that may never run."""
    if set(token) <= set("();|&") and token not in _OPERATORS:
        return ["function"] if token == "()" else re.findall(r"&&|\|\||;;|[();|&]", token)
    return [token]


def _simple(
    tokens: list[str], pipefail: bool, tail: bool, loose: bool = False
) -> Iterator[tuple[bool, list[str], bool]]:
    """Split one line at its operators: whether first, its words, whether its failure is sure to count.

    `loose`: the shell goes on after a failure, as in a recipe of make.
    """
    start, before = 0, ""
    for end, token in [*enumerate(tokens), (len(tokens), ";")]:
        if token not in _OPERATORS and end < len(tokens):
            continue
        words = tokens[start:end]
        # Of `a && b` the shell forgives the failure, unless nothing comes after it.
        last = tail and ";" not in tokens[end:-1]
        doubtful = before == "||" or (before == "&&" and not last) or (bool(words) and words[0] in _UNSURE)
        rest = tokens[end:]
        passed = loose and ";" in rest[:-1]
        yield start == 0, words, not doubtful and not passed and not _swallowed(rest, pipefail, last)
        before = "||" if token == "&&" and words[:1] and words[0] in _TESTS else token
        start = end + 1


def _swallowed(rest: list[str], pipefail: bool, last: bool) -> bool:
    """Whether what follows a command hides that it failed."""
    following = rest[0] if rest else ""
    if following == ")":
        return _swallowed(rest[1:], pipefail, last)
    if following in ("|", "|&"):
        return not pipefail or _swallowed(_after_pipe(rest), pipefail, last)
    if following == "||":
        return not _FAILS.search(" ".join(rest))
    if following == "&&":
        tail = next((index for index, token in enumerate(rest) if token == "||"), None)
        return not last if tail is None else _swallowed(rest[tail:], pipefail, last)
    return following == "&"


def _after_pipe(rest: list[str]) -> list[str]:
    ends = (index for index, token in enumerate(rest[1:], 1) if token in ("||", "&&", ";", "&"))
    return rest[next(ends, len(rest)) :]


def _bare(words: list[str]) -> list[str]:
    """Drop what stands before the command itself: keywords, assignments, wrappers, runners."""
    words = list(words)
    while words:
        head = words[0].lstrip("@-+") if words[0].startswith(("@", "-", "+")) else words[0]
        if head in _KEYWORDS or head in _WRAPPERS or _ASSIGNMENT.match(head) or not head:
            words = words[1:]
        elif len(words) > 1 and (head, words[1]) in _RUNNERS:
            words = _after_flags(words[2:])
        else:
            return [head, *words[1:]]
    return words


def _after_flags(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[1:]
    return words
