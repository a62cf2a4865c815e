"""Renders of frozen releases, remembered: a dry run pays for the update that follows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from roadworthy import __version__
from roadworthy.adapters.memory import recall, remember
from roadworthy.commands.recorded import Recorded
from roadworthy.commands.rendering import NOTHING, Rendering, opened, render_side
from roadworthy.commands.source import demand_trusted
from roadworthy.core.templates.source import Source
from roadworthy.core.templates.tree import from_row, to_row


def remembered_side(
    recorded: Recorded, spec: str, release: str, *, folder: str, given: Mapping[str, Any] = NOTHING
) -> Rendering:
    """Return what `render_side` returns, without rendering again what was rendered before."""
    demand_trusted(spec)
    source = opened(spec, release)
    asked = [recorded.answers_file, recorded.answers, given, folder]
    key = hashlib.sha256(json.dumps([__version__, *_names(source), *asked], sort_keys=True).encode())
    known = recall("render", key.hexdigest()) if source.identity else None
    if known is not None:
        files = {path: from_row(row) for path, row in known.pop("files").items()}
        return Rendering(source=source, files=files, **known, lasting=True)
    made = render_side(recorded, spec, release, folder=folder, given=given)
    if made.lasting:
        remember("render", key.hexdigest(), _document(made))
    return made


def _names(source: Source) -> tuple[str, str, str, str | None]:
    return source.identity, source.src_path, source.release, source.commit


def _document(made: Rendering) -> dict[str, Any]:
    files = {path: to_row(file) for path, file in made.files.items()}
    fields = ("answers", "kinds", "template_digest", "notes")
    return {"files": files, **{name: getattr(made, name) for name in fields}}
