"""The template and the checks compute the same tier, from the same file."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy

from roadworthy.core.packs.tiers import assess, obligations
from tests.template.rendering import ROOT, Renders
from tests.template.test_branches import CONFIG, environment

RUBRIC: Any = yaml.safe_load((ROOT / "src/roadworthy/policy/tiers.yaml").read_text("utf-8"))
QUESTIONS = tuple(RUBRIC["questions"])
SCORES = [dict(zip(QUESTIONS, answers, strict=True)) for answers in product(range(4), repeat=len(QUESTIONS))]
CIRCUMSTANCES = [
    [],
    *([name] for name in RUBRIC["circumstances"]),
    *(list(pair) for pair in combinations(RUBRIC["circumstances"], 2)),
    list(RUBRIC["circumstances"]),
]


def test_jinja_and_python_agree_on_every_answer() -> None:
    tier = environment({}).from_string(CONFIG["tier"]["default"])
    compared = 0
    for scores in SCORES:
        for circumstances in CIRCUMSTANCES:
            answers = {**scores, "circumstances": circumstances, "prohibited": []}
            assert tier.render(answers) == assess(answers, RUBRIC).name, answers
            compared += 1
    assert compared == 4**5 * len(CIRCUMSTANCES) > 20_000


def test_obligations_are_those_of_the_tier() -> None:
    template = environment({}).from_string(CONFIG["obligations"]["default"])
    for tier in RUBRIC["tiers"]:
        assert yaml.safe_load(template.render(tier=tier)) == obligations(tier, RUBRIC)


def test_the_questions_are_the_rubric_s() -> None:
    for name, question in RUBRIC["questions"].items():
        assert CONFIG[name]["help"] == question["ask"]
        assert list(CONFIG[name]["choices"]) == question["choices"]
    assert set(CONFIG["circumstances"]["choices"].values()) == set(RUBRIC["circumstances"])
    assert set(CONFIG["prohibited"]["choices"].values()) == set(RUBRIC["prohibited"])


@pytest.mark.parametrize("practice", RUBRIC["prohibited"])
def test_a_prohibited_practice_ends_it_with_the_reason(
    render: Renders, practice: str, tmp_path: Path
) -> None:
    target = tmp_path / "project"
    with pytest.raises(ValueError, match="prohibited by the EU AI Act") as refused:
        run_copy(str(render.source), target, data={"prohibited": [practice]}, defaults=True, quiet=True)
    assert RUBRIC["prohibited"][practice]["ref"] in str(refused.value)
    assert not target.exists()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("name", "Credit Decision"),
        ("name", "9lives"),
        ("name", "a--b"),
        ("name", "class"),
        ("name", "pandas"),
        ("purpose", "short"),
        ("purpose", 'It decides "everything" about everybody.'),
        ("kind", "llm"),
        ("mode", "streaming"),
        ("owner_data", "somebody"),
        ("approver", "two people@x"),
        ("impact", 4),
        ("circumstances", ["none of these"]),
        ("ci", "jenkins"),
    ],
)
def test_a_bad_answer_is_refused_by_name(render: Renders, question: str, answer: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=question):
        run_copy(str(render.source), tmp_path / "p", data={question: answer}, defaults=True, quiet=True)
    assert not (tmp_path / "p").exists()


def test_generated_text_is_fresh() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "")
