"""Ways in which rows go bad: each takes good rows and the contract, and answers bad rows."""

from __future__ import annotations

from typing import Any

import numpy as np


def column(policy: Any, kind: str | None = None, strict: bool = False) -> str:
    """A column of the contract to spoil: of a kind, and where nulls are not allowed if strict."""
    return next(
        name
        for name, each in policy.columns.items()
        if name not in (policy.key, policy.target, *policy.categories.columns)
        and (kind is None or each.type == kind)
        and (not strict or each.nulls == 0)
    )


def readable(policy: Any) -> str:
    """A column of numbers that any feature may read."""
    kept = (policy.key, policy.target, *policy.protected)
    return next(
        name
        for name, each in policy.columns.items()
        if each.type != "string" and name not in kept and name.isidentifier()
    )


def unused(rows: Any, policy: Any, count: int) -> list[Any]:
    """Keys that no row has, be they numbers or words."""
    last = rows[policy.key].max()
    return [f"{last}-{more}" if isinstance(last, str) else last + more for more in range(1, count + 1)]


def null_spike(rows: Any, policy: Any) -> Any:
    """A fifth of a column goes missing; rows that only it told apart would be another fault, and go."""
    name = column(policy, "number", strict=True)
    spoiled = rows.assign(**{name: rows[name].where(np.arange(len(rows)) % 5 > 0)})
    return spoiled.drop_duplicates([each for each in policy.columns if each != policy.key])


def type_change(rows: Any, policy: Any) -> Any:
    """Numbers arrive as text."""
    name = column(policy, "number", strict=True)
    return rows.assign(**{name: rows[name].astype(str) + " EUR"})


def out_of_range(rows: Any, policy: Any) -> Any:
    """One amount is beyond belief."""
    name = next(name for name, each in policy.columns.items() if each.max is not None)
    values = rows[name].astype(float)
    values.iloc[0] = policy.columns[name].max + 1
    return rows.assign(**{name: values})


def unknown_value(rows: Any, policy: Any) -> Any:
    """A code that nobody declared."""
    name = next(name for name, each in policy.columns.items() if each.values is not None)
    values = rows[name].copy()
    values.iloc[0] = "no such value" if policy.columns[name].type == "string" else 77
    return rows.assign(**{name: values})


def missing_column(rows: Any, policy: Any) -> Any:
    """A column is not delivered."""
    return rows.drop(columns=column(policy))


def duplicates(rows: Any, policy: Any) -> Any:
    """Some rows come twice, the second time under a new key."""
    again = rows.head(policy.rows.max_duplicates + 3)
    again = again.assign(**{policy.key: unused(rows, policy, len(again))})
    return type(rows)(np.concatenate([rows, again]), columns=rows.columns).astype(rows.dtypes.to_dict())


def stale(rows: Any, policy: Any) -> Any:
    """Nothing new has come for longer than the contract allows."""
    return rows.assign(**{policy.time.received: "2001-01-01"})


def category_shift(rows: Any, policy: Any) -> Any:
    """Everybody suddenly is in one category."""
    name = policy.categories.columns[0]
    return rows.assign(**{name: rows[name].mode()[0]})


def too_few(rows: Any, policy: Any) -> Any:
    """Half a delivery."""
    return rows.head(policy.rows.min - 1)
