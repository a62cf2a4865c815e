"""Cutting releases, in a checkout of its own: what is frozen, what is refused, what this one carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from roadworthy.adapters import archive
from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.policy import read_policy
from roadworthy.commands.source import open_source
from roadworthy.core.templates.source import OWNERSHIP, POLICY
from roadworthy.errors import Refused, UsageError
from tests.copier_reference import files, write_over
from tests.update.upstream import NEW_01
from tools import release
from tools.release import FOLDER, INDEX, check_releases, cut_release, read_index

CHECKOUT = Path(__file__).resolve().parents[2]
WHO = isolated({"user.name": "Robin", "user.email": "robin@tests.example"})
# The real policy with one control: enough to judge by.
PACK = {
    f"{POLICY}/{path}": data.decode()
    for path, data in read_policy().items()
    if not path.startswith("controls/") or path == "controls/GOV-01.yaml"
}
HOUSE = {
    "copier.yml": "_subdirectory: template\nname: thing\nsize: {type: str, choices: [s, m], default: s}\n",
    "template/f.jinja": "{{ name }} {{ size }}\n",
    "template/run.sh": {"text": "#!/bin/sh\n", "executable": True},
    "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
    "template/src/p/data.py": "rows = 1\n",
    **PACK,
    "README.md": "not part of a release\n",
}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout whose package is at version 0.1.0."""
    monkeypatch.setattr(release, "__version__", "0.1.0")
    git(tmp_path, "init", "-q", "-b", "main", env=WHO)
    return commit(tmp_path, HOUSE)


def commit(house: Path, texts: Mapping[str, object]) -> Path:
    write_over(house, files(texts))
    git(house, "add", "-A", env=WHO)
    git(house, "commit", "-q", "-m", "Change", env=WHO)
    return house


def cut(house: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "__version__", version)
    cut_release(house, version)
    commit(house, {})


def test_a_release_is_frozen_with_its_digest_and_the_commit_it_was_cut_from(house: Path) -> None:
    head = git(house, "rev-parse", "HEAD").decode().strip()
    entry = cut_release(house, "0.1.0").entry
    data = (house / FOLDER / entry.file).read_bytes()
    assert (entry.version, entry.cut_from) == ("0.1.0", head)
    assert entry.sha256 == hashlib.sha256(data).hexdigest()
    assert archive.unpack(data) == {k: v for k, v in open_source(str(house)).tree.items() if FOLDER not in k}
    assert "README.md" not in archive.unpack(data)
    assert archive.unpack(data)["template/run.sh"].executable
    assert read_index(house) == (entry,)
    assert check_releases(house) == 1


