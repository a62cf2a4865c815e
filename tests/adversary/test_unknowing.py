"""Where a clone cannot tell, nothing passes that a whole one fails, and what turns unknown says why."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Finding, Verdict
from tests.adversary.patch import BOUND, NOW
from tests.adversary.scene import DEPLOYMENT, DRILL, EVALUATION, REBUILD, RELEASE, RUN, Scene

GATES = "policy/gates.yaml"
GREEN = (Verdict.PASS, Verdict.NOT_APPLICABLE)
# What only a history can tell.
OF_HISTORY = {
    *(
        "APPR-01 approved",
        "APPR-01 bound",
        "APPR-01 untouched",
        "APPR-02 not-the-builder",
        "DATA-03 contract",
    ),
    *("EVAL-01 first", "EVAL-01 not-loosened", "EVAL-02 true-comparison", "EVAL-06 validated"),
    *("EVAL-06 no-open-refusal", "GOV-05 untouched", "LIN-01 complete", "LIN-01 anchored", "LIN-02 chain"),
    *("EVAL-02 asked-for", "REL-03 rehearsed", "REL-04 flipped"),
}
OF_GATES = {"APPR-01 bound", "EVAL-01 first", "EVAL-02 asked-for", "EVAL-02 true-comparison", "LIN-02 chain"}
HOSTED = {f"APPR-03 {name}" for name in ("enforced", "enforced-on-all", "enforced-strict", "deploy-reviewed")}


def shallow(scene: Scene, there: Path) -> None:
    scene.git("clone", "-q", "--depth", "1", f"file://{scene.path}", str(there))
    scene.git("-C", str(there), "remote", "remove", "origin")


def archived(scene: Scene, there: Path) -> None:
    scene.git("archive", "--format=tar", "-o", str(there), "HEAD")


def bare(scene: Scene, there: Path) -> None:
    scene.git("clone", "-q", "--bare", str(scene.path), str(there))


def copied(scene: Scene, there: Path) -> None:
    shutil.copytree(scene.path, there, ignore=shutil.ignore_patterns(".git"))


def blobless(scene: Scene, there: Path) -> None:
    """Its origin is gone, and no commit that it has checked out has the thresholds of then."""
    scene.append(GATES, "# said again\n")
    scene.commit("Say it again")
    scene.git("config", "uploadpack.allowFilter", "true")
    scene.git("clone", "-q", "--filter=blob:none", f"file://{scene.path}", str(there))
    scene.git("-C", str(there), "remote", "set-url", "origin", "/nowhere")


def without_an_object(scene: Scene, there: Path) -> None:
    """Somebody deleted the blob that the thresholds were."""
    shutil.copytree(scene.path, there)
    name = scene.git("rev-parse", f"HEAD:{GATES}").strip()
    (there / ".git/objects" / name[:2] / name[2:]).unlink()


Taking = Callable[[Scene, Path], None]
# How a project is handed over, what cannot be told then, and why.
TAKEN: Mapping[str, tuple[Taking, set[str], str]] = {
    "a shallow clone": (shallow, OF_HISTORY, "shallow"),
    "an archive": (archived, OF_HISTORY | HOSTED, "archive"),
    "a copy without .git": (copied, OF_HISTORY | HOSTED, "is not in a git repository"),
    "a bare clone": (bare, set(), ""),
    "a blobless clone": (blobless, OF_GATES, "git fetch --refetch"),
    "a missing object": (without_an_object, OF_GATES, "git fetch --refetch"),
}


def findings(place: Path, at: str = NOW) -> dict[str, Finding]:
    found = (finding for judged in check(str(place), as_of=at).judged for finding in judged.findings)
    return {f"{finding.control} {finding.check}": finding for finding in found}


@pytest.mark.parametrize("how", TAKEN)
def test_what_cannot_be_told_is_unknown_and_says_why(how: str, scene: Scene, tmp_path: Path) -> None:
    take, expected, why = TAKEN[how]
    take(scene, tmp_path / "taken")
    whole, taken = findings(scene.path), findings(tmp_path / "taken")
    unknown = {name for name, each in taken.items() if each.verdict is Verdict.UNKNOWN}
    new = unknown - {name for name, each in whole.items() if each.verdict is Verdict.UNKNOWN}
    # An older git ends with the first object that it lacks, and tells of none of those that it has.
    assert expected <= new <= expected | {"LIN-01 complete"}
    words = {name: taken[name].reason for name in expected - HOSTED}
    assert all(why in reason for reason in words.values()), words
    assert not any(each.error or each.verdict is Verdict.FAIL for each in taken.values())


@pytest.mark.parametrize("how", TAKEN)
def test_nothing_passes_that_a_whole_clone_fails(how: str, scene: Scene, tmp_path: Path) -> None:
    for name in (RUN, EVALUATION, RELEASE, DRILL, REBUILD, DEPLOYMENT):  # each is edited, and says the same
        scene.write(name, scene.text(name) + "\n")
    scene.put(RUN, "gates_sha256", "0" * 64)
    scene.put(RUN, "config", {GATES: "0" * 64})
    scene.put(RUN, "environment.lock_sha256", "0" * 64)
    scene.commit("Improve things")
    TAKEN[how][0](scene, tmp_path / "taken")
    whole, taken = findings(scene.path, BOUND), findings(tmp_path / "taken", BOUND)
    wrong = {name for name, each in whole.items() if each.verdict not in GREEN}
    assert len(wrong) > 8
    assert not {name for name in wrong if taken[name].verdict in GREEN}
