"""What this platform promises: projects of every tier are whole, owned, and conform to its own policy."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

PLATFORM = Path(__file__).resolve().parents[1]
# One set of answers per tier, in every shape that changes which files arrive. Add your own.
RUBRIC = ("impact", "autonomy", "reversibility", "regulatory", "scale")
TIERS = {"low": "00000", "moderate": "12011", "high": "23112", "critical": "32232"}
SHAPES = ({"mode": "online", "ci": "github"}, {"mode": "batch", "ci": "gitlab", "sample": "false"})


def roadworthy(*arguments: str) -> tuple[int, Any]:
    """Run the tool, with this platform trusted; return its exit code and what it answers."""
    trust = {**os.environ, "ROADWORTHY_TRUSTED_SOURCES": str(PLATFORM)}
    done = subprocess.run(("roadworthy", *arguments, "--json"), env=trust, capture_output=True, text=True)
    if not done.stdout:
        raise AssertionError(done.stderr)
    return done.returncode, json.loads(done.stdout)


def make(folder: Path, answers: dict[str, str], *more: str) -> Any:
    """Make a project of this platform as it is now, uncommitted changes included."""
    given = [f"--data={key}={value}" for key, value in answers.items()]
    code, made = roadworthy("new", str(folder), "--source", str(PLATFORM), "--defaults", *given, *more)
    assert code == 0, made
    return made


def check(project: Path) -> tuple[int, list[str]]:
    """Judge a project by this platform's policy; return the exit code and what fails."""
    code, report = roadworthy("check", str(project), "--policy", str(PLATFORM / "policy"))
    bad = [each for each in report["controls"] if each["verdict"] in ("fail", "unknown")]
    return code, [each["id"] for each in bad]


class Projects(unittest.TestCase):
    """Every tier in every shape."""

    def setUp(self) -> None:
        """Give each test a folder of its own."""
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)

    def test_each_is_born_conforming(self) -> None:
        for tier, scores in TIERS.items():
            for number, shape in enumerate(SHAPES):
                answers = {**dict(zip(RUBRIC, scores, strict=True)), "circumstances": "[]", **shape}
                with self.subTest(tier=tier, **shape):
                    project = self.folder / f"{tier}-{number}"
                    assert make(project, answers)["tier"] == tier
                    assert check(project) == (0, []), check(project)

    def test_each_file_has_an_owner(self) -> None:
        files = make(self.folder / "project", {}, "--dry-run")["files"]
        assert len(files) > 50
        strangers = [file["path"] for file in files if file["ownership"] == "unclaimed"]
        assert strangers == [], strangers

    def test_what_is_taken_away_is_noticed(self) -> None:
        project = self.folder / "project"
        made = make(project, {})
        managed = [file["path"] for file in made["files"] if file["ownership"] == "managed"]
        taken = next(path for path in managed if path.endswith(".py"))
        (project / taken).unlink()
        assert check(project) == (1, ["GOV-06"]), check(project)


if __name__ == "__main__":
    unittest.main()
