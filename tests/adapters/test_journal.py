"""What a journal keeps comes back to the byte."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roadworthy.adapters import journal
from roadworthy.core.templates.tree import File


@settings(max_examples=50, deadline=None)
@given(data=st.binary(), executable=st.booleans())
@example(data="é".encode()[:1] + b'"\n\\\x00' + "é".encode()[1:], executable=True)
def test_every_content_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, executable: bool
) -> None:
    root = tmp_path_factory.mktemp("root")
    place = journal.Place(root=root, index=root / "index", home=root / "home")
    files = {"b\udcff": File(data, executable), "gone": None, "link": File(link="to\udcff")}
    journal.begin(place, files, (b"", b"index"), {}, after=journal.OPEN, check=lambda: None)
    assert {each.path: each.after for each in journal.standings(place)} == files
    assert {each.path: each.now for each in journal.standings(place)} == files
