"""Features: the same numbers in training and serving, from columns they may read."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

from conftest import Project
from project import PACKAGE, ROOT, module

FILE = ROOT / "src" / PACKAGE / "features.py"


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


def test_a_feature_that_reads_a_protected_column_is_refused(seen: Project) -> None:
    _, contract = policies()
    feature = module("pipeline.wiring").Feature("origin", (contract.protected[0],), lambda value: value)
    with pytest.raises(module("pipeline.outcome").Refused, match="protected"):
        module("pipeline.wiring").refuse_protected([feature], contract.protected)


@pytest.mark.parametrize("name", ["no_such_feature", "np", "__doc__"])
def test_a_name_that_is_no_feature_is_refused(name: str) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no feature function"):
        wired([name])


def test_every_used_feature_earns_its_place(seen: Project) -> None:
    """Without it the fit on the training rows is worse: a column that adds nothing is a risk for nothing."""
    training, contract = policies()
    metrics, wiring, build = module("pipeline.metrics"), module("pipeline.wiring"), module("model").build
    dataset = module("pipeline.dataset").current()
    train = dataset.rows("train")
    answers = train[contract.target].to_numpy()

    def loss(names: Any) -> float:
        inputs = wiring.matrix(wired(names), train)
        model = build(dict(training.parameters), training.seed).fit(inputs, answers)
        return float(metrics.log_loss(answers, model.predict_proba(inputs)[:, 1]))

    whole = loss(training.features)
    assert len(training.features) > 1
    for name in training.features:
        assert loss([each for each in training.features if each != name]) > whole, name


def test_a_release_can_carry_the_file_alone() -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(FILE.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "." for node in imports if isinstance(node, ast.ImportFrom)}
    assert names <= {"numpy", "typing"}
