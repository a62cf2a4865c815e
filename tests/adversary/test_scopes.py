"""A waiver with a scope excuses what lies within it: not another version, older bytes or other files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Verdict
from tests.adversary.patch import NOW
from tests.adversary.scene import RELEASE, Scene

UNSAFE = "import pickle\n\nTOLD = pickle.load(open('x', 'rb'))\n"
TOLD, OTHER = "src/credit_decision/legacy/told.py", "src/credit_decision/told.py"
WAIVER: dict[str, Any] = {
    "schema": "waiver/v1",
    "id": "W-1",
    "control": "SEC-01",
    "check_id": "no-unsafe-load",
    "reason": "The lender hands over its archive as pickles until the first of December.",
    "requested_by": "amy@firm.example",
    "approved_by": "eva@firm.example",
    "issued_at": "2026-11-19",
    "expires_at": "2026-11-26",
    "compensating_controls": [{"control": "SEC-01"}],
}
SUBJECT = "the release's own"
# Which files load a pickle, the scope that is claimed, and what the report says when that does not cover it.
SCOPES: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "the version that serves": ((TOLD,), {"versions": ["1"]}, ""),
    "the subject that serves": ((TOLD,), {"subject_digest": SUBJECT}, ""),
    "the folder that it lies in": ((TOLD,), {"paths": ["src/credit_decision/legacy/**"]}, ""),
    "another version": ((TOLD,), {"versions": ["2"]}, "it is for version 2; version 1 serves"),
    "every version": ((TOLD,), {"versions": ["*"]}, "names everything"),
    "the digest of an older subject": ((TOLD,), {"subject_digest": "sha256:" + "0" * 64}, "for the subject"),
    "every path": ((TOLD,), {"paths": ["**/*"]}, "names everything"),
    "a folder that one of two lies in": (
        (TOLD, OTHER),
        {"paths": ["src/credit_decision/legacy/**"]},
        f"not for {OTHER}",
    ),
    "a file that begins alike": (
        ("src/credit_decision/legacy/told.py.py",),
        {"paths": [TOLD]},
        "not for src/credit_decision/legacy/told.py.py",
    ),
    "the right files of another version": (
        (TOLD,),
        {"versions": ["0"], "paths": ["src/credit_decision/legacy/**"]},
        "version 0",
    ),
}


@pytest.mark.parametrize("claimed", SCOPES)
def test_a_waiver_excuses_what_it_is_for(claimed: str, scene: Scene, tmp_path: Path) -> None:
    names, scope, words = SCOPES[claimed]
    for name in names:
        scene.write(name, UNSAFE)
    scene.commit("Read the archive")
    scope = {
        name: scene.read(RELEASE)["subject_digest"] if what == SUBJECT else what
        for name, what in scope.items()
    }
    folder = tmp_path / "waivers"
    folder.mkdir()
    said = WAIVER | {"scope": {"system": "credit-decision", **scope}}
    (folder / "W-1.yaml").write_text(yaml.safe_dump(said))
    report = check(str(scene.path), as_of=NOW, waivers=str(folder), controls=("SEC-01",))
    (verdict,) = (f.verdict for f in report.judged[0].findings if f.check == "no-unsafe-load")
    assert verdict is (Verdict.FAIL if words else Verdict.WAIVED), report.waivers
    assert words in report.waivers[0].text
