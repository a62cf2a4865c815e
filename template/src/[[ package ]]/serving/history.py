"""The audit of every pointer change: one JSON line each, every line holding the digest of the one before."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..pipeline import records, settings
from ..pipeline.outcome import Refused
from .clock import moment
from .routes import Routes

Entry = Mapping[str, Any]
START = "0" * 64


def file() -> Path:
    """Where the history is."""
    return settings.path("var", "history.jsonl")


def read() -> list[Entry]:
    """Every pointer change, oldest first; an edited, cut or reordered history is refused."""
    lines = file().read_bytes().splitlines() if file().exists() else []
    entries: list[Entry] = []
    before = START
    for number, line in enumerate(lines, 1):
        entry = _entry(line, number)
        if entry.get("before") != before:
            raise _broken(number, "does not follow from the line before it")
        entries.append(entry)
        before = records.sha256_bytes(line)
    return entries


def append(facts: Mapping[str, Any], routes: Routes) -> str:
    """Add one change, forced to disk before the pointer moves; answers with the digest of its line."""
    lines = file().read_bytes().splitlines() if file().exists() else []
    before = records.sha256_bytes(lines[-1]) if lines else START
    routed = {key: value for key, value in asdict(routes).items() if key != "pinned"}
    line = records.canonical({**facts, "ts": moment(), "routes": routed, "before": before})
    file().parent.mkdir(parents=True, exist_ok=True)
    target = os.open(file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(target, line + b"\n")
        os.fsync(target)
    finally:
        os.close(target)
    return records.sha256_bytes(line)


def served(entries: Sequence[Entry]) -> list[str]:
    """Versions to go back to, nearest first: they served as champion and were not withdrawn since."""
    standing: list[str] = []
    for entry in entries:
        action, version = entry["action"], entry["version"]
        standing = [each for each in standing if each not in (version, *entry.get("withdrawn", ()))]
        if action in ("promote", "rollback"):
            standing.append(version)
    return standing[::-1]


def _entry(line: bytes, number: int) -> Entry:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict) or not {"action", "version", "before"} <= entry.keys():
        raise _broken(number, "is not an entry")
    return entry


def _broken(number: int, why: str) -> Refused:
    return Refused(
        f"line {number} {why}",
        settings.relative(file()),
        "restore var/history.jsonl from a backup; governance/deployments/ holds the same changes",
    )
