"""One lived project for all patches, its source trusted by the reviewer and not by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversary.lived import make_lived, make_renewed
from tests.adversary.scene import Scene
from tests.projects.making import REPOSITORY


@pytest.fixture(scope="package")
def lived(pinned_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The conforming project that every patch starts from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(REPOSITORY))
        yield make_lived(tmp_path_factory.mktemp("lived"))


@pytest.fixture(scope="package")
def renewed(lived: Scene, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The same, released again, as it stands in March."""
    return make_renewed(lived, tmp_path_factory.mktemp("renewed"))


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    """A copy of the one or the other, as the row of the test asks, to be patched."""
    row = getattr(request.node, "callspec", None)
    again = row and any(getattr(each, "renewed", False) for each in row.params.values())
    base: Scene = request.getfixturevalue("renewed" if again else "lived")
    return base.copy(tmp_path / "credit-decision")
