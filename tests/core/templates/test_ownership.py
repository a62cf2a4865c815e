"""Ownership of generated files: globs, the first match, and every rendered path claimed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from roadworthy.commands.source import open_source, project_of
from roadworthy.core.templates.ownership import KINDS, ownership_of
from roadworthy.core.templates.source import OWNERSHIP

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("glob", "claimed", "not_claimed"),
    [
        ("README.md", ["README.md"], ["docs/README.md", "README.mdx"]),
        ("src/*/data.py", ["src/a/data.py"], ["src/data.py", "src/a/b/data.py"]),
        ("src/**/x.py", ["src/x.py", "src/a/b/x.py"], ["src/ax.py"]),
        ("tests/", ["tests/a", "tests/a/b"], ["tests", "mytests/a"]),
        ("deploy/**", ["deploy/a", "deploy/a/b"], ["deploy"]),
        ("v?.[ch]", ["v1.[ch]"], ["v1.c", "v12.[ch]"]),
    ],
)
def test_globs(glob: str, claimed: list[str], not_claimed: list[str]) -> None:
    manifest = {"files": [{"path": glob, "ownership": "managed", "purpose": "p"}]}
    assert [ownership_of(path, manifest).kind for path in claimed] == ["managed"] * len(claimed)
    assert [ownership_of(path, manifest).kind for path in not_claimed] == ["unclaimed"] * len(not_claimed)


def test_the_first_match_wins() -> None:
    rows = [("a/b", "seeded"), ("a/**", "managed")]
    manifest = {"files": [{"path": path, "ownership": kind, "purpose": kind} for path, kind in rows]}
    assert ownership_of("a/b", manifest).purpose == "seeded"
    assert ownership_of("a/c", manifest).purpose == "managed"


@pytest.mark.parametrize("impact", [0, 3])
@pytest.mark.parametrize("mode", ["online", "batch"])
@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_every_rendered_file_is_claimed_with_a_purpose(impact: int, mode: str, ci: str) -> None:
    source = open_source(str(CHECKOUT))
    light = dict.fromkeys(("impact", "autonomy", "reversibility", "regulatory", "scale"), impact)
    answers = {**light, "mode": mode, "ci": ci, "circumstances": [] if impact == 0 else ["annex_iii"]}
    files = project_of(source, answers).files
    manifest = yaml.safe_load(source.tree[OWNERSHIP].data)
    owned = {path: ownership_of(path, manifest) for path in files}
    assert len(owned) > 20
    assert [path for path, own in owned.items() if own.kind not in KINDS or not own.purpose] == []
