"""What `roadworthy new` says: a made project in a few lines, a dry run as a table."""

from __future__ import annotations

from collections import Counter

from roadworthy.core.templates.made import Project


def new_text(project: Project) -> str:
    """Return what a person reads."""
    return "\n".join(_would_make(project) if project.dry_run else _made(project))


def _made(project: Project) -> list[str]:
    tier = f", tier {project.tier}" if project.tier else ""
    commit = f", committed as {project.commit}" if project.commit else ""
    first = f"Made {project.destination}: {len(project.files)} files{tier}, from {_origin(project)}{commit}."
    notes = [f"Note: {note}." for note in project.notes]
    return [first, *notes, "", "Next:", *(f"  {command}" for command in project.next)]


def _would_make(project: Project) -> list[str]:
    tier = f", tier {project.tier}" if project.tier else ""
    counts = Counter(file.ownership for file in project.files if file.ownership)
    owned = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
    total = f"{len(project.files)} files{f' ({owned})' if owned else ''}{tier}, from {_origin(project)}."
    notes = [f"Note: {note}." for note in project.notes]
    return [*_table(project), "", total, *notes, f"Nothing was written to {project.destination}."]


def _table(project: Project) -> list[str]:
    path_width = max((len(file.path) for file in project.files), default=0)
    kind_width = max((len(file.ownership) for file in project.files), default=0)
    return [
        f"{file.path:<{path_width}}  {file.ownership:<{kind_width}}  {file.purpose}".rstrip()
        for file in project.files
    ]


def _origin(project: Project) -> str:
    return f"{project.source} {project.release}"
