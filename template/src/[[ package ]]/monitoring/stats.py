"""Distances between two samples, each with the size that chance alone would give. Plain numpy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
SURE = 3.09  # one in a thousand, one-sided


@dataclass(frozen=True)
class Distance:
    """A distance, and the value that equal samples of these sizes stay under 999 times of 1000."""

    value: float
    noise: float


@dataclass(frozen=True)
class Shares:
    """Two samples over the same bins, as shares."""

    labels: tuple[str, ...]
    reference: NDArray[np.float64]
    current: NDArray[np.float64]
    sizes: tuple[int, int]


def shares(reference: Values, current: Values, bins: int = 10) -> Shares:
    """Both samples in bins that the reference alone decides: its values if few, else its quantiles."""
    known, now = present(reference), present(current)
    if known.dtype.kind not in "fiub" or now.dtype.kind not in "fiub":
        known, now = known.astype(str), now.astype(str)
        return _by_value(np.unique(known), known, now)
    if len(np.unique(known)) <= bins:
        return _by_value(np.unique(known), known, now)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, each, "right"), minlength=len(edges) + 1) for each in (known, now)
    ]
    ends = ["", *(f"{edge:.3g}" for edge in edges), ""]
    labels = tuple(f"{low}–{high}" for low, high in pairwise(ends))
    return Shares(labels, _share(counts[0]), _share(counts[1]), (len(known), len(now)))


def psi(pair: Shares) -> Distance:
    """Population stability index; its chance level grows with bins and shrinks with rows."""
    # Half a row in every bin keeps an empty bin from being infinitely far away.
    known, now = (
        _smooth(part, size) for part, size in zip((pair.reference, pair.current), pair.sizes, strict=True)
    )
    value = float(np.sum((now - known) * np.log(now / known)))
    return Distance(value, _chi2_bound(len(known) - 1) * sum(1 / max(size, 1) for size in pair.sizes))


def ks(reference: Values, current: Values) -> Distance:
    """Kolmogorov-Smirnov: the widest gap between the two cumulative shares."""
    known, now = np.sort(present(reference)), np.sort(present(current))
    points = np.concatenate([known, now])
    sizes = [max(len(each), 1) for each in (known, now)]
    below = [
        np.searchsorted(each, points, "right") / size for each, size in zip((known, now), sizes, strict=True)
    ]
    gaps, bound = below[0] - below[1], 1.95 * np.sqrt(sum(sizes) / (sizes[0] * sizes[1]))
    return Distance(float(np.max(np.abs(gaps))), float(bound))


def cramers_v(pair: Shares) -> Distance:
    """Chi-squared of bins against samples, scaled to 0 (alike) and 1 (nothing in common)."""
    counts = np.array([pair.reference * pair.sizes[0], pair.current * pair.sizes[1]])
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    used = expected > 0
    chi2 = float(np.sum((counts[used] - expected[used]) ** 2 / expected[used]))
    total = float(counts.sum())
    return Distance(float(np.sqrt(chi2 / total)), float(np.sqrt(_chi2_bound(counts.shape[1] - 1) / total)))


def of_share(reference: float, sizes: tuple[int, int]) -> float:
    """By how much chance moves a share between samples of these sizes."""
    spread = max(reference * (1 - reference), 1 / max(sizes[0], 1))
    return float(SURE * np.sqrt(spread * sum(1 / max(size, 1) for size in sizes)))


def numeric(values: Values) -> bool:
    """Whether a distance along a line makes sense: numbers, and more than ten different ones."""
    known = present(values)
    return known.dtype.kind in "fiu" and len(np.unique(known)) > 10


def missing(values: Values) -> float:
    """The share of values that are not there."""
    return float(np.mean(~_there(values))) if len(values) else 0.0


def present(values: Values) -> Values:
    """The values that are there."""
    return values[_there(values)]


def _there(values: Values) -> NDArray[np.bool_]:
    return np.array(values == values, dtype=bool)  # what is missing equals nothing, not even itself


def _by_value(known: Values, reference: Values, current: Values) -> Shares:
    new = np.setdiff1d(current, known)
    kinds = np.concatenate([known, new])
    parts = [np.array([np.sum(part == kind) for kind in kinds]) for part in (reference, current)]
    labels = tuple(f"{kind:g}" if known.dtype.kind in "fiu" else str(kind) for kind in kinds)
    return Shares(labels, _share(parts[0]), _share(parts[1]), (len(reference), len(current)))


def _share(counts: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(counts / max(counts.sum(), 1), dtype=np.float64)


def _smooth(part: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return (part * size + 0.5) / (size + 0.5 * len(part))


def _chi2_bound(freedom: int) -> float:
    """The chi-squared value passed once in a thousand, by Wilson and Hilferty's approximation (1931)."""
    degrees = max(freedom, 1)
    return float(degrees * (1 - 2 / (9 * degrees) + SURE * np.sqrt(2 / (9 * degrees))) ** 3)
