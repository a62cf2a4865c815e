"""What is compared: the newest answers of the release that serves, and the rows it was judged on."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..pipeline import records, settings
from ..pipeline.outcome import Refused
from ..serving import capture
from ..serving.capture import REDACTED
from ..serving.clock import parse
from ..serving.release import Release, reference_rows
from .stats import Values

Line = Mapping[str, Any]
Columns = Mapping[str, Values]
LABELS = "var/labels"


@dataclass(frozen=True)
class Reference:
    """The pinned rows of the serving release: inputs, what the model says of them, what was true."""

    columns: Columns
    scores: NDArray[np.float64]
    answers: NDArray[np.int64]
    sha256: str
    path: str
    newest: str


@dataclass(frozen=True)
class Sample:
    """Every captured line of the window, read against what the policy says to redact."""

    lines: int
    sha256: str  # of the lines as read, in canonical form, one to a row
    redact: tuple[str, ...]
    leaks: int  # lines in which such a field stands in clear
    fields: tuple[str, ...]  # which those are


@dataclass(frozen=True)
class Window:
    """The newest answers, and everything asked in the same time that got another answer."""

    start: str
    end: str
    hours: float
    answered: tuple[Line, ...]
    refused: tuple[Line, ...]
    unreadable: int
    columns: Columns
    sample: Sample

    @property
    def scores(self) -> NDArray[np.float64]:
        """Scores of all answers that have one."""
        return np.array([line["score"] for line in self.answered if line["score"] is not None], dtype=float)


@dataclass(frozen=True)
class Outcomes:
    """Answers whose truth has become known."""

    scores: NDArray[np.float64]
    answers: NDArray[np.int64]
    rows: int
    oldest_days: float


def reference(release: Release, folder: Path) -> Reference:
    """The reference rows that the release's own dataset record pins; other bytes are refused."""
    rows, record = reference_rows(folder)
    split = record["splits"]["reference"]
    target = settings.need(settings.load_yaml(folder / "policy" / "data.yaml"), "target", "policy/data.yaml")
    table = {name: _column(rows[name], field.number) for name, field in release.fields.items()}
    answers = np.array(rows[str(target)], dtype=np.int64)
    scores = release.scorer.scores(table)
    newest = str(record.get("source", {}).get("newest", ""))
    return Reference(table, scores, answers, str(split["sha256"]), str(split["path"]), newest)


def window(release: Release, policy: Mapping[str, Any], at: datetime) -> Window:
    """The newest answers of a release before a time, at most as old and as many as policy says."""
    hours, most = float(policy["hours"]), int(policy["max_rows"])
    start, end = (_moment(each) for each in (at - timedelta(hours=hours), at))
    lost: list[bytes] = []
    lines = [line for line in capture.lines(start, lost) if line["ts"] <= end]
    answered = tuple(line for line in lines if line["version"] == release.version)[-most:]
    begun = answered[0]["ts"] if answered else start
    refused = tuple(line for line in lines if line["route"] == "refused" and line["ts"] >= begun)
    columns = {
        name: _column(_seen(line["inputs"].get(name) for line in answered), field.number)
        for name, field in release.fields.items()
    }
    kept = {name: values for name, values in columns.items() if len(values)}
    seen = sample(lines, capture.capture().redact)
    return Window(begun, end, hours, answered, refused, len(lost), kept, seen)


def sample(lines: Iterable[Line], redact: Iterable[str]) -> Sample:
    """Count the lines in which a field that is to be redacted stands in clear, whoever wrote them."""
    read, wanted, digest = list(lines), tuple(sorted(redact)), hashlib.sha256()
    for line in read:
        digest.update(records.canonical(line) + b"\n")
    clear = [[name for name in wanted if line["inputs"].get(name, REDACTED) != REDACTED] for line in read]
    fields = tuple(sorted({name for each in clear for name in each}))
    return Sample(len(read), digest.hexdigest(), wanted, sum(map(bool, clear)), fields)


def outcomes(release: Release, days: float, at: datetime) -> Outcomes:
    """Answers joined by id with the labels that came in later."""
    told = labels(at)
    start = _moment(at - timedelta(days=days))
    lines = [
        line for line in capture.lines(start) if line["version"] == release.version and line["id"] in told
    ]
    known = [line for line in lines if line["score"] is not None]
    oldest = (at - parse(known[0]["ts"])).total_seconds() / 86400 if known else 0.0
    scores = np.array([line["score"] for line in known], dtype=float)
    answers = np.array([told[line["id"]][1] for line in known], dtype=np.int64)
    return Outcomes(scores, answers, len(known), oldest)


def labels(at: datetime) -> dict[str, tuple[datetime, int]]:
    """The last word on each prediction at that time, and when it came: a later label corrects another."""
    found: dict[str, tuple[datetime, int]] = {}
    for file in sorted(settings.path(*LABELS.split("/")).glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            for number, row in enumerate(csv.DictReader(stream), 2):
                name, when, label = _label(row, file, number)
                if when <= at and (name not in found or when >= found[name][0]):
                    found[name] = (when, label)
    return found


def _label(row: Mapping[str, str | None], file: Path, number: int) -> tuple[str, datetime, int]:
    try:
        label = float(row["label"] or "")
        if label not in (0.0, 1.0):
            raise ValueError
        return str(row["id"]), parse(str(row["at"])), int(label)
    except (KeyError, ValueError, Refused) as error:
        where = f"{settings.relative(file)}, line {number}"
        raise Refused(
            "not a label", where, "write id,label,at with label 0 or 1 and an RFC 3339 time"
        ) from error


def _column(values: Iterable[Any], number: bool) -> Values:
    """One input as the contract types it; what is missing is not-a-number among texts too."""
    return np.array(list(values), dtype=float if number else object)


def _seen(values: Iterable[Any]) -> Iterator[Any]:
    """Redacted values are not there at all."""
    return (np.nan if value is None else value for value in values if value != REDACTED)


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
