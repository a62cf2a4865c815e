"""Archives are looked into, never unpacked; what would leave them or blow up is refused."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from roadworthy.adapters import packed
from roadworthy.adapters.packed import open_packed
from roadworthy.core.documents.snapshot import Unreadable
from roadworthy.errors import UsageError


def tar(place: Path, members: list[tuple[str, bytes | str]], mode: str = "w:gz") -> Path:
    """Write an archive: bytes are files, text is the target of a symbolic link."""
    with tarfile.open(place, mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return place


def zipped(place: Path, members: list[tuple[str, bytes | str]]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if isinstance(content, str):
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, content)
    return place


WRITERS = [tar, zipped]


@pytest.mark.parametrize("write", WRITERS)
def test_files_without_their_common_folder(
    tmp_path: Path, write: Callable[[Path, list[tuple[str, bytes | str]]], Path]
) -> None:
    snapshot = open_packed(write(tmp_path / "a", [("project-1/a", b"1"), ("project-1/b/c", b"22")]))
    assert dict(snapshot.sizes) == {"a": 1, "b/c": 2}
    assert snapshot.read("b/c") == b"22"
    assert snapshot.incomplete == ""


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2"])
def test_each_compression(tmp_path: Path, mode: str) -> None:
    assert open_packed(tar(tmp_path / "a", [("a", b"1"), ("b", b"2")], mode)).paths == ("a", "b")


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    "name", ["../out", "/etc/passwd", "a/../../out", "c:\\x", "a\\b", "/".join("d" * 60)]
)
def test_names_that_leave_the_archive_are_refused(
    tmp_path: Path, write: Callable[[Path, list[tuple[str, bytes | str]]], Path], name: str
) -> None:
    snapshot = open_packed(write(tmp_path / "a", [("ok", b"1"), (name, b"evil")]))
    assert snapshot.paths == ("ok",)
    assert len(snapshot.refused) == 1


@pytest.mark.parametrize("write", WRITERS)
def test_links_and_doubles_are_refused_and_nothing_is_written(
    tmp_path: Path, write: Callable[[Path, list[tuple[str, bytes | str]]], Path]
) -> None:
    members: list[tuple[str, bytes | str]] = [
        ("link", "../elsewhere"),
        ("link/x", b"evil"),
        ("a", b"1"),
        ("a", b"2"),
    ]
    doubled = pytest.warns(UserWarning, match="Duplicate name")
    with doubled if write is zipped else nullcontext():
        archive = write(tmp_path / "a", members)
    before = sorted(tmp_path.rglob("*"))
    snapshot = open_packed(archive)
    assert snapshot.refused["a"] == "twice in the archive"
    assert isinstance(snapshot.read("a"), Unreadable)
    assert "link" in snapshot.refused
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_bomb_is_not_inflated(tmp_path: Path) -> None:
    start = time.process_time()
    snapshot = open_packed(zipped(tmp_path / "a", [("ok", b"1"), ("bomb", bytes(200 << 20))]))
    assert snapshot.paths == ("ok",)
    assert time.process_time() - start < 2


def test_a_zip_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    place = zipped(tmp_path / "a", [("bomb", bytes(20 << 20)), ("z", b"1")])
    data = place.read_bytes().replace((20 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    place.write_bytes(data)
    with pytest.raises(UsageError):
        open_packed(place)


def test_a_tar_bomb_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_UNPACKED", 8 << 20)
    snapshot = open_packed(tar(tmp_path / "a", [("ok", b"1"), ("bomb", bytes(20 << 20)), ("z", b"1")]))
    assert snapshot.paths == ("ok",)
    assert "8,388,608 bytes" in snapshot.incomplete


def test_too_many_members_and_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_FILES", 2)
    assert "members" in open_packed(tar(tmp_path / "a", [("a", b""), ("b", b""), ("c", b"")])).incomplete
    monkeypatch.setattr(packed, "MAX_FILES", 9)
    monkeypatch.setattr(packed, "MAX_TOTAL", 3)
    assert "other bytes" in open_packed(tar(tmp_path / "b", [("a", b"12"), ("b", b"34")])).incomplete


def test_a_cut_archive_is_incomplete_and_a_strange_one_a_usage_error(tmp_path: Path) -> None:
    whole = tar(tmp_path / "a", [("a", b"1" * 600), ("b", b"x" * 5_000)], "w").read_bytes()
    (tmp_path / "cut").write_bytes(whole[:3_000])
    snapshot = open_packed(tmp_path / "cut")
    assert snapshot.incomplete
    assert isinstance(snapshot.read("b"), Unreadable)
    for name, data in (("text", b"hello"), ("xz", b"\xfd7zXZ\x00more"), ("gz", gzip.compress(b"hello"))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UsageError, match="not a zip or tar archive"):
            open_packed(tmp_path / name)
