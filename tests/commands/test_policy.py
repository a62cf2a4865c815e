"""`policy test|lint|diff|docs` on packs that are wrong in one way each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import roadworthy.policy
from roadworthy.cli import main
from roadworthy.commands.policy import compare_packs, document_pack, lint_pack, prove_pack
from roadworthy.errors import Refused

BUILT_IN = Path(roadworthy.policy.__file__).parent
Edit = Callable[[str, str, str], Path]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the built-in pack with three of its controls."""
    folder = tmp_path / "pack"
    shutil.copytree(BUILT_IN, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    for path in (folder / "controls").iterdir():
        if path.stem not in ("REL-03", "GOV-06", "DATA-03"):
            path.unlink()
    return folder


@pytest.fixture
def edit(pack: Path) -> Edit:
    """Replace a text in a file of the pack."""

    def change(name: str, old: str, new: str) -> Path:
        path = pack / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        return pack

    return change


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["policy", *arguments])
    return int(stopped.value.code or 0), capsys.readouterr().out


def test_a_sound_pack_passes(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "test", str(pack))
    assert code == 0
    assert "0 survived" in out
    assert "3 controls" in out
    assert run(capsys, "lint", str(pack)) == (0, "3 controls, 11 checks, 9 framework maps: no problem\n")


WEAKENED = [
    (
        "controls/REL-03.yaml",
        "d.requests > 0 && d.failed_requests",
        "d.requests >= 0 && d.failed_requests",
    ),
    (
        "controls/REL-03.yaml",
        "d.seconds <= tier.rollback_seconds",
        "d.seconds <= tier.rollback_seconds + 100",
    ),
    ("controls/GOV-06.yaml", "managed.drifted.size() == 0 && ", ""),
    ("controls/DATA-03.yaml", "d.digest_ok && ", ""),
    (
        "controls/DATA-03.yaml",
        '["train", "validation", "test", "reference"].all',
        '["train", "validation", "test"].all',
    ),
]


@pytest.mark.parametrize(("name", "old", "new"), WEAKENED)
def test_a_weakened_expression_breaks_a_case(edit: Edit, name: str, old: str, new: str) -> None:
    proof = prove_pack(str(edit(name, old, new)))
    assert proof.broken
    assert not proof.ok


