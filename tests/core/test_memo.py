"""What is remembered is what would be said again; a key tells apart whatever a function could tell apart."""

from __future__ import annotations

import copy
from enum import StrEnum
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.core.memo import Memo, identity

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=2), each, max_size=3),
    max_leaves=8,
)


class Colour(StrEnum):
    RED = "red"


def test_what_was_asked_is_not_asked_again_until_it_is_forgotten() -> None:
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        return number

    memo = Memo(most=2)
    for number in (1, 2, 1, 3, 1, 4, 5, 1, 2):
        assert memo.once(number, lambda number=number: ask(number)) == number  # type: ignore[misc]
    assert asked == [1, 2, 3, 4, 5, 2]


def test_a_memo_holds_no_more_than_twice_its_bound() -> None:
    memo = Memo(most=10)
    for number in range(1000):
        memo.once(number, object)
    assert len(memo._recent) + len(memo._before) <= 20


@pytest.mark.parametrize(
    ("one", "other"),
    [*combinations([1, True, 1.0, "1", [1], (1,), {"1": 1}, None, "", [], {}, -0.0, 0.0], 2)],
)
def test_values_that_merely_compare_equal_are_told_apart(one: Any, other: Any) -> None:
    assert identity(one) != identity(other)
    assert identity({"a": [one]}) != identity({"a": [other]})


@given(PLAIN, PLAIN)
def test_identity_is_the_value(one: Any, other: Any) -> None:
    assert identity(one) == identity(copy.deepcopy(one))
    assert repr(one) == repr(other) or identity(one) != identity(other)


def test_the_same_text_from_another_place_is_the_same() -> None:
    word, made = "known", "".join(["kn", "own"])
    assert identity([word, word]) == identity([word, made])


@pytest.mark.parametrize("odd", [Colour.RED, object(), [Colour.RED]])
def test_what_is_not_plain_is_equal_to_nothing(odd: Any) -> None:
    assert identity(odd) != identity(odd)
