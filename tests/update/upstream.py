"""Releases that never were: 0.1.0 as it was cut, and what a test wants to come after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from roadworthy.adapters.git import git, isolated
from roadworthy.commands.source import open_source
from roadworthy.core.templates.source import POLICY
from tests.update.world import WHO, commit_all, repository

# A control that nobody named after the sample project passes; `since` is a line, or nothing.
NEW_01 = """\
id: NEW-01
title: Named after the firm
intent: Whoever meets the system knows whose it is.
severity: low
version: 1
announced: 2026-11-20
{since}checks:
  - id: named
    title: the name starts with the firm's
    grade: derived
    expression: project.name.startsWith("acme-")
    message: '"the name is " + project.name'
remediation: {{effort: minutes, text: Name it after the firm.}}
cases:
  - {{name: ours, expect: pass, given: {{project.name: acme-credit}}}}
  - {{name: somebody else's, expect: fail, given: {{project.name: credit}}}}
"""


def edit(place: Path, old: str, new: str) -> None:
    text = place.read_text("utf-8")
    assert text.count(old) == 1, f"{place} has {text.count(old)} times {old!r}"
    place.write_text(text.replace(old, new), "utf-8")


def tighten(folder: Path, tier: str, duty: str, value: int) -> None:
    """Set one number of one tier, as a person would: in its line, the others as they are."""
    place = next(
        each for each in (folder / "policy" / "tiers.yaml", folder / POLICY / "tiers.yaml") if each.is_file()
    )
    lines = place.read_text("utf-8").split("\n")
    start = lines.index(f"  {tier}:", lines.index("obligations:"))
    number = next(n for n in range(start, len(lines)) if lines[n].startswith(f"    {duty}:"))
    lines[number] = f"    {duty}: {value}"
    place.write_text("\n".join(lines), "utf-8")
    assert yaml.safe_load(place.read_text("utf-8"))["obligations"][tier][duty] == value


def release(folder: Path, tag: str) -> None:
    commit_all(folder, f"Release {tag}")
    git(folder, "tag", "-a", tag, "-m", tag, env=isolated(WHO))


def upstream(home: Path, changes: Mapping[str, tuple[str, str]]) -> Path:
    """Roadworthy's own repository as somebody might fork it: 0.1.0, and a made-up release that follows it."""
    folder = home / "upstream"
    repository(folder, {"v0.1.0": open_source("builtin", "0.1.0").tree})
    for path, (old, new) in changes.items():
        edit(folder / path, old, new)
    return folder
