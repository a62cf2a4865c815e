"""Code, tests and workflows of the team's own."""

from __future__ import annotations

from tests.adversary.patch import Habit, append, each, write
from tests.adversary.scene import DRILL, Scene

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


SHIP = "import subprocess\n\nsubprocess.run(['kubectl', 'apply', '-f', 'deploy/kubernetes'], check=True)\n"
GATED = (
    "name: ship\non: [workflow_dispatch]\npermissions: {}\njobs:\n  gate:\n"
    "    runs-on: ubuntu-24.04\n    steps:\n      - run: roadworthy gate 1\n  ship:\n    needs: gate\n"
)
RUNS = "    runs-on: ubuntu-24.04\n    environment: production\n    steps:\n"
ACTION = "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - run: {}\n      shell: bash\n"
SHA = "a" * 40
LINT = "name: shared\non: {pull_request: {}}\npermissions: {contents: read}\njobs:\n  lint:\n"


def _restored(scene: Scene) -> None:
    """Deleted by mistake, and put back as it was."""
    text = scene.text(DRILL)
    scene.remove(DRILL)
    scene.commit("Tidy up")
    scene.write(DRILL, text)


HABITS = (
    Habit("a record deleted by mistake and put back", _restored),
    Habit(
        "a second way, through the gate, by Python",
        each(
            write("scripts/ship.py", SHIP),
            write(".github/workflows/ship.yml", f"{GATED}{RUNS}      - run: python scripts/ship.py\n"),
        ),
    ),
    Habit(
        "a second way, through the gate, by an action of one's own",
        each(
            write(".github/actions/ship/action.yml", ACTION.format("kubectl apply -f deploy/kubernetes")),
            write(".github/workflows/ship.yml", f"{GATED}{RUNS}      - uses: ./.github/actions/ship\n"),
        ),
    ),
    Habit(
        "a second way, through the gate, by a called workflow",
        each(
            write(
                ".github/workflows/inner.yml",
                "name: inner\non: workflow_call\npermissions: {}\njobs:\n  go:\n"
                f"{RUNS}      - run: helm upgrade credit ./chart\n",
            ),
            write(".github/workflows/ship.yml", f"{GATED}    uses: ./.github/workflows/inner.yml\n"),
        ),
    ),
    Habit(
        "a second way, through the gate, by the company's workflow",
        write(
            ".github/workflows/ship.yml",
            f"{GATED}    uses: our/pipes/.github/workflows/ship.yml@{SHA}\n    secrets: inherit\n",
        ),
    ),
    Habit(
        "the company's lint, without secrets",
        write(".github/workflows/shared.yml", f"{LINT}    uses: our/pipes/.github/workflows/l.yml@{SHA}\n"),
    ),
    Habit(
        "an action of one's own for setting up",
        each(
            write(".github/actions/setup/action.yml", ACTION.format("pip install --require-hashes -r r.txt")),
            write(
                ".github/workflows/shared.yml",
                f"{LINT}    runs-on: ubuntu-24.04\n    steps:\n      - uses: ./.github/actions/setup\n",
            ),
        ),
    ),
    _workflow("cluster", "kubectl get pods && helm lint chart && terraform plan"),
    _workflow("notice", "curl -X POST -d done https://chat.x.example/hooks/1"),
    _workflow("mirror", "git push origin HEAD:mirror"),
    Habit("a script that builds", write("scripts/build.sh", "#!/bin/sh\nset -e\ndocker build -t x .\n")),
    Habit(
        "a script that builds, in Python",
        write(
            "scripts/build.py",
            '"""Build.\n\nkubectl apply -f x is for the release."""\nimport subprocess\n\n'
            "subprocess.run(['docker', 'build', '.'], check=True)\nprint('kubectl apply -f x is next')\n",
        ),
    ),
    Habit(
        "a test of what a script would run",
        write(
            "tests/test_build.py",
            "def test_words():\n    assert ['kubectl', 'apply'] == 'kubectl apply'.split()\n",
        ),
    ),
    Habit("a runbook with commands", write("docs/ops.md", "    kubectl rollout restart deployment/credit\n")),
    Habit("tasks of npm", write("package.json", '{"scripts": {"build": "vite build", "test": "vitest"}}\n')),
    Habit("rows of an object store", write("research/get.sh", "#!/bin/sh\naws s3 cp s3://rows/x.csv .\n")),
    Habit(
        "a module that parses and switches to evaluation",
        write(
            f"{PACKAGE}/parsing.py",
            "import ast\nimport re\n\nWORD = re.compile('x')\n\n\ndef parse(text, net):\n    net.eval()\n"
            "    return ast.literal_eval(text)\n",
        ),
    ),
    Habit(
        "a library or another under its name, and one under two",
        write(
            f"{PACKAGE}/formats.py",
            "import json as codec\n\nimport numpy as np\n\ntry:\n    import tomllib\nexcept ImportError:\n"
            "    import tomli as tomllib\n\nxp = np\n\n\ndef read(text):\n    import tomllib as codec\n\n"
            "    return codec.loads(text), tomllib.loads(text), xp.load\n",
        ),
    ),
    Habit(
        "a report of what came in",
        write(
            f"{PACKAGE}/letters.py",
            "def words(row):\n    return f\"You asked for {row['loanamt']} of {row.get('apr')}.\"\n",
        ),
    ),
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
