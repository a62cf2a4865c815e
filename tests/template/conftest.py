"""Fixtures of the template's tests."""

from __future__ import annotations

import pytest

from tests.template.matrix import FACTORS, every_tier, pairwise
from tests.template.rendering import Project, Renders


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Renders:
    """Render the template with some answers, each set once a session."""
    return Renders(tmp_path_factory.mktemp("renders"))


@pytest.fixture(scope="session")
def matrix(render: Renders) -> list[Project]:
    """The whole matrix: all pairs of answers, and every tier in every shape."""
    return [render(answers) for answers in (*pairwise(FACTORS), *every_tier())]
