"""P1 to P8 on random histories: 500 here, ten thousand and the other engines in `tools/nightly_updates.py`.

Every chunk is a test of its own with its number as seed, so that workers share them and a finding can be
run again alone. A case that once failed is kept in `test_findings.py`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.update.evolution import cases
from tests.update.promises import live, place, trusted
from tests.update.world import Case

SIZE = 50
CHUNKS = int(os.environ.get("ROADWORTHY_UPDATE_CASES", "500")) // SIZE
MANY = settings(
    max_examples=SIZE, deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=True
)


@pytest.mark.parametrize("chunk", range(CHUNKS), ids="chunk{}".format)
def test_no_promise_is_broken(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", trusted())
    lived = 0

    @seed(chunk)
    @MANY
    @given(case=cases())
    def holds(case: Case) -> None:
        nonlocal lived
        with place() as root:
            assert live(root, case)[1].broken == ()
        lived += 1

    holds()
    assert lived >= SIZE
