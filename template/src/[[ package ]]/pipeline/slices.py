"""Every slice of the test rows on its own: a good average must not hide a bad corner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .check import Check, judge
from .metrics import Interval, Judged, measure, with_interval
from .policies import GatesPolicy, SlicesGate
from .rivals import Evidence

PREFIX = "slice:"


@dataclass(frozen=True)
class Slice:
    """One slice: its name, its size and its figure."""

    name: str
    rows: int
    interval: Interval


def judged(gates: GatesPolicy, evidence: Evidence) -> tuple[list[dict[str, Any]], list[Check]]:
    """Record and checks of every slice that gates.yaml declares."""
    assert gates.slices is not None
    found = sliced(gates.slices, gates, evidence.rows, evidence.candidate)
    return records(gates.slices, found), checks(gates.slices, gates, found)


def sliced(gate: SlicesGate, gates: GatesPolicy, rows: pd.DataFrame, candidate: Judged) -> list[Slice]:
    """The metric on every value of every declared column; a missing value is a slice too."""
    function = measure(gate.metric)
    found = []
    for name, chosen in _each(gate, rows):
        part = candidate.at(chosen.to_numpy())
        found.append(Slice(name, int(chosen.sum()), with_interval(function, part, gates.bootstrap)))
    return found


def checks(gate: SlicesGate, gates: GatesPolicy, slices: list[Slice]) -> list[Check]:
    """One check per slice; one with too few rows is unknown."""
    return [_check(gate, gates.min_rows, each) for each in slices]


def records(gate: SlicesGate, slices: list[Slice]) -> list[dict[str, Any]]:
    """Slices as the evaluation holds them."""
    return [
        {"name": each.name, "rows": each.rows, "metric": {gate.metric: each.interval.record()}}
        for each in slices
    ]


def _each(gate: SlicesGate, rows: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    for column in gate.columns:
        for value in sorted(rows[column].dropna().unique()):
            yield f"{column}={_plain(value)}", rows[column] == value
        if rows[column].isna().any():
            yield f"{column}=missing", rows[column].isna()


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _check(gate: SlicesGate, least: int, each: Slice) -> Check:
    value, note = each.interval.value, f"{each.rows} rows"
    if each.rows < least:
        value, note = float("nan"), f"{each.rows} rows, {least} needed"
    return judge(f"{PREFIX}{each.name}", gate.metric, value, gate.op, gate.limit, note)
