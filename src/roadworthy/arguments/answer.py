"""What every verb comes to."""

from __future__ import annotations

import argparse
from typing import NamedTuple, TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Answer(NamedTuple):
    """What a command says: text for standard output, and the exit code."""

    text: str
    exit_code: int = 0
