"""From rows to numbers: the features a configuration names, fed by the columns their arguments name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .outcome import Refused

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """One feature: its function and the columns it reads, in the order of its arguments."""

    name: str
    columns: tuple[str, ...]
    function: Callable[..., Any]


def wire(file: Path, names: Iterable[str]) -> tuple[Feature, ...]:
    """The named features of a features.py; an unknown name is refused."""
    module = _load(file)
    return tuple(_feature(module, name, file) for name in names)


def vector(features: Iterable[Feature], row: Mapping[str, Any]) -> list[float]:
    """One row's features; serving's path, so nothing but the functions themselves."""
    return [feature.function(*[row[column] for column in feature.columns]) for feature in features]


def matrix(features: Iterable[Feature], frame: Mapping[str, Any]) -> Matrix:
    """All rows' features, by the same functions on whole columns."""
    columns = [
        np.asarray(
            feature.function(*[np.asarray(frame[column]) for column in feature.columns]), dtype=np.float64
        )
        for feature in features
    ]
    return np.column_stack(columns)


def columns(features: Iterable[Feature]) -> tuple[str, ...]:
    """Every column that these features read, each once."""
    return tuple(dict.fromkeys(column for feature in features for column in feature.columns))


def refuse_columns(features: Iterable[Feature], protected: Iterable[str], listed: Iterable[str]) -> None:
    """No feature may read a column that the data contract protects, or does not list."""
    forbidden, known = set(protected), set(listed)
    for feature in features:
        for column in feature.columns:
            if column in forbidden or column not in known:
                why = "the protected column" if column in forbidden else "no column of policy/data.yaml:"
                raise Refused(
                    f"feature `{feature.name}` reads {why} `{column}`",
                    "policy/training.yaml",
                    f"take `{feature.name}` off the list of features, or correct features.py",
                )


def _load(file: Path) -> ModuleType:
    """Run a features.py from its bytes: no copy is mistaken for another, and none leaves a cache."""
    try:
        source = file.read_bytes()
    except OSError as error:
        raise Refused("no such file of features", str(file), f"git checkout -- {file}") from error
    module = ModuleType("features")
    exec(compile(source, str(file), "exec"), module.__dict__)
    return module


def _feature(module: ModuleType, name: str, file: Path) -> Feature:
    function = getattr(module, name, None)
    if not inspect.isfunction(function):
        raise Refused(
            f"no feature function `{name}`", str(file), f"define `{name}` there, or take it off the list"
        )
    return Feature(name, tuple(inspect.signature(function).parameters), function)
