"""Gates that another file, variable or checkout takes the sting out of: right words, something else runs."""

from __future__ import annotations

from tests.adversary.lies.shells import GATE, HEAD, JOB, SHIP, SHIPS, SIDE, STAGES
from tests.adversary.patch import Hand, Lie, append, each, write

RUNS = "    runs-on: ubuntu-24.04\n"
PIN = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
UNGATED = "no step or needed job before it runs"


def _steps(*steps: str, job: str = JOB) -> Hand:
    """A job of these steps that ships at its end."""
    return write(SIDE, job + "".join(f"      - {step}\n" for step in (*steps, f"run: {SHIP}")))


def _script(*lines: str, more: str = "") -> Hand:
    """One step that gates, after a fashion, and a step that ships."""
    text = "".join(f"          {line}\n" for line in lines)
    return write(SIDE, f"{JOB}      - run: |\n{text}{more}      - run: {SHIP}\n")


def _told(**variables: str) -> Hand:
    """The gate by make, in an environment."""
    env = ", ".join(f"{name}: '{value}'" for name, value in variables.items())
    return _steps(f"run: make gate VERSION=1\n        env: {{{env}}}")


def _chain(middle: str) -> Hand:
    """A gate, a job between, and a job that ships after that one."""
    jobs = f"jobs:\n  gate:\n{RUNS}    steps:\n      - run: {GATE}\n  mid:\n{RUNS}{middle}"
    ship = f"  ship:\n{RUNS}    needs: mid\n    environment: production\n    steps:\n      - run: {SHIP}\n"
    return write(SIDE, HEAD.partition("jobs:")[0] + f"{jobs}    steps:\n      - run: echo on\n{ship}")


def _gitlab(gate: str, ship: str = SHIPS) -> Hand:
    return write(".gitlab-ci.yml", STAGES + gate + ship)


