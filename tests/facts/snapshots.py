"""A project as a mapping of paths to text, as the fact functions see it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.records import FOLDERS, Record, Shelf


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


def record(kind: str, name: str, value: dict[str, Any]) -> Record:
    """Return a record that says this, under this name."""
    folder, _, ending = FOLDERS[kind]
    path = f"governance/{folder}/{name}{ending}"
    base = {"path": path, "at": "2026-11-20T09:00:00Z"}
    return Record(kind=kind, path=path, value=value, data=b"", problems=(), base=base)


def shelf(**kinds: list[Record]) -> Shelf:
    """Return a shelf with these records on it."""
    return Shelf(
        kinds={kind: tuple(kinds.get(kind, ())) for kind in FOLDERS}, invalid=(), revoked=frozenset()
    )
