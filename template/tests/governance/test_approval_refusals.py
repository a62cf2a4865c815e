"""What must never ship: each bad thing is done to a release of this project, and the gate refuses it."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from release_fixtures import (
    DEVELOPER,
    FEATURES,
    OUTSIDER,
    RUN,
    SUBJECT,
    Scratch,
    approver,
    lock,
    make_scratch,
    register,
    why_not,
)

if why_not():
    pytest.skip(why_not(), allow_module_level=True)
DUTIES = lock()["obligations"]
ROLES: tuple[str, ...] = tuple(DUTIES["approver_roles"])
FIRST, APPROVER = ROLES[0], approver(ROLES[0])


@pytest.fixture(scope="module")
def proper(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A release with every approval that this tier asks for."""
    scratch = make_scratch(tmp_path_factory.mktemp("proper"))
    for role in ROLES:
        scratch.approve(role)
    return scratch


@pytest.fixture
def scratch(proper: Scratch, tmp_path: Path) -> Scratch:
    """The same, to spoil."""
    shutil.copytree(proper.root, tmp_path / "project")
    return Scratch(tmp_path / "project", proper.keys)


def approval(scratch: Scratch) -> Path:
    """The approval in the first role of this tier."""
    (found,) = (scratch.root / "governance" / "approvals").glob(f"apr-1-{FIRST}-*.yaml")
    return found


def anew(scratch: Scratch) -> None:
    """Go back to before the approvals, as if the first one had never been given."""
    scratch.git("reset", "-q", "--hard", ":/Register")
    for role in ROLES[1:]:
        scratch.approve(role)


def edited(scratch: Scratch) -> None:
    file = approval(scratch)
    file.write_text(file.read_text("utf-8").replace("the limits hold", "the limits nearly hold"), "utf-8")
    scratch.commit("Correct the wording", APPROVER)


def expired(scratch: Scratch) -> None:
    anew(scratch)
    scratch.approve(FIRST, "", "--as-of", "2020-01-01T00:00:00Z")


def revoked(scratch: Scratch) -> None:
    person = ("--identity", APPROVER, "--key", str(scratch.keys / APPROVER))
    scratch.run("revoke", approval(scratch).stem, "--reason", "The slices were mislabelled.", *person)


def unsigned(scratch: Scratch) -> None:
    file = approval(scratch)
    name, text = file.relative_to(scratch.root).as_posix(), file.read_bytes()
    anew(scratch)
    scratch.write(name, text)
    scratch.commit("Approve", APPROVER)


def too_few(scratch: Scratch) -> None:
    anew(scratch)


def wrong_role(scratch: Scratch) -> None:
    anew(scratch)
    scratch.approve("support-owner", OUTSIDER)


def author(scratch: Scratch) -> None:
    _code(scratch, who=APPROVER, committer=DEVELOPER)


def committer(scratch: Scratch) -> None:
    _code(scratch, who=DEVELOPER, committer=APPROVER)


def co_author(scratch: Scratch) -> None:
    _code(scratch, message=f"Work in a pair\n\nCo-authored-by: Somebody <{APPROVER}>")


def run_submitter(scratch: Scratch) -> None:
    scratch.change(RUN, submitter={"name": "Somebody", "email": APPROVER})
    scratch.commit()


def placeholder(scratch: Scratch) -> None:
    file = scratch.root / "governance" / "card.yaml"
    file.write_text(file.read_text("utf-8").replace("Said for this test.", "No impact.", 1), "utf-8")
    scratch.commit()


def thresholds_loosened(scratch: Scratch) -> None:
    """Loosen a threshold after the run, and register the same run again."""
    run = (scratch.root / RUN).read_bytes()
    gates = scratch.root / "policy" / "gates.yaml"
    gates.write_text(gates.read_text("utf-8") + "\nloosened: true\n", "utf-8")
    scratch.commit("Be generous")
    register(scratch)
    (scratch.root / RUN).write_bytes(run)
    scratch.commit("Keep the run as it was")


def pickled(scratch: Scratch) -> None:
    (scratch.root / "var" / "model.skops").write_bytes(pickle.dumps({"weights": [1, 2]}))
    register(scratch)


def dirty_run(scratch: Scratch) -> None:
    scratch.change(RUN, code={"commit": scratch.git("rev-parse", "HEAD"), "dirty": True})
    scratch.commit()


def _code(scratch: Scratch, message: str = "Help out", who: str = DEVELOPER, committer: str = "") -> None:
    scratch.write(FEATURES.replace("features.py", "helper.py"), "x = 1\n")
    scratch.commit(message, who, committer)


BAD: dict[Callable[[Scratch], None], str] = {
    edited: "approval-edited",
    expired: "approval-expired",
    revoked: "approval-revoked",
    unsigned: "approval-unsigned",
    too_few: "approvals-too-few",
    wrong_role: "approval-role-missing",
    author: "approver-is-builder",
    committer: "approver-is-builder",
    co_author: "approver-is-builder",
    run_submitter: "approver-is-builder",
    placeholder: "placeholder",
    thresholds_loosened: "thresholds-after-run",
    pickled: "pickle",
}


def test_nothing_of_this_is_held_against_a_proper_release(proper: Scratch, scratch: Scratch) -> None:
    found = scratch.refusals()
    assert set(found) <= {"control"}, found


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_refused(spoil: Callable[[Scratch], None], scratch: Scratch) -> None:
    spoil(scratch)
    assert BAD[spoil] in scratch.refusals()


@pytest.mark.parametrize("name", SUBJECT)
def test_refused_when_any_part_of_the_subject_changed_after_approval(name: str, scratch: Scratch) -> None:
    file = scratch.root / "var" / "releases" / "1" / name
    file.write_bytes(file.read_bytes() + b"\n")
    assert name in scratch.refusals()["subject-changed"]


@pytest.mark.skipif(DUTIES["self_approval"], reason="at this tier a dirty run is said, not refused")
def test_refused_when_the_run_came_from_uncommitted_changes(scratch: Scratch) -> None:
    dirty_run(scratch)
    assert "run-dirty" in scratch.refusals()
