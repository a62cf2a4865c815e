"""MLflow's own store, read as what it is: one SQLite file. Read-only, without MLflow, and not for long."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

SECONDS = 1.0
MOST_ROWS = 10_000
MAX_BYTES = 1 << 30
TAGS = (
    "SELECT name, version, key, value FROM model_version_tags "
    "WHERE typeof(value) = 'text' AND length(value) < 1000 LIMIT ?"
)


def version_tags(database: Path) -> dict[str, dict[str, str]] | str:
    """Return the tags of registered model versions as `name/version`; or why they cannot be read."""
    if problem := _odd(database):
        return problem
    import sqlite3  # most projects that are judged carry no store

    try:
        return _read(database, sqlite3.connect)
    except sqlite3.Error as error:
        return f"var/mlflow.db cannot be read: {error}"


def _odd(database: Path) -> str:
    try:
        facts = database.lstat()
    except OSError:
        return "there is no var/mlflow.db here: the registry is reached where the project runs"
    if not stat.S_ISREG(facts.st_mode) or database.parent.is_symlink():
        return "var/mlflow.db is not a regular file"
    return "var/mlflow.db is too large to be looked at" if facts.st_size > MAX_BYTES else ""


def _read(database: Path, connect: Callable[..., Any]) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = {}
    connection = connect(f"file:{quote(str(database))}?mode=ro&immutable=1", uri=True)
    try:
        end = time.monotonic() + SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
        connection.execute("PRAGMA trusted_schema = OFF")
        for name, version, key, value in connection.execute(TAGS, (MOST_ROWS,)):
            tags.setdefault(f"{name}/{version}", {})[str(key)] = str(value)
    finally:
        connection.close()
    return tags
