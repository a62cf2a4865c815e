"""The subject's digest: what it depends on, and what it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.core.approval.subject import Entry, canonical, entries, subject_digest

ROWS = [
    {"role": "model", "name": "model.skops", "sha256": "a" * 64, "path": "model.skops"},
    {"role": "config", "name": "policy/data.yaml", "sha256": "b" * 64, "path": "policy/data.yaml"},
]


def test_the_digest_is_fixed_for_all_time() -> None:
    found = entries(ROWS)
    assert found is not None
    assert subject_digest(found) == "sha256:243c2d024f9751e33c6a646d44a1770d201284cf79647b83c81c65c445c05b77"


@given(st.permutations(range(4)))
def test_order_and_place_do_not_count(order: list[int]) -> None:
    whole = [Entry(role="r", name=str(n), sha256=f"{n}" * 64, path=f"here/{n}") for n in range(4)]
    moved = [
        Entry(role=e.role, name=e.name, sha256=e.sha256, path="there") for e in (whole[n] for n in order)
    ]
    assert subject_digest(moved) == subject_digest(whole)


@pytest.mark.parametrize("field", ["role", "name", "sha256"])
def test_every_other_field_counts(field: str) -> None:
    plain, changed = entries(ROWS), entries([ROWS[0] | {field: "c" * 64}, ROWS[1]])
    assert plain is not None
    assert changed is not None
    assert subject_digest(plain) != subject_digest(changed)


@pytest.mark.parametrize(
    "rows", [None, {}, [1], [{"role": "model"}], [ROWS[0] | {"sha256": "A" * 64}], [ROWS[0] | {"name": ""}]]
)
def test_what_is_no_subject_is_not_read_as_one(rows: object) -> None:
    assert entries(rows) is None


def test_canonical_bytes_are_compact_sorted_utf8() -> None:
    assert canonical({"b": [1, "ü"], "a": None}) == '{"a":null,"b":[1,"ü"]}'.encode()
