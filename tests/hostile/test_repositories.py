"""Repositories and archives made to hang, to fill memory, or to lead somewhere else."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import struct
import subprocess
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from roadworthy.adapters.git import watched
from roadworthy.commands.judged import Ask
from roadworthy.commands.revision import read_history
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


def configured(text: str) -> Spoil:
    """Add to the repository's own configuration; `{pipe}` in it is one, `{run}` leaves a canary."""

    def spoil(world: World) -> None:
        os.mkfifo(world.outside / "pipe")
        (world.outside / "more").write_text(f"[include]\n\tpath = {world.outside}/pipe\n")
        added = text.replace("{out}", str(world.outside)).replace("{run}", f"touch {world.canary}")
        world.append(".git/config", added)

    return spoil


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


def chained(world: World, commits: Iterable[tuple[bytes, bytes]]) -> None:
    """Commit the same tree again and again: headers after the parent, and a message."""
    head, tree = world.git("rev-parse", "HEAD"), world.git("rev-parse", "HEAD^{tree}")
    for headers, message in commits:
        start = f"tree {tree}\nparent {head}\n".encode()
        head = stored(world, b"commit", start + headers + b"\n" + message)
    world.git("update-ref", "HEAD", head)


def people(world: World) -> None:
    names = (b"\x1b[31m::error::\x01<a>\x07 <a\0b@x>", b"n" * 1_000_000 + b" <a@x>", b"\xff <\xff@x>", b" <>")
    rows = (b"author " + name + b" 1 +0000\ncommitter " + name + b" 1 +0000\n" for name in (*names, b"none"))
    chained(world, ((row + b"encoding \x1bUTF-7\n", b"\x01x\0m\x01\n") for row in rows))


def times(world: World) -> None:
    days = (
        "-62135596800",
        "-1",
        "4294967296",
        "253402300800",
        "9" * 20,
        "1e9",
        "",
        "0",
        "1 +9999",
        "1 -9999",
    )
    rows = (f"author a <a@x> {day} +0000\ncommitter a <a@x> {day} +0000\n".encode() for day in days)
    chained(world, ((row, b"x") for row in rows))


def huge_message(world: World) -> None:
    """600 megabytes, stored in six."""
    block, count, packer, digest = b"x" * (1 << 20), 600, zlib.compressobj(1), hashlib.sha1()
    start = f"tree {world.git('rev-parse', 'HEAD^{tree}')}\n{WHO}\n".encode()
    parts = []
    for part in (b"commit %d\0" % (len(start) + count * len(block)), start, *[block] * count):
        digest.update(part)
        parts.append(packer.compress(part))
    name = digest.hexdigest()
    place = world.project / ".git" / "objects" / name[:2] / name[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"".join(parts) + packer.flush())
    world.git("update-ref", "HEAD", name)


def endless_trees(rows: bytes) -> Spoil:
    """Sixty trees, each twice in the next."""

    def spoil(world: World) -> None:
        name = stored(world, b"tree", rows and rows + bytes.fromhex(stored(world, b"blob", b"x\n")))
        for _ in range(60):
            raw = bytes.fromhex(name)
            name = stored(world, b"tree", b"40000 a\0" + raw + b"40000 b\0" + raw)
        committed(world, name)

    return spoil


def many_parents(world: World) -> None:
    """Each merge differs from all of its forty parents, in each of twenty thousand files."""
    one, other = (bytes.fromhex(stored(world, b"blob", data)) for data in (b"x\n", b"y\n"))
    rows = b"".join(b"100644 f%06d\0" % number + one for number in range(20_000))
    trees = [stored(world, b"tree", rows.replace(one, other, number)) for number in range(40)]
    commits = (stored(world, b"commit", f"tree {tree}\n{WHO}\nx".encode()) for tree in trees)
    parents = "".join(f"parent {commit}\n" for commit in commits)
    merged = stored(world, b"tree", rows + b"100644 z\0" + other)
    world.git("update-ref", "HEAD", stored(world, b"commit", f"tree {merged}\n{parents}{WHO}\nx".encode()))


def many_commits(world: World) -> None:
    """Thirty thousand commits of an honest team."""
    head = world.git("rev-parse", "HEAD")
    rows = "".join(
        f"commit refs/heads/main\ncommitter a <a@x> {1_600_000_000 + number} +0000\ndata 9\nChange it\n"
        + ("" if number else f"from {head}\n")
        + f"M 100644 inline notes/{number % 100}.md\ndata 6\n{number:06}\n"
        for number in range(30_000)
    )
    subprocess.run(("git", "fast-import", "--quiet"), cwd=world.project, input=rows.encode(), check=True)


