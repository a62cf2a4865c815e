"""JSON Schema, with nothing fetched: a reference outside the schema is an error, not a request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from roadworthy.errors import UsageError

MOST = 5


def misshapen(schema: Mapping[str, Any], value: Any) -> Sequence[str]:
    """Return why `value` does not have the shape of `schema`: place and reason, a few of them."""
    validator = _validator(json.dumps(schema, sort_keys=True))
    problems = []
    for error in validator.iter_errors(value):
        problems.append(_said(error))
        if len(problems) == MOST:
            break
    return problems


@cache
def _validator(schema: str) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator(
            json.loads(schema), retriever=_refuse, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise UsageError(
            f"not a JSON Schema: {str(error).splitlines()[0]}", "`roadworthy policy lint`"
        ) from None


def _refuse(uri: str) -> Any:
    raise ValueError(f"references outside the schema are not read: {uri[:80]}")


def _said(error: Any) -> str:
    place = ".".join(str(part) for part in error.instance_path)
    return f"{place}: {_told(error)}"[:300] if place else _told(error)[:300]


def _told(error: Any) -> str:
    """What is wrong; of words that are allowed, all of them: the library names two and counts the rest."""
    error = getattr(error.kind, "error", error)
    options = ", ".join(json.dumps(each) for each in getattr(error.kind, "options", ()))
    return f"{json.dumps(error.instance)} is not one of {options}" if options else str(error.message)
