"""Values to text. Pure."""

from __future__ import annotations

from json import dumps  # the module of that name in here would take the place of the library
from typing import Any

# What a report can be written as: for each, a module here with a function `report_<format>`.
FORMATS = ("text", "json", "sarif", "junit", "markdown")


def as_json(schema: str, value: Any, **more: Any) -> str:
    """Return a value for machines: the schema it follows, and each of its fields."""
    from dataclasses import asdict  # slow to import, and a check has no need of it

    return dumps({"schema": schema, **more, **asdict(value)}, indent=1, sort_keys=True)
