"""Resolve a line conflict that is no conflict at key level, keeping comments and layout of both sides.

A document is cut into segments: the lines that belong to one key. Segments are merged three-way by key, put
together again, and accepted only when the result parses to exactly what `merge_values` says it must be.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any

import yaml

from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.merging.entries import STRUCTURED
from roadworthy.core.merging.keymerge import ABSENT, IDENTITIES, interleave, merge_values, same

Segments = dict[str, str]
END = "(end)"
MAX_STATEMENT_LINES = 400


class LayoutError(Exception):
    """The text does not cut into one segment per key."""


def resolve(path: str, base: bytes | None, ours: bytes, theirs: bytes) -> bytes | None:
    """Return the merged text of a structured file, or None when its keys conflict or its layout defies us."""
    if not path.endswith(STRUCTURED):
        return None
    try:
        values = [ABSENT if side is None else parse(path, side) for side in (base, ours, theirs)]
        merged = merge_values(*values)
        if merged.conflicts:
            return None
        text = _write(path, base or b"", ours, theirs, merged.value)
        return text if text is not None and same(parse(path, text), merged.value) else None
    except (ParseError, LayoutError):
        return None


def _write(path: str, base: bytes, ours: bytes, theirs: bytes, value: Any) -> bytes | None:
    if path.endswith(".json"):
        return _like(ours, value)
    cut = toml_segments if path.endswith(".toml") else yaml_segments
    return _merge_segments(*(_cut(cut, side) for side in (base, ours, theirs)))


def _like(ours: bytes, value: Any) -> bytes | None:
    """Write JSON in the layout `ours` has, if it is one that the standard writer makes."""
    text = ours.decode()
    for indent in (2, 4, 1, "\t", None):
        for ascii_only in (False, True):
            for end in ("\n", ""):
                if json.dumps(json.loads(text), indent=indent, ensure_ascii=ascii_only) + end == text:
                    return (json.dumps(value, indent=indent, ensure_ascii=ascii_only) + end).encode()
    return None


def _cut(cut: Callable[[str], Segments], side: bytes) -> Segments:
    text = side.decode()
    return cut(text if text.endswith("\n") or not text else text + "\n")


def _merge_segments(base: Segments, ours: Segments, theirs: Segments) -> bytes | None:
    merged: list[str] = []
    for key in interleave(list(ours), list(theirs)):
        b, o, t = base.get(key, ""), ours.get(key, ""), theirs.get(key, "")
        if o != t and b not in (o, t):
            return None
        merged.append(t if b == o else o)
    return "".join(merged).encode()


def yaml_segments(text: str) -> Segments:
    """Cut block YAML into segments by key path; comments and blank lines go with what follows them."""
    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise LayoutError from error
    starts: dict[int, str] = {}
    _yaml_starts(root, "", starts)
    return _segments(text, starts)


def _yaml_starts(node: yaml.Node | None, path: str, starts: dict[int, str]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{path}.{key.value}"
            starts.setdefault(key.start_mark.line, below)
            _yaml_starts(value, below, starts)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            below = f"{path}[{_identity(item) or number}]"
            starts.setdefault(item.start_mark.line, below)
            _yaml_starts(item, below, starts)


def _identity(node: yaml.Node) -> str:
    if not isinstance(node, yaml.MappingNode):
        return ""
    named = {key.value: value.value for key, value in node.value if isinstance(value, yaml.ScalarNode)}
    return next((f"{key}={named[key]}" for key in IDENTITIES if key in named), "")


def toml_segments(text: str) -> Segments:
    """Cut TOML into segments: one per table header and per key."""
    lines = text.splitlines(keepends=True)
    starts: dict[int, str] = {}
    table, number, tables = "", 0, 0
    while number < len(lines):
        line = lines[number].strip()
        if line.startswith("["):
            tables += line.startswith("[[")
            table = f"{line.partition('#')[0].strip()}{tables if line.startswith('[[') else ''}"
            starts[number], number = table, number + 1
        elif not line or line.startswith("#"):
            number += 1
        else:
            starts[number] = f"{table} {line.partition('=')[0].strip()}"
            number += _statement(lines, number)
    return _segments(text, starts)


def _statement(lines: list[str], start: int) -> int:
    """Return how many lines the statement that starts at `start` takes."""
    for length in range(1, min(MAX_STATEMENT_LINES, len(lines) - start) + 1):
        try:
            tomllib.loads("".join(lines[start : start + length]))
        except tomllib.TOMLDecodeError:
            continue
        return length
    raise LayoutError


def _segments(text: str, starts: dict[int, str]) -> Segments:
    if len(set(starts.values())) != len(starts):
        raise LayoutError
    lines = text.splitlines(keepends=True)
    found: Segments = {}
    key, body, lead = "", "", ""
    for number, line in enumerate(lines):
        if number in starts:
            if key:
                found[key] = body
            key, body, lead = starts[number], lead + line, ""
        elif not line.strip() or line.lstrip().startswith("#"):
            lead += line
        else:
            body, lead = body + lead + line, ""
    if key:
        found[key] = body
    found[END] = lead if key else body + lead
    return found
