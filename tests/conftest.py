"""Every test runs with a pinned git identity, no user configuration and a private home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

PINNED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Test Author",
    "GIT_AUTHOR_EMAIL": "author@tests.example",
    "GIT_COMMITTER_NAME": "Test Author",
    "GIT_COMMITTER_EMAIL": "author@tests.example",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "NO_COLOR": "1",
}
UNSET = (
    *("ROADWORTHY_CONFIG", "ROADWORTHY_TRUSTED_SOURCES", "ROADWORTHY_KEY", "MLFLOW_TRACKING_URI"),
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS"),  # what the make that runs the tests would tell theirs
)


@pytest.fixture(autouse=True, scope="session")
def pinned_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the whole session a home of its own, so that nobody's configuration leaks in."""
    home = tmp_path_factory.mktemp("home")
    (home / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n")
    patch = pytest.MonkeyPatch()
    for name in (*UNSET, *(key for key in os.environ if key.startswith("GIT_"))):
        patch.delenv(name, raising=False)
    for name, value in PINNED.items():
        patch.setenv(name, value)
    patch.setenv("HOME", str(home))
    patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    yield home
    patch.undo()
