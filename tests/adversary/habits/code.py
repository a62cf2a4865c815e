"""Code, tests and workflows of the team's own."""

from __future__ import annotations

from tests.adversary.patch import Habit, append, each, write
from tests.adversary.scene import Scene

PACKAGE = "src/credit_decision"
PIN = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
WORKFLOW = (
    "name: {name}\non:\n  {on}\npermissions: {{}}\njobs:\n  {name}:\n    runs-on: ubuntu-24.04\n"
    "    permissions:\n      contents: read\n    steps:\n      - uses: " + PIN + "\n      - run: {run}\n"
)
FEATURE = '\n\ndef loan_term(rows):\n    """Years until it is paid back."""\n    return rows["term"] / 12.0\n'


def _workflow(name: str, run: str, on: str = "pull_request: {}") -> Habit:
    text = WORKFLOW.format(name=name, run=run, on=on)
    return Habit(f"a workflow: {name}", write(f".github/workflows/{name}.yml", text))


def _moved_tests(scene: Scene) -> None:
    (scene.path / "tests" / "unit").mkdir()
    scene.git("mv", "tests/test_features.py", "tests/unit/test_features.py")


HABITS = (
    _workflow("spelling", "make spelling"),
    _workflow("nightly", "make test", "schedule: [{cron: '0 3 * * *'}]"),
    _workflow("docs", "mkdocs build --strict"),
    _workflow("image", "docker build --file deploy/Containerfile ."),
    _workflow("stale", "echo nothing to do"),
    Habit("a feature more", append(f"{PACKAGE}/features.py", FEATURE)),
    Habit("a comment in the features", append(f"{PACKAGE}/features.py", "\n# Ratios, no amounts.\n")),
    Habit(
        "a docstring in the model", append(f"{PACKAGE}/model.py", '\n\ndef _note():\n    """Nothing."""\n')
    ),
    Habit(
        "a module of one's own",
        write(f"{PACKAGE}/letters.py", 'def greet(name):\n    return f"Dear {name}"\n'),
    ),
    Habit(
        "a package of one's own",
        each(
            write(f"{PACKAGE}/reporting/__init__.py", '"""Reports."""\n'),
            write(f"{PACKAGE}/reporting/table.py", "def rows(values):\n    return sorted(values)\n"),
        ),
    ),
    Habit(
        "a test more", write("tests/test_letters.py", "def test_greeting():\n    assert 'a' in 'Dear a'\n")
    ),
    Habit(
        "a test class",
        write(
            "tests/test_style.py",
            "class TestStyle:\n    def test_upper(self):\n        assert 'a'.upper() == 'A'\n",
        ),
    ),
    Habit("tests in folders", _moved_tests),
    Habit(
        "a notebook of research",
        write("research/look.ipynb", '{"cells": [], "metadata": {}, "nbformat": 4}\n'),
    ),
    Habit("a script of research", write("research/plot.py", "import sys\n\nprint(sys.argv)\n")),
    Habit("a query", write("research/people.sql", "select count(*) from applications;\n")),
    Habit("settings of an editor", write(".editorconfig", "root = true\n")),
    Habit("settings of an editor's folder", write(".vscode/settings.json", '{"editor.rulers": [110]}\n')),
    Habit("ignored files of one's own", append(".gitignore", "*.local\n.idea/\n")),
    Habit("an issue template", write(".github/ISSUE_TEMPLATE/bug.md", "---\nname: Bug\nabout: x\n---\n")),
    Habit("updates by a bot", write(".github/dependabot.yml", "version: 2\nupdates: []\n")),
    Habit("a target in a makefile of one's own", write("research/Makefile", "plot:\n\tpython plot.py\n")),
)
