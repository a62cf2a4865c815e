"""Words that say nothing are found; words that say something are left alone."""

from __future__ import annotations

import pytest

from roadworthy.core.approval.placeholders import is_placeholder, placeholders


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "  ",
            "TODO",
            "todo.",
            "N/A",
            "n/a.",
            "No impact.",
            "NONE",
            "TBD",
            "unknown",
            "...",
            "…",
            "xxx",
            "-",
        ),
        *("Lorem ipsum dolor sit amet", "<name>", "TODO: ask Dana", "the owner is <fill in>", "Owner (TBD)"),
    ],
)
def test_says_nothing(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Rejects one applicant in five.",
            "none of the slices is small",
            "Robin <robin@loans.example>",
            "no",
        ),
        *(
            "Mastodon",
            "unknown applicants are refused",
            "0.5",
            "national",
            "https://x.example/todos",
            "a <= b",
        ),
    ],
)
def test_says_something(text: str) -> None:
    assert not is_placeholder(text)


def test_every_place_is_named() -> None:
    value = {"purpose": "", "owners": [{"name": "TODO"}, {"name": "Dana"}], "age": 3, "on": None, "list": []}
    assert list(placeholders(value)) == ["purpose", "owners[0].name", "on"]
    assert list(placeholders(value, empty=False)) == ["owners[0].name"]
