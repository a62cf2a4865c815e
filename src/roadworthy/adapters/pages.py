"""Generated pages on this machine: read what is there, write what differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def read_pages(folder: str, names: tuple[str, ...]) -> dict[str, str]:
    """Return the text of those pages that are there."""
    paths = {name: Path(folder, name) for name in names}
    return {name: path.read_text("utf-8") for name, path in paths.items() if path.is_file()}


def write_pages(folder: str, pages: Mapping[str, str]) -> None:
    """Write pages, making folders as needed."""
    for name, text in pages.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


def unexpected_pages(folder: str, under: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return Markdown files directly in a sub-folder that no page is named after."""
    there = Path(folder, under)
    found = (f"{under}/{path.name}" for path in there.glob("*.md")) if there.is_dir() else ()
    return tuple(sorted(set(found) - set(names)))
