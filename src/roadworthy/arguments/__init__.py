"""The command line as data: what each verb takes, each ending in one typed call.

A command without options, as most are, is understood here as argparse would, without argparse: importing it,
and letting it look for translations of its words, takes a twentieth of an update or a check.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any

# Each verb, and the module here that adds it: a command imports its own only.
VERBS = {
    "new": "making",
    "check": "judging",
    "explain": "judging",
    "tier": "judging",
    "approve": "deciding",
    "gate": "deciding",
    "revoke": "deciding",
    "update": "making",
    "policy": "policy",
    "platform": "platform",
}


def plain(given: Sequence[str]) -> SimpleNamespace | None:
    """Return what argparse would make of a verb and plain words; None if only argparse can say."""
    verb, *words = given or [""]
    if verb not in VERBS or any(word.startswith("-") for word in words):
        return None
    line = _Line(words)
    getattr(import_module(f"roadworthy.arguments.{VERBS[verb]}"), f"add_{verb}")(line)
    return SimpleNamespace(verb=verb, **line.held) if line.fits and not line.words else None


class _Line:
    """Stands in for argparse's parsers: takes what they are told of a verb, and gives each place its word."""

    def __init__(self, words: list[str]) -> None:
        self.words, self.held, self.fits = words, dict[str, Any](), True

    def add_parser(self, *_: str, **__: str) -> _Line:
        return self

    def add_subparsers(self, **_: object) -> _Line:
        self.fits = False
        return self

    def add_mutually_exclusive_group(self, *, required: bool = False) -> _Line:
        self.fits = self.fits and not required
        return self

    def add_argument(self, *names: str, **how: Any) -> None:
        if names[0].startswith("-"):
            name = how.get("dest") or names[0].lstrip("-").replace("-", "_")
            self.fits = self.fits and not how.get("required")
            self.held.setdefault(
                name, how.get("default", False if how.get("action") == "store_true" else None)
            )
        elif how.keys() & {"action", "choices", "type"} or how.get("nargs") not in (None, "?"):
            self.fits = False
        elif self.words:
            self.held[names[0]] = self.words.pop(0)
        else:
            self.fits = self.fits and "nargs" in how
            self.held[names[0]] = how.get("default")

    def set_defaults(self, **held: object) -> None:
        self.held.update(held)
