"""A project on disk under a test's hands: read, written, and under a real git."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class WorkingTree:
    """A folder that may be a git repository."""

    path: Path

    def read(self, name: str) -> dict[str, Any]:
        """Return a record or a policy."""
        data = (self.path / name).read_bytes()
        value = json.loads(data) if name.endswith(".json") else yaml.safe_load(data)
        assert isinstance(value, dict)
        return value

    def write(self, name: str, content: str | bytes | Mapping[str, Any]) -> None:
        """Write a file: text, bytes, or a record in the form its name asks for."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Mapping):
            as_json = json.dumps(content, sort_keys=True, indent=1) + "\n"
            content = as_json if name.endswith(".json") else yaml.safe_dump(dict(content), sort_keys=False)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def git(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run git in the project."""
        command = ("git", "-c", "commit.gpgsign=false", "-c", "gc.auto=0", *arguments)
        done = subprocess.run(
            command, cwd=self.path, env={**os.environ, **(env or {})}, capture_output=True, check=True
        )
        return done.stdout.decode().strip()
