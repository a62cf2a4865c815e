"""`tier`: explained question by question, for a project or for given answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roadworthy.cli import main
from roadworthy.commands.tier import explain_tier
from roadworthy.errors import UsageError

ALL = ("impact=3", "autonomy=2", "reversibility=2", "regulatory=3", "scale=2")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["tier", *arguments])
    said = capsys.readouterr()
    return int(stopped.value.code or 0), said.out, said.err


def project(folder: Path, answers: str, risk: str = "") -> str:
    (folder / ".copier-answers.yml").write_text(answers, "utf-8")
    (folder / "governance").mkdir()
    (folder / "governance" / "risk.yaml").write_text(risk, "utf-8")
    return str(folder)


def test_given_answers_need_no_project(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *[word for answer in ALL for word in ("--data", answer)])
    assert code == 0
    assert out.startswith("tier critical")
    assert "25 points" in out
    assert "independent-validator, model-risk, accountable-executive" in out


def test_a_project_is_explained_with_every_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = project(
        tmp_path,
        "impact: 1\nautonomy: 2\nreversibility: 0\nregulatory: 1\nscale: 1\ncircumstances: [annex_iii]\n",
    )
    code, out, _ = run(capsys, place)
    assert code == 0
    assert "tier high" in out
    assert "band moderate" in out
    assert "at least high" in out
    assert all(question in out for question in ("impact", "autonomy", "reversibility", "regulatory", "scale"))


def test_an_understated_record_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = project(tmp_path, "\n".join(ALL).replace("=", ": "), "tier: low\n")
    assert "the project's files say low" in run(capsys, place)[1]


def test_one_answer_may_be_tried(tmp_path: Path) -> None:
    place = project(tmp_path, "impact: 0\nautonomy: 0\nreversibility: 0\nregulatory: 0\nscale: 0\n")
    assert explain_tier(place, {}).tier.name == "low"
    assert explain_tier(place, {"impact": "3", "reversibility": "3"}).tier.name == "critical"


def test_a_prohibited_practice_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "--json", "--data", "prohibited=social_scoring", *[w for a in ALL for w in ("--data", a)]
    )
    found = json.loads(out)
    assert code == 0
    assert found["tier"]["name"] == "prohibited"
    assert found["obligations"] == {}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("impact", "KEY=VALUE"),
        ("impact=4", "0 to 3"),
        ("impact=high", "0 to 3"),
        ("impakt=1", "no question impakt"),
        ("circumstances=annexiii", "no annexiii"),
        ("prohibited=all", "no all"),
    ],
)
def test_a_bad_answer_is_a_usage_error(data: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = run(capsys, "--data", data)
    assert code == 2
    assert text in error
    assert "next:" in error


def test_a_folder_without_answers_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no answers"):
        explain_tier(str(tmp_path), {})
