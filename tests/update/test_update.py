"""What a person meets: refusals with a way out, conflicts resolved with plain git, healing, going back."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.policy import read_policy
from roadworthy.arguments.answer import keyed
from roadworthy.commands.source import demand_known, open_source
from roadworthy.commands.update import Wish, abort, preview, resume, update
from roadworthy.core.merging.report import ABORTED, CONFLICTS, CURRENT, PLANNED, UPDATED
from roadworthy.core.templates.source import LOCK, POLICY
from roadworthy.core.templates.tree import File
from roadworthy.errors import Refused, Unjudgeable, UsageError
from roadworthy.render.update import update_json, update_text
from tests.update.conftest import CLASH, CLEAN, Maker
from tests.update.situations import text
from tests.update.world import ANSWERS, COPIER_YML, NEW, OLD, WHO, Case, World, build, commit_all, repository

# Such a disk shows every file under a second name too: tests give it one where there is none.
ON_A_DISK_BLIND_TO_CASE = suppress(FileExistsError)


def fates(report: object) -> dict[str, str]:
    return {path.path: path.fate.value for path in report.paths}  # type: ignore[attr-defined]


def test_a_preview_touches_nothing_and_needs_no_clean_tree(make: Maker) -> None:
    world = make(CLEAN)
    (world.project / "a.txt").write_text("being edited\n")
    before = (world.files(), (world.project / ".git" / "index").read_bytes())
    report = preview(Wish(project=world.project))
    assert (report.state, report.before, report.after, fates(report)) == (
        PLANNED,
        OLD,
        NEW,
        {"a.txt": "merged"},
    )
    assert (world.files(), (world.project / ".git" / "index").read_bytes()) == before
    assert not (world.project / ".git" / "roadworthy").exists()


def test_an_update_stages_everything_and_the_next_has_nothing_to_do(make: Maker) -> None:
    world = make(CLEAN)
    assert update(Wish(project=world.project)).state == UPDATED
    assert git(world.project, "status", "--porcelain").decode().split() == ["M", ANSWERS, "M", "a.txt"]
    commit_all(world.project)
    assert update(Wish(project=world.project)).state == CURRENT


def test_a_release_cut_since_the_last_update_is_seen_by_the_same_process(make: Maker) -> None:
    world = make(CLEAN)
    assert preview(Wish(project=world.project)).after == NEW
    (world.template / "template" / "a.txt").write_bytes(text((3, "policy-3"), (9, "policy-9")).data)
    commit_all(world.template)
    git(world.template, "tag", "v3.0.0", env=isolated(WHO))
    assert preview(Wish(project=world.project)).after == "v3.0.0"


def test_a_fleets_records_push_nothing_out_of_the_memory(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    preview(Wish(project=make(CLEAN).project))
    names = {path.name.partition("-")[0] for path in (tmp_path / "cache").rglob("*.json")}
    assert names == {"render"}, "this process has its YAML parser"


def test_a_dirty_tree_is_refused_with_the_way_out(make: Maker) -> None:
    world = make(CLEAN)
    (world.project / "a.txt").write_text("being edited\n")
    with pytest.raises(Refused, match=r"uncommitted changes in a\.txt") as caught:
        update(Wish(project=world.project))
    assert "git stash" in caught.value.hint
    assert (world.project / "a.txt").read_text() == "being edited\n"


def test_an_untracked_file_in_the_way_is_never_overwritten(make: Maker) -> None:
    world = make(
        Case(old={}, new={"new.txt": File(b"policy-n\n")}, mine={}, untracked={"new.txt": b"mine-n\n"})
    )
    with pytest.raises(Refused, match=r"in the way: new\.txt"):
        update(Wish(project=world.project))
    assert (world.project / "new.txt").read_bytes() == b"mine-n\n"
    assert world.recorded() == OLD


BELOW = Case(old=CLEAN.old, new={**CLEAN.new, "data/new.txt": File(b"policy-n\n")}, mine=CLEAN.mine)


def test_a_release_is_never_written_through_a_link_or_over_a_file(make: Maker, tmp_path: Path) -> None:
    world, elsewhere = make(BELOW), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (world.project / "data").symlink_to(elsewhere)
    for tracked in (False, True):
        if tracked:
            commit_all(world.project)
            (elsewhere / "new.txt").write_text("mine\n")
        with pytest.raises(Refused, match=f"data is a link to {elsewhere}, where the release has") as caught:
            update(Wish(project=world.project))
        assert tracked or not any(elsewhere.iterdir())
        assert ("git mv data" in caught.value.hint) is tracked
    assert (elsewhere / "new.txt").read_text() == "mine\n"
    git(world.project, "reset", "-q", "--hard", "HEAD^")
    (world.project / "data").write_text("mine\n")
    with pytest.raises(Refused, match=r"in the way: data$"):
        update(Wish(project=world.project))
    assert ((world.project / "data").read_text(), world.recorded()) == ("mine\n", OLD)


def test_a_name_that_changes_only_its_case_is_no_file_in_the_way(make: Maker) -> None:
    world = make(Case(old={"Notes.txt": text()}, new={"notes.txt": text((3, "policy-3"))}, mine=CLEAN.mine))
    world.project.joinpath("Notes.txt").write_bytes(text((15, "mine-15")).data)
    commit_all(world.project)
    with ON_A_DISK_BLIND_TO_CASE:
        os.link(world.project / "Notes.txt", world.project / "notes.txt")
    assert update(Wish(project=world.project)).state == UPDATED
    assert (world.project / "notes.txt").read_bytes() == text((3, "policy-3"), (15, "mine-15")).data


@pytest.mark.parametrize(
    ("new", "mine"),
    [
        ({"x.txt": text(), "X.txt": text((3, "x"))}, {}),
        ({"caf\u00e9": text()}, {"cafe\u0301": text((3, "x"))}),
    ],
    ids=["two of the release", "one of ours"],
)
def test_names_that_are_one_file_on_this_disk_are_not_both_written(
    new: Mapping[str, File], mine: Mapping[str, File], make: Maker
) -> None:
    world = make(Case(old=CLEAN.old, new={**CLEAN.new, **new}, mine={**CLEAN.mine, **mine}))
    with ON_A_DISK_BLIND_TO_CASE:
        (world.project / ".GIT").symlink_to(".git")
    before = world.files()
    with pytest.raises(Refused, match="are one file on this disk"):
        update(Wish(project=world.project))
    assert world.files() == before


def test_a_preview_tells_what_is_in_the_way(make: Maker) -> None:
    world = make(BELOW)
    (world.project / "data").write_text("mine\n")
    told = preview(Wish(project=world.project))
    assert told.notes[0] == "would be refused as it stands: untracked files are in the way: data"
    assert told.next == ("commit them, or move them away", "roadworthy update")


def test_a_preview_of_an_unclean_tree_says_that_the_update_would_be_refused(make: Maker) -> None:
    world = make(CLEAN)
    (world.project / "a.txt").write_text("not committed\n")
    told = preview(Wish(project=world.project))
    assert told.notes[0] == "would be refused as it stands: uncommitted changes in a.txt"
    assert told.next[0].startswith("commit or `git stash` them")
    with pytest.raises(Refused, match=r"uncommitted changes in a\.txt"):
        update(Wish(project=world.project))


def test_healing_under_other_line_ends_finds_nothing_to_do(make: Maker) -> None:
    world = make(CLEAN)
    git(world.project, "config", "core.autocrlf", "true")
    for path in ("a.txt", ANSWERS):
        (world.project / path).unlink()
    git(world.project, "checkout", "--", ".")
    assert b"\r\n" in (world.project / ANSWERS).read_bytes()
    assert update(Wish(project=world.project, heal=True)).state == CURRENT


def test_an_empty_folder_is_in_nobodys_way(make: Maker) -> None:
    world = make(Case(old={}, new={"data": File(b"policy-n\n")}, mine={}))
    (world.project / "data").mkdir()
    assert update(Wish(project=world.project)).state == UPDATED


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_edits_that_git_overlooks_are_not_overwritten(flag: str, make: Maker) -> None:
    world = make(CLEAN)
    git(world.project, "update-index", f"--{flag}", "a.txt")
    (world.project / "a.txt").write_text("mine, and git does not look\n")
    assert git(world.project, "status", "--porcelain") == b""
    with pytest.raises(Refused, match=r"overlook edits in a\.txt") as caught:
        update(Wish(project=world.project))
    assert (world.project / "a.txt").read_text() == "mine, and git does not look\n"
    subprocess.run(caught.value.hint, shell=True, cwd=world.project, check=True)
    assert git(world.project, "status", "--porcelain") == b" M a.txt\n"


def test_an_answers_file_that_git_does_not_have_is_not_overwritten(make: Maker) -> None:
    world = make(CLEAN)
    git(world.project, "rm", "-q", "--cached", ANSWERS)
    git(world.project, "commit", "-q", "-m", "Forget", env=isolated(WHO))
    with pytest.raises(Refused, match=rf"in the way: {ANSWERS}"):
        update(Wish(project=world.project))
    assert world.recorded() == OLD


def test_a_release_cannot_reach_into_gits_own_folder(make: Maker) -> None:
    world = make(Case(old={}, new={"{{ '.Git' }}/hooks/pre-commit": File(b"#!/bin/sh\n")}, mine={}))
    with pytest.raises(UsageError, match="cannot be rendered"):
        update(Wish(project=world.project))
    assert not (world.project / ".git" / "hooks").exists()


def with_submodule(world: World) -> World:
    """Let a project hold its template as a submodule, at `sub`."""
    allowed = ("-c", "protocol.file.allow=always")
    git(world.project, *allowed, "submodule", "add", "-q", str(world.template), "sub")
    commit_all(world.project)
    return world


@pytest.mark.parametrize("path", ["sub", "sub/a.txt"])
def test_files_where_the_project_has_a_submodule_are_refused(path: str, make: Maker) -> None:
    world = with_submodule(make(Case(old={}, new={path: File(b"policy-n\n")}, mine={})))
    for step in (preview, update):
        with pytest.raises(Refused, match="sub is a submodule"):
            step(Wish(project=world.project))
    assert (git(world.project, "status", "--porcelain"), world.recorded()) == (b"", OLD)


def test_what_lies_untracked_in_a_submodule_is_no_change_here(make: Maker) -> None:
    world = with_submodule(make(CLEAN))
    (world.project / "sub" / "mine.txt").write_text("mine\n")
    assert update(Wish(project=world.project)).state == UPDATED


def test_a_merge_under_way_is_refused(make: Maker) -> None:
    world = make(CLEAN)
    (world.project / ".git" / "MERGE_HEAD").write_text(git(world.project, "rev-parse", "HEAD").decode())
    with pytest.raises(Refused, match="a merge is in progress"):
        update(Wish(project=world.project))


def test_a_source_nobody_trusts_is_not_rendered(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make(CLEAN)
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", "/somewhere/else")
    with pytest.raises(Unjudgeable, match="not a source you trust") as caught:
        update(Wish(project=world.project))
    assert (caught.value.exit_code, "trusted" in caught.value.hint) == (3, True)


def test_a_conflict_is_resolved_with_plain_git(make: Maker) -> None:
    world = make(CLASH)
    assert update(Wish(project=world.project)).state == CONFLICTS
    assert git(world.project, "status", "--porcelain") == b"UU a.txt\n"
    stages = [git(world.project, "show", f":{number}:a.txt") for number in (1, 2, 3)]
    assert stages == [each["a.txt"].data for each in (CLASH.old, CLASH.mine, CLASH.new)]
    assert update(Wish(project=world.project)).state == CONFLICTS
    git(world.project, "checkout", "--theirs", "a.txt")
    git(world.project, "add", "a.txt")
    assert world.recorded() == OLD
    assert resume(world.project).state == UPDATED
    assert world.recorded() == NEW
    commit_all(world.project)
    assert update(Wish(project=world.project)).state == CURRENT


def test_a_resolution_committed_at_once_is_recorded_by_the_next_update(make: Maker) -> None:
    world = make(CLASH)
    update(Wish(project=world.project))
    (world.project / "a.txt").write_bytes(text((3, "mine-3 policy-3")).data)
    commit_all(world.project)
    assert update(Wish(project=world.project)).state == UPDATED
    assert world.recorded() == NEW


def test_markers_left_in_a_file_are_refused(make: Maker) -> None:
    world = make(CLASH)
    update(Wish(project=world.project))
    git(world.project, "add", "a.txt")
    with pytest.raises(Refused, match=r"a\.txt still has conflict markers"):
        resume(world.project)
    assert world.recorded() == OLD
    assert resume(world.project, force=True).state == UPDATED


def test_an_update_dropped_with_git_is_not_recorded(make: Maker) -> None:
    world = make(CLASH)
    update(Wish(project=world.project))
    git(world.project, "reset", "-q", "--hard")
    with pytest.raises(Refused, match="no unfinished update"):
        resume(world.project)
    assert world.recorded() == OLD
    assert update(Wish(project=world.project)).state == CONFLICTS


def test_a_part_dropped_with_git_is_not_recorded(make: Maker) -> None:
    both = {"b.txt": text()}
    case = Case(
        old={**CLASH.old, **both},
        new={**CLASH.new, "b.txt": text((3, "policy-b"))},
        mine={**CLASH.mine, **both},
    )
    world = make(case)
    update(Wish(project=world.project))
    git(world.project, "checkout", "HEAD", "--", "b.txt")
    (world.project / "a.txt").write_bytes(text((3, "both")).data)
    git(world.project, "add", "a.txt")
    with pytest.raises(Refused, match=r"b\.txt: back to what was before"):
        resume(world.project)
    assert world.recorded() == OLD


@pytest.mark.parametrize("case", [CLEAN, CLASH])
def test_abort_restores_every_byte(case: Case, make: Maker) -> None:
    world = make(case)
    (world.project / "a.txt").chmod(0o600)
    before, index = world.files(), (world.project / ".git" / "index").read_bytes()
    update(Wish(project=world.project))
    assert abort(world.project).state == ABORTED
    assert (world.files(), (world.project / ".git" / "index").read_bytes()) == (before, index)
    assert (world.project / "a.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("case", [CLASH, CLEAN], ids=["conflict", "clean"])
def test_abort_leaves_what_was_staged_of_other_files_since(case: Case, make: Maker) -> None:
    kept = {"mine.txt": File(b"mine\n"), "gone.txt": File(b"mine\n")}
    world = make(replace(case, mine={**case.mine, **kept}))
    update(Wish(project=world.project))
    (world.project / "mine.txt").write_text("mine, and more\n")
    (world.project / "new.txt").write_text("new\n")
    git(world.project, "rm", "-q", "gone.txt")
    git(world.project, "add", "mine.txt", "new.txt")
    abort(world.project)
    assert git(world.project, "status", "--porcelain") == b"D  gone.txt\nM  mine.txt\nA  new.txt\n"
    assert world.recorded() == OLD


def test_abort_does_not_throw_away_what_was_edited_since(make: Maker) -> None:
    world = make(CLEAN)
    update(Wish(project=world.project))
    (world.project / "a.txt").write_text("edited after the update\n")
    with pytest.raises(Refused, match=r"a\.txt was edited since"):
        abort(world.project)
    assert (world.project / "a.txt").read_text() == "edited after the update\n"


def test_abort_after_a_commit_points_to_back(make: Maker) -> None:
    world = make(CLEAN)
    update(Wish(project=world.project))
    commit_all(world.project)
    with pytest.raises(Refused, match="you committed") as caught:
        abort(world.project)
    assert "--back" in caught.value.hint


def test_back_returns_to_the_release_before(make: Maker) -> None:
    world = make(CLEAN)
    before = world.files()
    update(Wish(project=world.project))
    commit_all(world.project)
    assert update(Wish(project=world.project, back=True)).after == OLD
    assert world.files() == before


def test_back_without_history_says_what_to_do(make: Maker) -> None:
    with pytest.raises(Unjudgeable, match="no earlier release") as caught:
        update(Wish(project=make(CLEAN).project, back=True))
    assert "--to" in caught.value.hint


def test_answers_are_changed_at_the_recorded_release(make: Maker) -> None:
    case = Case(
        old={"n.txt.jinja": File(b"{{ name }}\n")},
        new={"n.txt.jinja": File(b"{{ name }} policy-n\n")},
        mine={"n.txt": File(b"demo\n")},
    )
    world = make(case)
    report = update(Wish(project=world.project, answers={"name": "other"}))
    assert [(each.name, each.before, each.after) for each in report.answers] == [("name", "demo", "other")]
    assert (world.project / "n.txt").read_bytes() == b"other\n"
    assert world.recorded() == OLD


def test_files_created_once_are_known_from_included_settings_and_by_answers(make: Maker) -> None:
    names = ("kept.txt", "demo.txt", "once.txt", "a.txt")
    world = make(
        Case(
            old={name: text() for name in names},
            new={name: text((3, "policy-3")) for name in names},
            mine={name: text() for name in names},
        )
    )
    for tag, more in ((OLD, b", once.txt"), (NEW, b"")):
        settings = b'_skip_if_exists: [kept.txt, "{{ name }}.txt"%s]\n' % more
        git(world.template, "checkout", "-q", "--detach", tag, env=isolated(WHO))
        (world.template / "copier.yml").write_bytes(COPIER_YML + b"---\n!include settings/*.yml\n")
        (world.template / "settings").mkdir(exist_ok=True)
        (world.template / "settings" / "kept.yml").write_bytes(settings)
        commit_all(world.template)
        git(world.template, "tag", "-f", tag, env=isolated(WHO))
    found = fates(update(Wish(project=world.project)))
    assert found == {"a.txt": "synced", "demo.txt": "kept", "kept.txt": "kept", "once.txt": "synced"}


def test_an_unknown_answer_is_refused(make: Maker) -> None:
    with pytest.raises(UsageError, match="nmae is not a question"):
        update(Wish(project=make(CLEAN).project, answers={"nmae": "x"}))
    with pytest.raises(UsageError, match="--answers tier: tier is computed from the other answers"):
        demand_known(open_source(), {"tier": "low"}, "--answers")
    with pytest.raises(UsageError, match="KEY=VALUE"):
        keyed("--answers", ["name"], "ci=gitlab")


def test_a_release_that_is_not_there_is_refused(make: Maker) -> None:
    with pytest.raises(UsageError, match=r"no release v9\.0\.0"):
        update(Wish(project=make(CLEAN).project, to="v9.0.0"))


def test_a_folder_without_answers_says_what_it_is_not(tmp_path: Path) -> None:
    repository(tmp_path / "plain", {"": {"a.txt": File(b"a\n")}})
    with pytest.raises(Refused, match="records no template"):
        update(Wish(project=tmp_path / "plain"))


def test_a_project_below_the_root_and_several_answers_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    inner = build(tmp_path / "made", CLEAN)
    files = inner.files()
    named = {".copier-answers.other.yml": files.pop(ANSWERS), "a.txt": files["a.txt"]}
    whole = {f"apps/one/{path}": file for path, file in named.items()} | {"top.txt": File(b"top\n")}
    whole["apps/one/.copier-answers.third.yml"] = named[".copier-answers.other.yml"]
    repository(tmp_path / "mono", {"": whole})
    project = tmp_path / "mono" / "apps" / "one"
    with pytest.raises(UsageError, match="several answers files"):
        update(Wish(project=project))
    report = update(Wish(project=project, answers_file=".copier-answers.other.yml"))
    assert (report.state, fates(report)) == (UPDATED, {"a.txt": "merged"})
    changed = git(tmp_path / "mono", "status", "--porcelain").decode().split("\n")
    assert changed == ["M  apps/one/.copier-answers.other.yml", "M  apps/one/a.txt", ""]
    assert b"policy-3" in (project / "a.txt").read_bytes()


@pytest.mark.parametrize("pattern", ["/apps/one/data/", "apps/*/data", "data/", "*.dat"])
def test_what_a_repository_ignores_above_the_project_is_left_alone(
    pattern: str, make: Maker, tmp_path: Path
) -> None:
    world = make(Case(old=CLEAN.old, new={**CLEAN.new, "data/x.dat": File(b"policy-n\n")}, mine=CLEAN.mine))
    inner = {f"apps/one/{path}": file for path, file in world.files().items()}
    repository(tmp_path / "mono", {"": {**inner, ".gitignore": File(f"{pattern}\n".encode())}})
    project = tmp_path / "mono" / "apps" / "one"
    (project / "data").mkdir()
    (project / "data" / "x.dat").write_text("mine\n")
    assert fates(update(Wish(project=project)))["data/x.dat"] == "ignored by git"
    assert (project / "data" / "x.dat").read_text() == "mine\n"


OWNED = {"kept/seed.py": "seeded", "told/record.yaml": "record", "held/m.txt": "managed", "a.txt": "merged"}


def with_policy(world: World, *releases: dict[str, bytes]) -> None:
    """Give the two releases of a template a policy folder each."""
    for tag, files in zip((OLD, NEW), releases, strict=True):
        git(world.template, "checkout", "-q", "--detach", tag, env=isolated(WHO))
        for path, data in files.items():
            place = world.template / POLICY / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        commit_all(world.template)
        git(world.template, "tag", "-f", tag, env=isolated(WHO))


def governed(world: World) -> None:
    """Give both releases of a template an ownership manifest."""
    rows = [{"path": path, "ownership": kind, "purpose": "a test"} for path, kind in OWNED.items()]
    rows.append({"path": "**", "ownership": "merged", "purpose": "the rest"})
    manifest = {"ownership.yaml": json.dumps({"schema": "ownership/v1", "files": rows}).encode()}
    with_policy(world, manifest, manifest)


def test_an_answer_that_a_release_no_longer_takes_is_a_persons_to_change(make: Maker) -> None:
    """Its default instead would rename the project, and say so in one line among two hundred."""
    lock = {LOCK: File(b"schema: lock/v1\ntier: critical\n")}
    world = make(Case(old={**CLEAN.old, **lock}, new={**CLEAN.new, **lock}, mine={**CLEAN.mine, **lock}))
    with_policy(world, read_policy(), read_policy())
    stricter = COPIER_YML + b"  validator: \"{% if name == 'demo' %}taken{% endif %}\"\n"
    stricter = stricter.replace(b"default: demo", b"default: other")
    (world.template / "copier.yml").write_bytes(stricter)
    commit_all(world.template)
    git(world.template, "tag", "-f", NEW, env=isolated(WHO))
    with pytest.raises(UsageError, match=f"{NEW} does not accept the recorded answer name: demo") as caught:
        update(Wish(project=world.project))
    assert f"--to {NEW} --answers name=" in caught.value.hint
    report = update(Wish(project=world.project, to=NEW, answers={"name": "mine"}))
    assert [(each.name, each.after) for each in report.answers] == [("name", "mine")]


def test_the_policy_difference_is_told_in_plain_words(make: Maker) -> None:
    lock = {LOCK: File(b"schema: lock/v1\ntier: critical\n")}
    world = make(Case(old={**CLEAN.old, **lock}, new={**CLEAN.new, **lock}, mine={**CLEAN.mine, **lock}))
    pack = read_policy()
    tiers = yaml.safe_load(pack["tiers.yaml"])
    tiers["obligations"]["low"]["review_days"] += 1
    days = tiers["obligations"]["critical"]["review_days"]
    tiers["obligations"]["critical"]["review_days"] = days - 1
    with_policy(world, pack, {**pack, "tiers.yaml": yaml.safe_dump(tiers).encode()})
    expected = f"obligations: review_days: {days} to {days - 1} (at once)"
    report = preview(Wish(project=world.project))
    assert report.policy == (expected,)
    assert f"policy: {expected}" in update_text(report)


def test_a_policy_that_cannot_be_read_is_told_too(make: Maker) -> None:
    world = make(CLEAN)
    pack = read_policy()
    with_policy(world, pack, {**pack, "facts.yaml": b"- not a mapping\n"})
    assert preview(Wish(project=world.project)).policy[0].startswith("cannot be compared: policy/facts.yaml")


OWNERSHIP_CASE = Case(
    old={path: text() for path in OWNED},
    new={path: text((3, "policy-3")) for path in OWNED} | {"kept/new.py": File(b"policy-new\n")},
    mine={path: text((15, "mine-15")) for path in OWNED},
)


def test_ownership_decides_what_a_release_may_touch(make: Maker) -> None:
    world = make(OWNERSHIP_CASE)
    governed(world)
    report = update(Wish(project=world.project))
    assert fates(report) == {
        "a.txt": "merged",
        "held/m.txt": "merged",
        "kept/new.py": "synced",
        "kept/seed.py": "kept",
        "told/record.yaml": "kept",
    }
    for path in ("kept/seed.py", "told/record.yaml"):
        assert (world.project / path).read_bytes() == text((15, "mine-15")).data


def test_heal_gives_managed_files_the_releases_content_again(make: Maker) -> None:
    world = make(OWNERSHIP_CASE)
    governed(world)
    report = update(Wish(project=world.project, heal=True))
    assert (report.after, fates(report)["held/m.txt"]) == (OLD, "healed")
    assert (world.project / "held/m.txt").read_bytes() == text().data
    assert (world.project / "a.txt").read_bytes() == text((15, "mine-15")).data
    commit_all(world.project)
    assert update(Wish(project=world.project, heal=True)).state == CURRENT
    (world.project / "held/m.txt").unlink()
    commit_all(world.project)
    assert fates(update(Wish(project=world.project, heal=True, to=NEW)))["held/m.txt"] == "healed"
    assert (world.project / "held/m.txt").read_bytes() == text((3, "policy-3")).data


def test_two_updates_at_once(make: Maker) -> None:
    world = make(CLEAN)
    home = world.project / ".git" / "roadworthy"
    home.mkdir()
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="another update"):
            update(Wish(project=world.project))
    assert update(Wish(project=world.project)).state == UPDATED


def test_git_at_work_is_respected(make: Maker) -> None:
    world = make(CLEAN)
    before = world.files()
    (world.project / ".git" / "index.lock").write_bytes(b"")
    with pytest.raises(Refused, match=r"index\.lock"):
        update(Wish(project=world.project))
    assert (world.files(), (world.project / ".git" / "index.lock").exists()) == (before, True)


@pytest.mark.parametrize(
    "failure", [OSError(28, "No space left on device"), OSError(13, "Permission denied")]
)
def test_a_full_disk_or_read_only_folder_leaves_everything_as_it_was(
    failure: OSError, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make(CLEAN)
    before = world.files()
    real = os.replace

    def full(source: Path, target: Path, **folders: int) -> None:
        if Path(target).name == "a.txt":
            monkeypatch.setattr(os, "replace", real)
            raise OSError(failure.errno, failure.strerror, str(target))
        real(source, target, **folders)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Refused, match=rf"a\.txt cannot be written: {failure.strerror}"):
        update(Wish(project=world.project))
    assert world.files() == before
    assert git(world.project, "status", "--porcelain") == b""


@pytest.mark.parametrize("kind", ["shallow", "worktree", "blobless"])
def test_other_kinds_of_checkouts(kind: str, make: Maker, tmp_path: Path) -> None:
    world = make(CLEAN)
    (world.project / "more.txt").write_text("more\n")
    commit_all(world.project)
    git(world.project, "config", "uploadpack.allowFilter", "true")
    project = tmp_path / "other"
    flags = {"shallow": ["--depth=1"], "blobless": ["--filter=blob:none"]}
    if kind == "worktree":
        git(world.project, "worktree", "add", "-q", str(project), env=isolated(WHO))
    else:
        git(tmp_path, "clone", "-q", *flags[kind], f"file://{world.project}", str(project))
    assert update(Wish(project=project)).state == UPDATED
    assert b"mine-15" in (project / "a.txt").read_bytes()
    assert b"policy-3" in (project / "a.txt").read_bytes()
    abort(project)
    assert git(project, "status", "--porcelain") == b""


@pytest.mark.parametrize(
    "settings",
    [
        [("core.autocrlf", "true")],
        [("extensions.worktreeConfig", "true"), ("--worktree", "core.autocrlf", "true")],
        [("--file", ".git/more", "core.autocrlf", "true"), ("includeIf.onbranch:main.path", "more")],
    ],
    ids=["plain", "worktree", "included"],
)
def test_line_ends_are_the_users_in_the_work_tree_and_gits_in_the_commit(
    settings: list[tuple[str, ...]], make: Maker
) -> None:
    world = make(CLEAN)
    for setting in settings:
        git(world.project, "config", *setting)
    (world.project / "a.txt").unlink()
    git(world.project, "checkout", "--", ".")
    assert update(Wish(project=world.project)).state == UPDATED
    assert b"policy-3\r\n" in (world.project / "a.txt").read_bytes()
    assert git(world.project, "cat-file", "blob", ":a.txt") == text((3, "policy-3"), (15, "mine-15")).data
    assert git(world.project, "status", "--porcelain").decode().split() == ["M", ANSWERS, "M", "a.txt"]


def test_the_screens(make: Maker) -> None:
    report = update(Wish(project=make(CLASH).project))
    screen = update_text(report)
    assert "waits for you" in screen
    assert "conflict        a.txt  both sides changed the same lines" in screen
    document = json.loads(update_json(report))
    assert (document["schema"], document["state"], document["exit_code"]) == ("update/v1", CONFLICTS, 1)


def test_the_command_line(make: Maker) -> None:
    world = make(CLASH)
    command = (sys.executable, "-m", "roadworthy", "update", str(world.project))
    dry = subprocess.run((*command, "--dry-run", "--json"), capture_output=True, text=True)
    assert (dry.returncode, json.loads(dry.stdout)["paths"][0]["fate"]) == (1, "conflict")
    assert json.loads(dry.stdout)["next"] == [f"roadworthy update {world.project}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, f"  next: git -C {world.project} status\n" in done.stdout) == (1, True)
    assert f"roadworthy update {world.project} --continue\n" in done.stdout
    back = subprocess.run((*command, "--abort"), capture_output=True, text=True)
    assert (back.returncode, back.stdout.startswith("taken back")) == (0, True)
    here = subprocess.run((*command[:-1], "--answers", "name=a b"), cwd=world.project, capture_output=True)
    assert here.stdout.startswith(b"updated %s v1.0.0 (the same release);" % os.fsencode(world.template))
    assert b"  next: git commit" in here.stdout


def test_the_command_that_takes_what_was_previewed_is_told(make: Maker) -> None:
    world = make(CLASH)
    wish = Wish(project=world.project, to=NEW, answers={"name": "a b"}, heal=True)
    assert preview(wish).next == ("roadworthy update --to v2.0.0 --answers 'name=a b' --heal",)
    assert preview(Wish(project=world.project, to=OLD)).next == ()


def test_names_are_shown_and_not_obeyed(make: Maker) -> None:
    name = "a\x1b[31m.txt"
    world = make(
        Case(old={name: text()}, new={name: text((3, "policy-3"))}, mine={name: text((15, "mine-15"))})
    )
    assert "merged          a\\u001b[31m.txt" in update_text(update(Wish(project=world.project)))


def test_a_clean_looking_merge_that_means_something_else_is_a_conflict(make: Maker) -> None:
    lines = [f"key{number}: 1" for number in range(12)]
    base, ours, theirs = lines, ["limit: 5", *lines], [*lines, "limit: 6"]
    trees = [{"p.yaml": File("\n".join([*side, ""]).encode())} for side in (base, theirs, ours)]
    world = make(Case(old=trees[0], new=trees[1], mine=trees[2]))
    report = update(Wish(project=world.project))
    assert (report.state, [path.note for path in report.paths]) == (
        CONFLICTS,
        ["both sides parse, their merge does not (line 14: the key 'limit' twice)"],
    )
    assert git(world.project, "status", "--porcelain") == b"UU p.yaml\n"
    shown = (world.project / "p.yaml").read_bytes()
    assert shown.startswith(b"<<<<<<< yours\nlimit: 5\n")
    assert shown.endswith(b"limit: 6\n>>>>>>> release-v2.0.0\n")
    abort(world.project)
    assert (world.project / "p.yaml").read_bytes() == trees[2]["p.yaml"].data
