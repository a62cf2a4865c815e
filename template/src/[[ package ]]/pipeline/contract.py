"""The data contract on a table: types, ranges, nulls, duplicates, freshness, lateness, category shift."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from .check import Check, judge
from .outcome import Refused
from .policies import Column, DataPolicy

WHERE = "policy/data.yaml"
_KINDS = ("present", "type", "range", "values", "nulls")


def check(
    frame: pd.DataFrame, policy: DataPolicy, reference: pd.DataFrame | None, at: datetime
) -> list[Check]:
    """Every check of the contract on these rows; reference is the last snapshot's, if there is one."""
    wrong = _wrong(frame, policy)
    checks = [judge("rows", "rows", len(frame), ">=", policy.rows.min)]
    checks += [_count(kind, [column for found, column in wrong if found == kind]) for kind in _KINDS]
    if any(kind in ("present", "type") for kind, _ in wrong):
        return checks  # what follows would measure nonsense
    return [*checks, _duplicates(frame, policy), *_time(frame, policy, at), *_shift(frame, policy, reference)]


def _wrong(frame: pd.DataFrame, policy: DataPolicy) -> list[tuple[str, str]]:
    """Kind and column of everything pandera finds wrong."""
    import pandera.pandas as pa

    schema = pa.DataFrameSchema({name: _column(column) for name, column in policy.columns.items()})
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        found = errors.failure_cases
        missing = [
            ("present", str(name)) for name in found[found["check"] == "column_in_dataframe"]["failure_case"]
        ]
        cases = found[found["check"].isin(_KINDS)][["check", "column"]].drop_duplicates()
        return missing + [(str(kind), str(column)) for kind, column in cases.itertuples(index=False)]
    return []


def _column(column: Column) -> Any:
    import pandera.pandas as pa

    checks = [
        pa.Check(lambda values: _typed(values, column.type), name="type", ignore_na=False),
        pa.Check(lambda values: bool(values.isna().mean() <= column.nulls), name="nulls", ignore_na=False),
    ]
    if column.values is not None:
        checks.append(pa.Check(lambda values: values.isin(column.values), name="values"))
    if column.min is not None or column.max is not None:
        checks.append(pa.Check(lambda values: _between(values, column), name="range"))
    return pa.Column(checks=checks, nullable=True)


def _typed(values: pd.Series, kind: str) -> bool:
    if kind == "string":
        return bool(pd.api.types.is_string_dtype(values))
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return numeric and (kind == "number" or bool((values.dropna() % 1 == 0).all()))


def _between(values: pd.Series, column: Column) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(values):
        return pd.Series(True, index=values.index)  # the type check has said so already
    low = float("-inf") if column.min is None else column.min
    high = float("inf") if column.max is None else column.max
    return values.between(low, high)


def _count(kind: str, columns: list[str]) -> Check:
    return judge(kind, "columns wrong", len(columns), "<=", 0, ", ".join(sorted(columns)))


def _duplicates(frame: pd.DataFrame, policy: DataPolicy) -> Check:
    keys = frame[policy.key].duplicated()
    content = frame[[name for name in policy.columns if name != policy.key]].duplicated()
    return judge("duplicates", "rows", int((keys | content).sum()), "<=", policy.rows.max_duplicates)


def _time(frame: pd.DataFrame, policy: DataPolicy, at: datetime) -> list[Check]:
    received = days(frame, policy.time.received)
    age = (at - received.max()).total_seconds() / 86400
    fresh = judge("freshness", "days", round(age, 2), "<=", policy.time.max_age_days)
    if policy.time.event is None:
        note = "not measured: no event date is declared"
        return [fresh, judge("late", "days", None, "<=", policy.time.max_delay_days, note)]
    delay = (received - days(frame, policy.time.event)).max().total_seconds() / 86400
    return [fresh, judge("late", "days", round(delay, 2), "<=", policy.time.max_delay_days)]


def days(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column of dates, in UTC; a missing or unreadable one is refused."""
    try:
        dates = pd.to_datetime(frame[column], utc=True)
    except KeyError as error:
        raise Refused(
            f"no column `{column}` in the rows", WHERE, f"name the date column under `time` in {WHERE}"
        ) from error
    except (ValueError, TypeError) as error:
        raise Refused(
            f"`{column}` holds something that is no date", "data.py", "correct the dates in `load`"
        ) from error
    if dates.isna().any() or dates.empty:
        raise Refused(f"`{column}` has rows without a date", "data.py", "correct the dates in `load`")
    return dates


def _shift(frame: pd.DataFrame, policy: DataPolicy, reference: pd.DataFrame | None) -> list[Check]:
    limit, names = policy.categories.max_shift, policy.categories.columns
    known = {} if reference is None else reference
    moved = {name: distance(frame[name], known[name]) for name in names if name in known}
    if not moved:
        why = "this is the first snapshot" if reference is None else "the last snapshot has no such column"
        note = f"not measured: {why if names else 'no category is declared'}"
        return [judge("shift", "distance", None, "<=", limit, note)]
    worst = max(moved, key=lambda name: moved[name])
    return [judge("shift", "distance", round(moved[worst], 4), "<=", limit, worst)]


def distance(left: pd.Series, right: pd.Series) -> float:
    """Total variation distance between two columns' category shares; missing is a category too."""
    shares = [each.value_counts(normalize=True, dropna=False) for each in (left, right)]
    return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def now() -> datetime:
    """The present, with a zone."""
    return datetime.now(UTC)
