"""Sources: builtin, folders as they are, repositories at a tag; archives; and who decides on trust."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from roadworthy.adapters import archive
from roadworthy.adapters.config import read_configuration
from roadworthy.adapters.git import git, isolated, sources
from roadworthy.adapters.workplace import write_tree
from roadworthy.commands.source import is_trusted_source, open_source, releases
from roadworthy.core.templates.releases import DEVELOPMENT, Entry, index_text
from roadworthy.core.templates.tree import File, Tree
from roadworthy.errors import RoadworthyError, Unjudgeable, UsageError
from tests.copier_reference import files, write_over

WHO = isolated({"user.name": "Robin", "user.email": "robin@tests.example"})
TREE = files(
    {
        "copier.yml": "a: 1\n",
        "f.jinja": "{{ a }}\n",
        "run.sh": {"text": "#!/bin/sh\n", "executable": True},
        "deep/naïve name.bin": {"bytes": b"\x00\xff\n"},
        "link": {"link": "deep"},
        "empty": "",
    }
)


def test_an_archive_gives_back_its_tree_and_is_the_same_bytes_for_the_same_tree() -> None:
    packed = archive.pack(TREE)
    assert archive.unpack(packed) == TREE
    assert archive.pack(dict(reversed(TREE.items()))) == packed
    assert b"root" not in packed


@pytest.mark.parametrize("data", [b"", b"not a tar" * 100, archive.pack({"../up": File()})])
def test_an_archive_that_leads_elsewhere_or_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        archive.unpack(data)


def test_a_plain_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    write_tree(tmp_path / "t", TREE)
    write_tree(tmp_path / "t", files({".git-not": "kept", "__pycache__/x.pyc": "junk", ".DS_Store": "junk"}))
    source = open_source(str(tmp_path / "t"))
    assert source.tree == {**TREE, ".git-not": File(data=b"kept")}
    assert (source.release, source.commit) == ("unreleased", None)
    assert source.src_path == (tmp_path / "t").as_posix()


def test_a_checkout_is_its_work_tree_without_what_git_ignores(tmp_path: Path) -> None:
    repository = repository_of(tmp_path, TREE, "v1.0")
    assert open_source(str(repository)).commit == "v1.0"
    write_tree(repository, files({".gitignore": "ignored\n", "ignored": "x", "new": "uncommitted"}))
    (repository / "empty").unlink()
    source = open_source(str(repository))
    assert source.tree.keys() == (TREE.keys() | {"new", ".gitignore"}) - {"empty"}
    assert (source.release, source.commit) == ("v1.0-dirty", None)


def test_a_tag_of_a_folder_a_bare_repository_and_an_address_are_the_same_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = repository_of(tmp_path, TREE, "v1.0")
    commit(repository, files({"later": "2"}), "v2.0")
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git", env=unfenced())
    found = [
        open_source(str(repository), "1.0"),
        open_source(str(repository), "v1.0"),
        open_source(str(tmp_path / "bare.git"), "v1.0"),
        open_source(f"file://{repository}", "v1.0"),
    ]
    assert [source.tree for source in found] == [TREE] * 4
    assert {(source.release, source.commit) for source in found} == {("v1.0", "v1.0")}
    assert len({source.digest for source in found}) == 1


def test_an_address_gives_its_newest_final_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = repository_of(tmp_path, TREE, "v0.9.0")
    address = f"git+file://{repository}"
    assert open_source(address).release == "v0.9.0"
    for tag in ("0.10.0", "1.0.0rc1", "not-a-version"):
        commit(repository, files({"tag": tag}), tag)
    source = open_source(address)
    assert (source.release, source.src_path) == ("0.10.0", address)
    assert source.tree["tag"].data == b"0.10.0"
    assert releases(address) == ["v0.9.0", "0.10.0"]


def test_a_release_that_is_mirrored_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = repository_of(tmp_path, TREE, "v1.0")
    address = f"file://{repository}"
    open_source(address)
    repository.rename(tmp_path / "gone")
    assert open_source(address, "v1.0").tree == TREE
    with pytest.raises(RoadworthyError):
        open_source(address)


@pytest.mark.parametrize("release", ["9.9", "--upload-pack=x", "HEAD~1", "a b", ""])
def test_a_release_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, release: str) -> None:
    repository = repository_of(tmp_path, TREE, "v1.0")
    with pytest.raises(UsageError, match=r"has no release .*its newest are: v1\.0"):
        open_source(str(repository), release)


def test_no_password_of_an_address_is_recorded(tmp_path: Path) -> None:
    repository = repository_of(tmp_path, TREE, "v1.0")
    tags = sources.read_tags(repository)
    source = sources.open_repository("https://me:hunter2@forge.example/t.git", repository, "v1.0", tags)
    assert (source.spec, source.src_path) == ("https://forge.example/t.git",) * 2
    ssh = sources.open_repository("git@forge.example:t.git", repository, "v1.0", tags)
    assert ssh.src_path == "git@forge.example:t.git"


def test_a_template_with_submodules_is_refused(tmp_path: Path) -> None:
    repository = repository_of(tmp_path, TREE, "v1.0")
    head = git(repository, "rev-parse", "HEAD").decode().strip()
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},vendor", env=WHO)
    git(repository, "commit", "-q", "-m", "Vendor", env=WHO)
    source = open_source(str(repository), "main")
    with pytest.raises(UsageError, match="submodules"):
        len(source.tree)


@pytest.mark.parametrize(
    ("tags", "releases_"),
    [
        (["v1.10.0", "v1.9.0", "v1.9.1"], ["v1.9.0", "v1.9.1", "v1.10.0"]),
        (["v1.0.0", "1.0.1"], ["v1.0.0", "1.0.1"]),
        (["v2.0.0", "v10.0", "v2.0.0rc1", "nightly"], ["v2.0.0", "v10.0"]),
    ],
)
def test_releases_are_in_the_order_of_their_numbers(
    tags: list[str], releases_: list[str], tmp_path: Path
) -> None:
    repository = repository_of(tmp_path, TREE, "v0.1.0")
    for tag in tags:
        git(repository, "tag", tag)
    assert releases(str(repository)) == ["v0.1.0", *releases_]


def test_a_release_with_two_tags_is_named_as_git_names_it(tmp_path: Path) -> None:
    repository = repository_of(tmp_path, TREE, "v1.0.0")
    git(repository, "tag", "-a", "v1.0.1", "-m", "again", env=WHO)
    described = git(repository, "describe", "--tags", "v1.0.0").decode().strip()
    assert open_source(str(repository), "v1.0.0").commit == described


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        open_source(str(tmp_path / "gone"))


def test_builtin_is_the_newest_archive_and_older_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry(tmp_path, monkeypatch, {"0.9.0": TREE, "0.10.0": files({"copier.yml": "b: 2\n"})})
    assert releases() == ["0.9.0", "0.10.0"]
    assert open_source().release == "0.10.0"
    old = open_source("builtin", "0.9.0")
    assert (old.tree, old.commit, old.src_path) == (TREE, "v0.9.0", "builtin")
    with pytest.raises(UsageError, match=r"no built-in release 0\.8\.0.*0\.9\.0, 0\.10\.0"):
        open_source("builtin", "0.8.0")


def test_an_archive_that_was_changed_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carry(tmp_path, monkeypatch, {"1.0.0": TREE})
    (tmp_path / "1.0.0.tar").write_bytes(archive.pack(files({"copier.yml": "evil: 1\n"})))
    source = open_source()
    with pytest.raises(Unjudgeable, match=r"1\.0\.0\.tar is not the recorded one"):
        len(source.tree)


def test_a_checkout_without_a_release_offers_its_own_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry(tmp_path, monkeypatch, {})
    source = open_source()
    assert (source.release, source.commit, source.governed) == (DEVELOPMENT, None, True)
    monkeypatch.setattr(sources, "CHECKOUT", tmp_path)
    with pytest.raises(UsageError, match="no built-in release"):
        open_source()


def test_trust_comes_from_the_configuration_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = tmp_path / "ours"
    assert not is_trusted_source(str(ours))
    (tmp_path / "config.toml").write_text(f'[sources]\ntrusted = ["{tmp_path}/x/../ours", "gh:us/"]\n')
    monkeypatch.setenv("ROADWORTHY_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", "https://forge.example/\n\n  gh:them/b \n")
    trusted = [str(ours), str(ours / "deep"), "gh:us/repo", "gh:them/b", "https://forge.example/b", "builtin"]
    assert [is_trusted_source(spec) for spec in trusted] == [True] * 6
    (ours).mkdir()
    (ours / "out").symlink_to(tmp_path)
    foreign = [str(ours / "out"), str(tmp_path), "gh:usurper/repo", "gh:them/c"]
    assert [is_trusted_source(spec) for spec in foreign] == [False] * 4


def test_the_users_folder_holds_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_configuration().trusted == ()
    write_tree(tmp_path, files({"roadworthy/config.toml": '[sources]\ntrusted = ["gh:us/x"]\n'}))
    assert read_configuration().trusted == ("gh:us/x",)


@pytest.mark.parametrize(
    "text", ["trusted = []", "[sources]\ntrust = []", "[sources]\ntrusted = 'x'", "[sources\n", "sources = 1"]
)
def test_a_malformed_configuration_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text(text)
    monkeypatch.setenv("ROADWORTHY_CONFIG", str(tmp_path / "config.toml"))
    with pytest.raises(UsageError, match=r"config\.toml"):
        read_configuration()


def test_a_configuration_that_is_named_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_CONFIG", str(tmp_path / "gone.toml"))
    with pytest.raises(UsageError, match="which does not exist"):
        read_configuration()


def carry(folder: Path, monkeypatch: pytest.MonkeyPatch, trees: dict[str, Tree]) -> None:
    """Pretend that this installation carries these releases."""
    entries = []
    for version, tree in trees.items():
        data = archive.pack(tree)
        (folder / f"{version}.tar").write_bytes(data)
        sha = hashlib.sha256(data).hexdigest()
        entries.append(Entry(version=version, file=f"{version}.tar", sha256=sha, cut_from="", date=""))
    (folder / "index.json").write_text(index_text(tuple(entries)))
    monkeypatch.setattr(sources, "RELEASES", folder)


def repository_of(place: Path, tree: Tree, tag: str) -> Path:
    repository = place / "repository"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main", env=WHO)
    commit(repository, tree, tag)
    return repository


def commit(repository: Path, tree: Tree, tag: str) -> None:
    write_over(repository, tree)
    git(repository, "add", "-A", env=WHO)
    git(repository, "commit", "-q", "-m", tag, env=WHO)
    git(repository, "tag", "-a", "-m", tag, tag, env=WHO)


def unfenced() -> dict[str, str]:
    return {**WHO, "GIT_CONFIG_COUNT": "0"}
