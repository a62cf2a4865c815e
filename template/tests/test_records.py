"""Records: one byte form, added and never edited, and what git knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Project
from project import module


def test_canonical_bytes_do_not_depend_on_order() -> None:
    records = module("pipeline.records")
    assert (
        records.canonical({"b": 1, "a": "ü"})
        == records.canonical({"a": "ü", "b": 1})
        == '{"a":"ü","b":1}'.encode()
    )


def test_a_record_is_added_once_and_never_edited(ran: Project) -> None:
    records, file = module("pipeline.records"), ran.path("governance", "runs", "x.json")
    records.write_record(file, {"value": 1})
    records.write_record(file, {"value": 1})
    with pytest.raises(module("pipeline.outcome").Refused, match="add-only"):
        records.write_record(file, {"value": 2})
    assert records.read_record(file) == {"value": 1}
    assert file.read_bytes() == b'{\n "value": 1\n}\n'


@pytest.mark.parametrize("text", ["", "{", "[]", "1"])
def test_a_broken_record_is_refused(ran: Project, text: str) -> None:
    file = ran.path("governance", "runs", "x.json")
    file.write_text(text)
    with pytest.raises(module("pipeline.outcome").Refused, match="record"):
        module("pipeline.records").read_record(file)


def test_records_do_not_make_a_tree_dirty_but_code_does(ran: Project) -> None:
    records = module("pipeline.records")
    ran.path("governance", "runs", "x.json").write_text("{}\n")
    assert not records.code().dirty
    ran.path("policy", "new.yaml").write_text("a: 1\n")
    assert records.code().dirty


def test_a_project_outside_git_is_refused_with_the_way_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(module("pipeline.outcome").Refused) as caught:
        module("pipeline.records").git("rev-parse", "HEAD", cwd=Path("/"))
    assert "git init" in caught.value.repair


def test_the_project_is_found_from_a_folder_inside_it(ran: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROJECT_ROOT")
    monkeypatch.chdir(ran.path("policy"))
    assert module("pipeline.settings").root() == ran.root


def test_outside_a_project_the_refusal_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROJECT_ROOT")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(module("pipeline.outcome").Refused, match="no project here"):
        module("pipeline.settings").root()


@pytest.mark.parametrize("text", ["- a list", "a: [", ""])
def test_a_policy_that_is_no_mapping_is_refused(ran: Project, text: str) -> None:
    ran.path("policy", "data.yaml").write_text(text)
    with pytest.raises(module("pipeline.outcome").Refused):
        module("pipeline.settings").policy("data")
