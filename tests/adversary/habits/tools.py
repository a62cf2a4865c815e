"""What teams do with git, make, pytest and CI that only looks like a way around."""

from __future__ import annotations

from tests.adversary.habits.crafts import GITLAB_SHIP, HEAD, KUBECTL, SHIP, STAGES, STEPS
from tests.adversary.patch import Habit, Hand, append, each, swap, write
from tests.adversary.scene import Scene

PIN = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
GATE = "roadworthy gate 1"
DEFAULTS = HEAD.replace(
    "  ship:\n", "  ship:\n    defaults: {run: {shell: bash -euo pipefail {0}, working-directory: .}}\n"
)


def _gated(*steps: str, head: str = HEAD) -> Hand:
    return write(SHIP, head + STEPS + "".join(f"      - {step}\n" for step in (*steps, f"run: {KUBECTL}")))


def _vendored(scene: Scene) -> None:
    """A library of somebody else's, as a submodule that was not fetched."""
    scene.write(".gitmodules", '[submodule "lib"]\n\tpath = vendor/lib\n\turl = https://x.example/lib.git\n')
    scene.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},vendor/lib")


HABITS = (
    Habit("a submodule for a library beside", _vendored),
    Habit(
        "large notebooks by LFS, and stripped ones",
        write(
            ".gitattributes", "*.ipynb filter=nbstripout\nresearch/** filter=lfs diff=lfs merge=lfs -text\n"
        ),
    ),
    Habit(
        "line ends and archives by attributes",
        write(".gitattributes", "* text=auto eol=lf\n/docs export-ignore\n"),
    ),
    Habit("words of git in the docs", write("docs/.gitattributes", "*.md ident\n")),
    Habit(
        "settings, checked out and gated at the same ref",
        _gated(f"uses: {PIN}\n        with: {{ref: v1}}", f"run: {GATE}"),
    ),
    Habit(
        "another repository beside, after the gate",
        _gated(
            f"uses: {PIN}", f"run: {GATE}", f"uses: {PIN}\n        with: {{repository: our/ops, path: ops}}"
        ),
    ),
    Habit("a branch for the records after the gate", _gated(f"run: {GATE}", "run: git checkout -b records")),
    Habit("a gate after a look into a folder", _gated("run: cd docs && ls && cd .. && " + GATE)),
    Habit("a gate after a look in brackets", _gated(f"run: |\n          (cd docs && ls)\n          {GATE}")),
    Habit(
        "defaults for all steps",
        _gated(
            f"run: {GATE}",
            head=DEFAULTS.replace("{0}, w", "'{0}', w").replace(
                "bash -euo pipefail '{0}'", "'bash -euo pipefail {0}'"
            ),
        ),
    ),
    Habit("a gate by make", _gated("run: make -s gate VERSION=1 ROADWORTHY=roadworthy")),
    Habit(
        "a gate with settings of the runner",
        _gated(f"run: {GATE}\n        env: {{ROADWORTHY_CONFIG: /etc/roadworthy.toml}}"),
    ),
    Habit(
        "a gate after the project was installed", _gated("run: pip install --no-deps -e .", f"run: {GATE}")
    ),
    Habit(
        "lint that may fail, over a matrix",
        write(
            ".github/workflows/lint.yml",
            HEAD.replace(
                "  ship:\n",
                "  lint:\n    continue-on-error: true\n    strategy: {matrix: {python: ['3.11', '3.12']}}\n",
            )
            + "    steps:\n      - run: make lint || true\n",
        ),
    ),
    Habit(
        "another pipeline with a gate on fresh sources",
        write(
            ".gitlab-ci.yml",
            f"{STAGES}variables: {{GIT_STRATEGY: clone}}\ngate: {{stage: gate, script: [{GATE}]}}\n"
            + GITLAB_SHIP
            + "note: {stage: ship, when: always, script: [echo done]}\n",
        ),
    ),
    Habit(
        "targets of one's own",
        append("Makefile", "\n.PHONY: docs\ndocs: ; @mkdocs build\nclean:\n\trm -rf site; true\n"),
    ),
    Habit(
        "a Python by system",
        swap(
            "Makefile",
            "PYTHON := $(VENV)/bin/python\n",
            "ifeq ($(OS),Windows_NT)\nPYTHON := $(VENV)/Scripts/python\nelse\n"
            "  PYTHON := $(VENV)/bin/python\nendif\n",
        ),
    ),
    Habit("settings of one machine, included", append("Makefile", "\n-include .env\n-include local/*.mk\n")),
    Habit(
        "variables of make that a shell finds",
        append("Makefile", "\nNOW != date\ndefine GREETING\nhello\nendef\n"),
    ),
    Habit(
        "tests that show more",
        swap("pyproject.toml", 'addopts = "-q ', "addopts = \"-ra --durations=5 -m 'not slow' -q "),
    ),
    Habit(
        "tests by usual patterns",
        swap(
            "pyproject.toml",
            'testpaths = ["tests"]\n',
            'testpaths = ["tests"]\npython_files = ["test_*.py", "*_test.py"]\n'
            'python_functions = ["test_*"]\nnorecursedirs = ["build"]\n',
        ),
    ),
    Habit(
        "slow tests skipped unless asked for",
        write(
            "tests/unit/conftest.py",
            "import pytest\n\n\ndef pytest_collection_modifyitems(config, items):\n"
            "    for item in items:\n        if 'slow' in item.keywords:\n            "
            "item.add_marker(pytest.mark.skip(reason='slow'))\n",
        ),
    ),
    Habit(
        "a fixture for all",
        write(
            "tests/unit/conftest.py",
            "import pytest\n\n\n@pytest.fixture(autouse=True)\n"
            "def home(monkeypatch, tmp_path):\n    monkeypatch.setenv('HOME', str(tmp_path))\n",
        ),
    ),
    Habit(
        "a tool of its own at the root",
        each(write("tasks.py", "import json\n"), write("test/__init__.py", "")),
    ),
)
