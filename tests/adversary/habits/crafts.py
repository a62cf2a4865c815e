"""What looks like a trick and is a craft: shells with care, files that include files, people of the world."""

from __future__ import annotations

from collections.abc import Callable

from tests.adversary.habits.people import ROLES, joins
from tests.adversary.lived import Story, relive
from tests.adversary.patch import Habit, Hand, append, each, swap, write
from tests.adversary.scene import Scene

PACKAGE, SHIP = "src/credit_decision", ".github/workflows/ship.yml"
DEVELOPER, EARLY = "dev@rehearsal.example", "2026-11-20T08:30:00Z"
HEAD = "name: ship\non: [workflow_dispatch]\npermissions: {}\njobs:\n  ship:\n    runs-on: ubuntu-24.04\n"
STEPS = "    environment: production\n    steps:\n"
KUBECTL = "kubectl apply -f deploy/kubernetes"
STAGES = "stages: [gate, ship]\n"
GITLAB_SHIP = f"ship: {{stage: ship, environment: production, script: [{KUBECTL}]}}\n"


def _gated(*lines: str, shell: str = "") -> Hand:
    """A second way through the gate, in the words of whoever wrote it."""
    text = "".join(f"          {line}\n" for line in lines)
    more = f"        shell: {shell}\n" if shell else ""
    return write(SHIP, f"{HEAD}{STEPS}      - run: |\n{text}{more}      - run: {KUBECTL}\n")


def _before(edit: Callable[[Scene], None]) -> Hand:
    return lambda scene: relive(scene, Story(before_run=edit))


def _merged(scene: Scene) -> None:
    """Two branches of two developers, merged by one of them."""
    scene.git("checkout", "-q", "-b", "side")
    scene.append(f"{PACKAGE}/features.py", "\n# Ratios, no amounts.\n")
    scene.commit("Say what they are\n\nCo-authored-by: Olu Ops <ops@rehearsal.example>", DEVELOPER, EARLY)
    scene.git("checkout", "-q", "-")
    scene.write("docs/notes.md", "# Notes\n")
    scene.commit("Take notes\n\nSigned-off-by: Rui Rocha <risk@rehearsal.example>", DEVELOPER, EARLY)
    scene.git("merge", "-q", "--no-ff", "-m", "Merge branch 'side'", "side")


def _reviewed(scene: Scene) -> None:
    scene.append(f"{PACKAGE}/features.py", "\n# Ratios, no amounts.\n")
    scene.commit("Say what they are\n\nReviewed-by: Rui Rocha <risk@rehearsal.example>", DEVELOPER, EARLY)


def _capitals(scene: Scene) -> None:
    scene.append(f"{PACKAGE}/features.py", "\n# Ratios, no amounts.\n")
    scene.commit("Say what they are", "Dev+laptop@Rehearsal.Example", EARLY)


def _theme(scene: Scene) -> None:
    """A checkout of somebody else's repository below the docs."""
    scene.write("docs/theme/style.css", "body {}\n")
    scene.git("-C", str(scene.path / "docs/theme"), "init", "-q")
    scene.append(".gitignore", "docs/theme/\n")


def _link(scene: Scene) -> None:
    scene.write("docs/v1.md", "# One\n")
    (scene.path / "docs" / "latest.md").symlink_to("v1.md")


