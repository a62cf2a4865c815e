"""Values to text. Pure."""

from __future__ import annotations

import json
from typing import Any

# What a report can be written as: for each, a module here with a function `report_<format>`.
FORMATS = ("text", "json", "sarif", "junit", "markdown")


def as_json(schema: str, value: Any, **more: Any) -> str:
    """Return a value for machines: the schema it follows, and each of its fields."""
    from dataclasses import asdict  # slow to import, and a check has no need of it

    return json.dumps({"schema": schema, **more, **asdict(value)}, indent=1, sort_keys=True)