ASKS = f"gate: {{stage: gate, script: [{GATE}]}}\n"
LIES = (
    *(
        Lie(title, ("REL-01",), hand, says=UNGATED)
        for title, hand in {
            "a gate whose shell only reads": _script(GATE, more="        shell: bash -ne {0}\n"),
            "a gate whose shell is told again": _script(GATE, more="        shell: bash -e +e {0}\n"),
            "a gate that is handed to a script": _script(
                GATE, more="        shell: bash -e ci/quiet.sh {0}\n"
            ),
            "a gate after errors are let go by name": _script("set +o errexit", GATE),
            "a gate in a script that is only read": _script("set -n", GATE),
            "a gate in a script that is only read, by name": _script("set -o noexec", GATE),
            "a gate after the shell became another": _script("exec true", GATE),
            "a gate after an early end": _script('test -n "$HOTFIX" && exit 0', GATE),
            "a gate after an early end, in a condition": _script(
                'if [ -n "$HOTFIX" ]; then exit 0; fi', GATE
            ),
            "a gate that a debugger passes by": _script("shopt -s extdebug", "trap false DEBUG", GATE),
            "a gate in brackets that may fail": _script(f"({GATE}) || true"),
            "a gate in braces that may fail": _script(f"{{ {GATE}; }} || true"),
            "a gate that says its version": _script("roadworthy --version gate 1"),
            "a gate that is whatever is missing": _script("command_not_found_handle() { return 0; }", GATE),
            "a gate that the shell remembers elsewhere": _script("hash -p /bin/true roadworthy", GATE),
            "a gate from a file of functions": each(
                write("scripts/env.sh", "roadworthy() { echo passed; }\n"), _script(". scripts/env.sh", GATE)
            ),
            "a gate in another folder": _script("cd /tmp/other", GATE),
            "a gate in another folder, by the runner": _script(
                GATE, more="        working-directory: blessed\n"
            ),
            "a gate in another folder, for all": _steps(
                f"run: {GATE}",
                job=JOB.replace("    steps", "    defaults: {run: {working-directory: blessed}}\n    steps"),
            ),
            "a gate of another checkout": _steps(
                f"uses: {PIN}\n        with: {{ref: blessed}}", f"run: {GATE}", f"uses: {PIN}"
            ),
            "a checkout after the gate": _steps(
                f"uses: {PIN}", f"run: {GATE}", f"uses: {PIN}\n        with: {{ref: hotfix}}"
            ),
            "a checkout after the gate, in the shell": _script(GATE, "git checkout hotfix -- src"),
            "a pull after the gate": _script(GATE, "git pull --rebase origin hotfix"),
            "a patch after the gate": _script(GATE, "git apply hotfix.patch"),
            "a gate job that checks another ref": write(
                SIDE,
                HEAD.partition("jobs:")[0]
                + f"jobs:\n  gate:\n{RUNS}    steps:\n      - uses: {PIN}\n        with: {{ref: blessed}}\n"
                + f"      - run: {GATE}\n  ship:\n{RUNS}    needs: gate\n    environment: production\n"
                + f"    steps:\n      - uses: {PIN}\n      - run: {SHIP}\n",
            ),
            "a gate job before one that runs anyway": _chain("    needs: gate\n    if: always()\n"),
            "a gate that is a function of the environment": _steps(
                f"run: {GATE}\n        env: {{'BASH_FUNC_roadworthy%%': '() {{ :; }}'}}"
            ),
            "a gate with settings of the project's own": each(
                write("ci/mine.toml", "[sources]\ntrusted = ['https://x.example']\n"),
                _steps(f"run: {GATE}\n        env: {{ROADWORTHY_CONFIG: ci/mine.toml}}"),
            ),
            "a gate found elsewhere from now on, as a module": _steps(
                'run: echo "PYTHONPATH=$PWD/ci" >> "$GITHUB_ENV"', f"run: {GATE}"
            ),
            "a gate by a make that goes on, by its environment": _told(MAKEFLAGS="-i"),
            "a gate by a make that reads another file first": _told(MAKEFILES="ci/more.mk"),
            "a gate by a make whose tool is another": _told(ROADWORTHY="true"),
            "a gate by a make that is told otherwise": _steps("run: make gate VERSION=1 ROADWORTHY=true"),
            "a gate by a make that is told otherwise, before": _steps(
                "run: ROADWORTHY=true make gate VERSION=1"
            ),
            "a gate by a make that goes on, before": _steps("run: MAKEFLAGS=-i make gate VERSION=1"),
            "a gate by a make of several letters": _steps("run: make -si gate VERSION=1"),
            "a gate by a Makefile elsewhere, in one word": each(
                write("ci/quiet.mk", "gate:\n\t@true\n"), _steps("run: make -fci/quiet.mk gate VERSION=1")
            ),
            "a gate by a Makefile elsewhere, in full": each(
                write("ci/quiet.mk", "gate:\n\t@true\n"),
                _steps("run: make --file=ci/quiet.mk gate VERSION=1"),
            ),
            "a gate by a make that is given a rule": _steps(
                "run: \"make --eval='gate: ; true' gate VERSION=1\""
            ),
            "a gate that is copied over": _script(
                "cp /bin/true .roadworthy/.venv/bin/roadworthy", f".roadworthy/.venv/bin/{GATE}"
            ),
            "a gate that is linked elsewhere": _script(
                "sudo ln -sf /bin/true /usr/local/bin/roadworthy", GATE
            ),
            "a gate that is written anew": _script("printf '#!/bin/sh\\n' > ~/.local/bin/roadworthy", GATE),
            "a gate that the project's own package brings": each(
                append(
                    "pyproject.toml",
                    '\n[project.entry-points.console_scripts]\nroadworthy = "credit_decision.mood:main"\n',
                ),
                _script("pip install -e .", GATE),
            ),
            "a gate of a package beside": each(
                write(
                    "vendor/rw/setup.py",
                    "from setuptools import setup\n\nsetup(name='roadworthy', py_modules=['x'])\n",
                ),
                _script("pip install ./vendor/rw", GATE),
            ),
            "a gate of no sources": _gitlab(
                f"gate: {{stage: gate, variables: {{GIT_STRATEGY: none}}, script: [{GATE}]}}\n"
            ),
            "a gate of sources from another day": _gitlab(f"variables: {{GIT_CHECKOUT: 'false'}}\n{ASKS}"),
            "a gate of another project's pipeline": _gitlab(
                f"gate: {{stage: ship, needs: [x], script: [{GATE}]}}\n",
                SHIPS.replace("script:", "needs: [{project: other/ops, job: gate, ref: main}], script:"),
            ),
            "a gate whose tool is replaced before": _gitlab(
                f"default: {{before_script: [cp /bin/true /usr/bin/roadworthy]}}\n{ASKS}"
            ),
        }.items()
    ),
    Lie(
        "a deploy that runs anyway, by rule",
        ("REL-01",),
        _gitlab(ASKS, SHIPS.replace("script:", "rules: [{when: always}], script:")),
        says="although what it needs has failed",
    ),
    Lie(
        "a deploy that runs on failure, by rule",
        ("REL-01",),
        _gitlab(
            ASKS, SHIPS.replace("script:", "rules: [{if: $X, when: on_failure}, {when: on_success}], script:")
        ),
        says="although what it needs has failed",
    ),
)
