"""Repositories and archives made to hang, to fill memory, or to lead somewhere else."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy.adapters.git import process
from roadworthy.commands.judged import Ask
from tests.hostile.world import World, fingerprint, judge, make_base, make_world, most_seconds

WHO = "author a <a@x.example> 1 +0000\ncommitter a <a@x.example> 1 +0000\n"
Spoil = Callable[[World], None]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_base(tmp_path_factory.mktemp("base") / "credit-decision")
    assert judge(Ask(path=str(made))).exit_code == 0
    return made


@pytest.fixture
def world(base: Path, tmp_path: Path) -> World:
    return make_world(base, tmp_path)


def pipe(name: str) -> Spoil:
    def spoil(world: World) -> None:
        place = world.project / ".git" / name
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        os.mkfifo(place)

    return spoil


def included_pipe(world: World) -> None:
    os.mkfifo(world.outside / "more.cfg")
    config = world.project / ".git" / "config"
    config.write_text(config.read_text() + f"[include]\n\tpath = {world.outside}/more.cfg\n")


def stored(world: World, kind: bytes, data: bytes) -> str:
    whole = b"%s %d\0" % (kind, len(data)) + data
    name = hashlib.sha1(whole).hexdigest()
    place = world.project / ".git" / "objects" / name[:2] / name[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(whole, 1))
    return name


def committed(world: World, tree: str, message: bytes = b"x") -> str:
    parent = world.git("rev-parse", "HEAD")
    name = stored(world, b"commit", f"tree {tree}\nparent {parent}\n{WHO}\n".encode() + message)
    world.git("update-ref", "HEAD", name)
    return name


def long_message(world: World) -> None:
    lines = b"Co-authored-by: x <x@x.example>\n" * 300_000
    committed(world, world.git("rev-parse", "HEAD^{tree}"), b"x\n\n" + lines)


def odd_trees(world: World) -> None:
    blob = bytes.fromhex(stored(world, b"blob", b"x\n"))
    names = (b"..", b".git", b".", b"C:\\x", b"a\x1b[31m")
    inner = stored(world, b"tree", b"".join(b"100644 " + name + b"\0" + blob for name in names))
    rows = b"".join(b"40000 " + name + b"\0" + bytes.fromhex(inner) for name in (b"..", b".git", b"ok"))
    committed(world, stored(world, b"tree", rows + b"120000 l\0" + blob + b"160000 m\0" + blob))


def large_blob(world: World) -> None:
    """A record names a commit whose thresholds are a third of a gigabyte, stored in a third of a megabyte."""
    blob = stored(world, b"blob", b"a: 1\n" * 60_000_000)
    world.git("update-index", "--add", "--cacheinfo", f"100644,{blob},policy/gates.yaml")
    commit = committed(world, world.git("write-tree"))
    world.write(
        "governance/runs/r.json",
        f'{{"schema": "run/v1", "run_id": "r", "code": {{"commit": "{commit}", "dirty": false}}}}',
    )


def many_branches(world: World) -> None:
    head = world.git("rev-parse", "HEAD")
    rows = "".join(f"{head} refs/heads/b{number:06}\n" for number in range(50_000))
    (world.project / ".git" / "packed-refs").write_text(f"# pack-refs with: peeled sorted \n{rows}")


def elsewhere(world: World) -> None:
    place = world.project / ".git" / "objects" / "info" / "alternates"
    place.parent.mkdir(exist_ok=True)
    place.write_text("/etc\n/proc/self\n/dev\n" * 50)


REPOSITORIES: dict[str, tuple[Spoil, tuple[int, ...], str]] = {
    **{
        f"{name} is a pipe": (pipe(name), (3,), name)
        for name in ("HEAD", "config", "packed-refs", "refs/heads/main", "objects/info/alternates")
    },
    "an included configuration is a pipe": (included_pipe, (3,), "more.cfg"),
    "a message of many lines": (long_message, (0, 1), ""),
    "trees with names that are none": (odd_trees, (0, 1, 3), ""),
    "thresholds of a third of a gigabyte": (large_blob, (1, 3), ""),
    "many branches": (many_branches, (0,), ""),
    "objects from elsewhere": (elsewhere, (0,), ""),
    "an index of noise": (
        lambda world: void((world.project / ".git" / "index").write_bytes(b"DIRC" + bytes(range(256)) * 9)),
        (0,),
        "",
    ),
}


def void(*_: object) -> None:
    """Make an expression a statement."""


@pytest.mark.parametrize("name", sorted(REPOSITORIES))
def test_a_repository_is_survived(name: str, world: World) -> None:
    spoil, codes, says = REPOSITORIES[name]
    spoil(world)
    before = fingerprint(world.project)
    seen = judge(Ask(path=str(world.project)))
    assert seen.exit_code in codes, seen.text
    assert seen.cpu < most_seconds(), f"{seen.cpu:.1f} s of processor time"
    assert fingerprint(world.project) == before
    assert "bug" not in seen.text
    assert says in seen.text


@pytest.mark.parametrize("spoil", [odd_trees, large_blob], ids=lambda each: each.__name__)
def test_a_revision_is_survived(spoil: Spoil, world: World) -> None:
    spoil(world)
    seen = judge(Ask(path=str(world.project), revision="HEAD"))
    assert seen.exit_code in (1, 3)
    assert seen.cpu < most_seconds()
    assert "bug" not in seen.text


def test_a_git_that_hangs_is_ended_with_all_it_started(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "git"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {world.outside}/pid\nwait\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(process, "READ_SECONDS", 0.5)
    seen = judge(Ask(path=str(world.project)))
    assert seen.exit_code == 3
    assert "took longer than" in " ".join(seen.text.split())
    started = int((world.outside / "pid").read_text())
    for _ in range(50):
        if not _is_alive(started):
            return
        time.sleep(0.1)
    pytest.fail("what git started lives on")


def _is_alive(number: int) -> bool:
    shown = subprocess.run(("ps", "-o", "stat=", "-p", str(number)), capture_output=True, text=True)
    return shown.stdout.strip() != "" and not shown.stdout.strip().startswith("Z")


def good_zip() -> bytearray:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/a.txt", "x" * 1000)
        archive.writestr("p/b.txt", "y")
    return bytearray(data.getvalue())


def lied(at: int, value: bytes) -> bytes:
    """A zip whose directory says something else of its first member."""
    data = good_zip()
    start = data.find(b"PK\x01\x02") + at
    data[start : start + len(value)] = value
    return bytes(data)


def packed(*members: tarfile.TarInfo) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return data.getvalue()


def member(name: str, **more: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(info, key, value)
    return info


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "a zip that is encrypted": lambda: lied(8, b"\x01"),
    "a zip that says 5 bytes": lambda: lied(24, struct.pack("<I", 5)),
    "a zip of another size, without its 64-bit part": lambda: lied(24, b"\xff" * 4),
    "a zip whose member lies beyond": lambda: lied(42, struct.pack("<I", 0xFFFFFFF0)),
    "a zip of an unknown method": lambda: lied(10, struct.pack("<H", 99)),
    "a zip of no date": lambda: lied(12, b"\xff" * 4),
    "a tar of hard links": lambda: packed(
        member("p/a", type=tarfile.LNKTYPE, linkname="/etc/passwd"), member("p/b", size=1)
    ),
    "a tar that renames by header": lambda: packed(
        member("p/ok", size=1, pax_headers={"path": "../../evil", "size": "99999999999"})
    ),
    "a tar of many headers": lambda: packed(
        member("p/ok", size=1, pax_headers={f"k{number}": "v" for number in range(50_000)})
    ),
    "a tar of devices": lambda: packed(
        member("p/dev", type=tarfile.CHRTYPE), member("p/fifo", type=tarfile.FIFOTYPE)
    ),
    "noise": lambda: os.urandom(100_000),
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("name", sorted(ARCHIVES))
def test_an_archive_is_survived(name: str, tmp_path: Path) -> None:
    place = tmp_path / "in" / "a"
    place.parent.mkdir()
    place.write_bytes(ARCHIVES[name]())
    seen = judge(Ask(path=str(place)))
    assert seen.exit_code in (1, 2, 3)
    assert seen.cpu < most_seconds()
    assert "bug" not in seen.text
    assert "root:" not in seen.text
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a", "in"]
