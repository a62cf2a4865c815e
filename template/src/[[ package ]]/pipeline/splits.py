"""Dealing rows into splits by their key, so that a row never changes sides when new rows arrive."""

from __future__ import annotations

import hashlib
from itertools import combinations

import pandas as pd

from .outcome import Refused
from .policies import DataPolicy

FITTED = "train"
LEARNING = ("train", "validation", "test", "challenge")


def deal(frame: pd.DataFrame, policy: DataPolicy) -> dict[str, pd.DataFrame]:
    """The four splits by key; reference is validation and test together: rows the model was not fitted on."""
    names = frame[policy.key].map(lambda key: _side(key, policy))
    hard = _hard(frame, policy)
    names = names.where((names != "challenge") | hard, FITTED)
    splits = {name: frame[names == name].reset_index(drop=True) for name in LEARNING}
    reference = pd.concat([splits["validation"], splits["test"]], ignore_index=True)
    return {**splits, "reference": reference}


def overlap(splits: dict[str, pd.DataFrame], policy: DataPolicy) -> int:
    """Rows that two of the learning splits share, by key or by content."""
    content = [name for name in policy.columns if name != policy.key]
    pairs = combinations([splits[name] for name in LEARNING], 2)
    return sum(_shared(left, right, [policy.key]) + _shared(left, right, content) for left, right in pairs)


def refuse_overlap(splits: dict[str, pd.DataFrame], policy: DataPolicy) -> None:
    """A row may teach or test, never both."""
    if shared := overlap(splits, policy):
        raise Refused(
            f"{shared} rows are in more than one split: a test on rows that taught proves nothing",
            "the splits of this snapshot",
            "remove the copies in data.py, or correct `key` in policy/data.yaml",
        )


def _side(key: object, policy: DataPolicy) -> str:
    number = int(hashlib.sha256(f"{policy.splits.salt}:{key}".encode()).hexdigest(), 16)
    place = number % sum(policy.splits.percent.values())
    for name, percent in policy.splits.percent.items():
        if place < percent:
            return name
        place -= percent
    raise AssertionError("a place is below the sum of all percents")


def _hard(frame: pd.DataFrame, policy: DataPolicy) -> pd.Series:
    found = pd.Series(not policy.splits.hard, index=frame.index)
    for rule in policy.splits.hard:
        found |= frame[rule.column] > rule.above
    return found


def _shared(left: pd.DataFrame, right: pd.DataFrame, columns: list[str]) -> int:
    return len(left[columns].drop_duplicates().merge(right[columns].drop_duplicates(), on=columns))
