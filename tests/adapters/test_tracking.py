"""A tracking store is one SQLite file, read without MLflow and without believing its schema."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from roadworthy.adapters.tracking import version_tags


def store(place: Path, script: str) -> Path:
    with sqlite3.connect(place) as connection:
        connection.executescript(script)
    return place


TABLE = "CREATE TABLE model_version_tags (name TEXT, version INT, key TEXT, value TEXT);"


def test_tags_by_version(tmp_path: Path) -> None:
    values = (
        "('credit', 1, 'tier', 'high'), ('credit', 1, 'run_id', 'r'), ('credit', 2, 'x', NULL), "
        "('other', 1, 'tier', 'low')"
    )
    rows = f"INSERT INTO model_version_tags VALUES {values};"
    assert version_tags(store(tmp_path / "mlflow.db", TABLE + rows), "credit") == {
        "1": {"tier": "high", "run_id": "r"}
    }


def test_reading_changes_nothing(tmp_path: Path) -> None:
    place = store(tmp_path / "mlflow.db", TABLE)
    before = place.read_bytes()
    assert version_tags(place, "credit") == {}
    assert place.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["mlflow.db"]


def test_what_is_none_says_so(tmp_path: Path) -> None:
    assert "there is no" in str(version_tags(tmp_path / "mlflow.db", "credit"))
    (tmp_path / "text.db").write_text("hello" * 1_000)
    assert "cannot be read" in str(version_tags(tmp_path / "text.db", "credit"))
    (tmp_path / "link.db").symlink_to("/dev/zero")
    assert "not a regular file" in str(version_tags(tmp_path / "link.db", "credit"))


def test_a_view_that_never_ends_is_ended(tmp_path: Path) -> None:
    endless = (
        "CREATE VIEW model_version_tags AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
        "SELECT 'credit' AS name, x AS version, 'k' AS key, 'v' AS value FROM c WHERE x < 0;"
    )
    start = time.perf_counter()
    assert "cannot be read" in str(version_tags(store(tmp_path / "mlflow.db", endless), "credit"))
    assert time.perf_counter() - start < 3
