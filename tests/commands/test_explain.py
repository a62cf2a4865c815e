"""`roadworthy explain`: a control or one of its checks, in words, without a project."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from roadworthy.commands.explain import explain
from roadworthy.errors import UsageError
from roadworthy.render.explain import WIDTH, explain_text


def said(name: str, as_of: str = "2026-11-20") -> str:
    """What is printed of a control or check."""
    found = explain(name)
    return explain_text(found.control, found.check, found.frameworks, as_of)


def test_a_control_is_told_whole() -> None:
    lines = said("rel-03").splitlines()
    assert lines[0].startswith("REL-03  ")
    for start in ("why ", "applies ", "passes when", "  known-good", "fix ", "run ", "supports (never"):
        assert any(line.startswith(start) for line in lines), start
    assert all(len(line) <= WIDTH for line in lines)
    assert "STALE" not in "".join(lines)


def test_one_check_alone() -> None:
    whole, alone = said("REL-03"), said("REL-03/known-good")
    others = [check.id for check in explain("REL-03").control.checks if check.id != "known-good"]
    assert others
    assert "  known-good" in alone
    assert all(f"  {each}" in whole and f"  {each}" not in alone for each in others)


def test_a_map_past_its_review_is_stale() -> None:
    assert "; STALE: review" in said("REL-03", as_of="2099-01-01")


def test_a_command_stays_in_one_piece() -> None:
    found = explain("APPR-03").control
    long = "gh api " + "--field name=value " * 8
    told = explain_text(
        replace(found, remediation=replace(found.remediation, command=long)), "", {}, "2026-11-20"
    )
    assert f"run          {long.strip()}" in [line.strip() for line in told.splitlines()]


@pytest.mark.parametrize(
    ("name", "text"), [("NOPE-01", "no control NOPE-01"), ("REL-03/nope", "no check nope")]
)
def test_what_is_not_there_is_named(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        explain(name)
    assert caught.value.hint.startswith("one of: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_disk_under_the_output_is_told_and_is_no_bug() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "roadworthy", "explain", "REL-03"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("roadworthy: standard output cannot be written: No space left on device\n")
