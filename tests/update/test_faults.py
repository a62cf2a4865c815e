"""Real faults: the kernel refuses, objects are missing, two updates meet. `faults.py` says what must hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy.adapters.git import git, isolated
from roadworthy.commands.update import Wish, update
from roadworthy.core.templates.tree import File
from roadworthy.errors import RoadworthyError
from tests.template.tools import missing
from tests.update.faults import assert_untouched
from tests.update.test_kills import CLEAN, state
from tests.update.world import ANSWERS, NEW, WHO, World, build, commit_all

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = [] if os.geteuid() == 0 else ["--map-root-user"]
OWN_MOUNTS = ("unshare", *AS_ROOT, "--mount", "--propagation", "private")
POWERLESS = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()
Maker = Callable[[], World]


def in_a_process(tmp_path: Path, prefix: tuple[str, ...], fault: str) -> None:
    """Run one of `faults.py`, under a tool that the machine must have where tools are required."""
    if prefix and (shutil.which(prefix[0]) is None or subprocess.run([*prefix, "true"]).returncode):
        if os.geteuid() != 0:
            pytest.skip(f"this machine lets only root run {' '.join(prefix)}")
        missing(f"a machine that permits {' '.join(prefix)}")
    command = [*prefix, sys.executable, "-m", "tests.update.faults", fault, str(tmp_path)]
    trusted = {"ROADWORTHY_TRUSTED_SOURCES": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **trusted}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Return a maker of a world whose template is trusted."""
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    return lambda: build(tmp_path, CLEAN)


def test_a_disk_that_is_full_at_any_moment(tmp_path: Path) -> None:
    in_a_process(tmp_path, OWN_MOUNTS, "full_disk")


def test_a_project_on_a_read_only_mount(tmp_path: Path) -> None:
    in_a_process(tmp_path, OWN_MOUNTS, "read_only_mount")


def test_folders_without_write_permission(tmp_path: Path) -> None:
    in_a_process(tmp_path, POWERLESS, "no_permission")


def test_an_object_of_the_project_is_missing(make: Maker) -> None:
    world = make()
    oid = git(world.project, "rev-parse", "HEAD:a.txt").decode().strip()
    before = state(world.project)
    _lose(world.project, oid)
    with pytest.raises(RoadworthyError, match="unable to read blob") as caught:
        update(Wish(project=world.project))
    assert "git f" in caught.value.hint
    assert_untouched(world.project, before)


def _lose(project: Path, oid: str) -> None:
    """Unpack what there is, and remove one object."""
    for pack in list((project / ".git" / "objects" / "pack").glob("*.pack")):
        away = pack.rename(project / ".git" / pack.name)
        pack.with_suffix(".idx").unlink()
        git(project, "unpack-objects", "-q", input=away.read_bytes())
        away.unlink()
    (project / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


def test_a_blobless_clone_whose_origin_is_gone(make: Maker, tmp_path: Path) -> None:
    world = make()
    git(world.project, "config", "uploadpack.allowFilter", "true")
    project = tmp_path / "clone"
    git(
        tmp_path,
        "clone",
        "-q",
        "--filter=blob:none",
        "--no-checkout",
        f"file://{world.project}",
        str(project),
    )
    git(project, "reset", "-q", "HEAD")
    world.project.rename(tmp_path / "gone")
    before = state(project)
    with pytest.raises(RoadworthyError):
        update(Wish(project=project))
    assert_untouched(project, before)


def test_going_back_in_a_shallow_clone_says_what_is_missing(make: Maker, tmp_path: Path) -> None:
    world = make()
    update(Wish(project=world.project))
    commit_all(world.project)
    project = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{world.project}", str(project))
    before = state(project)
    with pytest.raises(RoadworthyError, match="no earlier release") as caught:
        update(Wish(project=project, back=True))
    assert "--to" in caught.value.hint
    assert_untouched(project, before)


def test_many_updates_of_one_project_at_once(make: Maker) -> None:
    world = make()
    alone = build(world.template.parent / "alone", CLEAN)
    update(Wish(project=alone.project))
    ends = race(*[world.project] * 4)
    assert (0, "") in ends  # a late one may find the project up to date
    told = ("another update", "uncommitted changes", "index.lock", "git's index changed")
    assert all(not code or any(words in said for words in told) for code, said in ends), ends
    assert _without_answers(world) == _without_answers(alone)
    assert world.recorded() == NEW
    assert git(world.project, "diff") == b""


def test_two_worktrees_at_once(make: Maker, tmp_path: Path) -> None:
    world = make()
    other = tmp_path / "other"
    git(world.project, "worktree", "add", "-q", str(other), env=isolated(WHO))
    assert race(world.project, other) == [(0, ""), (0, "")]
    assert state(world.project)[0] == state(other)[0]


def race(*projects: Path) -> list[tuple[int, str]]:
    """Update them all at once, each in a process; return how each ended and what it complained of."""
    command, pipe = (sys.executable, "-m", "roadworthy", "update"), subprocess.PIPE
    racers = [
        subprocess.Popen((*command, str(each)), stdout=pipe, stderr=pipe, text=True) for each in projects
    ]
    said = [racer.communicate()[1] for racer in racers]
    return [(racer.returncode, words) for racer, words in zip(racers, said, strict=True)]


def _without_answers(world: World) -> dict[str, File]:
    """Return the files, but for the one that names the template's own folder."""
    return {path: file for path, file in world.files().items() if path != ANSWERS}