def other_hash(world: World) -> None:
    shutil.rmtree(world.project / ".git")
    world.git("init", "-q", "--object-format=sha256")
    world.git("add", "-A")
    world.git("commit", "-qm", "Start")


def promised(world: World) -> None:
    """A tree is missing, and whom to ask for it is a command."""
    tree = world.git("rev-parse", "HEAD^{tree}")
    (world.project / ".git/objects" / tree[:2] / tree[2:]).unlink()
    configured(
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n"
        '[remote "origin"]\n\turl = ext::{run}\n\tpromisor = true\n\tuploadpack = {run}\n'
        "[uploadpack]\n\tpackObjectsHook = {run}\n[trace2]\n\tnormalTarget = {out}/executed\n"
    )(world)


def leading_to_a_pipe(world: World) -> None:
    shutil.rmtree(world.project / ".git")
    (world.outside / "home").mkdir()
    os.mkfifo(world.outside / "home" / "gitdir")
    world.write(".git", f"gitdir: {world.outside}/home\n")


def attributes(world: World) -> None:
    world.write(".gitattributes", "".join(f"**/a{n}*b*c*d text=auto filter=f{n}\n" for n in range(50_000)))
    world.write(".git/info/attributes", "".join(f"[attr]m{n} m{n + 1} -m{n + 1}\n" for n in range(50_000)))


def chain_of_links(world: World) -> None:
    world.link("governance/l0", "/etc/passwd")
    for number in range(1, 500):
        world.link(f"governance/l{number}", f"l{number - 1}")
    world.link("governance/system.yaml", "l499")


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
    rows = "".join(f"{head} refs/heads/b{number:06}\n" for number in range(100_000))
    (world.project / ".git" / "packed-refs").write_text(f"# pack-refs with: peeled sorted \n{rows}")


def elsewhere(world: World) -> None:
    place = world.project / ".git" / "objects" / "info" / "alternates"
    place.parent.mkdir(exist_ok=True)
    place.write_text("/etc\n/proc/self\n/dev\n" * 50)


def grafted(world: World) -> None:
    world.write(".git/info/grafts", world.git("rev-parse", "HEAD") + "\n")


def replaced(world: World) -> None:
    first = world.git("rev-list", "--max-parents=0", "HEAD")
    world.git("replace", first, committed(world, world.git("rev-parse", "HEAD^{tree}"), b"another"))
    world.git("reset", "-q", "HEAD~1")


def false_graph(world: World) -> None:
    """Whatever a commit-graph says, it says of the objects; here it says it of others."""
    world.git("commit-graph", "write", "--reachable")
    place = world.project / ".git/objects/info/commit-graph"
    data = place.read_bytes()
    place.chmod(0o644)
    tree = bytes.fromhex(world.git("rev-parse", "HEAD^{tree}"))
    other = bytes.fromhex(world.git("rev-parse", "HEAD:governance"))
    place.write_bytes(data.replace(tree, other))


LIES: dict[str, Spoil] = {
    "a graft": grafted,
    "a commit in the place of another": replaced,
    "a graph of commits that lies": false_graph,
    "a first commit that is not shown": configured("[log]\n\tshowRoot = false\n"),
    "another encoding": configured("[i18n]\n\tlogOutputEncoding = UTF-16\n"),
    "renames, order and merges as it likes": configured(
        "[diff]\n\trenames = copies\n\torderFile = {out}/pipe\n\trelative = true\n\tignoreSubmodules = all\n"
        "[log]\n\tdiffMerges = off\n\tmailmap = true\n\tfollow = true\n[core]\n\tabbrev = 4\n"
    ),
}


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_repository_does_not_rewrite_its_history(name: str, world: World) -> None:
    world.write("governance/system.yaml", "schema: system/v1\n")
    world.git("commit", "-qam", "Change it")
    before = read_history(world.project)
    assert len(before.changes) == 2
    LIES[name](world)
    assert read_history(world.project) == before