def test_a_missing_case_lets_a_mutant_survive(edit: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edit(
        "controls/GOV-06.yaml",
        "  - {name: a deleted gate, check: intact",
        "  - {name: x, check: recorded-truly",
    )
    code, out = run(capsys, "test", str(folder))
    assert code == 1
    assert "BROKEN" in out


def test_a_surviving_mutant_is_named_and_exits_1(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = pack / "controls" / "GOV-06.yaml"
    lines = [line for line in path.read_text("utf-8").splitlines() if "a deleted gate" not in line]
    path.write_text("\n".join(line for line in lines if "hashes forged" not in line), "utf-8")
    code, out = run(capsys, "test", str(pack), "--json")
    found = json.loads(out)
    assert code == 1
    assert found["ok"] is False
    assert "dropped managed.missing.size() == 0" in [each["what"] for each in found["survived"]]


FAULTS = [
    ("controls/REL-03.yaml", "r.rollback_ok)", "r.rollback_okay)", "unknown field rollback_okay"),
    ("controls/REL-03.yaml", "tier.drill_days &&", "tiers.drill_days &&", "unknown fact tiers"),
    ("controls/REL-03.yaml", "d.seconds != null && ", "", "may be null"),
    ("controls/GOV-06.yaml", "    needs: [managed]\n", "", "may be unavailable"),
    ("controls/GOV-06.yaml", "needs: [managed]", "needs: [manged]", "is not among"),
    ("controls/GOV-06.yaml", "grade: derived", "grade: attested", "names who"),
    ("controls/GOV-06.yaml", "ref: GOVERN 1.4", "ref: GOVERN 9.9", "does not have"),
    ("controls/GOV-06.yaml", "framework: iso-42001", "framework: iso-42002", "unknown framework"),
    ("controls/GOV-06.yaml", 'edition: "2023"', 'edition: "2099"', "the file is of"),
    ("controls/GOV-06.yaml", "{managed.drifted: [src", "{managed.drift: [src", "unknown fact managed.drift"),
    (
        "controls/GOV-06.yaml",
        "announced: 2026-11-20",
        "announced: 2026-11-20\nenforce_from: 2026-01-01",
        "before it is announced",
    ),
    ("controls/GOV-06.yaml", "check: supported, stuffed: true", "check: supported", "keyword-stuffed"),
    ("controls/GOV-06.yaml", "name: called supported", "name: past support", "the same name"),
    ("controls/GOV-06.yaml", "expect: unknown", "expect: unknwon", "not one of"),
    ("frameworks/gdpr.yaml", "id: gdpr", "id: gdrp", "its file says gdpr"),
    ("frameworks/gdpr.yaml", "review_by: 2027-02-20", "review_by: 2026-02-20", "before it was checked"),
    ("tiers.yaml", "    waiver_days: 14\n", "", "lacks waiver_days"),
    ("tiers.yaml", "log_retention_days: 183", "log_retention_days: 182", "at least 183 by law"),
    ("tiers.yaml", "document_years: 10", "document_years: 5", "at least 10 by law"),
]


@pytest.mark.parametrize(("name", "old", "new", "text"), FAULTS, ids=[fault[3] for fault in FAULTS])
def test_lint_names_the_fault(edit: Edit, name: str, old: str, new: str, text: str) -> None:
    found = lint_pack(str(edit(name, old, new)), today="2026-11-20")
    assert any(text in problem.text for problem in found.problems), found.problems


def test_lint_exits_1_on_a_problem(edit: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edit("controls/REL-03.yaml", "r.rollback_ok)", "r.rollback_okay)")
    code, out = run(capsys, "lint", str(folder))
    assert code == 1
    assert "controls/REL-03.yaml known-good: expression: unknown field rollback_okay" in out


DIFFERENCES = [
    ("controls/REL-03.yaml", "severity: high", "severity: critical", "severity raised from high to critical"),
    ("controls/REL-03.yaml", "version: 1", "version: 2", "waivers of the old one lapse"),
    (
        "controls/REL-03.yaml",
        "announced: 2026-11-20",
        "announced: 2026-11-20\nenforce_from: {high: 2027-03-01}",
        "binds high 2027-03-01",
    ),
    (
        "controls/REL-03.yaml",
        "    due: release\n",
        "    due: release\n    enforce_from: 2027-03-01\n",
        "known-good binds low 2027-03-01; before, at once",
    ),
    (
        "controls/REL-03.yaml",
        "announced: 2026-11-20",
        "announced: 2026-11-20\nwaivable: false",
        "may not be waived any more",
    ),
    (
        "controls/REL-03.yaml",
        "d.requests > 0 && d.failed",
        "d.requests > 9 && d.failed",
        "rehearsed is judged differently",
    ),
    ("controls/REL-03.yaml", "    due: release\n", "", "known-good is due at birth"),
    (
        "controls/REL-03.yaml",
        "    due: release\n",
        "    due: release\n    unknown_blocks: release\n",
        "known-good, when unknown, blocks at the gate only",
    ),
    (
        "controls/DATA-03.yaml",
        "applies: {kinds: [trained]}\n    expression",
        "applies: {kinds: [llm]}\n    expression",
        "splits is asked of llm",
    ),
    ("tiers.yaml", "    drill_days: 31\n", "    drill_days: 14\n", "drill_days: 31 to 14"),
    ("tiers.yaml", "eval_cases: 20", "eval_cases: 25", "eval_cases: 20 to 25"),
    ("tiers.yaml", "low: [0, 8]", "low: [0, 7]", "tiers may come out differently"),
    ("frameworks/gdpr.yaml", 'edition: "2016/679"', 'edition: "2027"', "edition 2016/679 to 2027"),
]


@pytest.mark.parametrize(("name", "old", "new", "text"), DIFFERENCES, ids=[each[3] for each in DIFFERENCES])
def test_diff_says_what_changed(pack: Path, tmp_path: Path, name: str, old: str, new: str, text: str) -> None:
    after = tmp_path / "after"
    shutil.copytree(pack, after)
    changed = (after / name).read_text("utf-8")
    assert old in changed
    (after / name).write_text(changed.replace(old, new, 1), "utf-8")
    found = compare_packs(str(pack), str(after))
    assert [change for change in found.changes if text in change.what]
    assert all(change.whom and change.since for change in found.changes)


def test_diff_tells_new_and_removed_controls(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "diff", str(pack))
    assert code == 0
    assert "new control: Decision trace" in out
    assert "from tier moderate" in out
    assert compare_packs(str(pack), str(pack)).changes == ()


def test_docs_are_written_once_and_checked_after(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "docs")
    assert run(capsys, "docs", folder, str(pack))[0] == 0
    assert document_pack(folder, str(pack), check=True).changed == ()
    page = tmp_path / "docs" / "controls" / "REL-03.md"
    page.write_text(page.read_text("utf-8") + "edited by hand\n", "utf-8")
    with pytest.raises(Refused, match=r"REL-03\.md"):
        document_pack(folder, str(pack), check=True)


def test_a_page_of_no_control_is_told(pack: Path, tmp_path: Path) -> None:
    document_pack(str(tmp_path), str(pack))
    (tmp_path / "controls" / "OLD-01.md").write_text("gone", "utf-8")
    with pytest.raises(Refused, match="OLD-01"):
        document_pack(str(tmp_path), str(pack), check=True)


def test_an_unknown_control_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run(capsys, "test", "--control", "NOPE-01")
    assert code == 2


def test_an_overlay_folder_is_a_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = "id: acme\nversion: '1'\nextends: builtin\nobligations: {critical: {drill_days: 14}}\n"
    (tmp_path / "pack.yaml").write_text(about, "utf-8")
    assert run(capsys, "lint", str(tmp_path))[0] == 0
    code, out = run(capsys, "diff", str(BUILT_IN), str(tmp_path))
    assert code == 0
    assert "drill_days: 31 to 14" in out
    assert "for tier critical" in out


def test_packs_that_extend_each_other_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        about = f"id: {name}\nversion: '1'\nextends: {tmp_path / other}\n"
        (tmp_path / name / "pack.yaml").write_text(about, "utf-8")
    assert run(capsys, "lint", str(tmp_path / "a"))[0] == 2
