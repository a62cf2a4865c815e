"""Extensions: which of those installed the reviewer allows, and what their code says of a project."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from fnmatch import translate
from typing import Any

from roadworthy.adapters.config import read_configuration
from roadworthy.adapters.executor import Limits, attempt
from roadworthy.adapters.extensions import canonical, function_of, installed
from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.expressions.fact_schema import Type, unfit
from roadworthy.core.packs.extension import FACTS, OWN, Extension
from roadworthy.errors import UsageError

LIMITS = Limits(
    wall_seconds=5, cpu_seconds=5, memory_bytes=1 << 30, answer_bytes=1 << 19, what="it", alone=True
)
MOST_BYTES = 64 << 10
KEPT = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"}


def allowed_extensions() -> tuple[tuple[Extension, ...], tuple[str, ...]]:
    """Return the allowed extensions, and a line for each other one. Raises UsageError when one is missing."""
    found, allowed = installed(), [_pinned(each) for each in read_configuration().extensions]
    for name, version in allowed:
        if not any(each.distribution == name and version in ("", each.version) for each in found):
            there = next((f"{each.version} is" for each in found if each.distribution == name), "none is")
            raise UsageError(
                f"the extension {name}{' ' * bool(version)}{version} is allowed, but {there} installed",
                f"pip install {name}{'==' * bool(version)}{version}, or take it off the list",
            )
    names = {name for name, _ in allowed}
    chosen = tuple(each for each in found if each.distribution in names)
    bare = next((each for each in chosen if FACTS not in each.files), None)
    if bare:
        raise UsageError(
            f"extension {bare.name}: no {FACTS} beside {bare.target}", "install it as files: not editable"
        )
    return chosen, tuple(
        f"installed and not allowed, so not loaded: extension {each.name}"
        for each in found
        if each not in chosen
    )


def _pinned(entry: str) -> tuple[str, str]:
    name, _, version = entry.partition("==")
    return canonical(name.strip()), version.strip()


def facts_of(extension: Extension, snapshot: Snapshot, type_: Type) -> dict[str, Any]:
    """Return what an extension says of a project, or why that is unknown: no answer, or not of its types."""
    wanted = [re.compile(translate(pattern)).match for pattern in extension.reads]
    named = [path for path in snapshot.paths if any(match(path) for match in wanted)]
    files = {path: data for path in named if isinstance(data := snapshot.read(path), bytes)}
    said, reason = attempt(lambda: _said(extension, files), LIMITS)
    facts, problem = _fitting(said, type_, extension.root) if not reason else ({}, reason)
    if problem:
        return {"available": False, "reason": f"extension {extension.name}: {problem}"}
    return {**facts, "available": True, "reason": ""}


def _said(extension: Extension, files: Mapping[str, bytes]) -> str:
    """In the child: run the extension's function, with nothing in the environment that could be a secret."""
    for name in os.environ.keys() - KEPT:
        del os.environ[name]
    return json.dumps(function_of(extension)(files))


def _fitting(said: Any, type_: Type, root: str) -> tuple[dict[str, Any], str]:
    if not isinstance(said, str) or len(said) > MOST_BYTES:
        return {}, f"its answer is larger than {MOST_BYTES:,} characters"
    try:
        facts = parse("answer.json", said.encode())
    except (ParseError, UnicodeEncodeError) as error:
        return {}, f"its answer cannot be read: {error}"
    own = Type(fields={name: each for name, each in type_.fields.items() if name not in OWN})
    problem = unfit(facts, own, root)
    return facts, f"its answer is not of its own types: {problem}" if problem else ""
