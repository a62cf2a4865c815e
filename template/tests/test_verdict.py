"""A verdict counts only as the gate signed it, for this release, with these bytes and these approvals."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from project import module
from serving_fixtures import Workshop, keys, workshop

__all__ = ["keys", "workshop"]
ROLES = ["model", "features", "data", "thresholds", "config", "eval_report", "card", "policy_pack"]


def verify(version: str = "1", at: str | None = None):
    verdict = module("pipeline.verdict")
    return verdict.verify(version, datetime.fromisoformat(at) if at else datetime.now(UTC))


def refused(match: str, version: str = "1", at: str | None = None) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match=match) as caught:
        verify(version, at)
    assert caught.value.where
    assert caught.value.repair


def test_a_good_verdict_counts(workshop: Workshop) -> None:
    workshop.release("1")
    found = verify()
    assert found.version == "1"
    assert found.subject_digest == workshop.read("governance/releases/1.json")["subject_digest"]
    assert [each["role"] for each in found.approvals] == ["model-risk"]


def test_a_missing_verdict(workshop: Workshop) -> None:
    workshop.release("1", approved=False)
    refused("no gate verdict")


def test_an_unsigned_verdict(workshop: Workshop) -> None:
    workshop.release("1")
    (workshop.root / "governance/gates/1.json.sig").unlink()
    refused("not signed")


@pytest.mark.parametrize("signer", ["robin", "stranger"])
def test_a_key_that_is_not_the_gates(workshop: Workshop, signer: str) -> None:
    workshop.release("1", signer=signer)
    refused("not the gate's")


def test_a_signature_made_for_another_use(workshop: Workshop) -> None:
    workshop.release("1")
    workshop.sign(workshop.root / "governance/gates/1.json", namespace="roadworthy-approval")
    refused("not the gate's")


def test_an_edited_verdict(workshop: Workshop) -> None:
    workshop.release("1", result="FAILED", refusals=[{"code": "APPR-01", "message": "too few approvals"}])
    file = workshop.root / "governance/gates/1.json"
    file.write_text(file.read_text().replace("FAILED", "PASSED"))
    refused("edited")


def test_a_failing_gate(workshop: Workshop) -> None:
    workshop.release("1", result="FAILED", refusals=[{"code": "APPR-01", "message": "too few approvals"}])
    refused("too few approvals")


def test_an_expired_verdict(workshop: Workshop) -> None:
    workshop.release("1", expires_at="2026-12-01T00:00:00Z")
    verify(at="2026-11-30T00:00:00+00:00")
    refused("expired", at="2026-12-01T00:00:00+00:00")


def test_a_verdict_of_another_version(workshop: Workshop) -> None:
    workshop.release("1")
    workshop.release("2", approved=False)
    for end in (".json", ".json.sig"):
        shutil.copy(workshop.root / f"governance/gates/1{end}", workshop.root / f"governance/gates/2{end}")
    refused("about sample-system 1", "2")


def test_a_verdict_of_another_system(workshop: Workshop) -> None:
    workshop.release("1", system="another-system")
    refused("about another-system")


@pytest.mark.parametrize("role", ROLES)
def test_any_part_changed_after_approval(workshop: Workshop, role: str) -> None:
    folder = workshop.release("1")
    verify()
    part = next(
        each for each in workshop.read("var/releases/1/release.json")["subject"] if each["role"] == role
    )
    with (folder / part["path"]).open("ab") as file:
        file.write(b" ")
    refused("changed after it was approved")


def test_a_part_left_out_of_the_bundle(workshop: Workshop) -> None:
    folder = workshop.release("1")
    release = workshop.read("var/releases/1/release.json")
    release["subject"] = [each for each in release["subject"] if each["role"] != "card"]
    (folder / "release.json").write_text(module("pipeline.records").dumps(release))
    refused("not the approved one")


def test_a_path_out_of_the_bundle(workshop: Workshop) -> None:
    folder = workshop.release("1")
    release = workshop.read("var/releases/1/release.json")
    release["subject"][0]["path"] = "../../../pyproject.toml"
    (folder / "release.json").write_text(module("pipeline.records").dumps(release))
    refused("leaves the bundle")


def test_an_edited_approval(workshop: Workshop) -> None:
    workshop.release("1")
    approval = workshop.root / "governance/approvals/apr-1-robin.yaml"
    approval.write_text(approval.read_text().replace("model-risk", "accountable-executive"))
    refused("edited or removed")


def test_a_removed_approval(workshop: Workshop) -> None:
    workshop.release("1")
    (workshop.root / "governance/approvals/apr-1-robin.yaml").unlink()
    refused("edited or removed")


def test_a_revoked_approval(workshop: Workshop) -> None:
    workshop.release("1")
    (workshop.root / "governance/approvals/apr-1-robin.revoked.yaml").write_text("schema: revocation/v1\n")
    refused("was revoked")


def test_a_verdict_without_approvals(workshop: Workshop) -> None:
    workshop.release("1", approvals=[])
    refused("names no approval")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"predicate": []}', "\x00"])
def test_a_signed_file_that_is_no_verdict(workshop: Workshop, text: str) -> None:
    workshop.release("1")
    file = workshop.root / "governance/gates/1.json"
    file.write_text(text)
    workshop.sign(file)
    refused("not a gate verdict")


@pytest.mark.parametrize("version", ["../1", "", "1/2", ".."])
def test_a_version_that_is_a_path(workshop: Workshop, version: str) -> None:
    refused("not a version", version)
