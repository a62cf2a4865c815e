"""The hard cases: a figure on rows where a wrong answer costs most, and directions that must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from . import rivals
from .check import Check, judge
from .metrics import Interval, measure, with_interval
from .policies import ChallengeGate, DataPolicy, Direction, GatesPolicy, load
from .rivals import Evidence
from .scorer import Scorer

_NOISE = 1e-9  # a rise smaller than this is rounding


@dataclass(frozen=True)
class Challenge:
    """The figure on the hard rows, and for each direction the share of rows that went the wrong way."""

    rows: int
    interval: Interval
    wrong: dict[str, float]


def judged(gates: GatesPolicy, evidence: Evidence) -> tuple[dict[str, Any], list[Check]]:
    """Record and checks of the challenge that gates.yaml declares."""
    assert gates.challenge is not None
    found = challenged(gates.challenge, gates, evidence.scorer, evidence.hard)
    return record(gates.challenge, found), checks(gates.challenge, gates, found)


def challenged(gate: ChallengeGate, gates: GatesPolicy, scorer: Scorer, rows: pd.DataFrame) -> Challenge:
    """Measure a scorer on the challenge rows."""
    said = rivals.judged(scorer, rows, load(DataPolicy).target)
    figure = with_interval(measure(gate.metric), said, gates.bootstrap)
    wrong = {_name(each): _wrong(each, scorer, rows) for each in gate.directions}
    return Challenge(len(rows), figure, wrong)


def checks(gate: ChallengeGate, gates: GatesPolicy, found: Challenge) -> list[Check]:
    """The limit on the figure (unknown on too few rows), and no row may go the wrong way."""
    value = found.interval.value if found.rows >= gates.min_rows else float("nan")
    first = judge("challenge", gate.metric, value, gate.op, gate.limit, f"{found.rows} rows")
    return [
        first,
        *(judge(f"direction:{name}", "wrong share", share, "<=", 0) for name, share in found.wrong.items()),
    ]


def record(gate: ChallengeGate, found: Challenge) -> dict[str, Any]:
    """The challenge as the evaluation holds it."""
    return {"rows": found.rows, gate.metric: found.interval.record(), "wrong_direction": found.wrong}


def _name(direction: Direction) -> str:
    change = f"+{direction.add:g}" if direction.add is not None else f"={direction.set:g}"
    return f"{direction.column}{change}"


def _wrong(direction: Direction, scorer: Scorer, rows: pd.DataFrame) -> float:
    value = rows[direction.column] + direction.add if direction.add is not None else direction.set
    before = scorer.scores(rows)
    after = scorer.scores(rows.assign(**{direction.column: value}))
    return float(np.mean(after > before + _NOISE))
