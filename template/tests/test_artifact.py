"""The model file: reproducible bytes, no pickle, no type that the policy does not trust."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picklescan.scanner import scan_directory_path
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from conftest import Project
from project import module

INPUTS = np.random.default_rng(7).normal(size=(80, 2))
ANSWERS = (INPUTS[:, 0] > 0).astype(int)
UNKNOWN = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"


def fitted(kind: Any = LogisticRegression) -> Any:
    return kind().fit(INPUTS, ANSWERS)


def saved(folder: Path, model: Any) -> Path:
    file = folder / "model.skops"
    file.write_bytes(module("pipeline.artifact").dumps(model))
    return file


def with_member(file: Path, name: str, data: bytes) -> Path:
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, data)
    return file


def test_the_same_model_is_the_same_bytes() -> None:
    dumps = module("pipeline.artifact").dumps
    assert dumps(fitted()) == dumps(fitted())


def test_a_saved_model_answers_as_before(tmp_path: Path) -> None:
    again = module("pipeline.artifact").load(saved(tmp_path, fitted()), ())
    np.testing.assert_array_equal(again.predict_proba(INPUTS), fitted().predict_proba(INPUTS))


def test_a_type_opens_only_when_the_policy_trusts_it(tmp_path: Path) -> None:
    artifact, file = module("pipeline.artifact"), saved(tmp_path, fitted(HistGradientBoostingClassifier))
    with pytest.raises(module("pipeline.outcome").Refused, match="TreePredictor"):
        artifact.load(file, ())
    np.testing.assert_array_equal(artifact.load(file, (UNKNOWN,)).predict(INPUTS), ANSWERS)


def _object_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


PICKLES = {
    "pickle.pkl": pickle.dumps({"a": 1}),
    "0001.npy": pickle.dumps({"a": 1}),
    "0002.npy": _object_array(),
    "notes.txt": b"words",
}


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_inside_the_model_is_refused(tmp_path: Path, name: str) -> None:
    file = with_member(saved(tmp_path, fitted()), name, PICKLES[name])
    with pytest.raises(module("pipeline.outcome").Refused, match=name):
        module("pipeline.artifact").load(file, ())


@pytest.mark.parametrize("data", [b"", b"words", pickle.dumps(1)])
def test_what_is_no_skops_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.skops").write_bytes(data)
    with pytest.raises(module("pipeline.outcome").Refused, match="not a skops model"):
        module("pipeline.artifact").load(tmp_path / "model.skops", ())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_beside_the_model_is_refused(ran: Project, protocol: int) -> None:
    run = module("pipeline.evaluate").read_run(None)
    ran.path("var", "runs", run["run_id"], "extra.dat").write_bytes(pickle.dumps(print, protocol))
    with pytest.raises(module("pipeline.outcome").Refused, match="pickle"):
        module("pipeline.untouched").refuse_changed_files(run)


def test_another_scanner_finds_nothing_either(seen: Project) -> None:
    run = module("pipeline.evaluate").read_run(None)
    found = scan_directory_path(str(seen.path("var", "runs", run["run_id"])))
    assert found.issues_count == 0
    assert found.infected_files == 0
