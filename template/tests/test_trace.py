"""From one id to everything behind it: what is missing is unknown, what changed is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from project import PACKAGE, module
from serving_fixtures import Workshop, keys, workshop
from serving_samples import made_up

__all__ = ["keys", "workshop"]


@pytest.fixture
def one(workshop: Workshop) -> Workshop:
    """A prediction `t0` by release 1, made from a commit that exists."""
    git = ["git", "-C", str(workshop.root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "start"], check=True)
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    made = replace(workshop, commit=head)
    made.release("1")
    module("pipeline.promote").promote("1")
    made.traffic(made_up(11, 1))
    return made


def trace(name: str = "t0") -> Any:
    return module("serving.trace").trace(name)


def holds(outcome: Any) -> dict[str, bool | None]:
    return {each["name"]: each["holds"] for each in outcome.details["steps"]}


LINKS = [
    "decision", "release", "bytes", "model", "computation", "run", "code", "data", "configuration",
    "environment", "evaluation", "card", "approval", "gate", "deployment",
]  # fmt: skip


def test_a_whole_trace_on_one_screen(one: Workshop) -> None:
    outcome = trace()
    assert outcome.ok, outcome.lines
    assert holds(outcome) == dict.fromkeys(LINKS, True)
    assert len(outcome.lines) <= 24
    assert all(len(line) <= 120 for line in outcome.lines)
    text = "\n".join(outcome.lines)
    for fact in (
        "robin@loans.example as model-risk",
        "Dev <dev@loans.example>",
        "op@loans.example",
        "PASSED",
    ):
        assert fact in text


MISSING: dict[str, str] = {
    "release": "governance/releases/1.json",
    "bytes": "var/releases/1",
    "run": "governance/runs",
    "data": "governance/data",
    "evaluation": "governance/evaluations",
    "card": "governance/cards",
    "approval": "governance/approvals",
    "gate": "governance/gates/1.json",
    "deployment": "governance/deployments",
}


@pytest.mark.parametrize("link", MISSING)
def test_what_is_missing_is_unknown_and_never_whole(one: Workshop, link: str) -> None:
    target = one.root / MISSING[link]
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    outcome = trace()
    assert holds(outcome)[link] is None
    assert not outcome.ok
    assert outcome.details["state"] == "unknown"


def edit(name: str, old: str, new: str) -> Callable[[Workshop], None]:
    def change(made: Workshop) -> None:
        (file,) = made.root.glob(name)
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


CHANGED: list[tuple[str, Callable[[Workshop], None]]] = [
    ("release", edit("governance/releases/1.json", '"role": "card"', '"role": "cards"')),
    ("bytes", edit("var/releases/1/card.md", "Release", "release")),
    ("model", edit("governance/runs/*.json", '"model.skops": "', '"model.skops": "0')),
    ("computation", edit("var/predictions/*.jsonl", '"score":0.', '"score":0.0')),
    ("run", edit("governance/runs/*.json", '"run_id": "2026', '"run_id": "2025')),
    ("code", edit("governance/runs/*.json", '"commit": "', '"commit": "0')),
    ("data", edit("governance/data/*.json", '"rows": 400', '"rows": 401')),
    ("data", edit("var/data/*/reference.csv", "id,debt", "id,debts")),
    ("configuration", edit("governance/runs/*.json", '"gates_sha256": "', '"gates_sha256": "0')),
    ("environment", edit("governance/runs/*.json", "eeee", "ffff")),
    ("evaluation", edit("governance/evaluations/*.json", '"passed": true', '"passed": false')),
    ("card", edit("governance/cards/1.md", "Release", "release")),
    ("approval", edit("governance/approvals/*.yaml", "model-risk", "gate")),
    ("gate", edit("governance/gates/1.json", '"tier": "critical"', '"tier": "low"')),
    ("deployment", edit("governance/deployments/*.json", '"sha256:', '"sha256:0')),
]


@pytest.mark.parametrize(
    ("link", "change"), CHANGED, ids=[f"{n}-{link}" for n, (link, _) in enumerate(CHANGED)]
)
def test_what_was_changed_is_broken(one: Workshop, link: str, change: Callable[[Workshop], None]) -> None:
    change(one)
    outcome = trace()
    assert holds(outcome)[link] is False, outcome.lines
    assert outcome.details["state"] == "broken"
    assert not outcome.ok


def test_the_computation_is_shown_from_inputs_to_score(one: Workshop) -> None:
    text, line = "\n".join(trace().lines), one.lines()[0]
    debt, income = line["inputs"]["debt"], line["inputs"]["income"]
    assert f"burden(debt={debt}, income={income}) = {debt / income:.6g}" in text
    assert f"score {line['score']:.6f} made again from var/releases/1, the logged one" in text


def without_a_bundle(made: Workshop) -> None:
    shutil.rmtree(made.root / "var/releases/1")


NOT_AGAIN: list[tuple[str, Callable[[Workshop], None]]] = [
    ("is not on this machine", without_a_bundle),
    ("is not what answered", edit("var/releases/1/features.py", "debt / income", "debt")),
    ("redacted inputs: debt", edit("var/predictions/*.jsonl", '"debt":', '"debt":"redacted","was":')),
    ("no score was given", edit("var/predictions/*.jsonl", '"score":', '"score":null,"was":')),
]


@pytest.mark.parametrize(("reason", "change"), NOT_AGAIN, ids=[reason for reason, _ in NOT_AGAIN])
def test_a_score_that_cannot_be_made_again_is_unknown(
    one: Workshop, reason: str, change: Callable[[Workshop], None]
) -> None:
    change(one)
    outcome = trace()
    assert holds(outcome)["computation"] is None
    assert reason in "\n".join(outcome.lines)
    assert not outcome.ok


def test_tracing_needs_neither_training_nor_tables(one: Workshop) -> None:
    check = (
        "import sys; sys.modules.update(mlflow=None, pandas=None); "
        f"from {PACKAGE}.serving.trace import trace; assert trace('t0').ok"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=one.root, env=one.environment())


@pytest.mark.parametrize("text", ["{}", "[]", "not json", '{"subject": 3}'])
def test_damaged_records_are_said_and_do_not_crash(one: Workshop, text: str) -> None:
    for folder in ("releases", "runs", "data", "evaluations", "gates", "deployments"):
        for file in (one.root / "governance" / folder).glob("*.json"):
            file.write_text(text)
    outcome = trace()
    assert not outcome.ok
    assert len(outcome.lines) > 10


def test_a_revoked_approval_shows(one: Workshop) -> None:
    (one.root / "governance/approvals/apr-1-robin.revoked.yaml").write_text("schema: revocation/v1\n")
    outcome = trace()
    assert holds(outcome)["approval"] is False
    assert "revoked" in "\n".join(outcome.lines)


def test_a_safe_answer_traces_to_whoever_switched_it_on(one: Workshop) -> None:
    module("pipeline.promote").rollback(reason="complaints", to="fallback")
    one.traffic(made_up(11, 1), prefix="f")
    outcome = trace("f0")
    assert holds(outcome) == {"decision": True, "deployment": True}
    assert "op@loans.example: complaints" in outcome.lines[1]


def test_an_unknown_id(one: Workshop) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no prediction nobody"):
        trace("nobody")


def test_an_id_used_twice_is_no_whole_trace(one: Workshop) -> None:
    one.traffic(made_up(12, 1))
    outcome = trace()
    assert holds(outcome)["decision"] is False
    assert "one of 2" in outcome.lines[0]
