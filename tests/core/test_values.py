"""Values behave as frozen dataclasses with named arguments do."""

from __future__ import annotations

import dataclasses

import pytest

from roadworthy.core.values import field, frozen, replace


@frozen
class Point:
    """Two numbers and words."""

    x: int
    y: int = 0
    words: list[str] = field(default_factory=list)


def test_a_value_holds_what_it_is_given_and_its_defaults() -> None:
    assert (Point(x=1).x, Point(x=1).y, Point(x=1).words) == (1, 0, [])
    assert Point(x=1).words is not Point(x=1).words
    assert repr(Point(x=1, y=2)) == "Point(x=1, y=2, words=[])"


@pytest.mark.parametrize("given", [{}, {"x": 1, "z": 2}, {"y": 1}])
def test_a_missing_or_unknown_field_is_an_error(given: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="Point"):
        Point(**given)  # type: ignore[arg-type]


def test_a_value_is_frozen() -> None:
    point = Point(x=1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del point.x


def test_values_are_equal_by_their_fields_and_kind() -> None:
    @frozen
    class Other:
        x: int
        y: int

    @frozen
    class Same:
        x: int
        y: int

    assert Other(x=1, y=2) == Other(x=1, y=2)
    assert Other(x=1, y=2) != Other(x=1, y=3)
    assert Other(x=1, y=2) != Same(x=1, y=2)  # type: ignore[comparison-overlap]
    assert len({Other(x=1, y=2), Other(x=1, y=2), Other(x=2, y=2)}) == 2


def test_the_standard_library_takes_them_for_dataclasses() -> None:
    point = Point(x=1, words=["a"])
    assert dataclasses.asdict(point) == {"x": 1, "y": 0, "words": ["a"]}
    assert [each.name for each in dataclasses.fields(Point)] == ["x", "y", "words"]
    assert dataclasses.replace(point, y=5) == replace(point, y=5) == Point(x=1, y=5, words=["a"])