HABITS = (
    Habit(
        "a gate with a word for when it fails", _gated("roadworthy gate 1 || { echo refused >&2; exit 1; }")
    ),
    Habit("a gate whose code is handed on", _gated("roadworthy gate 1 || exit $?")),
    Habit("a gate and a trap that tidies up", _gated("trap 'rm -f key' EXIT", "roadworthy gate 1")),
    Habit("a gate in the shell that stops", _gated("roadworthy gate 1", shell="bash -euxo pipefail {0}")),
    Habit("a gate in a folder", _gated("echo now", "cd . && roadworthy gate 1")),
    Habit(
        "a gate from a tool folder of the runner",
        _gated('echo "$HOME/.local/bin" >> "$GITHUB_PATH"', "roadworthy gate 1"),
    ),
    Habit("a gate that is logged", _gated("set -o pipefail", "roadworthy gate 1 | tee gate.log")),
    Habit(
        "a gate in a job before, on success alone",
        write(
            SHIP,
            f"{HEAD.replace('  ship:', '  gate:')}    steps:\n      - run: roadworthy gate 1\n  ship:\n"
            f"    needs: [gate]\n    if: success()\n    runs-on: ubuntu-24.04\n{STEPS}"
            f"      - run: {KUBECTL}\n",
        ),
    ),
    Habit(
        "another pipeline, gated by reference",
        write(
            ".gitlab-ci.yml",
            f"{STAGES}.ask: {{script: [roadworthy gate 1]}}\n"
            "gate: {stage: gate, script: [echo now, !reference [.ask, script]]}\n" + GITLAB_SHIP,
        ),
    ),
    Habit(
        "another pipeline, gated by hand and waited for",
        write(
            ".gitlab-ci.yml",
            f"{STAGES}gate: {{stage: gate, when: manual, allow_failure: false, "
            "script: [roadworthy gate 1]}\n" + GITLAB_SHIP,
        ),
    ),
    Habit(
        "another pipeline, gate and deploy by the same rules",
        write(
            ".gitlab-ci.yml",
            f"{STAGES}gate: {{stage: gate, rules: [{{if: $CI_COMMIT_TAG}}], script: [roadworthy gate 1]}}\n"
            + GITLAB_SHIP.replace("stage: ship,", "stage: ship, rules: [{if: $CI_COMMIT_TAG}],"),
        ),
    ),
    Habit(
        "targets in a file beside",
        each(
            write("research/Makefile", "include more.mk\n"),
            write("research/more.mk", "plot:\n\tpython plot.py\n"),
        ),
    ),
    Habit(
        "a composition of services for a laptop",
        write("compose.yaml", "services: {db: {image: postgres, command: postgres -c fsync=off}}\n"),
    ),
    Habit("hooks of husky", write(".husky/pre-commit", "npx lint-staged\n")),
    Habit(
        "slow tests that are marked",
        write(
            "tests/unit/conftest.py",
            "def pytest_collection_modifyitems(items):\n    for item in items:\n"
            "        item.add_marker('unit')\n",
        ),
    ),
    Habit(
        "a report after the tests",
        write(
            "tests/unit/conftest.py",
            "def pytest_sessionfinish(session, exitstatus):\n    print(exitstatus)\n",
        ),
    ),
    Habit(
        "a second package of one's own",
        each(
            write("src/reporting/__init__.py", '"""Reports."""\n'),
            write(f"{PACKAGE}/letters.py", "import reporting\n\n\ndef words():\n    return reporting\n"),
        ),
    ),
    Habit(
        "an option of a library",
        write(
            f"{PACKAGE}/letters.py",
            "import pandas as pd\n\npd.options.mode.copy_on_write = True\n\n\nclass Letter:\n"
            "    def __init__(self, words):\n        self.words = words\n",
        ),
    ),
    Habit("the theme of the docs, cloned", _theme),
    Habit("a link in the docs", _link),
    Habit(
        "names that differ by case, in the docs",
        each(write("docs/Notes.md", "# A\n"), write("docs/notes.md", "# B\n")),
    ),
    Habit(
        "a name with an umlaut",
        append(ROLES, joins("developer").replace("Nia New", "Jürgen Groß").replace("new@", "jürgen@")),
    ),
    Habit(
        "a name in another alphabet", append(ROLES, joins("developer").replace("Nia New", "Ольга Иванова"))
    ),
    Habit(
        "an address with a tag of one's own",
        append(ROLES, joins("developer").replace('emails: ["', 'emails: ["new+ci@loans.example", "')),
    ),
    Habit("branches merged, with a co-author", _before(_merged)),
    Habit("a reviewer named in the message", _before(_reviewed)),
    Habit("commits from a laptop, in capitals", _before(_capitals)),
    Habit(
        "an anchor in a policy",
        swap("policy/monitoring.yaml", "cadence_hours:", "# see &cadence\ncadence_hours:"),
    ),
    Habit("a person's key renewed", lambda s: _renewed(s)),
)


def _renewed(scene: Scene) -> None:
    """The old key ends after what it signed; the new one begins there."""
    name = "governance/allowed_signers"
    text = scene.text(name).replace(
        'risk@rehearsal.example namespaces="roadworthy-approval,git"',
        'risk@rehearsal.example namespaces="roadworthy-approval,git",valid-before="20261231"',
    )
    scene.write(name, text)
