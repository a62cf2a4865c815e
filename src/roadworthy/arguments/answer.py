"""What every verb comes to, and what several take."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from roadworthy.errors import UsageError

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Answer(NamedTuple):
    """What a command says: text for standard output, and the exit code."""

    text: str
    exit_code: int = 0


def keyed(option: str, given: Iterable[str], example: str) -> dict[str, str]:
    """Return what an option says as KEY=VALUE, the last word on each key."""
    pairs = [each.partition("=") for each in given]
    for key, equals, value in pairs:
        if not (key and equals):
            said = f"{option} {key + equals + value!r}: expected KEY=VALUE"
            raise UsageError(said, f"such as {option} {example}")
    return {key.strip(): value for key, _, value in pairs}
