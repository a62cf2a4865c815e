"""A folder is seen as it is: nothing followed, nothing blocking, nothing without bounds."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from roadworthy.adapters import files
from roadworthy.adapters.files import open_folder
from roadworthy.core.documents.snapshot import MAX_FILE, Unreadable, colliding
from roadworthy.errors import UsageError


@pytest.fixture(params=["handles", "names"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "names":
        monkeypatch.setattr(files, "_BY_HANDLE", False)
    return str(request.param)


def write(root: Path, **contents: str) -> Path:
    for name, content in contents.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def reason(root: Path, path: str) -> str:
    found = open_folder(root).read(path)
    assert isinstance(found, Unreadable)
    return found.reason


def test_files_with_sizes_and_bytes(tmp_path: Path, way: str) -> None:
    snapshot = open_folder(write(tmp_path, a="1", b__c__d="22"))
    assert dict(snapshot.sizes) == {"a": 1, "b/c/d": 2}
    assert snapshot.read("b/c/d") == b"22"
    assert snapshot.under("b") == ("b/c/d",)
    assert snapshot.incomplete == ""


def test_state_and_installed_packages_are_passed_by(tmp_path: Path, way: str) -> None:
    write(
        tmp_path,
        **{
            ".git__config": "",
            ".venv__x": "",
            "a__node_modules__x": "",
            "var__x": "",
            "a__var__y": "",
            "z": "",
        },
    )
    assert open_folder(tmp_path).paths == ("a/var/y", "z")


def test_links_are_reported_and_never_followed(tmp_path: Path, way: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    project = tmp_path / "project"
    project.mkdir()
    (project / "file").symlink_to(outside / "secret")
    (project / "folder").symlink_to(outside)
    (project / "loop").symlink_to("loop")
    (project / "up").symlink_to("..")
    snapshot = open_folder(project)
    assert set(snapshot.refused) == {"file", "folder", "loop", "up"}
    assert snapshot.paths == ()
    assert "link" in reason(project, "file")
    for sneaky in ("folder/secret", "../outside/secret", "/etc/passwd", "up/outside/secret"):
        assert isinstance(snapshot.read(sneaky), Unreadable)


def test_a_file_swapped_for_a_link_after_the_walk_is_not_followed(tmp_path: Path, way: str) -> None:
    (tmp_path / "secret").write_text("secret")
    project = write(tmp_path / "project", a="1", d__e="2")
    snapshot = open_folder(project)
    (project / "a").unlink()
    (project / "a").symlink_to(tmp_path / "secret")
    (project / "d" / "e").unlink()
    (project / "d").rmdir()
    (project / "d").symlink_to(tmp_path)
    (tmp_path / "e").write_text("secret")
    assert isinstance(snapshot.read("a"), Unreadable)
    assert isinstance(snapshot.read("d/e"), Unreadable)


def test_no_handle_outlives_who_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_HANDLES", 2)
    project = write(tmp_path / "project", a="1", b__c__d="2", e__f="3", g__h__i__j="4")
    before = os.listdir("/dev/fd")
    for _ in range(3):
        snapshot = open_folder(project)
        assert b"".join(snapshot.read(path) for path in snapshot.paths) == b"1234"  # type: ignore[misc]
    del snapshot
    assert len(os.listdir("/dev/fd")) == len(before)


def test_pipes_and_sockets_do_not_block(tmp_path: Path, way: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(tmp_path)
        try:
            listener.bind("socket")
        finally:
            os.chdir(here)
        start = time.perf_counter()
        snapshot = open_folder(tmp_path)
        assert set(snapshot.refused.values()) == {"not a regular file"}
        assert time.perf_counter() - start < 1


def test_a_file_swapped_for_a_pipe_does_not_block(tmp_path: Path, way: str) -> None:
    snapshot = open_folder(write(tmp_path, a="1"))
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    assert snapshot.read("a") == Unreadable(reason="not a regular file")


def test_a_hard_link_is_not_read(tmp_path: Path, way: str) -> None:
    (tmp_path / "secret").write_text("secret")
    project = write(tmp_path / "project", a="1")
    os.link(tmp_path / "secret", project / "b")
    assert "hard link" in open_folder(project).refused["b"]


def test_a_huge_file_is_seen_and_not_read(tmp_path: Path, way: str) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2 << 30)
    assert reason(tmp_path, "huge") == f"larger than {MAX_FILE:,} bytes"


def test_all_files_together_have_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(files, "MAX_TOTAL", 10)
    snapshot = open_folder(write(tmp_path, a="12345678", b="12345678"))
    assert snapshot.read("a") == b"12345678"
    assert isinstance(snapshot.read("b"), Unreadable)


def test_too_many_files_make_the_picture_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 3)
    assert "more than 3" in open_folder(write(tmp_path, a="", b="", c="", d="", e="")).incomplete


def test_too_deep_a_path_is_refused(tmp_path: Path, way: str) -> None:
    deep = tmp_path.joinpath(*["d"] * 45)
    deep.mkdir(parents=True)
    (deep / "x").write_text("")
    snapshot = open_folder(tmp_path)
    assert snapshot.paths == ()
    assert set(snapshot.refused.values()) == {"too deep a path"}
    assert snapshot.incomplete == "too deep a path"


def test_a_folder_that_cannot_be_entered_makes_the_picture_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    write(tmp_path, d__x="")

    def no(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "_folder", no)
    assert "Permission denied" in open_folder(tmp_path).incomplete


def test_names_that_are_not_utf8_are_refused_and_shown_as_code(tmp_path: Path, way: str) -> None:
    (tmp_path / os.fsdecode(b"bad\xff")).write_text("")
    assert open_folder(tmp_path).refused == {"bad\\udcff": "a name that is not UTF-8"}


def test_a_folder_named_like_a_file_is_no_file(tmp_path: Path, way: str) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    assert reason(tmp_path, "pyproject.toml") == "there is no such file"


def test_what_is_no_folder_is_a_usage_error(tmp_path: Path, way: str) -> None:
    with pytest.raises(UsageError):
        open_folder(tmp_path / "nothing")


def test_names_that_are_one_on_some_systems_are_found() -> None:
    assert colliding(("LICENSE", "licen\u017fe", "a", "b")) == (("LICENSE", "licen\u017fe"),)
    assert colliding(("e\u0301", "\u00e9")) == (("e\u0301", "\u00e9"),)
