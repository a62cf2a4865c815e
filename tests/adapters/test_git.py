"""The git adapter: what leaks in, what an untrusted repository can make it do, what it says when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roadworthy.adapters.git import (
    READ_ONLY,
    GitFailed,
    GitMissing,
    NotARepository,
    clean_environment,
    git,
    isolated,
    read_git,
    run_git,
)
from roadworthy.adapters.git.process import folder_aside
from roadworthy.errors import RoadworthyError, UsageError

WHO = isolated({"user.name": "Robin", "user.email": "robin@example.org", "init.defaultBranch": "main"})


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", env=WHO)
    (tmp_path / "a.txt").write_text("one\n")
    git(tmp_path, "add", "a.txt", env=WHO)
    git(tmp_path, "commit", "-qm", "One", env=WHO)
    return tmp_path


def test_returns_standard_output_as_bytes(repo: Path) -> None:
    assert git(repo, "cat-file", "blob", "HEAD:a.txt") == b"one\n"


def test_input_reaches_standard_input(repo: Path) -> None:
    assert git(repo, "hash-object", "--stdin", input=b"one\n") == git(repo, "rev-parse", "HEAD:a.txt")


def test_git_variables_of_the_caller_do_not_leak(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert git(repo, "rev-parse", "--is-inside-work-tree") == b"true\n"
    assert clean_environment()["LC_ALL"] == "C"


def test_isolated_ignores_the_users_configuration(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text("[apply]\n whitespace = error\n[merge]\n renames = false\n")
    assert git(repo, "config", "apply.whitespace") == b"error\n"
    assert run_git(repo, "config", "apply.whitespace", env=isolated()).code == 1
    assert git(repo, "config", "merge.renames", env=isolated()) == b"true\n"


def test_isolated_outranks_the_repositorys_configuration(repo: Path) -> None:
    git(repo, "config", "core.hooksPath", "evil")
    assert git(repo, "config", "core.hooksPath", env=isolated()).strip() == os.devnull.encode()


def test_a_missing_repository_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="not in a git repository") as caught:
        git(tmp_path, "rev-parse", "HEAD", env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert "git init" in caught.value.hint
    assert isinstance(caught.value, RoadworthyError)


@pytest.mark.parametrize("ask", [("log", "HEAD"), ("ls-tree", "HEAD")])
def test_a_repository_without_a_commit_says_to_make_one(tmp_path: Path, ask: tuple[str, ...]) -> None:
    git(tmp_path, "init", "-q", env=WHO)
    with pytest.raises(GitFailed, match="nothing is committed yet") as caught:
        git(tmp_path, *ask)
    assert "git commit" in caught.value.hint


def test_a_missing_folder_is_not_a_missing_git(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="not a folder"):
        git(tmp_path / "gone", "status")


def test_a_missing_git_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing) as caught:
        git(tmp_path, "status")
    assert "install git" in caught.value.hint


def test_a_failure_carries_the_exit_code_and_gits_words(repo: Path) -> None:
    with pytest.raises(GitFailed, match="rev-parse") as caught:
        git(repo, "rev-parse", "--verify", "gone")
    assert caught.value.code == 128
    assert git(repo, "rev-parse", "--verify", "-q", "gone", check=False) == b""


@pytest.mark.parametrize("verb", ["config", "fetch", "checkout", "diff", "show", "archive", "-c"])
def test_reading_refuses_every_other_command(repo: Path, verb: str) -> None:
    assert verb not in READ_ONLY
    with pytest.raises(UsageError, match="only"):
        read_git(repo, verb)


@pytest.mark.parametrize(
    "args",
    [
        ("cat-file", "--textconv", "HEAD:a.txt"),
        ("cat-file", "--filters", "HEAD:a.txt"),
        ("log", "--output=x"),
        ("log", "--ext-diff"),
        ("log", "--show-signature"),
    ],
)
def test_reading_refuses_options_that_run_or_write(repo: Path, args: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="does not run"):
        read_git(repo, *args)


def test_reading_runs_nothing_of_a_hostile_repository(repo: Path) -> None:
    trap = repo / "trap.sh"
    trap.write_text(f'#!/bin/sh\ntouch {repo}/sprung\ncat "$1" 2>/dev/null\n')
    trap.chmod(0o755)
    (repo / ".gitattributes").write_text("* diff=evil filter=evil\n")
    programs = ("diff.evil.textconv", "filter.evil.smudge", "gpg.program", "core.fsmonitor", "core.pager")
    for key in (*programs, "core.sshCommand", "diff.external"):
        git(repo, "config", key, str(trap), env=WHO)
    git(repo, "config", "log.showSignature", "true", env=WHO)
    assert b"one" in read_git(repo, "log", "-p", "--format=%H %G?")
    assert read_git(repo, "cat-file", "blob", "HEAD:a.txt") == b"one\n"
    assert read_git(repo, "ls-tree", "-r", "HEAD")
    assert not (repo / "sprung").exists()


def test_reading_never_fetches_a_missing_object(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    clone = tmp_path_factory.mktemp("clone") / "c"
    git(repo, "config", "uploadpack.allowFilter", "true", env=WHO)
    git(repo, "clone", "-q", "--bare", "--filter=blob:none", f"file://{repo}", str(clone))
    with pytest.raises(GitFailed):
        read_git(clone, "cat-file", "blob", "HEAD:a.txt")
    assert read_git(clone, "rev-parse", "HEAD") == git(repo, "rev-parse", "HEAD")


@pytest.mark.parametrize("named", ["", "/proc/nothing", "here"])
def test_a_folder_aside_is_this_users_only_and_gone_afterwards(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", named)
    with folder_aside() as name:
        folder = Path(name)
        (folder / "inner").mkdir()
        assert folder.parent == (tmp_path / "here" if named == "here" else Path("/tmp"))
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
