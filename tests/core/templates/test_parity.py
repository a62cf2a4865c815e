"""Our own template, over sampled answers: our renderer and Copier's write the same bytes."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.workplace import write_tree
from roadworthy.commands.source import open_source
from roadworthy.core.templates.config import read_config
from roadworthy.core.templates.questions import Question
from roadworthy.core.templates.source import Source
from tests.copier_reference import by_copier, by_us, files

WHO = isolated({"user.name": "Robin", "user.email": "robin@tests.example"})
CHECKOUT = Path(__file__).resolve().parents[3]
WORDS = {
    "name": st.from_regex(r"[a-z][a-z0-9]{2,8}(-[a-z0-9]{1,6}){1,2}", fullmatch=True),
    "purpose": st.text(st.characters(categories=["L", "Zs"]), min_size=1).map(
        lambda word: f"Decides about {word}, at length."
    ),
}
PERSON = st.sampled_from(["ann@firm.example", "@ann", "@org/team", "ann.o'hara+x@firm.example"])


@pytest.fixture(scope="module")
def tree_of_checkout() -> Source:
    return open_source(str(CHECKOUT))


def test_our_template_renders_as_with_copier(tree_of_checkout: Source, tmp_path: Path) -> None:
    seen = []

    @settings(max_examples=8, deadline=None, derandomize=True, database=None)
    @given(answers(read_config(tree_of_checkout.tree).questions))
    def holds(data: Mapping[str, Any]) -> None:
        expected = by_copier(tree_of_checkout.tree, tmp_path, data)
        shutil.rmtree(tmp_path / "made")
        assert by_us(tree_of_checkout.tree, tmp_path, data) == expected
        seen.append(len(expected))

    holds()
    assert len(seen) >= 8
    assert min(seen) > 20


def answers(questions: tuple[Question, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Sample answers to every question that a person is asked; unanswered ones take their default."""
    asked = {each.name: _answer(each) for each in questions if each.when is not False}
    return st.fixed_dictionaries({}, optional=asked)


def _answer(question: Question) -> st.SearchStrategy[Any]:
    if question.name == "prohibited":
        return st.just([])
    if question.choices:
        values = st.sampled_from(list(question.choices.values()))
        return st.lists(values, unique=True) if question.multiselect else values
    if question.type == "bool":
        return st.booleans()
    return WORDS.get(question.name, PERSON)


@pytest.mark.parametrize(
    ("broken", "code", "row"), [(False, 0, "| 4 | 0 | 0 | 0 |"), (True, 1, "| 0 | 0 | 0 | 4 |")]
)
def test_the_parity_script_counts_and_fails_on_a_difference(
    broken: bool,
    code: int,
    row: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = runpy.run_path(str(CHECKOUT / "benchmarks" / "parity.py"))
    template = {
        "copier.yml": "a: {type: bool, default: true}\n",
        "f.jinja": "{{ a }} {{ '%Y' | strftime }}\n",
    }
    write_tree(tmp_path / "clones" / "one", files(template))
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "1")):
        git(tmp_path / "clones" / "one", *command, env=WHO)
    if broken:
        monkeypatch.setitem(script["main"].__globals__, "render", lambda *_: files({"other": ""}))
    assert script["main"](tmp_path / "clones", 4) == code
    assert row in capsys.readouterr().out
