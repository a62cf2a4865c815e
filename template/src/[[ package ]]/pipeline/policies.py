"""The three policy files of this half as frozen values; a wrong file is refused by its first wrong key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from . import settings
from .outcome import Refused

Share = float
Operator = Literal["<=", ">="]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """Where the rows come from, for the record."""

    name: str
    about: str


class Time(_Frozen):
    """When rows happened and reached us, and how old or late they may be."""

    received: str
    event: str | None
    max_age_days: int = Field(ge=0)
    max_delay_days: int = Field(ge=0)


class Rows(_Frozen):
    """How many rows at least, and how many of them twice at most."""

    min: int = Field(ge=1)
    max_duplicates: int = Field(ge=0)


class Column(_Frozen):
    """What one column may hold."""

    type: Literal["integer", "number", "string"]
    min: float | None = None
    max: float | None = None
    values: tuple[float | str, ...] | None = None
    nulls: Share = Field(default=0.0, ge=0, le=1)


class Categories(_Frozen):
    """Columns whose shares may not move by more than this since the last snapshot."""

    columns: tuple[str, ...]
    max_shift: Share = Field(gt=0, le=1)


class Hard(_Frozen):
    """A row is hard when this column is above this value."""

    column: str
    above: float


class Splits(_Frozen):
    """How keys are dealt into splits."""

    salt: str
    percent: dict[Literal["train", "validation", "test", "challenge"], int]
    hard: tuple[Hard, ...] = ()


class Use(_Frozen):
    """What the rows may be used for, where and how long; and whose rows must go."""

    class_: Literal["public", "internal", "personal", "special-category"] = Field(alias="class")
    basis: str
    purposes: tuple[Literal["train", "infer", "monitor", "debug", "vendor"], ...]
    region: str
    retention_days: int = Field(ge=1)
    until: date | None = None
    erasure: str
    erasure_list: str | None = None

    def record(self) -> dict[str, str | None]:
        """What a snapshot was taken under."""
        until = None if self.until is None else self.until.isoformat()
        return {"class": self.class_, "purpose": "train", "until": until}


class DataPolicy(_Frozen):
    """policy/data.yaml."""

    schema_: Literal["data/v1"] = Field(alias="schema")
    source: Source
    use: Use
    target: str
    key: str
    protected: tuple[str, ...]
    time: Time
    rows: Rows
    columns: dict[str, Column]
    categories: Categories
    splits: Splits


class TrainingPolicy(_Frozen):
    """policy/training.yaml."""

    schema_: Literal["training/v1"] = Field(alias="schema")
    seed: int
    features: tuple[str, ...] = Field(min_length=1)
    parameters: dict[str, Any]
    search: dict[str, tuple[Any, ...]]
    threshold: float = Field(gt=0, lt=1)
    baseline: tuple[str, ...] = Field(min_length=1)


class Bootstrap(_Frozen):
    """How intervals are made."""

    samples: int = Field(ge=100)
    level: float = Field(gt=0.5, lt=1)
    seed: int


class Gate(_Frozen):
    """One limit on one metric of the candidate."""

    id: str
    metric: str
    use: Literal["value", "low", "high"]
    op: Operator
    limit: float


class BaselineGate(_Frozen):
    """How much better than the simple model."""

    metric: str
    min_gain: float


class IncumbentGate(_Frozen):
    """How much worse than what serves now."""

    metric: str
    max_loss: float


class Limit(_Frozen):
    """A limit on a named measure."""

    op: Operator
    limit: float


class SlicesGate(Limit):
    """One limit on every slice."""

    columns: tuple[str, ...] = Field(min_length=1)
    metric: str


class FairnessGate(_Frozen):
    """Groups, and limits on how differently they are treated."""

    attribute: str
    groups: dict[str, tuple[str, ...]] = Field(min_length=2)
    adverse_impact_ratio: Limit
    equal_opportunity_difference: Limit


class Direction(_Frozen):
    """A change of one input after which the score must not rise."""

    column: str
    add: float | None = None
    set: float | None = None


class ChallengeGate(Limit):
    """A limit on the hard cases, and what common sense demands of each."""

    metric: str
    directions: tuple[Direction, ...] = ()


class StalenessGate(Limit):
    """A limit on how much a figure falls when the model was taught on the oldest of these windows of rows."""

    metric: str
    windows: int = Field(ge=2)


class GatesPolicy(_Frozen):
    """policy/gates.yaml; the last five keys are left out where the tier does not ask for them."""

    schema_: Literal["gates/v1"] = Field(alias="schema")
    tier: str
    dirty_tree: Literal["refuse", "record"]
    bootstrap: Bootstrap
    min_rows: int = Field(ge=1)
    metrics: tuple[Gate, ...] = Field(min_length=1)
    baseline: BaselineGate
    incumbent: IncumbentGate
    slices: SlicesGate | None = None
    fairness: FairnessGate | None = None
    challenge: ChallengeGate | None = None
    proxies: Limit | None = None
    staleness: StalenessGate | None = None


Policy = TypeVar("Policy", DataPolicy, TrainingPolicy, GatesPolicy)
_NAMES: dict[type[BaseModel], str] = {
    DataPolicy: "data.yaml",
    TrainingPolicy: "training.yaml",
    GatesPolicy: "gates.yaml",
}


def load(kind: type[Policy], folder: Path | None = None) -> Policy:
    """Read one policy file, from policy/ or from the copy that a run or release keeps."""
    file = (folder or settings.root()) / "policy" / _NAMES[kind]
    value = _valid(kind, file)
    if isinstance(value, GatesPolicy):
        _refuse_unlisted(_measured(value), load(DataPolicy, folder), file)
    if isinstance(value, DataPolicy):
        _refuse_unlisted(_relied_on(value), value, file)
        _refuse_undealable(value, file)
    return value


def _refuse_unlisted(named: Iterator[tuple[str, str]], contract: DataPolicy, file: Path) -> None:
    """A policy can name only columns that every snapshot holds."""
    for key, column in named:
        if column not in contract.columns:
            repair = f"correct `{key}` in {file}, or describe `{column}` under `columns` in policy/data.yaml"
            told = f"`{key}` names `{column}`, which the data contract does not list"
            raise Refused(told, str(file), repair)


def _refuse_undealable(contract: DataPolicy, file: Path) -> None:
    """Rows are dealt by shares of something, and are hard by numbers."""
    splits, words = (
        contract.splits,
        {name for name, each in contract.columns.items() if each.type == "string"},
    )
    if min(splits.percent.values(), default=0) < 0 or not sum(splits.percent.values()):
        raise Refused("`splits.percent` deals no rows", str(file), "name shares from 0 on, such as train: 40")
    for each in splits.hard:
        if each.column in words:
            told = f"`splits.hard` asks for `{each.column}` above {each.above:g}, and it is a text"
            raise Refused(told, str(file), f"name a column of numbers in {file}")


def _relied_on(contract: DataPolicy) -> Iterator[tuple[str, str]]:
    """Every column that the rest of the contract names, with the key that names it."""
    yield from (("key", contract.key), ("target", contract.target))
    yield from (("protected", column) for column in contract.protected)
    yield from (("categories.columns", column) for column in contract.categories.columns)
    yield from (("splits.hard", each.column) for each in contract.splits.hard)


def _measured(gates: GatesPolicy) -> Iterator[tuple[str, str]]:
    """Every column that the gates name, with the key that names it."""
    if gates.slices:
        yield from (("slices.columns", column) for column in gates.slices.columns)
    if gates.fairness:
        for group, marks in gates.fairness.groups.items():
            yield from ((f"fairness.groups.{group}", column) for column in marks)
    if gates.challenge:
        yield from (("challenge.directions", each.column) for each in gates.challenge.directions)


def _valid(kind: type[Policy], file: Path) -> Policy:
    try:
        return kind.model_validate(settings.load_yaml(file))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise Refused(f"`{key}`: {first['msg'].lower()}", str(file), f"correct `{key}` in {file}") from error
