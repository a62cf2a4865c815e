"""The pointer moves only behind a valid verdict, in one step, with an audit that shows every edit."""

from __future__ import annotations

import json

import pytest

from project import module
from serving_fixtures import Workshop, keys, workshop

__all__ = ["keys", "workshop"]


def promote(version: str, **options):
    return module("pipeline.promote").promote(version, **options)


def refusal(match: str):
    return pytest.raises(module("pipeline.outcome").Refused, match=match)


def test_the_first_release_goes_live_and_says_why(workshop: Workshop) -> None:
    workshop.release("1")
    outcome = promote("1")
    assert outcome.ok
    routes = workshop.read("var/routes.json")
    assert (routes["champion"], routes["previous"], routes["challenger"], routes["fallback"]) == (
        "1",
        None,
        None,
        False,
    )
    record = workshop.read(outcome.details["record"])
    assert record["schema"] == "deployment/v1"
    assert record["action"] == "promote"
    assert record["by"] == "op@loans.example"
    assert record["subject_digest"] == workshop.read("governance/releases/1.json")["subject_digest"]
    assert "first release" in record["reason"]


def test_the_lineage_of_every_answer_is_pinned(workshop: Workshop) -> None:
    workshop.release("1")
    promote("1")
    pin = workshop.read("var/routes.json")["pinned"]["1"]
    assert pin["approvals"] == ["apr-1-robin"]
    assert pin["code_rev"] == "c" * 40
    assert pin["env_sha256"] == "e" * 64
    assert len(pin["data_sha256"]) == 64


def test_without_a_verdict_nothing_moves(workshop: Workshop) -> None:
    workshop.release("1", approved=False)
    with refusal("no gate verdict"):
        promote("1")
    assert not (workshop.root / "var/routes.json").exists()
    assert not (workshop.root / "governance/deployments").exists()


def test_past_a_failing_gate_nothing_moves(workshop: Workshop) -> None:
    workshop.release("1", result="FAILED", refusals=[{"code": "X", "message": "a bad slice"}])
    with refusal("a bad slice"):
        promote("1")
    assert not (workshop.root / "var/routes.json").exists()


def test_what_serves_already_is_said(workshop: Workshop) -> None:
    workshop.release("1")
    promote("1")
    with refusal("serves already"):
        promote("1")


def test_as_of_is_the_clock_and_is_recorded(workshop: Workshop) -> None:
    workshop.release("1", expires_at="2027-01-01T00:00:00Z")
    with refusal("expired"):
        promote("1", as_of="2027-01-02")
    outcome = promote("1", as_of="2026-12-24T10:00:00Z")
    record = workshop.read(outcome.details["record"])
    assert record["as_of"] == "2026-12-24T10:00:00Z"
    assert record["at"] != record["as_of"]


def test_a_time_that_is_none_is_refused(workshop: Workshop) -> None:
    with refusal("not a time"):
        promote("1", as_of="next tuesday")


def test_every_change_is_one_link_of_a_chain(workshop: Workshop) -> None:
    history = module("serving.history")
    workshop.release("1")
    promote("1")
    module("pipeline.promote").rollback(reason="stop", to="fallback")
    promote("1")
    entries = history.read()
    assert [each["action"] for each in entries] == ["promote", "fallback", "promote"]
    assert entries[0]["before"] == "0" * 64
    records = sorted((workshop.root / "governance/deployments").glob("*.json"))
    assert len(records) == 3
    verdict = (workshop.root / "governance/gates/1.json").read_bytes()
    (kept,) = (workshop.root / "governance/deployments").glob("*.verdict")
    assert (kept.stem, kept.read_bytes()) == (module("pipeline.records").sha256_bytes(verdict), verdict)
    assert kept.with_suffix(".verdict.sig").is_file()
    last = history.file().read_bytes().splitlines()[-1]
    assert module("pipeline.records").sha256_bytes(last) in {
        json.loads(each.read_text())["history"] for each in records
    }


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0].replace(b'"op@', b'"me@'), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0]],
        lambda lines: [lines[0], b"not json"],
    ],
    ids=["edited", "cut", "reordered", "garbled"],
)
def test_a_damaged_history_is_noticed(workshop: Workshop, damage) -> None:
    workshop.release("1")
    promote("1")
    module("pipeline.promote").rollback(reason="stop", to="fallback")
    file = module("serving.history").file()
    file.write_bytes(b"\n".join(damage(file.read_bytes().splitlines())) + b"\n")
    with refusal("line"):
        promote("1")


def test_moving_the_pointer_imports_no_framework(workshop: Workshop) -> None:
    import subprocess
    import sys

    workshop.release("1")
    package = module("").__name__
    check = (
        f"import sys; from {package}.pipeline.promote import promote, rollback; promote('1');"
        "rollback(reason='x', to='fallback');"
        "heavy = {'mlflow', 'sklearn', 'numpy', 'pandas', 'fastapi', 'pydantic', 'skops'} & set(sys.modules);"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], env=workshop.environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
