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
    "SELECT version, key, value FROM model_version_tags "
    "WHERE name = ? AND typeof(value) = 'text' AND length(value) < 1000 LIMIT ?"
)


def version_tags(database: Path, model: str) -> dict[str, dict[str, str]] | str:
    """Return the tags of a registered model's versions; or why they cannot be read."""
    if problem := _odd(database):
        return problem
    import sqlite3  # most projects that are judged share no registry

    try:
        return _read(database, model, sqlite3.connect)
    except sqlite3.Error as error:
        return f"{database} cannot be read: {error}"


def _odd(database: Path) -> str:
    try:
        facts = database.lstat()
    except OSError:
        return f"there is no {database}"
    if not stat.S_ISREG(facts.st_mode) or database.parent.is_symlink():
        return f"{database} is not a regular file"
    return f"{database} is too large to be looked at" if facts.st_size > MAX_BYTES else ""


def _read(database: Path, model: str, connect: Callable[..., Any]) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = {}
    connection = connect(f"file:{quote(str(database))}?mode=ro&immutable=1", uri=True)
    try:
        end = time.monotonic() + SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
        connection.execute("PRAGMA trusted_schema = OFF")
        for version, key, value in connection.execute(TAGS, (model, MOST_ROWS)):
            tags.setdefault(str(version), {})[str(key)] = str(value)
    finally:
        connection.close()
    return tags
