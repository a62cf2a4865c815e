"""Answers: what is refused and how it is said, and how recorded answers give way, beside Copier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from roadworthy.adapters.git.sources import read_folder
from roadworthy.adapters.workplace import write_tree
from roadworthy.core.templates.template import Run, load_template, render, resolve
from roadworthy.errors import UsageError
from tests.copier_reference import files

ANSWERS = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}"}
QUESTIONS = """
colour: {type: str, choices: {Red: red, Blue: blue, Grey: {value: grey, validator: not today}}, default: red}
days: {type: int, default: 3, validator: "{% if days > 9 %}at most 9 days{% endif %}"}
parts: {type: str, multiselect: true, choices: [a, b], default: [a]}
deep: {type: yaml, default: {}}
extra: {type: str, default: none given, when: "{{ days > 5 }}"}
"""


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        (
            {"colour": "green"},
            "question colour: 'green' was not accepted: expected one of: red, blue",
            "colour=red",
        ),
        ({"colour": "grey"}, "question colour: 'grey' was not accepted: not today", "colour=red"),
        (
            {"days": "soon"},
            "question days: 'soon' was not accepted: expected a value of type int",
            "days=VALUE",
        ),
        ({"days": None}, "question days: None was not accepted: expected a value of type int", "days=VALUE"),
        ({"days": 10}, "question days: 10 was not accepted: at most 9 days", "days=VALUE"),
        (
            {"parts": "[a, c]"},
            "question parts: '[a, c]' was not accepted: expected one of: a, b",
            "parts=[a]",
        ),
        (
            {"parts": "a"},
            "question parts: 'a' was not accepted: expected a list, such as [a, b]",
            "parts=[a]",
        ),
        ({"parts": 7}, "question parts: 7 was not accepted: expected a list, such as [a, b]", "parts=[a]"),
        ({"deep": "{"}, "question deep: '{' was not accepted: expected YAML", "deep=VALUE"),
        ({"extra": ["x"]}, "question extra: ['x'] was not accepted: expected text", "extra=VALUE"),
    ],
)
def test_a_bad_answer_is_named_with_its_question_and_what_is_allowed(
    given: dict[str, Any], said: str, hint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        resolve(load_template(files({"copier.yml": QUESTIONS})), given)
    assert refused.value.message.startswith(said)
    assert refused.value.hint == f"give another answer, such as --data {hint}"


@pytest.mark.parametrize(
    ("recorded", "given"),
    [
        ({"colour": "blue", "days": 7, "parts": ["b", "a"], "deep": [1], "extra": "said"}, {}),
        ({"colour": "green", "days": 99, "parts": ["c"], "extra": "said"}, {}),
        ({"colour": "grey", "days": "no", "parts": "b", "gone": "question"}, {}),
        ({"days": 7, "extra": "said"}, {"days": 2}),
        ({"days": 2}, {"days": "8", "parts": "[b]"}),
    ],
)
def test_recorded_answers_give_way_as_with_copier(
    recorded: dict[str, Any], given: dict[str, Any], tmp_path: Path
) -> None:
    tree = files({"copier.yml": QUESTIONS, "f.jinja": "{{ extra }} {{ gone | default('no') }}", **ANSWERS})
    template, made = tmp_path / "template", tmp_path / "made"
    write_tree(template, tree)
    write_tree(made, files({".copier-answers.yml": yaml.safe_dump({"_src_path": "x", **recorded})}))
    copier.run_copy(
        str(template), str(made), given, defaults=True, overwrite=True, quiet=True, settings=copier.Settings()
    )
    ours = load_template(tree)
    answers = resolve(ours, given, last=recorded, run=Run(src_path=str(template), folder="made"))
    assert render(ours, answers) == read_folder(made)


def test_computed_answers_are_there_but_not_remembered() -> None:
    tree = files({"copier.yml": "a: 2\nb: {type: int, default: '{{ a * 2 }}', when: false}\n"})
    answers = resolve(load_template(tree), {"a": 4})
    assert answers["b"] == 8
    assert answers["_copier_answers"] == {"_src_path": "", "a": 4}
