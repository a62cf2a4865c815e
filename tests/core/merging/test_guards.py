"""Each guard refuses what it is for, and lets a good merge pass."""

from __future__ import annotations

import pytest

from roadworthy.core.merging.entries import Entry
from roadworthy.core.merging.guards import foreign, merged_text, one_sided

A, B, C = (Entry("100644", letter * 40) for letter in "abc")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result", "refused"),
    [
        ({"p": A}, {"p": B}, {"p": A}, {"p": B}, False),
        ({"p": A}, {"p": B}, {"p": A}, {"p": A}, True),
        ({"p": A}, {"p": A}, {"p": B}, {"p": B}, False),
        ({"p": A}, {"p": A}, {"p": B}, {"p": A}, True),
        ({"p": A}, {"p": A}, {}, {"p": A}, True),
        ({"p": A}, {"p": B}, {"p": C}, {"p": A}, False),
        ({}, {}, {"p": B}, {}, True),
    ],
)
def test_what_one_side_changed_is_that_side(
    base: dict[str, Entry],
    ours: dict[str, Entry],
    theirs: dict[str, Entry],
    result: dict[str, Entry],
    refused: bool,
) -> None:
    assert bool(one_sided(base, ours, theirs, result, ())) is refused
    assert one_sided(base, ours, theirs, result, {"p"}) == {}


def test_foreign_files_are_untouchable() -> None:
    assert foreign({}, {"own": A}, {}, {"own": A}, ()) == {}
    assert "own" in foreign({}, {"own": A}, {}, {"own": B}, ())
    assert "own" in foreign({}, {"own": A}, {}, {}, ())
    assert "sudden" in foreign({}, {}, {}, {"sudden": A}, ())
    assert foreign({"own": A}, {"own": A}, {}, {}, ()) == {}


@pytest.mark.parametrize(
    ("path", "result", "reason"),
    [
        ("p.yaml", b"a: 2\nb: 3\n", ""),
        ("p.yaml", b"a: 2\nb: 1\n", "merged lines say something else"),
        ("p.yaml", b"a: 2\nb: 3\nb: 3\n", "both sides parse, their merge does not"),
        ("p.txt", b"anything\n", ""),
        ("p.txt", b"<<<<<<< yours\na\n=======\nb\n>>>>>>> release\n", "conflict markers"),
    ],
)
def test_merged_text_means_what_both_sides_meant(path: str, result: bytes, reason: str) -> None:
    said = merged_text(path, b"a: 1\nb: 1\n", b"a: 2\nb: 1\n", b"a: 1\nb: 3\n", result)
    assert (reason in said) if reason else said == ""


def test_keys_changed_on_both_sides_are_refused_even_if_lines_merge() -> None:
    said = merged_text("p.yaml", b"a: [1]\n", b"a: [1, 2]\n", b"a: [1, 3]\n", b"a: [1, 2, 3]\n")
    assert said == "both sides changed a"


def test_a_side_that_nobody_can_parse_is_not_judged_by_keys() -> None:
    assert merged_text("p.yaml", b"a: 1\n", b"a: [\n", b"a: 2\n", b"a: [\n") == ""
