"""Files that git stores otherwise than they are rendered: the project's `.gitattributes` decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from roadworthy.adapters.git import GitFailed, git, isolated
from roadworthy.commands.update import Wish, preview, update
from roadworthy.core.merging.report import CONFLICTS, UPDATED
from roadworthy.core.templates.tree import File
from tests.update.conftest import Maker
from tests.update.situations import text
from tests.update.world import NEW, OLD, WHO, Case

FILTER = {"filter.f.clean": "sed s/^/P:/", "filter.f.smudge": "sed s/^P://", "filter.f.required": "true"}


def windows(*changes: tuple[int, str]) -> File:
    return text(*changes, end="\r\n", last="\r\n")


def pointer(file: File) -> File:
    return File(b"".join(b"P:" + line for line in file.data.splitlines(keepends=True)))


class Stored(NamedTuple):
    """How a project stores what a template renders: its attributes, and one function for each."""

    attributes: bytes
    rendered: Callable[..., File]
    stored: Callable[..., File]


WAYS = {
    "text=auto": Stored(b"* text=auto\n", windows, text),
    "eol": Stored(b"*.x text eol=crlf\n", windows, text),
    "no attribute for it": Stored(b"*.y text eol=crlf\n", windows, windows),
    "a filter": Stored(b"*.x filter=f\n", text, lambda *changes: pointer(text(*changes))),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("autocrlf", ["true", "false"])
def test_files_merge_as_the_project_stores_them(way: Stored, autocrlf: str, make: Maker) -> None:
    same = {".gitattributes": File(way.attributes)}
    case = Case(
        old={"a.x": way.rendered(), **same},
        new={"a.x": way.rendered((3, "policy-3")), "n.x": way.rendered(), **same},
        mine={"a.x": way.stored((15, "mine-15")), **same},
        config={**FILTER, "core.autocrlf": autocrlf, "core.safecrlf": "true"},
    )
    world = make(case)
    git(world.project, "rm", "-q", "--cached", "-r", ".")
    git(world.project, "reset", "-q", "--hard")
    assert {each.path: each.fate.value for each in preview(Wish(project=world.project)).paths}[
        "a.x"
    ] == "merged"
    assert update(Wish(project=world.project)).state == UPDATED
    git(world.project, "commit", "-q", "-m", "Update", env=isolated(WHO | FILTER))
    assert git(world.project, "status", "--porcelain") == b""
    blob = git(world.project, "cat-file", "blob", "HEAD:a.x")
    assert blob == way.stored((3, "policy-3"), (15, "mine-15")).data
    assert git(world.project, "cat-file", "blob", "HEAD:n.x") == way.stored().data
    assert world.recorded() == NEW


@pytest.mark.parametrize("attributes", [b"", b"* text=auto\n"])
def test_a_project_may_lie_in_a_folder_of_any_name(attributes: bytes, make: Maker) -> None:
    same = {".gitattributes": File(attributes)}
    case = Case(
        old={"a.x": windows(), **same},
        new={"a.x": windows((3, "policy-3")), **same},
        mine={"a.x": windows((15, "mine-15")), **same},
    )
    world = make(case)
    odd = world.project.rename(world.project.with_name('pro:"je\\ct'))
    assert update(Wish(project=odd)).state == UPDATED
    assert b"policy-3" in (odd / "a.x").read_bytes()


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
@pytest.mark.parametrize("theirs", [windows, text], ids=["crlf", "lf"])
def test_a_commit_with_plain_line_ends_keeps_them(
    autocrlf: str, theirs: Callable[..., File], make: Maker
) -> None:
    """No attribute says so: the user's own setting, or hand, made what the template renders plain."""
    case = Case(
        old={"a.x": windows(), "b.x": windows()},
        new={"a.x": theirs((3, "policy-3")), "b.x": theirs((3, "policy-3"))},
        mine={"a.x": text((15, "mine-15")), "b.x": windows((15, "mine-15"))},
        config={"core.autocrlf": autocrlf, "core.safecrlf": "true"},
    )
    world = make(case)
    for path in case.mine:
        (world.project / path).unlink()
    git(world.project, "checkout", "--", ".")
    assert update(Wish(project=world.project)).state == (UPDATED if theirs is windows else CONFLICTS)
    assert git(world.project, "cat-file", "blob", ":a.x") == text((3, "policy-3"), (15, "mine-15")).data
    ends = b"\r\n" if autocrlf == "true" else b"\n"
    assert b"policy-3" + ends in (world.project / "a.x").read_bytes()
    assert b"mine-15\r\n" in (world.project / "b.x").read_bytes()


def test_a_filter_that_fails_is_told_and_nothing_is_touched(make: Maker) -> None:
    same = {".gitattributes": File(b"*.x filter=f\n")}
    case = Case(old={"a.x": text(), **same}, new={"a.x": text((3, "policy-3")), **same}, mine=same)
    world = make(case)
    for key in ("clean", "smudge", "required"):
        git(world.project, "config", f"filter.f.{key}", "false" if key != "required" else "true")
    with pytest.raises(GitFailed, match=r"a\.x: clean filter 'f' failed"):
        update(Wish(project=world.project))
    assert (git(world.project, "status", "--porcelain"), world.recorded()) == (b"", OLD)


@pytest.mark.parametrize("driver", ["union", "ours"])
def test_a_merge_driver_of_the_project_hides_no_conflict(driver: str, make: Maker) -> None:
    same = {".gitattributes": File(f"*.x merge={driver}\n".encode())}
    world = make(
        Case(
            old={"a.x": text(), **same},
            new={"a.x": text((3, "policy-3")), **same},
            mine={"a.x": text((3, "mine-3")), **same},
            config={"merge.ours.driver": "true"},
        )
    )
    assert update(Wish(project=world.project)).state == CONFLICTS
    assert world.recorded() == OLD
