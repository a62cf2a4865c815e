"""Key-level three-way merges: what merges, what conflicts, what counts as equal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.core.merging.keymerge import ABSENT, differing, interleave, merge_values, same

NAMED = [{"name": "x", "v": 1}, {"name": "y", "v": 1}]
PLAIN = [{"run": "a", "n": 1}, {"run": "b", "n": 1}, {"run": "c", "n": 1}]

MERGES = {
    "one side": ({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}),
    "different keys": ({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 2}),
    "same change": ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}),
    "added on both sides": ({}, {"a": 1}, {"b": 2}, {"b": 2, "a": 1}),
    "deleted there, kept here": ({"a": 1, "b": 1}, {"a": 1, "b": 1}, {"a": 1}, {"a": 1}),
    "named items": (
        NAMED,
        [{"name": "x", "v": 2}, NAMED[1]],
        [NAMED[1], NAMED[0]],
        [{"name": "x", "v": 2}, NAMED[1]],
    ),
    "named item added": (
        NAMED,
        [*NAMED, {"name": "z"}],
        [{"name": "w"}, *NAMED],
        [{"name": "w"}, *NAMED, {"name": "z"}],
    ),
    "items in order": (
        PLAIN,
        [{"run": "a", "n": 9}, *PLAIN[1:]],
        PLAIN[:2],
        [{"run": "a", "n": 9}, PLAIN[1]],
    ),
    "neighbouring items": (
        PLAIN,
        [PLAIN[0], {"run": "b", "n": 9}, PLAIN[2]],
        [PLAIN[0], PLAIN[1], {"run": "c", "n": 8}],
        [PLAIN[0], {"run": "b", "n": 9}, {"run": "c", "n": 8}],
    ),
    "no base": (ABSENT, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
}
CONFLICTS = {
    "same key": ({"a": 1}, {"a": 2}, {"a": 3}, "a"),
    "nested key": ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 3}}, "a.b"),
    "changed here, deleted there": ({"a": 1}, {"a": 2}, {}, "a"),
    "named item": (NAMED, [{"name": "x", "v": 2}, NAMED[1]], [{"name": "x", "v": 3}, NAMED[1]], "[x].v"),
    "items moved and edited": (
        {"s": PLAIN},
        {"s": [PLAIN[0], {"run": "b", "n": 9}, PLAIN[2]]},
        {"s": [PLAIN[0], PLAIN[2], PLAIN[1]]},
        "s",
    ),
    "moved here, removed there": (
        {"s": PLAIN},
        {"s": [PLAIN[0], PLAIN[2], PLAIN[1]]},
        {"s": [PLAIN[0], PLAIN[2]]},
        "s",
    ),
    "moved here, moved and edited there": (
        {"s": PLAIN},
        {"s": [PLAIN[1], PLAIN[2], PLAIN[0]]},
        {"s": [PLAIN[1], {"run": "a", "n": 9}, PLAIN[2]]},
        "s",
    ),
    "appended on both sides": ({"s": ["a"]}, {"s": ["a", "b"]}, {"s": ["a", "c"]}, "s"),
    "type": ({"a": 1}, {"a": "1"}, {"a": True}, "a"),
    "mapping against list": ({"a": 1}, {"a": {}}, {"a": []}, "a"),
    "whole document": (1, 2, 3, "the whole document"),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "merged"), MERGES.values(), ids=MERGES)
def test_merges(base: Any, ours: Any, theirs: Any, merged: Any) -> None:
    found = merge_values(base, ours, theirs)
    assert (found.conflicts, found.value) == ((), merged)


@pytest.mark.parametrize(("base", "ours", "theirs", "path"), CONFLICTS.values(), ids=CONFLICTS)
def test_conflicts_name_the_key(base: Any, ours: Any, theirs: Any, path: str) -> None:
    assert merge_values(base, ours, theirs).conflicts == (path,)


def test_types_count() -> None:
    assert not same(1, True)
    assert not same(1, 1.0)
    assert not same({"a": None}, {})
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_the_difference_is_named() -> None:
    assert differing({"a": {"b": 1}}, {"a": {"b": 2}}) == "a.b"
    assert differing({"a": 1}, {"a": 1}) == ""


def test_new_keys_follow_their_predecessor() -> None:
    assert interleave(["a", "mine", "b"], ["a", "theirs", "b", "end"]) == ["a", "theirs", "mine", "b", "end"]


VALUES = st.recursive(
    st.integers(0, 2) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_one_sided_changes_always_merge(base: Any, side: Any) -> None:
    assert same(merge_values(base, side, base).value, side)
    assert same(merge_values(base, base, side).value, side)
    assert merge_values(base, side, side).conflicts == ()


@given(VALUES, VALUES, VALUES)
def test_it_does_not_matter_which_side_is_which(base: Any, ours: Any, theirs: Any) -> None:
    first = merge_values(base, ours, theirs)
    mirrored = merge_values(base, theirs, ours)
    assert bool(first.conflicts) == bool(mirrored.conflicts)
