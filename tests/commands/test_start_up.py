"""Most of a check is start-up: what it may import, and what its memory may not do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from roadworthy.arguments import VERBS, plain
from roadworthy.arguments.parser import parsed
from roadworthy.cli import main
from roadworthy.errors import UsageError
from tests.adversary import lived as life
from tests.update.conftest import CLEAN
from tests.update.world import build

NEVER = {"copier", "mlflow", "packaging", "pydantic", "pathspec", "rich"}
# What a second look at the same files does not need: readers, validators, renderers, generated methods.
NOT_AGAIN = {"yaml", "jsonschema_rs", "jinja2", "tomllib", "ast", "dataclasses", "inspect", "tarfile"}
# Nor does it start a program, or wrap a line by patterns.
NOT_AGAIN |= {"subprocess", "selectors", "tempfile", "textwrap"}
MOST_OF_OURS = 95
# Nor does an update of what was rendered before, even to name places, or to be told what to do.
NOT_OF_AN_UPDATE = {"argparse", "pathlib", "shutil", "bz2", "lzma", "jinja2"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return born(tmp_path_factory.mktemp("start") / "credit-decision")


def born(place: Path, _: Mapping[str, Any] | None = None) -> Path:
    run = (sys.executable, "-m", "roadworthy", "new", str(place), "--defaults")
    subprocess.run(
        run, check=True, capture_output=True, env={**os.environ, "XDG_CACHE_HOME": str(place.parent)}
    )
    return place


@pytest.fixture(scope="module")
def lived(pinned_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a carried release, with the records of a release of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(life, "make_project", born)
        return life.make_lived(tmp_path_factory.mktemp("lived")).path


def updated(project: Path, memory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    start = "from roadworthy.cli import main; main()"  # `-m` has imports of its own
    command = (sys.executable, "-X", "importtime", "-c", start, "update", str(project), *options)
    env = {**os.environ, "XDG_CACHE_HOME": str(memory), "ROADWORTHY_TRUSTED_SOURCES": str(project.parent)}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def checked(project: Path, memory: Path, *options: str, path: str = "") -> subprocess.CompletedProcess[str]:
    command = (sys.executable, *options, "-m", "roadworthy", "check", str(project))
    env = {**os.environ, "XDG_CACHE_HOME": str(memory), "PATH": path + os.environ["PATH"]}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def imported(done: subprocess.CompletedProcess[str], verb: str = "check") -> set[str]:
    names = set(re.findall(r"^import time:.*\| +([\w.]+)$", done.stderr, re.MULTILINE))
    assert f"roadworthy.commands.{verb}" in names, done.stderr[-300:]
    return {name.partition(".")[0] for name in names}


def counted(memory: Path) -> tuple[str, Path]:
    """A PATH whose first git counts that it was started, and where."""
    place, count = memory / "bin", memory / "count"
    place.mkdir()
    (place / "git").write_text(f'#!/bin/sh\necho "$1" >> {count}\nexec {shutil.which("git")} "$@"\n')
    (place / "git").chmod(0o700)
    return f"{place}{os.pathsep}", count


def test_a_check_imports_little_and_again_less(project: Path, tmp_path: Path) -> None:
    first, again = (checked(project, tmp_path, "-X", "importtime") for _ in range(2))
    assert imported(first) & NEVER == set()
    assert imported(again) & (NEVER | NOT_AGAIN) == set()
    assert "controls: fail 0" in again.stdout
    assert first.stdout.splitlines()[2:] == again.stdout.splitlines()[2:]


def test_what_lived_is_read_once(lived: Path, tmp_path: Path) -> None:
    """Records, signatures and history among them: a second look parses nothing and starts no program."""
    path, count = counted(tmp_path)
    first = checked(lived, tmp_path, "-X", "importtime", path=path)
    assert count.read_text().split() == ["log", "ls-tree", "cat-file", "cat-file"]
    count.unlink()
    again = checked(lived, tmp_path, "-X", "importtime", path=path)
    assert not count.exists()
    assert imported(again) & (NEVER | NOT_AGAIN) == set()
    assert len(re.findall(r"^import time:.* roadworthy\.", again.stderr, re.MULTILINE)) <= MOST_OF_OURS
    assert " controls: fail" in again.stdout
    assert first.stdout.splitlines()[2:] == again.stdout.splitlines()[2:]
    commit = (*("git", "-c", "user.name=A", "-c", "user.email=a@tests.example"), "commit", "-qm", "More")
    subprocess.run((*commit, "--allow-empty"), cwd=lived, check=True)
    checked(lived, tmp_path, path=path)
    assert count.read_text().split() == ["log", "ls-tree", "cat-file", "cat-file"]


def test_an_update_of_what_was_rendered_brings_no_renderer_and_no_archives(tmp_path: Path) -> None:
    project = build(tmp_path, CLEAN).project
    assert updated(project, tmp_path, "--dry-run").returncode == 0
    done, later, again = (updated(project, tmp_path) for _ in range(3))
    assert "1 merged" in done.stdout, done.stderr[-300:]
    for run in (done, later, again):
        assert imported(run, "update") & (NEVER | NOT_OF_AN_UPDATE) == set()
    assert imported(again, "update") & {"yaml"} == set()


def test_a_memory_that_others_could_write_turns_no_fail_into_a_pass(project: Path, tmp_path: Path) -> None:
    """The liar knows every key and sum, but is another user: first the lie works for the user themself."""
    memory = tmp_path / "roadworthy" / "memory"
    secret = project / "src" / "credit_decision" / "leak.py"
    secret.write_text("import pickle\nMODEL = pickle.load(open('model.pkl', 'rb'))\n")
    try:
        honest = checked(project, tmp_path)
        assert "leak.py" in honest.stdout
        (notes,) = memory.glob("notes-*")
        head, data = notes.read_text("utf-8").split("\n", 1)
        lie = re.sub(r'(?<!: )"[^"]*leak\.py[^"]*"(, )?', "", data)
        _forge(notes, head, lie)
        assert "leak.py" not in checked(project, tmp_path).stdout
        notes.chmod(0o666)
        assert checked(project, tmp_path).stdout.count("leak.py") == honest.stdout.count("leak.py")
    finally:
        secret.unlink()


def _forge(notes: Path, head: str, lie: str) -> None:
    import zlib

    notes.write_text(f"{head.split()[0]} {zlib.crc32(lie.encode())}\n{lie}", "utf-8")


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("policy", "platform")])
@pytest.mark.parametrize("words", [[], ["one"], ["one", "two"]], ids=len)
def test_plain_words_mean_what_argparse_takes_them_for(verb: str, words: list[str]) -> None:
    short = plain([verb, *words])
    try:
        whole = vars(parsed([verb, *words]))
    except (UsageError, SystemExit):
        assert short is None
        return
    if short is None:
        assert verb in ("approve", "gate"), "either a version or an option"
        return
    assert short.run.__qualname__ == whole.pop("run").__qualname__
    assert {**vars(short), "run": None} == {**whole, "run": None}


def test_what_only_argparse_understands_is_left_to_it() -> None:
    for line in ([], ["nothing"], ["check", "--json"], ["--version"], ["policy", "test"], ["gate", "1"]):
        assert plain(line) is None, line


@pytest.mark.parametrize(
    ("arguments", "verb"),
    [
        (["check", "--nope"], "check"),
        (["check", ".", "extra"], "check"),
        (["policy", "test", "--x"], "policy test"),
    ],
    ids=" ".join,
)
def test_what_a_verb_does_not_take_is_said_with_that_verb_s_help(
    arguments: list[str], verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = f"roadworthy: roadworthy {verb} takes no {arguments[-1]}\n  next: roadworthy {verb} --help\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["revoke", "x"],
            "revoke: the following arguments are required: --reason\n  next: roadworthy revoke --help",
        ),
        (["check", "--format", "x"], "check: argument --format: invalid choice: 'x'"),
        ([], "the following arguments are required: VERB\n  next: roadworthy --help"),
    ],
    ids=str,
)
def test_a_wrong_use_is_one_line_and_the_next_step(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"roadworthy: {said}")
    assert len(shown.splitlines()) == 2
