"""Every render: nothing left over, everything parses, every file owned, ceremony in proportion."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from roadworthy import __version__
from roadworthy.core.templates.ownership import KINDS, UNCLAIMED, ownership_of
from tests.template.matrix import FACTORS, SHAPES, TIERS, every_tier, pairwise, tier_answers
from tests.template.rendering import OWNERSHIP, TEMPLATE, Project, Renders, sources

LEFT_OVER = re.compile(r"\[%|%\]|\[\[ | \]\]|\[#|#\]")
MANIFEST: Any = yaml.safe_load(OWNERSHIP.read_text("utf-8"))


def everything(matrix: list[Project]) -> list[tuple[str, bytes]]:
    """Every file of every render; there are hundreds, or the test has nothing to say."""
    files = [
        (f"{project.folder.name}:{path}", data) for project in matrix for path, data in project.files.items()
    ]
    assert len(files) > 1000
    return files


def test_every_pair_of_answers_occurs() -> None:
    rows = pairwise(FACTORS)
    for one, other in [
        ("impact", "scale"),
        ("mode", "ci"),
        ("circumstances", "reversibility"),
        ("name", "sample"),
    ]:
        wanted = len(FACTORS[one]) * len(FACTORS[other])
        assert len({(repr(row[one]), repr(row[other])) for row in rows}) == wanted


def test_no_delimiter_is_left_in_any_file(matrix: list[Project]) -> None:
    found = [name for name, data in everything(matrix) if LEFT_OVER.search(data.decode("utf-8"))]
    assert found == []


def test_no_delimiter_is_left_in_any_path(matrix: list[Project]) -> None:
    paths = {path for project in matrix for path in project.files}
    assert len(paths) > 40
    assert [path for path in paths if re.search(r"[\[\]%{}]|\.jinja", path)] == []


def test_every_text_file_ends_with_one_newline_and_no_blank_run(matrix: list[Project]) -> None:
    untidy = re.compile(rb"\A\n|[^\n]\Z|\n\n\Z|[ \t]\n")
    found = {name.split(":")[1] for name, data in everything(matrix) if untidy.search(data)}
    assert found == set()


def test_structured_files_parse(matrix: list[Project]) -> None:
    parsers: dict[str, Callable[[str], Any]] = {
        ".yaml": _yaml,
        ".yml": _yaml,
        ".json": json.loads,
        ".toml": tomllib.loads,
    }
    parsed = 0
    for name, data in everything(matrix):
        if parse := parsers.get(PurePosixPath(name).suffix):
            assert parse(data.decode("utf-8")) is not None, name
            parsed += 1
    assert parsed > 500


def _yaml(text: str) -> Any:
    return list(yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def test_the_tool_is_the_one_that_the_template_belongs_to(matrix: list[Project]) -> None:
    """A platform counts its own releases, so the release that a project records names no engine."""
    for project in matrix:
        assert f"$(or $(ROADWORTHY_PACKAGE),roadworthy=={__version__})" in project.text("Makefile")


def test_no_jinja_in_python() -> None:
    python = [path for path in sources() if path.endswith((".py", ".py.jinja"))]
    assert len(python) > 20
    assert [path for path in python if path.endswith(".jinja")] == []
    assert [path for path in python if LEFT_OVER.search((TEMPLATE / path).read_text("utf-8"))] == []


def test_each_file_has_one_owner(matrix: list[Project]) -> None:
    for path in sorted({path for project in matrix for path in project.files}):
        claims = [row["path"] for row in MANIFEST["files"] if _claims(row, path)]
        assert len(claims) == 1, f"{path} is claimed by {claims}"
        assert ownership_of(path, MANIFEST).kind != "record", f"{path} is rendered, so it is no record"


def test_each_owner_has_a_file_and_a_purpose(matrix: list[Project]) -> None:
    paths = {path for project in matrix for path in project.files}
    for row in MANIFEST["files"]:
        assert row["ownership"] in KINDS
        assert 8 < len(row["purpose"]) < 110, row
        assert any(_claims(row, path) for path in paths) == (row["ownership"] != "record"), row["path"]


def _claims(row: dict[str, str], path: str) -> bool:
    return ownership_of(path, {"files": [row]}).kind != UNCLAIMED.kind


@pytest.mark.parametrize("shape", SHAPES, ids="-".join)
def test_low_is_lighter_than_critical(render: Renders, shape: tuple[str, str]) -> None:
    files = [set(render(tier_answers(tier, *shape)).files) for tier in TIERS]
    low, moderate, high, critical = files
    assert low < moderate <= high <= critical, "a higher tier takes nothing away"
    assert len(low) <= 0.75 * len(critical), "a low-tier project must feel light"


def test_defaults_are_the_sample_project(render: Renders) -> None:
    project = render({})
    assert project.tier == "critical"
    assert project.context["package"] == "credit_decision"
    assert "sample/life.py" in project.files
    without = render({"sample": False}).files
    assert [path for path in without if path.startswith("sample/")] == []


@pytest.mark.parametrize("answers", every_tier(), ids=lambda answers: f"{answers['mode']}-{answers['ci']}")
def test_one_ci_and_its_tier(render: Renders, answers: dict[str, Any]) -> None:
    project = render(answers)
    expected = next(tier for tier, rubric in TIERS.items() if rubric.items() <= answers.items())
    assert project.tier == expected
    assert (".gitlab-ci.yml" in project.files) == (answers["ci"] == "gitlab")
    assert any(path.startswith(".github/") for path in project.files) == (answers["ci"] == "github")
    lock = project.yaml(".roadworthy/lock.yaml")
    assert (lock["tier"], lock["obligations"]) == (expected, project.context["obligations"])
