"""Schemas fetch nothing, and a pattern costs linear time."""

from __future__ import annotations

import time

import pytest

from roadworthy.adapters.shapes import MOST, misshapen
from roadworthy.errors import UsageError


def test_places_and_reasons_a_few() -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    assert misshapen(schema, [1, "x"]) == ['1: "x" is not of type "integer"']
    assert len(misshapen(schema, ["x"] * 50)) == MOST
    assert misshapen(schema, [1]) == []


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "https://schemas.example/x.json", "other.json"])
def test_nothing_is_fetched(uri: str) -> None:
    with pytest.raises(UsageError, match="not a JSON Schema"):
        misshapen({"$ref": uri}, 1)


def test_a_pattern_that_would_backtrack_does_not() -> None:
    start = time.process_time()
    assert misshapen({"type": "string", "pattern": "^(a+)+$"}, "a" * 5_000 + "!")
    assert time.process_time() - start < 1


def test_a_schema_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="not a JSON Schema"):
        misshapen({"type": "nonsense"}, 1)
