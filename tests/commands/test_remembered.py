"""A remembered render is the render: same files, and none that could have come out otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.adapters.git import git, isolated
from roadworthy.commands import remembered, rendering
from roadworthy.commands.recorded import Recorded, find_answers_file, read_recorded
from roadworthy.commands.remembered import remembered_side
from roadworthy.commands.rendering import Rendering, render_side
from roadworthy.commands.source import tags_once
from roadworthy.core.templates.tree import File
from tests.update.world import NEW, WHO, Case, World, build

TREE = {
    "text.txt.jinja": File("name {{ name }}, ä\n".encode()),
    "latin": File(b"caf\xe9\r\n"),
    "run.sh": File(b"#!/bin/sh\n", executable=True),
    "link": File(link="text.txt"),
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rendering.opened.cache_clear()
    return build(tmp_path, Case(old=TREE, new=TREE, mine={"text.txt": File(b"name demo\n")}))


def side(world: World, **given: str) -> Rendering:
    return remembered_side(known(world), str(world.template), NEW, folder="project", given=given)


def known(world: World) -> Recorded:
    return read_recorded(world.project, find_answers_file(world.project, None))


def count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rendered: list[str] = []

    def counted(*args: object, **keys: object) -> Rendering:
        rendered.append("once")
        return render_side(*args, **keys)  # type: ignore[arg-type]

    monkeypatch.setattr(remembered, "render_side", counted)
    return rendered


def test_a_second_render_is_taken_from_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = count(monkeypatch)
    first, second = side(world), side(world)
    fresh = render_side(known(world), str(world.template), NEW, folder="project")
    assert (rendered, dict(first.files)) == (["once"], dict(second.files))
    assert dict(second.files) == dict(fresh.files)
    assert len(second.files) == len(TREE) + 1
    assert (second.answers, second.label) == ({"name": "demo"}, first.label)
    assert (second.kinds, second.template_digest) == (fresh.kinds, fresh.template_digest)


def test_other_answers_are_another_render(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = count(monkeypatch)
    assert side(world).files["text.txt"].data == "name demo, ä\n".encode()
    assert side(world, name="other").files["text.txt"].data == "name other, ä\n".encode()
    assert len(rendered) == 2


def test_a_tag_that_moved_is_another_render(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = count(monkeypatch)
    side(world)
    (world.template / "template" / "text.txt.jinja").write_text("moved\n")
    git(world.template, "commit", "-qam", "Move", env=isolated(WHO))
    git(world.template, "tag", "-f", NEW, env=isolated(WHO))
    rendering.opened.cache_clear()
    tags_once.cache_clear()
    assert side(world).files["text.txt"].data == b"moved\n"
    assert len(rendered) == 2


def test_what_asks_for_the_time_is_never_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = count(monkeypatch)
    (world.template / "template" / "year.jinja").write_text("{{ '%Y' | strftime }}\n")
    git(world.template, "add", "--all", env=isolated(WHO))
    git(world.template, "commit", "-qm", "Ask", env=isolated(WHO))
    git(world.template, "tag", "-f", NEW, env=isolated(WHO))
    rendering.opened.cache_clear()
    assert side(world).files == side(world).files
    assert len(rendered) == 2
