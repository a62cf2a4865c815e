"""A cache that only saves time: what others could have written is not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.adapters import memory
from roadworthy.adapters.memory import recall, remember


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "roadworthy"


def test_what_was_remembered_is_recalled(own_cache: Path) -> None:
    assert recall("pack", "k") is None
    remember("pack", "k", {"a": [1]})
    assert recall("pack", "k") == {"a": [1]}
    assert oct(own_cache.stat().st_mode)[-3:] == "700"


def test_what_others_could_have_written_is_not(own_cache: Path) -> None:
    remember("pack", "k", 1)
    (own_cache / "pack-k.json").chmod(0o666)
    assert recall("pack", "k") is None


def test_a_broken_entry_is_no_entry(own_cache: Path) -> None:
    remember("pack", "k", 1)
    (own_cache / "pack-k.json").write_text("{")
    assert recall("pack", "k") is None


def test_it_does_not_grow_without_end(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_ENTRIES", 3)
    for number in range(9):
        remember("managed", str(number), number)
    assert len(list(own_cache.iterdir())) <= 4


def test_no_place_to_write_is_no_error(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nothing")
    remember("pack", "k", 1)
    assert recall("pack", "k") is None
