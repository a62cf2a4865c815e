"""What `roadworthy platform init` says, in a few lines."""

from __future__ import annotations

import shlex

from roadworthy.core.templates.made import Platform


def platform_text(made: Platform) -> str:
    """Return what a person reads."""
    commit = f", committed as {made.commit}" if made.commit else ""
    origin = f"from {made.source} {made.release}"
    first = f"Made {made.destination}: the platform {made.name}, {made.files} files, {origin}{commit}."
    notes = [f"Note: {note}." for note in made.notes]
    steps = (f"cd {shlex.quote(made.destination)}", "make test", "git tag -a v1.0.0 -m 'First release'")
    return "\n".join([first, *notes, "", "Next:", *(f"  {step}" for step in steps)])
