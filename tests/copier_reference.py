"""The reference renderer of the tests: Copier's public `run_copy`, run on a template written to disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import copier

from roadworthy.adapters.git.sources import read_folder
from roadworthy.adapters.workplace import write_tree
from roadworthy.core.templates.template import File, Run, Tree, load_template, render, resolve


def files(texts: Mapping[str, Any]) -> dict[str, File]:
    """Return a tree from texts, or from mappings of text, bytes, executable and link."""
    return {
        path: _file(each if isinstance(each, Mapping) else {"text": each}) for path, each in texts.items()
    }


def write_over(folder: Path, tree: Tree) -> None:
    """Write a tree into a folder that may hold an older one."""
    for path in tree:
        (folder / path).unlink(missing_ok=True)
    write_tree(folder, tree)


def by_copier(tree: Tree, place: Path, data: Mapping[str, Any], folder: str = "made") -> dict[str, File]:
    """Return what Copier makes of a template."""
    template, made = place / "template", place / folder
    if not template.exists():
        write_tree(template, tree)
    copier.run_copy(
        str(template),
        str(made),
        data=dict(data),
        settings=copier.Settings(),
        defaults=True,
        skip_tasks=True,
        quiet=True,
    )
    return read_folder(made)


def by_us(tree: Tree, place: Path, data: Mapping[str, Any], folder: str = "made") -> dict[str, File]:
    """Return what our renderer makes of the same template, had it been rendered from the same place."""
    template = load_template(tree)
    run = Run(src_path=str(place / "template"), folder=folder)
    return render(template, resolve(template, data, run=run))


def _file(facts: Mapping[str, Any]) -> File:
    data = facts.get("bytes", str(facts.get("text", "")).encode())
    return File(data=data, executable=facts.get("executable", False), link=facts.get("link"))
