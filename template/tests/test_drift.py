"""The distances: known answers, quiet on equal samples, loud on moved ones, whatever the kind of column."""

from __future__ import annotations

import numpy as np
import pytest

from project import module


def stats():
    return module("monitoring.stats")


def psi(known, now):
    return stats().psi(stats().shares(np.asarray(known), np.asarray(now)))


def test_psi_of_known_shares() -> None:
    found = psi([0.0] * 500 + [1.0] * 500, [0.0] * 250 + [1.0] * 750)
    expected = (0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5)
    assert found.value == pytest.approx(expected, abs=0.002)


def test_psi_of_the_same_rows_is_nothing() -> None:
    rows = np.random.default_rng(1).normal(size=500)
    assert psi(rows, rows).value == pytest.approx(0)


def test_ks_of_disjoint_and_equal_samples() -> None:
    left, right = np.arange(50.0), np.arange(50.0) + 100
    assert stats().ks(left, right).value == pytest.approx(1)
    assert stats().ks(left, left).value == pytest.approx(0)


def test_ks_of_a_known_gap() -> None:
    assert stats().ks(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])).value == pytest.approx(0.5)


def test_cramers_v_of_known_counts() -> None:
    pair = stats().shares(np.array([0.0] * 30 + [1.0] * 70), np.array([0.0] * 70 + [1.0] * 30))
    assert stats().cramers_v(pair).value == pytest.approx(0.4)


@pytest.mark.parametrize("rows", [100, 400])
@pytest.mark.parametrize("kind", ["normal", "skewed", "few values", "words"])
def test_equal_samples_stay_under_their_chance_level(kind: str, rows: int) -> None:
    """Two hundred honest comparisons of each kind: at most a handful may cross a one-in-a-thousand level."""
    random = np.random.default_rng(5)

    def draw(size: int):
        return {
            "normal": lambda: random.normal(size=size),
            "skewed": lambda: random.exponential(size=size).round(1),
            "few values": lambda: random.choice([0.0, 1.0, 2.0], p=[0.9, 0.08, 0.02], size=size),
            "words": lambda: random.choice(["a", "b", "c"], size=size).astype(object),
        }[kind]()

    crossed = {"psi": 0, "shape": 0}
    for _ in range(200):
        known, now = draw(600), draw(rows)
        pair = stats().shares(known, now)
        shape = stats().ks(known, now) if stats().numeric(known) else stats().cramers_v(pair)
        crossed["psi"] += stats().psi(pair).value >= stats().psi(pair).noise
        crossed["shape"] += shape.value >= shape.noise
    assert max(crossed.values()) <= 4, crossed


@pytest.mark.parametrize("kind", ["shifted", "wider", "new value", "stuck"])
def test_moved_samples_are_loud(kind: str) -> None:
    random = np.random.default_rng(6)
    known = random.normal(size=600)
    now = {
        "shifted": random.normal(0.8, size=200),
        "wider": random.normal(scale=3, size=200),
        "new value": np.where(random.uniform(size=200) < 0.3, 9.0, random.normal(size=200)),
        "stuck": np.zeros(200),
    }[kind]
    found = psi(known, now)
    assert found.value > 0.1
    assert found.value > found.noise


def test_a_value_never_seen_before_counts_as_drift() -> None:
    found = psi(np.array(["a", "b"] * 100, dtype=object), np.array(["a", "c"] * 100, dtype=object))
    assert found.value > 0.5


def test_missing_values_are_counted_and_not_compared() -> None:
    rows = np.array([1.0, np.nan, 3.0, np.nan])
    assert stats().missing(rows) == 0.5
    assert stats().missing(np.array(["a", None], dtype=object)) == 0.5
    pair = stats().shares(np.arange(40.0), np.append(np.arange(40.0), [np.nan] * 10))
    assert pair.sizes == (40, 40)