REPOSITORIES: dict[str, tuple[Spoil, tuple[int, ...], str]] = {
    **{
        f"{name} is a pipe": (pipe(name), (3,), "waits for")
        for name in ("config", "packed-refs", "refs/heads/main", "objects/info/alternates", "shallow")
    },
    "HEAD is a pipe": (pipe("HEAD"), (3,), "git"),
    "many packs are one pipe": (pipe("objects/pack/multi-pack-index"), (3,), "waits for"),
    "an included configuration is a pipe": (configured("[include]path={out}/pipe\n"), (3,), "waits for"),
    "an included one includes a pipe": (configured("[include]\n\tpath = {out}/more\n"), (3,), "waits for"),
    "a configuration that includes itself": (
        configured("[include]\n\tpath = config\n"),
        (3,),
        "include depth",
    ),
    "a configuration of megabytes": (configured("[a]\n" + "\tk = v\n" * 200_000), (3,), "config is larger"),
    "a .git that leads to a pipe": (leading_to_a_pipe, (3,), "leads to another place"),
    "a message of 600 megabytes": (huge_message, (3,), "over limit"),
    "a tree of 2^60 files": (endless_trees(b"100644 f\0"), (3,), "git log in"),
    "a tree of 2^60 folders": (endless_trees(b""), (3,), "took longer than"),
    "merges of many parents": (many_parents, (1, 3), ""),
    "thirty thousand commits": (many_commits, (0,), ""),
    "people with odd names": (people, (0,), ""),
    "times that are none": (times, (0,), ""),
    "another hash": (other_hash, (0,), ""),
    "objects that were promised": (promised, (3,), "git log"),
    "attributes without end": (attributes, (0,), ""),
    "a chain of links": (chain_of_links, (1,), "symbolic link"),
    "objects from very many places": (
        lambda world: void(world.write(".git/objects/info/alternates", "/proc/1/root\n" * 100_000)),
        (3,),
        "alternates is larger",
    ),
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
    assert not world.canary.exists(), "something of the project was executed"
    assert "bug" not in seen.text
    assert "\x1b" not in seen.text
    assert says in " ".join(seen.text.split())


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a message of 600 megabytes",
            "a tree of 2^60 files",
            "a tree of 2^60 folders",
            "packed-refs is a pipe",
        ),
        *(
            "trees with names that are none",
            "thresholds of a third of a gigabyte",
            "objects that were promised",
        ),
    ],
)
def test_a_revision_is_survived(name: str, world: World) -> None:
    REPOSITORIES[name][0](world)
    seen = judge(Ask(path=str(world.project), revision="HEAD"))
    assert seen.exit_code in (1, 3)
    assert seen.cpu < most_seconds()
    assert "bug" not in seen.text


def test_a_git_that_hangs_is_ended_with_all_it_started(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "SLEEP_SECONDS", 0.3)
    tool = tmp_path / "bin" / "git"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {world.outside}/pid\nwait\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    seen = judge(Ask(path=str(world.project)))
    assert seen.exit_code == 3
    assert "waits for what is no file" in " ".join(seen.text.split())
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


def about(kind: bytes, size: int) -> bytes:
    """A header of a tar archive that says something of the next."""
    info = tarfile.TarInfo("about")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.USTAR_FORMAT) + bytes(-(-size // 512) * 512)


def gnu_sparse() -> bytes:
    """A sparse file of the old kind, whose map never ends."""
    data = bytearray(member("p/s", type=tarfile.GNUTYPE_SPARSE, size=1).tobuf(tarfile.GNU_FORMAT))
    data[386:482], data[482] = b"00000000001\0" * 8, 1
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + sum(data[156:512]) + 8 * 32)
    return bytes(data) + (b"00000000001\0" * 42 + b"\x01" + bytes(7)) * 300_000


def pax_sparse(**more: str) -> bytes:
    named = {f"GNU.sparse.{key}": value for key, value in more.items()}
    return packed(member("p/s", size=1024, pax_headers=named), member("p/ok", size=1))


def large_directory() -> bytes:
    """A zip of a million names and nothing else; its 64-bit end says so."""
    row = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, 0, 0, 0, 0, 33, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0
    )
    rows = b"".join(row + b"%06d" % number for number in range(1_000_000))
    end = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, len(rows), 0)
    end += struct.pack("<4sIQI", b"PK\x06\x07", 0, len(rows), 1)
    return rows + end + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)


def of_64_bits() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive, archive.open("p/a", "w", force_zip64=True) as file:
        file.write(b"x")
    return data.getvalue()


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
    "a zip of 64 bits": of_64_bits,
    "a zip of a million names": large_directory,
    "a tar with a header of 200 MB": lambda: about(tarfile.XHDTYPE, 200 << 20),
    "a tar with a name of 200 MB": lambda: gzip.compress(about(tarfile.GNUTYPE_LONGNAME, 200 << 20), 1),
    "a tar of folders": lambda: gzip.compress(member("p", type=tarfile.DIRTYPE).tobuf() * 400_000, 1),
    "a tar with an endless map of holes": gnu_sparse,
    "a tar with holes": lambda: pax_sparse(map="0,1", size="9", numblocks="1"),
    "a tar with holes of another kind": lambda: pax_sparse(major="1", minor="0", realsize="9"),
    "a bundle": lambda: b"# v2 git bundle\n" + b"0" * 40 + b" refs/heads/main\n\nPACK" + bytes(1000),
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
