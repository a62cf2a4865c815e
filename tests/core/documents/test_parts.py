"""What nobody vouches for is of the type it should have, or empty; a truth value is no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roadworthy.core.documents.parts import (
    count,
    leaves,
    mapping,
    named,
    number,
    part,
    rows,
    strings,
    text,
    texts,
)


@pytest.mark.parametrize(
    ("read", "good", "empty"),
    [
        (mapping, {"a": 1}, {}),
        (rows, [{"a": 1}], []),
        (text, "words", ""),
        (number, 2, None),
        (number, 0.5, None),
        (count, 3, 0),
    ],
)
def test_of_its_type_or_empty(read: Callable[[Any], Any], good: Any, empty: Any) -> None:
    assert read(good) == good
    strangers = [each for each in (None, True, "x", {1, 2}) if type(each) is not type(good)]
    assert [read(each) for each in strangers] == [empty] * len(strangers)


def test_rows_leave_out_what_is_no_mapping() -> None:
    assert rows([{"a": 1}, "b", None, {}]) == [{"a": 1}, {}]


def test_a_part_is_looked_for_in_mappings_only() -> None:
    assert part({"a": {"b": 1}}, "a") == {"b": 1}
    assert part({"a": ["b"]}, "a") == part(["a"], "a") == part(None, "a") == {}


def test_a_tree_is_walked_to_its_leaves() -> None:
    tree = {"a": [1, {"b": "two"}], "c": None, "d": [[], "three"]}
    assert list(leaves(tree)) == [1, "two", None, "three"]
    assert list(strings(tree)) == ["two", "three"]
    assert list(strings(None)) == []


def test_names_and_texts() -> None:
    assert named("production") == named({"name": "production"}) == named({"as": "production"}, "as")
    assert named(["production"]) == named({"name": None}) == named(None) == ""
    assert texts({"a": "b", "c": 1, 2: "d"}) == {"a": "b", "2": "d"}
