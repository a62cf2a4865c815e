"""The answering half of the road: pointer, server, batch scoring, drill, trace."""

from __future__ import annotations

import importlib
from types import ModuleType


def part(name: str) -> ModuleType | None:
    """A module of this package that not every tier and mode brings; None where it was left out."""
    try:
        return importlib.import_module(f".{name}", __name__)
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        return None
