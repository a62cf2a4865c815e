"""Every prediction is one line of var/predictions/YYYYMMDD.jsonl, written before the answer leaves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..pipeline import settings

REDACTED = "redacted"


def folder() -> Path:
    """Where predictions are kept."""
    return settings.path("var", "predictions")


@dataclass
class Capture:
    """An open day file; one unbuffered append per line, so a crash loses nothing already answered."""

    into: Path
    redact: frozenset[str] = frozenset()
    fsync: bool = False
    _day: str = field(default="", init=False)
    _descriptor: int = field(default=-1, init=False)

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one prediction; O_APPEND keeps lines of several workers whole."""
        data = json.dumps(self._redacted(line), separators=(",", ":")).encode() + b"\n"
        target = self._open(line["ts"][:10].replace("-", ""))
        os.write(target, data)
        if self.fsync:
            os.fsync(target)

    def close(self) -> None:
        """Close the day file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._day, self._descriptor = "", -1

    def _redacted(self, line: Mapping[str, Any]) -> Mapping[str, Any]:
        """The line without what policy redacts, and without what a failing feature may have said of it."""
        if not self.redact & line["inputs"].keys():
            return line
        inputs = {key: REDACTED if key in self.redact else value for key, value in line["inputs"].items()}
        shadow = line.get("shadow")
        kept = {**line, "inputs": inputs, "error": _kind(line.get("error"))}
        return {**kept, "shadow": {**shadow, "error": _kind(shadow.get("error"))}} if shadow else kept

    def _open(self, day: str) -> int:
        if day != self._day:
            self.close()
            self.into.mkdir(parents=True, exist_ok=True)
            where = self.into / f"{day}.jsonl"
            self._descriptor = os.open(where, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            self._day = day
        return self._descriptor


def capture() -> Capture:
    """The capture that policy/serving.yaml asks for."""
    policy = settings.need(settings.policy("serving"), "capture", "policy/serving.yaml")
    return Capture(folder(), frozenset(policy.get("redact") or ()), bool(policy.get("fsync", False)))


def lines(since: str = "", lost: list[bytes] | None = None) -> Iterator[dict[str, Any]]:
    """Captured predictions from a moment on, oldest first; what nobody can read is added to `lost`.

    Such a line was cut short by a crash, or was asked with half a character before those were refused.
    """
    for file in sorted(folder().glob("*.jsonl")):
        if file.stem >= since[:10].replace("-", ""):
            yield from (line for line in _of(file, lost) if line["ts"] >= since)


def find(name: str) -> list[dict[str, Any]]:
    """Every prediction under this id, oldest first; there should be one."""
    wanted, found = name.encode(), []
    for file in sorted(folder().glob("*.jsonl")):
        with file.open("rb") as stream:
            found += [line for raw in stream if wanted in raw and (line := _line(raw)) and line["id"] == name]
    return found


def expired(at: datetime) -> list[Path]:
    """Day files past the policy's retention time; deleting them is for people to do."""
    days = int(settings.need(settings.policy("serving"), "capture.retention_days", "policy/serving.yaml"))
    last = (at - timedelta(days=days)).strftime("%Y%m%d")
    return [file for file in sorted(folder().glob("*.jsonl")) if file.stem < last]


def _kind(error: str | None) -> str | None:
    """What kind of error it was; its words may hold the value."""
    return error and error.partition(":")[0]


def _of(file: Path, lost: list[bytes] | None) -> Iterator[dict[str, Any]]:
    with file.open("rb") as stream:
        for raw in stream:
            if line := _line(raw):
                yield line
            elif lost is not None:
                lost.append(raw)


def _line(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
        if b"\\ud" in raw:  # half a character, where the other half is missing, can be written nowhere
            json.dumps(line, ensure_ascii=False).encode()
    except ValueError:
        return None
    return line if isinstance(line, dict) and {"id", "ts", "inputs"} <= line.keys() else None
