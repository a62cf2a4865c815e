"""A project as a mapping of paths to text, as the fact functions see it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from roadworthy.core.documents.snapshot import Snapshot


def snapshot(files: Mapping[str, str | bytes], refused: Mapping[str, str] | None = None) -> Snapshot:
    """Return a snapshot of some files."""
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    sizes = {path: len(each) for path, each in data.items()}
    return Snapshot(sizes=sizes, refused=dict(refused or {}), reader=data.__getitem__, source={})


def read_folder(root: Path) -> dict[str, bytes]:
    """Return the files of a folder by path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
