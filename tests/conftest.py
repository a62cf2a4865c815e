"""Every test runs with a pinned git identity, no user configuration and a private home."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

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
    *(
        "ROADWORTHY_CONFIG",
        "ROADWORTHY_TRUSTED_SOURCES",
        "ROADWORTHY_ALLOWED_EXTENSIONS",
        "ROADWORTHY_POLICY",
        "ROADWORTHY_KEY",
        "MLFLOW_TRACKING_URI",
    ),
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS"),  # what the make that runs the tests would tell theirs
)


@pytest.fixture(autouse=True, scope="session")
def pinned_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the whole session a home of its own, so that nobody's configuration leaks in."""
    home, temporary = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("tmp")
    (home / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n")
    patch = pytest.MonkeyPatch()
    for name in (*UNSET, *(key for key in os.environ if key.startswith("GIT_"))):
        patch.delenv(name, raising=False)
    for name, value in PINNED.items():
        patch.setenv(name, value)
    patch.setenv("TMPDIR", str(temporary))  # what a killed process leaves behind goes with the session
    patch.setattr(tempfile, "tempdir", None)
    patch.setenv("HOME", str(home))
    patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    patch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    yield home
    patch.undo()


TOGETHER = "tests/template/"  # its files look at one matrix of renders, which takes half a minute to make


class Chunked(LoadFileScheduling):  # type: ignore[misc]
    """Keep the tests of a file on one worker, but share the chunks of a long test among all of them."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid if "[chunk" in nodeid else scope


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Chunked | None:
    """Schedule `--dist loadfile` by file, and by chunk."""
    return Chunked(config, log) if config.getvalue("dist") == "loadfile" else None
