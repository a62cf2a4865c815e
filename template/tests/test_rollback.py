"""Back to what is known to be good: served before, approved still; with nothing left, the safe answer."""

from __future__ import annotations

import subprocess
import sys

import pytest

from project import module
from serving_fixtures import Workshop, keys, workshop

__all__ = ["keys", "workshop"]


def rollback(**options):
    return module("pipeline.promote").rollback(**{"reason": "wrong answers", **options})


def refusal(match: str):
    return pytest.raises(module("pipeline.outcome").Refused, match=match)


def live() -> str:
    return module("serving.routes").read().live


@pytest.fixture
def three(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Releases 1, 2, 3 served one after the other; 4 is approved and never served."""
    monkeypatch.setattr(module("pipeline.promote"), "part", lambda name: None)
    for version in "1234":
        workshop.release(version)
    for version in "123":
        module("pipeline.promote").promote(version)
    return workshop


def test_the_last_that_served_not_the_newest(three: Workshop) -> None:
    outcome = rollback()
    assert live() == "2"
    record = three.read(outcome.details["record"])
    assert (record["action"], record["version"], record["previous"]) == ("rollback", "2", "3")
    assert record["reason"] == "wrong answers"


def test_a_release_rolled_back_from_is_not_returned_to(three: Workshop) -> None:
    rollback()
    rollback()
    assert live() == "1"
    rollback()
    assert live() == "fallback"


def test_a_target_that_never_served_is_refused(three: Workshop) -> None:
    with refusal("never served"):
        rollback(to="4")
    assert live() == "3"


@pytest.mark.parametrize("reason", ["", " ", "TODO", "n/a"])
def test_a_reason_that_says_nothing_is_refused(three: Workshop, reason: str) -> None:
    with refusal("is no reason"):
        rollback(reason=reason)
    assert live() == "3"


def test_a_named_target_that_served(three: Workshop) -> None:
    rollback(to="1")
    assert live() == "1"


@pytest.mark.parametrize("damage", ["revoked", "edited", "swapped"])
def test_a_target_that_no_longer_holds_is_passed_over(three: Workshop, damage: str) -> None:
    spoil(three, "2", damage)
    outcome = rollback()
    assert live() == "1"
    assert "2" in three.read(outcome.details["record"])["evidence"]["skipped"]


def test_a_named_target_that_no_longer_holds_is_refused(three: Workshop) -> None:
    spoil(three, "2", "revoked")
    with refusal("revoked"):
        rollback(to="2")
    assert live() == "3"


def test_with_no_good_target_the_safe_answer(three: Workshop) -> None:
    for version in "12":
        spoil(three, version, "revoked")
    outcome = rollback()
    assert live() == "fallback"
    assert outcome.details["action"] == "fallback"


def test_expired_verdicts_are_no_targets(three: Workshop) -> None:
    rollback(as_of="2030-01-01")
    assert live() == "fallback"


def test_the_first_release_falls_back_to_the_safe_answer(workshop: Workshop) -> None:
    workshop.release("1")
    module("pipeline.promote").promote("1")
    rollback()
    assert live() == "fallback"


def test_the_kill_switch_by_name(three: Workshop) -> None:
    rollback(to="fallback")
    assert live() == "fallback"
    module("pipeline.promote").promote("3")
    assert live() == "3"


def test_a_damaged_history_ends_at_the_safe_answer(three: Workshop) -> None:
    file = module("serving.history").file()
    file.write_bytes(file.read_bytes()[10:])
    outcome = rollback()
    assert live() == "fallback"
    assert "no target can be trusted" in three.read(outcome.details["record"])["reason"]


def test_with_nothing_live_there_is_nothing_to_undo(workshop: Workshop) -> None:
    with refusal("nothing serves"):
        rollback()


def test_the_command_waits_for_nothing_heavy(three: Workshop) -> None:
    """What takes seconds to import cannot stand between a bad release and its end."""
    command = [sys.executable, "-X", "importtime", "-m", module("").__name__, "rollback", "--reason", "now"]
    done = subprocess.run(command, env=three.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert live() == "2"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert module("serving.routes").__name__ in imported
    assert not imported & {"mlflow", "pandas", "sklearn", "scipy", "numpy", "fastapi"}


def spoil(made: Workshop, version: str, damage: str) -> None:
    approval = made.root / f"governance/approvals/apr-{version}-robin.yaml"
    if damage == "revoked":
        approval.with_suffix(".revoked.yaml").write_text("schema: revocation/v1\n")
    elif damage == "edited":
        approval.write_text(approval.read_text() + "more: words\n")
    else:
        (made.root / f"var/releases/{version}/model.skops").write_bytes(b"swapped")


def test_a_damaged_pointer_keeps_nobody_from_the_safe_answer(workshop: Workshop) -> None:
    """And a canary that is withdrawn leaves the champion alone; the way out that is named is a way out."""
    promote, refused = module("pipeline.promote"), module("pipeline.outcome").Refused
    for version in "12":
        workshop.release(version)
        promote.promote(version) if version == "1" else None
    pointer = workshop.root / "var/routes.json"
    pointer.write_text("{", "utf-8")
    with pytest.raises(refused, match="not a pointer") as told:
        promote.promote("2")
    assert "--to fallback" in told.value.repair
    assert promote.rollback(reason="the pointer was damaged", to="fallback").details["live"] == "fallback"
    assert promote.promote("1").details["live"] == "1"
    for file in ("routes.json", "history.jsonl"):
        (workshop.root / "var" / file).write_text("{", "utf-8")
    assert promote.rollback(reason="the pointer was damaged", to="fallback").details["live"] == "fallback"
