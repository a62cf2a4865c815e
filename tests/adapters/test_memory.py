"""A memory that only saves time: what others, or another engine, could have written is not believed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roadworthy.adapters import memory
from roadworthy.adapters.memory import recall, remember, state_of


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "roadworthy" / "memory"


def entry(place: Path) -> Path:
    (only,) = place.iterdir()
    return only


def settle() -> None:
    time.sleep(2 * memory.SETTLED_NS / 1e9)


def test_what_was_remembered_is_recalled(place: Path) -> None:
    assert recall("pack", "k") is None
    remember("pack", "k", {"a": [1]})
    assert recall("pack", "k") == {"a": [1]}
    assert oct(place.stat().st_mode)[-3:] == "700"
    assert oct(entry(place).stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_believed(place: Path, mode: int) -> None:
    remember("pack", "k", 1)
    entry(place).chmod(mode)
    assert recall("pack", "k") is None


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_can_write_is_neither_believed_nor_used(place: Path, mode: int) -> None:
    remember("pack", "k", 1)
    place.chmod(mode)
    assert recall("pack", "k") is None
    remember("pack", "l", 1)
    assert len(list(place.iterdir())) == 1


def test_what_another_user_wrote_is_not_believed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember("pack", "k", 1)
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert recall("pack", "k") is None


def test_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    remember("pack", "k", 1)
    shutil.move(entry(place), tmp_path / "elsewhere")
    (place / memory._name("pack", "k")).symlink_to(tmp_path / "elsewhere")
    assert recall("pack", "k") is None
    shutil.move(place, tmp_path / "folder")
    shutil.move(tmp_path / "elsewhere", tmp_path / "folder" / memory._name("pack", "k"))
    place.symlink_to(tmp_path / "folder")
    assert recall("pack", "k") is None


def test_an_entry_under_another_name_is_none(place: Path) -> None:
    remember("notes", "a project that passes", {"imports": "good"})
    entry(place).rename(place / memory._name("notes", "a project that fails"))
    assert recall("notes", "a project that fails") is None


@pytest.mark.parametrize("damage", [slice(0, 0), slice(0, 40), slice(0, -1)])
def test_a_torn_entry_is_none(place: Path, damage: slice) -> None:
    remember("pack", "k", {"a": "b"})
    entry(place).write_bytes(entry(place).read_bytes()[damage])
    assert recall("pack", "k") is None


def test_a_changed_byte_is_noticed(place: Path) -> None:
    remember("pack", "k", {"verdict": "fail"})
    entry(place).write_bytes(entry(place).read_bytes().replace(b"fail", b"pass"))
    assert recall("pack", "k") is None


def test_it_does_not_grow_without_end(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_ENTRIES", 3)
    for number in range(9):
        remember("notes", str(number), number)
        assert recall("notes", str(number)) == number
    assert len(list(place.iterdir())) == 3
    remember("notes", "large", "x" * memory.MOST_BYTES)
    assert recall("notes", "large") is None


def test_no_place_to_write_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nothing")
    remember("pack", "k", 1)
    assert recall("pack", "k") is None


def test_an_edit_of_the_engine_forgets_everything(tmp_path: Path) -> None:
    shutil.copytree(Path(memory.__file__).parent.parent, tmp_path / "src" / "roadworthy")
    script = "import sys; sys.path.insert(0, sys.argv[1]); from roadworthy.adapters import memory as m; "
    said = script + "print(m.recall('pack', 'k')); m.remember('pack', 'k', 1)"

    def run() -> str:
        command = (sys.executable, "-c", said, str(tmp_path / "src"))
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    settle()
    assert [run(), run()] == ["None", "1"]
    facts = tmp_path / "src" / "roadworthy" / "facts" / "imports.py"
    facts.write_text(facts.read_text("utf-8") + "# an edit\n", "utf-8")
    settle()
    assert [run(), run()] == ["None", "1"]


def test_the_state_of_a_folder_changes_with_any_file_even_when_times_are_set_back(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    (folder / "controls").mkdir(parents=True)
    file = folder / "controls" / "A.yaml"
    file.write_text("pass")
    assert state_of(str(folder)) == ""
    settle()
    states = [state_of(str(folder)), state_of(str(folder))]
    times = file.stat()
    file.write_text("fail")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    settle()
    states.append(state_of(str(folder)))
    (folder / "empty").mkdir()
    states.append(state_of(str(folder)))
    assert states[0] == states[1]
    assert len({*states}) == 3


def test_what_cannot_be_told_has_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_of(str(tmp_path / "nothing")) == ""
    folder = tmp_path / "folder"
    (folder / "a" / "b").mkdir(parents=True)
    assert state_of(str(folder))
    monkeypatch.setattr(memory, "MOST_FILES", 1)
    assert state_of(str(folder)) == ""
    monkeypatch.setattr(memory, "MOST_FILES", 9)
    (folder / "link").symlink_to(tmp_path)
    assert state_of(str(folder)) == ""
