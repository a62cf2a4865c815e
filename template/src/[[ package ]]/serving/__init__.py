"""The answering half of the road: pointer, server, batch scoring, drill, trace."""

from __future__ import annotations

import importlib
from types import ModuleType


def part(name: str, package: str = __name__) -> ModuleType | None:
    """A module of a package that not every tier and mode brings; None where it was left out."""
    try:
        return importlib.import_module(f".{name}", package)
    except ModuleNotFoundError as error:
        if error.name != f"{package}.{name}":
            raise
        return None
