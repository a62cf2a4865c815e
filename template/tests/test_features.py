"""Features: the same numbers in training and serving, from columns they may read."""

from __future__ import annotations

import ast
import timeit
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import RepeatedStratifiedKFold

from conftest import Project
from project import PACKAGE, ROOT, module

FILE = ROOT / "src" / PACKAGE / "features.py"
REPEATS = 3
MARGIN = 1.0  # nats over all rows: a column of noise costs about one and seldom gains one
DEAREST = 0.5  # of the model's own time: arithmetic stays far below; a search or a call to elsewhere does not


def policies() -> tuple[Any, Any]:
    found = module("pipeline.policies")
    return found.load(found.TrainingPolicy), found.load(found.DataPolicy)


def every_name() -> list[str]:
    return [
        node.name for node in ast.parse(FILE.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
    ]


def wired(names: Any) -> Any:
    return module("pipeline.wiring").wire(FILE, names)


@pytest.mark.parametrize("name", every_name())
def test_one_row_and_whole_columns_agree(rows: Any, name: str) -> None:
    wiring, features = module("pipeline.wiring"), wired([name])
    some = rows.head(200)
    whole = wiring.matrix(features, some)
    single = [wiring.vector(features, row) for row in some.to_dict("records")]
    np.testing.assert_array_equal(whole, np.asarray(single, dtype=float))
    assert np.isfinite(whole).all()


@pytest.mark.parametrize("name", every_name())
def test_a_feature_reads_only_unprotected_columns_of_the_contract(seen: Project, name: str) -> None:
    _, contract = policies()
    (feature,) = wired([name])
    assert feature.columns
    assert set(feature.columns) <= set(contract.columns) - {
        contract.target,
        contract.key,
        *contract.protected,
    }


def test_a_feature_that_reads_a_protected_or_unlisted_column_is_refused(seen: Project) -> None:
    _, contract = policies()
    wiring = module("pipeline.wiring")
    for column, why in ((contract.protected[0], "protected"), ("no_such_column", "no column")):
        feature = wiring.Feature("origin", (column,), lambda value: value)
        with pytest.raises(module("pipeline.outcome").Refused, match=why):
            wiring.refuse_columns([feature], contract.protected, contract.columns)


@pytest.mark.parametrize("name", ["no_such_feature", "np", "__doc__"])
def test_a_name_that_is_no_feature_is_refused(name: str) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no feature function"):
        wired([name])


def known() -> tuple[Any, Any]:
    """Features in use and answers, of the rows that may teach: the test rows stay unseen."""
    training, contract = policies()
    dataset = module("pipeline.dataset").current()
    sides = [dataset.rows(split) for split in ("train", "validation")]
    inputs = np.vstack([module("pipeline.wiring").matrix(wired(training.features), rows) for rows in sides])
    return inputs, np.concatenate([rows[contract.target].to_numpy() for rows in sides])


def loss(inputs: Any, answers: Any) -> float:
    """Log loss over all rows, each scored by a model that did not see it; the mean of some dealings."""
    run, total = module("pipeline.evaluate").read_run(None), 0.0
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=REPEATS, random_state=run["seed"])
    for seen, unseen in folds.split(inputs, answers):
        model = module("model").build(run["parameters"], run["seed"]).fit(inputs[seen], answers[seen])
        scores = model.predict_proba(inputs[unseen])[:, 1]
        total += len(unseen) * float(module("pipeline.metrics").log_loss(answers[unseen], scores))
    return total / REPEATS


def test_every_used_feature_earns_its_place(seen: Project) -> None:
    """Without it, rows that were not fitted are predicted worse: what adds nothing is only a risk."""
    inputs, answers = known()
    whole = loss(inputs, answers)
    names = policies()[0].features
    assert len(names) > 1
    gains = {
        name: loss(np.delete(inputs, place, axis=1), answers) - whole for place, name in enumerate(names)
    }
    assert min(gains.values()) > MARGIN, gains


def test_noise_does_not_earn_a_place(seen: Project) -> None:
    """The same judgement on columns that cannot help; else it would prove nothing about those that may."""
    inputs, answers = known()
    whole, random = loss(inputs, answers), np.random.default_rng(3)
    noise = [random.normal(size=len(answers)) for _ in range(10)]
    gains = [whole - loss(np.column_stack([inputs, each]), answers) for each in noise]
    assert sum(gain <= MARGIN for gain in gains) >= 9, gains


# What each feature makes of an input; a row per feature, and more where it bends.
VALUES: list[tuple[str, dict[str, float], float]] = [
    ("loan_to_value", {"loanamt": 80, "apr": 100}, 0.8),
    ("loan_to_value", {"loanamt": 400, "apr": 100}, 1.5),
    ("debt_burden", {"obrat": 36}, 0.36),
    ("consumer_history", {"cons": 1}, 0),
    ("consumer_history", {"cons": 6}, 5),
    ("mortgage_history", {"mortg": 1}, 0),
    ("mortgage_history", {"mortg": 4}, 3),
    ("bankruptcy", {"pubrec": 1}, 1),
    ("unverified", {"unver": 1}, 1),
    ("guidelines", {"gdlin": 1}, 1),
    ("guidelines", {"gdlin": float("nan")}, 0),
    ("boarded_up", {"bd": 1}, 1),
    ("vacancy", {"vr": 1}, 1),
]


@pytest.mark.parametrize(("name", "row", "value"), VALUES)
def test_a_feature_gives_the_value_it_should(name: str, row: dict[str, float], value: float) -> None:
    assert module("pipeline.wiring").vector(wired([name]), row) == pytest.approx([value])


def test_every_used_feature_has_its_value_pinned(seen: Project) -> None:
    assert set(policies()[0].features) <= {name for name, _, _ in VALUES}


def fastest(call: Callable[[], Any]) -> float:
    """Seconds of a call; the fastest of many, so that a busy machine does not count."""
    return min(timeit.repeat(call, number=10, repeat=20))


def costs(features: Any, row: Any) -> dict[str, float]:
    """What each feature takes for one row on serving's path, as a share of what the model takes for it."""
    run, vector = module("pipeline.evaluate").read_run(None), module("pipeline.wiring").vector
    scorer = module("pipeline.scorer").load_scorer(module("pipeline.train").run_folder(run["run_id"]), ())
    inputs = [vector(scorer.features, row)]
    model = fastest(lambda: scorer.model.predict_proba(inputs))
    return {each.name: fastest(lambda each=each: vector([each], row)) / model for each in features}


def test_no_feature_costs_too_much(seen: Project, rows: Any) -> None:
    found = costs(wired(policies()[0].features), rows.iloc[0].to_dict())
    assert max(found.values()) <= DEAREST, found


def test_a_feature_that_costs_too_much_is_found(seen: Project, rows: Any) -> None:
    (first, *_) = wired(policies()[0].features)
    slow = replace(first, name="slow", function=lambda *values: sum(1 for _ in range(50000)))
    assert costs([slow], rows.iloc[0].to_dict())["slow"] > DEAREST


def test_a_release_can_carry_the_file_alone() -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(FILE.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "." for node in imports if isinstance(node, ast.ImportFrom)}
    assert names <= {"numpy", "typing"}
