"""What the tests of a single update share: a maker of worlds, and the two cases that most of them need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.update.situations import text
from tests.update.world import Case, World, build

CLEAN = Case(
    old={"a.txt": text()}, new={"a.txt": text((3, "policy-3"))}, mine={"a.txt": text((15, "mine-15"))}
)
CLASH = Case(old={"a.txt": text()}, new={"a.txt": text((3, "policy-3"))}, mine={"a.txt": text((3, "mine-3"))})
Maker = Callable[[Case], World]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Return a maker of worlds whose template is trusted."""
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    return lambda case: build(tmp_path, case)