def test_the_same_commit_gives_the_same_bytes_anywhere(
    house: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "clone"
    git(other.parent, "clone", "-q", "--no-local", str(house), str(other))
    assert cut_release(house, "0.1.0").entry == cut_release(other, "0.1.0").entry


def test_an_uncommitted_change_is_refused(house: Path) -> None:
    (house / "new").write_text("")
    with pytest.raises(Refused, match="1 uncommitted change"):
        cut_release(house, "0.1.0")
    assert not (house / FOLDER).exists()


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9"])
def test_versions_only_increase(house: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(house, "0.1.0", monkeypatch)
    with pytest.raises(Refused, match=f"{version} is not newer than 0.1.0"):
        cut_release(house, version)


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0rc1", "", "01.0.0"])
def test_a_version_has_three_numbers(house: Path, version: str) -> None:
    with pytest.raises(UsageError, match="is not a release version"):
        cut_release(house, version)


def test_engine_template_and_pack_share_one_version(house: Path) -> None:
    with pytest.raises(Refused, match=r"the package says version 0\.1\.0, the release 0\.2\.0"):
        cut_release(house, "0.2.0")


def test_a_changed_archive_is_refused(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(house, "0.1.0", monkeypatch)
    (house / FOLDER / "0.1.0.tar").write_bytes(archive.pack(files({"copier.yml": ""})))
    commit(house, {})
    with pytest.raises(Refused, match=r"0\.1\.0\.tar is not the recorded one"):
        check_releases(house)


def test_an_archive_that_is_not_its_commits_tree_is_refused(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(house, "0.1.0", monkeypatch)
    data = archive.pack(files({"copier.yml": "other: 1\n"}))
    (house / FOLDER / "0.1.0.tar").write_bytes(data)
    index = json.loads((house / INDEX).read_text())
    index["releases"][0]["sha256"] = hashlib.sha256(data).hexdigest()
    (house / INDEX).write_text(json.dumps(index))
    commit(house, {})
    monkeypatch.setattr(release, "__version__", "0.2.0")
    with pytest.raises(Refused, match=r"is not what commit .* holds"):
        cut_release(house, "0.2.0")


@pytest.mark.parametrize(
    "questions",
    [
        "name: thing\nsize: {type: str, choices: [m, l], default: m}\n",
        "name: thing\nsize: {type: str, choices: [s], default: s}\n",
        "name: thing\n",
    ],
    ids=["a default that is gone", "a choice that is gone", "a question that is gone"],
)
def test_what_projects_could_not_be_updated_to_is_refused(
    questions: str, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(house, "0.1.0", monkeypatch)
    rest = {"copier.yml": f"_subdirectory: template\n{questions}", "template/f.jinja": "{{ name }}\n"}
    commit(house, rest)
    monkeypatch.setattr(release, "__version__", "0.2.0")
    with pytest.raises(Refused, match=r"projects of 0\.1\.0 would lose their answers to: size"):
        cut_release(house, "0.2.0")


def test_a_new_question_without_a_default_is_refused(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(house, "0.1.0", monkeypatch)
    commit(house, {"copier.yml": str(HOUSE["copier.yml"]) + "colour: {type: str}\n"})
    monkeypatch.setattr(release, "__version__", "0.2.0")
    with pytest.raises(UsageError, match="question colour has no answer and no default"):
        cut_release(house, "0.2.0")


def test_what_would_overwrite_a_teams_own_file_is_refused(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(house, "0.1.0", monkeypatch)
    seeded = "{path: src/*/data.py, ownership: seeded"
    assert seeded in PACK[OWNERSHIP]
    taken = PACK[OWNERSHIP].replace(seeded, "{path: src/*/data.py, ownership: managed")
    commit(house, {"template/src/p/data.py": "rows = 2\n", OWNERSHIP: taken})
    monkeypatch.setattr(release, "__version__", "0.2.0")
    with pytest.raises(Refused, match=r"a project of 0\.1\.0 could not take it: src/p/data\.py"):
        cut_release(house, "0.2.0")


@pytest.mark.parametrize(("since", "refused"), [("", True), ("enforce_from: 2199-01-01\n", False)])
def test_policy_that_fails_projects_from_one_day_to_the_next_is_refused(
    since: str, refused: bool, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(house, "0.1.0", monkeypatch)
    commit(house, {f"{POLICY}/controls/NEW-01.yaml": NEW_01.format(since=since)})
    if refused:
        monkeypatch.setattr(release, "__version__", "0.2.0")
        with pytest.raises(Refused, match=r"would fail from the day it takes it: NEW-01/named"):
            cut_release(house, "0.2.0")
    else:
        cut(house, "0.2.0", monkeypatch)
    assert len(read_index(house)) == (1 if refused else 2)


def test_a_policy_that_cannot_judge_is_refused(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(house, "0.1.0", monkeypatch)
    commit(house, {f"{POLICY}/facts.yaml": "- not a mapping\n"})
    monkeypatch.setattr(release, "__version__", "0.2.0")
    with pytest.raises(Refused, match=r"could not be judged: policy/facts\.yaml"):
        cut_release(house, "0.2.0")


def test_a_second_release_is_appended(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(house, "0.1.0", monkeypatch)
    first = read_index(house)[0]
    commit(house, {"template/g": "new\n"})
    cut(house, "0.10.0", monkeypatch)
    assert read_index(house)[0] == first
    assert [entry.version for entry in read_index(house)] == ["0.1.0", "0.10.0"]
    assert check_releases(house) == 2


def test_what_this_repository_carries_is_what_it_cut() -> None:
    entries = read_index(CHECKOUT)
    assert entries
    if git(CHECKOUT, "rev-parse", "--is-shallow-repository") == b"true\n":
        pytest.skip("a shallow clone lacks the commits that releases were cut from")
    assert check_releases(CHECKOUT) == len(entries)
