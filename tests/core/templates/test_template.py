"""Our renderer beside Copier's, feature by feature: the same template, the same answers, the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy.core.templates.template import Run, Unsupported, load_template, render, resolve
from roadworthy.core.templates.tree import File, Tree
from roadworthy.errors import UsageError
from tests.copier_reference import by_copier, by_us, files

CASES = yaml.safe_load(Path(__file__).with_name("template_cases.yaml").read_text("utf-8"))
SAME = [
    pytest.param(case["template"], data, id=f"{name} {number}")
    for name, case in CASES["same"].items()
    for number, data in enumerate(case["answers"])
]


@pytest.mark.parametrize(("texts", "data"), SAME)
def test_renders_the_bytes_that_copier_writes(
    texts: dict[str, Any], data: dict[str, Any], tmp_path: Path
) -> None:
    tree = files(texts)
    expected = by_copier(tree, tmp_path, data)
    assert expected
    assert by_us(tree, tmp_path, data) == expected


@pytest.mark.parametrize(("feature", "texts"), CASES["beyond"].items(), ids=list(CASES["beyond"]))
def test_leaves_to_copier_what_is_outside_the_subset(feature: str, texts: dict[str, Any]) -> None:
    with pytest.raises(Unsupported) as beyond:
        rendered(files(texts))
    assert beyond.value.feature == feature


@pytest.mark.parametrize(("told", "texts"), CASES["broken"].items(), ids=list(CASES["broken"]))
def test_says_what_is_broken_in_a_template_and_where(told: str, texts: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as broken:
        rendered(files(texts))
    assert told in broken.value.message
    assert broken.value.hint


def test_renders_only_what_is_asked_for() -> None:
    template = load_template(files({"a.jinja": "{{ 1 }}", "b.jinja": "{{ undefined.broken.deeply }}"}))
    assert render(template, resolve(template, {}), only=lambda path: path == "a") == files({"a": "1"})


def test_an_update_renders_with_its_own_operation() -> None:
    tree = files({"copier.yml": "_exclude: ['{{ _copier_operation }}']\n", "copy": "", "update": ""})
    made = rendered(tree, Run(operation="update"))
    assert "copy" in made
    assert "update" not in made


def test_records_the_commit_before_the_source() -> None:
    tree = files({"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}"})
    made = rendered(tree, Run(src_path="gh:o/r", commit="v1.2"))
    assert made == files({".copier-answers.yml": "_commit: v1.2\n_src_path: gh:o/r\n"})


def test_a_template_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    template = load_template(files({"copier.yml": "a: 1\n", "{{ a }}.jinja": "{{ a }}", "b": "{{ a }}"}))
    first = render(template, resolve(template, {}))
    monkeypatch.setattr(type(template.env), "compile", lambda *_: pytest.fail("compiled again"))
    assert render(template, resolve(template, {})) == first


def rendered(tree: Tree, run: Run | None = None) -> dict[str, File]:
    template = load_template(tree)
    return render(template, resolve(template, {}, run=run or Run()))
