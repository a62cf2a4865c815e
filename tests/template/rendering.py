"""Rendering the template with plain Copier, once per set of answers and test session."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import copier
import yaml

from tests.template.matrix import Answers

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template"
OWNERSHIP = ROOT / "src" / "roadworthy" / "policy" / "ownership.yaml"


@dataclass(frozen=True)
class Project:
    """A rendered project: its folder, what Copier knew while rendering, and its files."""

    folder: Path
    context: Mapping[str, Any]
    files: Mapping[str, bytes]

    def text(self, path: str) -> str:
        """One file as text."""
        return self.files[path].decode("utf-8")

    def yaml(self, path: str) -> Any:
        """One file as parsed YAML."""
        return yaml.safe_load(self.text(path))

    @property
    def tier(self) -> str:
        """The tier it was rendered for."""
        return str(self.context["tier"])


class Renders:
    """Renders of the template as it stands in the work tree; equal answers are rendered once."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.source = home / "source"
        for path in ("../copier.yml", *sources()):
            (self.source / "template" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / path, self.source / "template" / path)
        self.known: dict[str, Project] = {}

    def __call__(self, answers: Answers) -> Project:
        key = repr(sorted(answers.items()))
        if key not in self.known:
            self.known[key] = self._render(answers)
        return self.known[key]

    def _render(self, answers: Answers) -> Project:
        folder = Path(tempfile.mkdtemp(dir=self.home))
        worker = copier.run_copy(str(self.source), folder, data=dict(answers), defaults=True, quiet=True)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        return Project(folder, dict(worker.answers.combined), files)


@cache
def sources() -> tuple[str, ...]:
    """Every file of the template that git does not ignore, relative to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True, check=True).stdout.split(
        "\0"
    )
    return tuple(sorted(path for path in listed if (TEMPLATE / path).is_file()))
