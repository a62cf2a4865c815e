"""History is read from git's own output, whatever messages and names try to say in it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from roadworthy.adapters.git import read_git
from roadworthy.commands.revision import past_bytes, read_history, repository_of
from roadworthy.facts.history import LOG, LOG_FORMAT, blob_id, edited_records, governed_late, parse_log

RUN, DRILL = "governance/runs/r.json", "governance/drills/d.json"


class Repository:
    """A small real repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "-q", "-b", "main", str(path))

    def git(self, *arguments: str) -> str:
        here = self.path if self.path.is_dir() else None
        return subprocess.run(
            ("git", *arguments), cwd=here, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, message: str, **files: str | None) -> str:
        for name, content in files.items():
            place = self.path / {"run": RUN, "drill": DRILL}.get(name, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                place.unlink()
            else:
                place.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "r")


def test_commits_with_people_parents_and_files(repository: Repository) -> None:
    first = repository.commit("One\n\nBody\n\nCo-authored-by: Zoe <zoe@x.example>", a="1", run="{}")
    second = repository.commit("Two", a="2")
    history = read_history(repository.path)
    assert [change.commit.sha for change in history.changes] == [second, first]
    assert dict(history.changes[0].files) == {"a": "M"}
    assert dict(history.changes[1].files) == {"a": "A", RUN: "A"}
    assert history.changes[0].parents == (first,)
    assert history.changes[1].commit.author.email == "author@tests.example"
    assert "Co-authored-by: Zoe" in history.changes[1].commit.message
    assert history.ancestors(second) == {first, second}
    assert history.ancestors("0" * 40) == frozenset()
    assert not history.shallow


def test_a_message_cannot_pass_for_a_commit(repository: Repository) -> None:
    fake = "\x01" + "0" * 40 + "\n\nM\n"
    repository.commit(f"Innocent {fake}", a="1")
    history = read_history(repository.path)
    assert len(history.changes) == 1
    assert dict(history.changes[0].files) == {"a": "A"}


def test_a_path_cannot_pass_for_a_commit(repository: Repository) -> None:
    odd = "\x01" + "0" * 40
    repository.commit("Odd", **{odd: "1", "b\nc": "2"})
    assert set(read_history(repository.path).changes[0].files) == {odd, "b\nc"}


def test_records_are_added_once_or_not(repository: Repository) -> None:
    repository.commit("Add", run="{}", drill="{}")
    repository.commit("Edit", run="{1}")
    history = read_history(repository.path)
    assert history.added_once(DRILL) is True
    assert history.added_once(RUN) is False
    assert (
        history.added_once("governance/runs/new.json", b"{}") is True
    )  # what nobody committed nobody edited
    assert history.added_once(DRILL, b"{}") is True
    assert history.added_once(DRILL, b"{ }") is False
    assert edited_records(history, {}) == [RUN]


def test_a_deleted_record_is_found_until_the_same_is_put_back(repository: Repository) -> None:
    repository.commit("Add", run="{}", drill="{}")
    repository.commit("Delete", run=None)
    assert edited_records(read_history(repository.path), {}) == [RUN]
    repository.commit("Put back as it was", run="{}")
    assert edited_records(read_history(repository.path), {}) == []
    repository.commit("Delete again", run=None)
    repository.commit("Put back otherwise", run="{1}")
    assert edited_records(read_history(repository.path), {}) == [RUN]


def test_a_record_edited_and_edited_back_stays_edited(repository: Repository) -> None:
    repository.commit("Add", run="{}")
    repository.commit("Edit", run="{1}")
    repository.commit("Edit back", run="{}")
    assert edited_records(read_history(repository.path), {}) == [RUN]


def test_a_verdict_may_be_given_anew(repository: Repository) -> None:
    verdict = "governance/gates/1.json"
    repository.commit("Refuse", **{verdict: "{}"})
    repository.commit("Let pass", **{verdict: "{ }"})
    assert edited_records(read_history(repository.path), {}) == []


def test_an_edit_hidden_in_a_merge_is_found(repository: Repository) -> None:
    repository.commit("Add", run="{}")
    repository.git("checkout", "-q", "-b", "side")
    repository.commit("Side", b="1")
    repository.git("checkout", "-q", "main")
    repository.commit("Main", c="1")
    repository.git("merge", "-q", "--no-commit", "side")
    repository.commit("Merge", run="{evil}")
    assert edited_records(read_history(repository.path), {}) == [RUN]


