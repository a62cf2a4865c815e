"""Where an update comes from and leads to: sources that moved, releases nobody has, and the ways back."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from roadworthy.adapters.git import GitFailed, git
from roadworthy.commands.update import Wish, preview, update
from roadworthy.core.merging.report import CURRENT, UPDATED
from roadworthy.core.templates.tree import File
from roadworthy.errors import Refused, Unjudgeable, UsageError
from tests.update.conftest import CLEAN, Maker
from tests.update.situations import text
from tests.update.world import ANSWERS, NEW, OLD, Case, World, commit_all

NAMED = Case(
    old={"n.txt.jinja": File(b"{{ name }}\n")},
    new={"n.txt.jinja": File(b"{{ name }} policy-n\n")},
    mine={"n.txt": File(b"demo\n")},
)
NEWER = "v3.0.0"


def record(world: World, key: str, value: str) -> None:
    """Edit the committed answers file by hand."""
    lines = (world.project / ANSWERS).read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f"{key}:")]
    (world.project / ANSWERS).write_text("\n".join([*kept, *([f"{key}: {value}"] if value else []), ""]))
    commit_all(world.project)


def release(world: World, tag: str, **files: str) -> None:
    """Commit to the template, and tag that if the tag is named."""
    for name, data in files.items():
        (world.template / "template" / name).write_text(data)
    commit_all(world.template)
    if tag:
        git(world.template, "tag", tag)


def follow(world: World, **wish: object) -> str:
    """Update and commit; return the release that is recorded then."""
    assert update(Wish(project=world.project, **wish)).state == UPDATED  # type: ignore[arg-type]
    commit_all(world.project)
    return world.recorded()


def test_back_keeps_an_answer_given_since(make: Maker) -> None:
    world = make(NAMED)
    follow(world)
    follow(world, answers={"name": "other"})
    assert follow(world, back=True) == OLD
    assert (world.project / "n.txt").read_bytes() == b"other\n"
    assert "name: other\n" in (world.project / ANSWERS).read_text()


def test_back_twice_is_two_releases_back(make: Maker) -> None:
    world = make(CLEAN)
    release(world, NEWER, more="policy-more\n")
    assert [follow(world, to=NEW), follow(world), follow(world, back=True)] == [NEW, NEWER, NEW]
    assert follow(world, back=True) == OLD
    with pytest.raises(Unjudgeable, match="no earlier release"):
        update(Wish(project=world.project, back=True))


@pytest.mark.parametrize("newer", ["", "v3.0.0rc1"], ids=["a commit", "a candidate"])
def test_a_project_ahead_of_the_newest_release_is_not_taken_back_unasked(newer: str, make: Maker) -> None:
    world = make(CLEAN)
    release(world, newer, more="policy-more\n")
    described = git(world.template, "describe", "--tags").decode().strip()
    record(world, "_commit", described)
    assert update(Wish(project=world.project)).state == CURRENT
    assert preview(Wish(project=world.project, to=NEW)).after == NEW


def test_a_moved_template_is_found_where_it_is_now(make: Maker, tmp_path: Path) -> None:
    world = make(CLEAN)
    world.template.rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="is not a folder") as caught:
        update(Wish(project=world.project))
    assert "--source" in caught.value.hint
    report = update(Wish(project=world.project, source=str(tmp_path / "moved")))
    assert (report.state, report.notes[0].startswith(f"{OLD} was taken from")) == (UPDATED, True)
    assert (world.project / "a.txt").read_bytes() == text((3, "policy-3"), (15, "mine-15")).data
    assert f"_src_path: {tmp_path / 'moved'}\n" in (world.project / ANSWERS).read_text()


@pytest.mark.parametrize("spec", ["", "https://foreign.example/template.git"])
def test_a_source_that_a_project_claims_is_replaced_by_the_one_named(spec: str, make: Maker) -> None:
    world = make(CLEAN)
    record(world, "_src_path", spec)
    with pytest.raises(Unjudgeable, match=r"no _src_path|not a source you trust"):
        update(Wish(project=world.project))
    assert update(Wish(project=world.project, source=str(world.template))).state == UPDATED


@pytest.mark.parametrize("commit", ["v9.9.9", "1234567", "760e499", "0123456", "1_000", "12e3"])
def test_a_release_that_the_source_does_not_have_is_named_as_it_stands(commit: str, make: Maker) -> None:
    world = make(CLEAN)
    record(world, "_commit", commit)
    with pytest.raises(Unjudgeable, match=f"has no release {commit};") as caught:
        update(Wish(project=world.project))
    assert f"correct `_commit` in {ANSWERS}" in caught.value.hint


def test_a_newly_asked_question_names_the_command_that_answers_it(make: Maker) -> None:
    world = make(NAMED)
    settings = (world.template / "copier.yml").read_text()
    (world.template / "copier.yml").write_text(settings + "size:\n  type: str\n")
    release(world, NEWER)
    with pytest.raises(UsageError, match="question size has no answer") as caught:
        update(Wish(project=world.project))
    assert caught.value.hint == f"add --to {NEWER} --answers size=VALUE"
    with pytest.raises(UsageError, match=f"size is not a question of {OLD}") as caught:
        update(Wish(project=world.project, answers={"size": "s"}))
    assert "--to RELEASE" in caught.value.hint
    assert follow(world, to=NEWER, answers={"size": "s"}) == NEWER


def test_an_answer_that_is_not_recorded_is_told(make: Maker) -> None:
    world = make(NAMED)
    settings = (world.template / "copier.yml").read_text()
    (world.template / "copier.yml").write_text(settings + "key:\n  default: none\n  secret: true\n")
    release(world, NEWER, **{"k.txt.jinja": "{{ key }}\n"})
    follow(world)
    report = update(Wish(project=world.project, answers={"key": "mine"}))
    assert "the answer to key is not recorded: the template hides it" in report.notes


def test_a_template_file_of_any_name_is_rendered(make: Maker) -> None:
    world = make(CLEAN)
    Path(os.fsdecode(os.fsencode(world.template / "template") + b"/caf\xe9.txt")).write_bytes(b"policy-n\n")
    release(world, NEWER)
    assert follow(world) == NEWER
    assert Path(os.fsdecode(os.fsencode(world.project) + b"/caf\xe9.txt")).read_bytes() == b"policy-n\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_a_repository_of_somebody_else_is_updated_only_where_the_user_says_so(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make(CLEAN)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("SUDO_UID", raising=False)
    for path in (world.project, *world.project.rglob("*")):
        os.chown(path, 12345, 12345)
    with pytest.raises(Unjudgeable, match="belongs to another user") as caught:
        update(Wish(project=world.project))
    assert caught.value.hint == f"if you trust it: git config --global --add safe.directory {world.project}"
    git(tmp_path, "config", "--global", "--add", "safe.directory", str(world.project))
    assert update(Wish(project=world.project)).state == UPDATED


def test_a_bisect_and_a_series_of_picks_are_not_disturbed(make: Maker) -> None:
    world = make(CLEAN)
    for name, what in (("BISECT_LOG", "a bisect"), ("sequencer", "a cherry-pick or revert")):
        (world.project / ".git" / name).mkdir()
        with pytest.raises(Refused, match=f"{what} is in progress"):
            update(Wish(project=world.project))
        (world.project / ".git" / name).rmdir()


def test_what_is_no_work_tree_is_refused_in_one_line(make: Maker, tmp_path: Path) -> None:
    world = make(CLEAN)
    with pytest.raises(Unjudgeable, match=r"a\.txt is not a folder"):
        update(Wish(project=world.project / "a.txt"))
    git(tmp_path, "clone", "-q", "--bare", str(world.project), "bare.git")
    with pytest.raises(Refused, match="no work tree"):
        update(Wish(project=tmp_path / "bare.git"))


@pytest.fixture
def unwilling() -> Iterator[str]:
    """Serve an address where everything asks for a password."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://x:secret@127.0.0.1:{server.server_port}/t.git"
        server.shutdown()


def test_a_source_that_does_not_come_says_why_and_what_is_left(
    make: Maker, tmp_path: Path, unwilling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    gone, closed = f"file://{tmp_path}/gone.git", "http://127.0.0.1:9/t.git"
    world = make(NAMED)
    there = f"file://{world.template}"
    monkeypatch.setenv(
        "ROADWORTHY_TRUSTED_SOURCES", "\n".join((gone, closed, unwilling, there, str(tmp_path)))
    )
    for spec, why in ((gone, "no git repository"), (closed, "network"), (unwilling, "credentials")):
        with pytest.raises(GitFailed, match=why) as caught:
            update(Wish(project=world.project, source=spec))
        said = f"{caught.value.message} {caught.value.hint}"
        assert "git ls-remote" in caught.value.hint
        assert ("secret" in said, "\n" in said) == (False, False)
    preview(Wish(project=world.project, source=there))
    world.template.rename(tmp_path / "moved")
    with pytest.raises(GitFailed, match="no git repository") as caught:
        update(Wish(project=world.project, source=there))
    assert caught.value.hint.endswith(f"--to {NEW}")
    assert preview(Wish(project=world.project, source=there, to=NEW)).after == NEW
