"""What a command of a script runs: its program, its verb, the script behind it."""

from __future__ import annotations

import re

from roadworthy.facts.shell import Command

_INTERPRETERS = frozenset(
    {
        *("bash", "sh", "zsh", "dash", "ksh", "source", ".", "node", "deno", "bun", "tsx"),
        *("ruby", "perl", "pwsh", "Rscript", "php"),
    }
)


def program(command: Command) -> tuple[str, tuple[str, ...]]:
    """Return the program and its arguments; `python -m x` is the program x."""
    head, *rest = command.words
    if re.fullmatch(r"python[\d.]*|py", head) and len(rest) > 1 and "-m" in rest:
        at = rest.index("-m")
        return (rest[at + 1], tuple(rest[at + 2 :])) if at + 1 < len(rest) else (head, tuple(rest))
    return head, tuple(rest)


def subcommand(arguments: tuple[str, ...]) -> str:
    """Return the first argument that is no option."""
    return next((word for word in arguments if not word.startswith("-")), "")


def calls(command: Command, name: str, verb: str) -> bool:
    head, rest = program(command)
    return head == name and subcommand(rest) == verb and not {"--help", "-h", "--version"} & set(rest)


def runs_tests(command: Command) -> bool:
    head, rest = program(command)
    if head in ("pytest", "py.test", "unittest", "tox", "nox", "ward", "behave"):
        return not {"--collect-only", "--co", "--version", "--help"} & set(rest)
    return head == "hatch" and rest[:1] == ("test",)


def script_of(command: Command) -> str:
    """Return the path of the script that a command runs, empty when it runs none."""
    head, *rest = command.words
    module = re.fullmatch(r"python[\d.]*|py", head) and "-m" in rest and rest[rest.index("-m") + 1 :]
    if module:
        return f"src/{module[0].replace('.', '/')}.py"
    if head in _INTERPRETERS or re.fullmatch(r"python[\d.]*|py", head):
        inline = {"-c", "-e", "-s"} & set(rest)
        return (
            "" if inline else next((word.removeprefix("./") for word in rest if not word.startswith("-")), "")
        )
    return command.path.removeprefix("./") if "/" in command.path else ""
