"""One lived project for all patches, its source trusted by the reviewer and not by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversary.lived import make_lived
from tests.adversary.scene import Scene
from tests.projects.making import REPOSITORY


@pytest.fixture(scope="package")
def lived(pinned_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The conforming project that every patch starts from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(REPOSITORY))
        yield make_lived(tmp_path_factory.mktemp("lived"))


@pytest.fixture
def scene(lived: Scene, tmp_path: Path) -> Scene:
    """A copy of it, to be patched."""
    return lived.copy(tmp_path / "credit-decision")
