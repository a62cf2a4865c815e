"""The project under test, whatever its name: tests reach its modules through here, the same everywhere."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["name"].replace("-", "_")


def module(name: str) -> Any:
    """A module of the project, such as `features` or `pipeline.train`; the empty name is the package."""
    return importlib.import_module(f"{PACKAGE}.{name}" if name else PACKAGE)
