"""Packs written without git are packs to git, in both object formats; merges on top of them are merges."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.adapters.git import git, isolated, run_git
from roadworthy.adapters.git.merge import ignored, merge_again, merge_trees, renames, scratch
from roadworthy.adapters.git.pack import Pack
from roadworthy.core.merging.entries import content, entries
from roadworthy.core.templates.tree import File, Tree

TREE = {
    "a.txt": File(b"one\n"),
    "a/b/c.txt": File(b"two\n" * 5000),
    "a.b": File(b""),
    "a-b/x": File(b"x", executable=True),
    "ä b": File(link="a.txt"),
    "big": File(bytes(range(256)) * 300),
}


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_git_finds_nothing_wrong_with_a_pack(algorithm: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", f"--object-format={algorithm}", env=isolated())
    pack = Pack(algorithm)
    for file in TREE.values():
        pack.add("blob", content(file))
    root = pack.add_tree(entries(TREE, algorithm))
    pack.save(tmp_path / "objects")
    git(tmp_path, "fsck", "--strict", "--full", "--no-dangling", env=isolated())
    listed = git(tmp_path, "ls-tree", "-r", "-z", root, env=isolated()).decode().split("\0")[:-1]
    found = {row.partition("\t")[2]: tuple(row.split()[:3:2]) for row in listed}
    assert found == {path: (item.mode, item.oid) for path, item in entries(TREE, algorithm).items()}


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o700])
def test_a_pack_in_a_project_is_whole_or_unseen_and_read_by_whom_its_folder_lets_in(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "--bare", env=isolated())
    folder = tmp_path / "objects" / "pack"
    folder.chmod(mode)
    pack = Pack("sha1")
    name = pack.add("blob", b"one\n")
    with monkeypatch.context() as full:
        full.setattr("os.replace", _no_index)
        with pytest.raises(OSError, match="No space"):
            pack.save(tmp_path / "objects")
    assert [each.suffix for each in folder.iterdir()] == [".pack"]
    assert run_git(tmp_path, "cat-file", "-e", name, env=isolated()).code != 0
    pack.save(tmp_path / "objects")
    assert git(tmp_path, "cat-file", "blob", name, env=isolated()) == b"one\n"
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {mode & 0o444}


def _no_index(source: str, target: str, move: Callable[[str, str], None] = os.replace) -> None:
    if target.endswith(".idx"):
        raise OSError(28, "No space left on device")
    move(source, target)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=70_000), min_size=1, max_size=4, unique=True))
def test_every_size_comes_back(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "objects").mkdir()
    with scratch(folder / "objects") as repo:
        pack = Pack("sha1")
        names = [pack.add("blob", body) for body in bodies]
        pack.save(f"{repo.home}/objects")
        assert repo.objects.blobs(names) == dict(zip(names, bodies, strict=True))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_merge_without_a_work_tree(algorithm: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", f"--object-format={algorithm}", env=isolated())
    lines = [b"line %d\n" % number for number in range(20)]
    base: Tree = {"old.txt": File(b"".join(lines)), "same": File(b"s\n")}
    mine: Tree = {**base, "old.txt": File(b"".join([b"mine\n", *lines]))}
    theirs: Tree = {"new.txt": File(b"".join([*lines, b"theirs\n"])), "same": File(b"s\n")}
    pack = Pack(algorithm)
    for file in mine.values():
        pack.add("blob", content(file))
    ours = pack.add_tree(entries(mine, algorithm))
    pack.save(tmp_path / "objects")
    with scratch(tmp_path / "objects", algorithm) as repo:
        assert repo.objects.entries(ours) == entries(mine, algorithm)
        merged = merge_trees(
            repo,
            base=entries(base, algorithm),
            ours=ours,
            theirs=entries(theirs, algorithm),
            contents=[content(file) for file in (*base.values(), *theirs.values())],
            label="release-2",
        )
        assert (dict(merged.stages), set(merged.entries)) == ({}, {"new.txt", "same"})
        assert renames(repo, "release-2") == {"new.txt": "old.txt"}
        text = repo.objects.blobs([merged.entries["new.txt"].oid]).popitem()[1]
        assert text == b"".join([b"mine\n", *lines, b"theirs\n"])
        again = merge_again(repo, merged, merged.entries, {}, "release-2")
        assert again.entries == merged.entries
        changed = merge_again(repo, merged, merged.entries, {"same": File(b"s\n")}, "release-2")
        assert changed.entries == merged.entries
    assert git(tmp_path, "for-each-ref", env=isolated()) == b"", "the project sees nothing of it"


def test_the_gitignore_files_of_a_commit_decide(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", env=isolated())
    files = {"": b"*.log\nvar/\n", "keep": b"!*.log\n", "var": b"!x\n", "sub/odd\udcff": b"\\#n\n"}
    hidden = ["a.log", "var/x", "sub/odd\udcff/#n"]
    with scratch(tmp_path / "objects") as repo:
        assert ignored(repo, [*hidden, "keep/b.log", "c.txt", "sub/#n"], files) == set(hidden)
        assert ignored(repo, ["c.txt"], files) == set()
        assert ignored(repo, hidden, {}) == set()
