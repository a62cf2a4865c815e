"""The files of a policy pack: the one that ships with the engine, or a reviewer's own folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from roadworthy import policy
from roadworthy.errors import UsageError

BUILT_IN = os.path.dirname(policy.__file__)
# The built-in pack as `tools/generate.py` read and proved it: reading YAML is most of opening a pack.
READ = f"{os.path.dirname(BUILT_IN)}/pack.json"


def read_policy(folder: str | None = None) -> dict[str, bytes]:
    """Return every file of a policy folder by its relative path; without a name, of the built-in one."""
    root = folder or BUILT_IN
    if not os.path.isfile(f"{root}/pack.yaml"):
        raise UsageError(f"no policy pack at {root}", "name a folder that holds pack.yaml")
    return {path: Path(root, path).read_bytes() for path in sorted(_files(root, ""))}


def _files(root: str, prefix: str) -> Iterator[str]:
    with os.scandir(f"{root}/{prefix}") as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(root, f"{prefix}{entry.name}/")
            elif entry.name.endswith((".yaml", ".json")) and entry.is_file():
                yield prefix + entry.name


def as_read(digest: str, parsed: dict[str, Any]) -> str:
    """Return the text of a pack that was read: its digest, then a line for each file."""
    rows = ",\n".join(f"{json.dumps(path)}: {json.dumps(value)}" for path, value in parsed.items())
    return f"{digest}\n{{{rows}}}\n"


def already_read(digest: str) -> dict[str, Any] | None:
    """Return the parsed files of a pack, if it is the one that this installation carries read and proved."""
    try:
        with open(READ, encoding="utf-8") as file:
            found: dict[str, Any] | None = json.load(file) if file.readline() == f"{digest}\n" else None
            return found
    except OSError:
        return None
