"""What was made, in a few lines: a project, or what a dry run would make of it; a platform's repository."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable

from roadworthy.core.templates.made import Platform, Project


def new_text(project: Project) -> str:
    """Return what a person reads of a project."""
    tier = f", tier {project.tier}" if project.tier else ""
    origin = f"from {project.source} {project.release}"
    if project.dry_run:
        return "\n".join(_would_make(project, f"{tier}, {origin}"))
    first = f"Made {project.destination}: {len(project.files)} files{tier}, {origin}"
    return _made(first, project, project.next)


def platform_text(made: Platform) -> str:
    """Return what a person reads of a platform's repository."""
    origin = f"from {made.source} {made.release}"
    first = f"Made {made.destination}: the platform {made.name}, {made.files} files, {origin}"
    steps = (f"cd {shlex.quote(made.destination)}", "make test", "git tag -a v1.0.0 -m 'First release'")
    return _made(first, made, steps)


def _made(first: str, made: Project | Platform, steps: Iterable[str]) -> str:
    commit = f", committed as {made.commit}" if made.commit else ""
    return "\n".join([f"{first}{commit}.", *_notes(made), "", "Next:", *(f"  {step}" for step in steps)])


def _would_make(project: Project, origin: str) -> list[str]:
    counts = Counter(file.ownership for file in project.files if file.ownership)
    owned = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
    total = f"{len(project.files)} files{f' ({owned})' if owned else ''}{origin}."
    return [*_table(project), "", total, *_notes(project), f"Nothing was written to {project.destination}."]


def _table(project: Project) -> list[str]:
    path_width = max((len(file.path) for file in project.files), default=0)
    kind_width = max((len(file.ownership) for file in project.files), default=0)
    return [
        f"{file.path:<{path_width}}  {file.ownership:<{kind_width}}  {file.purpose}".rstrip()
        for file in project.files
    ]


def _notes(made: Project | Platform) -> list[str]:
    return [f"Note: {note}." for note in made.notes]
