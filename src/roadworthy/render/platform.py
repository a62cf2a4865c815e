"""What `roadworthy platform init` says, in a few lines and as JSON."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict

from roadworthy.core.templates.made import Platform


def platform_json(made: Platform) -> str:
    """Return the machine form, schema `platform-init/v1`."""
    return json.dumps({"schema": "platform-init/v1", **asdict(made)}, indent=1, sort_keys=True)


def platform_text(made: Platform) -> str:
    """Return what a person reads."""
    commit = f", committed as {made.commit}" if made.commit else ""
    origin = f"from {made.source} {made.release}"
    first = f"Made {made.destination}: the platform {made.name}, {made.files} files, {origin}{commit}."
    notes = [f"Note: {note}." for note in made.notes]
    steps = (f"cd {shlex.quote(made.destination)}", "make test", "git tag -a v1.0.0 -m 'First release'")
    return "\n".join([first, *notes, "", "Next:", *(f"  {step}" for step in steps)])
