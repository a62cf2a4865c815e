"""An update that waits for a person: what counts as resolved, what was dropped, what must wait."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from roadworthy.adapters.git import git, isolated
from roadworthy.commands.update import Wish, abort, preview, resume, update
from roadworthy.core.merging.report import ABORTED, CONFLICTS, UPDATED, Update
from roadworthy.errors import Refused
from tests.update.conftest import CLASH, Maker
from tests.update.situations import text
from tests.update.world import NEW, OLD, WHO, Case, World, commit_all, repository

REMOVED = Case(old={"a.txt": text()}, new={}, mine={"a.txt": text((3, "mine-3"))})
CHANGED = Case(old={"a.txt": text()}, new={"a.txt": text((3, "policy-3"))}, mine={})


def clashing(make: Maker, case: Case = CLASH) -> World:
    """Return a world whose update waits for a person."""
    world = make(case)
    assert update(Wish(project=world.project)).state == CONFLICTS
    return world


RESOLUTIONS = {
    "kept ours": (CLASH, ("checkout", "--ours", "a.txt"), ("add", "a.txt")),
    "kept what the release removes": (REMOVED, ("add", "a.txt")),
    "removed with the release": (REMOVED, ("rm", "-q", "a.txt")),
    "stays deleted": (CHANGED, ("rm", "-q", "a.txt")),
}


@pytest.mark.parametrize("steps", RESOLUTIONS.values(), ids=RESOLUTIONS)
@pytest.mark.parametrize("committed", [False, True])
def test_a_resolution_that_changes_nothing_is_one(
    steps: tuple[Any, ...], committed: bool, make: Maker
) -> None:
    case, *commands = steps
    world = clashing(make, case)
    for command in commands:
        git(world.project, *command)
    if committed:
        git(world.project, "commit", "-q", "--allow-empty", "-m", "Resolve", env=isolated(WHO))
    assert resume(world.project).state == UPDATED
    assert world.recorded() == NEW


@pytest.mark.parametrize("finish", [resume, abort])
def test_what_release_0_3_began_is_finished(finish: Callable[..., Update], make: Maker) -> None:
    world = clashing(make)
    journal = world.project / ".git" / "roadworthy" / "update"
    paths = json.loads((journal / "journal.json").read_text())["paths"]
    files = json.loads((journal / "after.json").read_text())
    (journal / "after").mkdir()
    for number, path in enumerate(paths):
        (journal / "after" / str(number)).write_text(files[path][0])
    (journal / "after.json").unlink()
    (world.project / "a.txt").write_bytes(text((3, "both-3")).data)
    git(world.project, "add", "a.txt")
    assert finish(world.project, force=True).state in (UPDATED, ABORTED)
    assert world.recorded() == (NEW if finish is resume else OLD)


def test_keeping_ours_everywhere_is_recorded_only_when_asked(make: Maker) -> None:
    world = clashing(make)
    git(world.project, "checkout", "HEAD", "--", ".")  # a resolution to git; perhaps it was meant to drop all
    with pytest.raises(Refused, match="keeping yours everywhere") as caught:
        update(Wish(project=world.project))
    assert ("--continue" in caught.value.hint, "--abort" in caught.value.hint) == (True, True)
    assert world.recorded() == OLD


@pytest.mark.parametrize("committed", [False, True])
def test_what_was_dropped_with_git_and_edited_is_not_resolved(committed: bool, make: Maker) -> None:
    world = clashing(make)
    git(world.project, "reset", "-q", "--hard")
    (world.project / "a.txt").write_bytes(text((3, "mine-again")).data)
    if committed:
        commit_all(world.project)
    for finish in (partial(update, Wish(project=world.project)), partial(resume, world.project)):
        with pytest.raises(Refused, match="git has forgotten the conflict") as caught:
            finish()
    assert ("--abort --force" in caught.value.hint) == committed
    assert world.recorded() == OLD
    if not committed:
        with pytest.raises(Refused, match=r"a\.txt was edited since"):
            abort(world.project)
    assert (world.project / "a.txt").read_bytes() == text((3, "mine-again")).data
    assert resume(world.project, force=True).state == UPDATED


def test_another_branch_does_not_inherit_a_resolution(make: Maker) -> None:
    world = make(CLASH)
    git(world.project, "checkout", "-q", "-b", "other")
    (world.project / "a.txt").write_bytes(text((3, "mine-other")).data)
    commit_all(world.project)
    git(world.project, "checkout", "-q", "main")
    update(Wish(project=world.project))
    (world.project / "a.txt").write_bytes(text((3, "both")).data)
    commit_all(world.project)
    git(world.project, "checkout", "-q", "other")
    with pytest.raises(Refused, match="git has forgotten"):
        update(Wish(project=world.project))
    assert (abort(world.project, force=True).state, world.recorded()) == (ABORTED, OLD)
    assert update(Wish(project=world.project)).state == CONFLICTS


@pytest.mark.parametrize(
    "wish", [{"to": OLD}, {"back": True}, {"heal": True}, {"answers": {"name": "x"}}, {"source": "builtin"}]
)
@pytest.mark.parametrize("resolved", [False, True])
def test_nothing_else_begins_over_an_unfinished_update(
    wish: dict[str, Any], resolved: bool, make: Maker
) -> None:
    world = clashing(make)
    if resolved:
        git(world.project, "checkout", "--theirs", "a.txt")
        git(world.project, "add", "a.txt")
    with pytest.raises(Refused, match="an update is unfinished here") as caught:
        update(Wish(project=world.project, **wish))
    assert ("--continue" in caught.value.hint, world.recorded()) == (True, OLD)


@pytest.mark.parametrize("resolved", [False, True])
def test_one_project_of_a_repository_does_not_finish_the_update_of_another(
    resolved: bool, make: Maker, tmp_path: Path
) -> None:
    files = make(CLASH).files()
    repository(
        tmp_path / "mono", {"": {f"{one}/{path}": file for one in ("a", "b") for path, file in files.items()}}
    )
    one, other = tmp_path / "mono" / "a", tmp_path / "mono" / "b"
    assert update(Wish(project=one)).state == CONFLICTS
    if resolved:
        git(one, "checkout", "--theirs", "a.txt")
        git(one, "add", "a.txt")
    for step in (partial(update, Wish(project=other)), partial(resume, other), partial(abort, other)):
        with pytest.raises(Refused, match="the update under way in this repository is of a/") as caught:
            step()
        assert f"roadworthy update {one} --continue" in caught.value.hint
    assert abort(one).state == ABORTED
    assert update(Wish(project=other)).state == CONFLICTS


def test_a_preview_tells_of_an_unfinished_update(make: Maker) -> None:
    world = clashing(make)
    assert any("unfinished" in note for note in preview(Wish(project=world.project)).notes)
    abort(world.project)
    assert not any("unfinished" in note for note in preview(Wish(project=world.project)).notes)


def test_abort_brings_back_what_a_resolution_removed(make: Maker) -> None:
    world = clashing(make, REMOVED)
    before = world.files()
    git(world.project, "rm", "-q", "a.txt")
    assert abort(world.project).state == ABORTED
    assert (world.files(), git(world.project, "status", "--porcelain")) == (before, b"")
