"""What `roadworthy new` says."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module

from roadworthy.core.templates.made import MadeFile, Project
from roadworthy.render import as_json
from roadworthy.render.made import new_text

PROJECT = Project(
    destination="credit",
    source="builtin",
    release="0.1.0",
    tier="critical",
    files=(
        MadeFile(path="Makefile", ownership="merged", purpose="one target per stage"),
        MadeFile(path="src/credit/data.py", ownership="seeded", purpose="reads the data"),
        MadeFile(path="policy/gates.yaml", ownership="merged", purpose="thresholds"),
    ),
    dry_run=False,
    commit="abc1234",
    notes=("git slept",),
    next=("cd credit", "make life", "make check"),
)


def test_a_made_project_in_a_few_lines() -> None:
    assert new_text(PROJECT).splitlines() == [
        "Made credit: 3 files, tier critical, from builtin 0.1.0, committed as abc1234.",
        "Note: git slept.",
        "",
        "Next:",
        "  cd credit",
        "  make life",
        "  make check",
    ]


def test_a_dry_run_is_an_aligned_table_with_its_totals() -> None:
    assert new_text(replace(PROJECT, dry_run=True, notes=())).splitlines() == [
        "Makefile            merged  one target per stage",
        "src/credit/data.py  seeded  reads the data",
        "policy/gates.yaml   merged  thresholds",
        "",
        "3 files (2 merged, 1 seeded), tier critical, from builtin 0.1.0.",
        "Nothing was written to credit.",
    ]


def test_a_source_that_says_nothing_of_owners_shows_paths() -> None:
    files = (MadeFile(path="a"), MadeFile(path="b"))
    said = new_text(replace(PROJECT, files=files, tier="", dry_run=True, notes=()))
    assert said.splitlines()[:4] == ["a", "b", "", "2 files, from builtin 0.1.0."]


def test_the_machine_form_has_a_schema_and_every_field() -> None:
    import_module("roadworthy.render.json")  # of the library's name, it once took its place in the package
    said = json.loads(as_json("new/v1", PROJECT))
    assert said["schema"] == "new/v1"
    assert said["files"][1] == {
        "path": "src/credit/data.py",
        "ownership": "seeded",
        "purpose": "reads the data",
    }
    assert said.keys() > {"destination", "release", "tier", "commit", "notes", "next", "dry_run"}