def test_a_plain_merge_touches_nothing(repository: Repository) -> None:
    repository.commit("Add", a="1")
    repository.git("checkout", "-q", "-b", "side")
    repository.commit("Side", run="{}")
    repository.git("checkout", "-q", "main")
    repository.commit("Main", c="1")
    repository.git("merge", "-q", "side")
    history = read_history(repository.path)
    assert history.added_once(RUN) is True
    assert edited_records(history, {}) == []


def test_governance_after_the_first_deployment_is_late(repository: Repository) -> None:
    repository.commit("Deploy", **{"governance/deployments/1.json": "{}"})
    assert governed_late(read_history(repository.path)) is True
    repository.commit("Govern", **{"governance/system.yaml": "a: 1"})
    assert governed_late(read_history(repository.path)) is True


def test_governance_before_it_is_not(repository: Repository) -> None:
    repository.commit("Govern", **{"governance/system.yaml": "a: 1"})
    assert governed_late(read_history(repository.path)) is False
    repository.commit("Deploy", **{"governance/deployments/1.json": "{}"})
    assert governed_late(read_history(repository.path)) is False


def test_no_history_says_why(tmp_path: Path) -> None:
    history = read_history(tmp_path)
    assert not history.available
    assert "git" in history.reason
    assert history.added_once(RUN) is None


def test_a_history_that_was_cut_off_proves_nothing(repository: Repository, tmp_path: Path) -> None:
    repository.commit("One", run="{}")
    repository.commit("Two", a="1")
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.path}", str(clone))
    history = read_history(clone)
    assert not history.available
    assert "git fetch --unshallow" in history.reason
    assert history.added_once(RUN) is None


def test_the_bytes_of_the_past(repository: Repository) -> None:
    first = repository.commit("One", a="1")
    second = repository.commit("Two", a="2")
    asked = [(first, "a"), (second, "a"), (first, "nothing"), ("0" * 40, "a"), (first, "a\nb")]
    assert past_bytes(repository.path, asked) == {(first, "a"): b"1", (second, "a"): b"2"}


def test_what_stayed_as_it_was_is_read_once(repository: Repository) -> None:
    first = repository.commit("One", a="1")
    second = repository.commit("Two", b="2")
    asked = []

    def ask(place: Path, *args: str, **how: Any) -> bytes:
        asked.append(how["input"])
        return read_git(place, *args, **how)

    found = past_bytes(repository.path, [(first, "a"), (second, "a"), (second, "b")], ask=ask)
    assert found == {(first, "a"): b"1", (second, "a"): b"1", (second, "b"): b"2"}
    assert [len(names.splitlines()) for names in asked] == [3, 2]


def test_a_project_in_a_folder_of_a_repository(repository: Repository) -> None:
    first = repository.commit("One", **{"team/a": "1", f"team/{RUN}": "{}", "b": "2"})
    history = read_history(repository.path / "team")
    assert dict(history.changes[0].files) == {"a": "A", RUN: "A"}
    assert set(history.tree) == {"a", RUN}
    assert past_bytes(repository.path / "team", [(first, "a")]) == {(first, "a"): b"1"}


def test_a_git_file_must_lead_back(repository: Repository, tmp_path: Path) -> None:
    repository.commit("One", a="1")
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"))
    assert repository_of(tmp_path / "tree") == tmp_path / "tree"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".git").write_text((tmp_path / "tree" / ".git").read_text())
    assert repository_of(tmp_path / "other") is None
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / ".git").symlink_to(repository.path / ".git")
    assert repository_of(tmp_path / "linked") is None


def test_times_beyond_the_calendar_are_as_early_as_can_be() -> None:
    fields = ["\x01" + "a" * 40, "", "n", "e", "n", "e", "99999999999999999", "m", "", ""]
    assert parse_log("\x00".join(fields).encode())[0].at == datetime.min.replace(tzinfo=UTC)


def test_blob_ids_are_those_of_git(repository: Repository) -> None:
    repository.commit("One", a="hello")
    assert blob_id(b"hello", "0" * 40) == repository.git("rev-parse", "HEAD:a")


def test_the_log_is_read_only_and_bounded() -> None:
    assert LOG[0] == "log"
    assert any(option.startswith("--max-count=") for option in LOG)
    with pytest.raises(Exception, match="read_git runs only"):
        read_git(".", "status", LOG_FORMAT)
