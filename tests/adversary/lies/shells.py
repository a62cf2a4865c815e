"""Gates that look as if they held: shells, makefiles, conditions and tests that are told to keep quiet."""

from __future__ import annotations

from tests.adversary.patch import FROM_HIGH, Hand, Lie, append, each, swap, write

SIDE, CI, TESTS = ".github/workflows/side.yml", ".github/workflows/ci.yml", "tests/conftest.py"
PIN = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
HEAD = "name: side\non: [workflow_dispatch]\npermissions: {}\njobs:\n  ship:\n"
JOB = HEAD + "    runs-on: ubuntu-24.04\n    environment: production\n    steps:\n"
GATE, SHIP = "roadworthy gate 1", "kubectl apply -f deploy/kubernetes"
SECRET = JOB.replace("    steps", "    env: {TOKEN: '${{ secrets.TOKEN }}'}\n    steps")
CHECKED = "roadworthy check ."
STAGES = "stages: [gate, ship]\n"
SHIPS = f"ship: {{stage: ship, environment: production, script: [{SHIP}]}}\n"


def _script(*lines: str, job: str = JOB, shell: str = "", env: str = "") -> Hand:
    """One step that gates, after a fashion, and a step that ships."""
    text = "".join(f"          {line}\n" for line in lines)
    more = (f"        shell: {shell}\n" if shell else "") + (f"        env: {env}\n" if env else "")
    return write(SIDE, f"{job}      - run: |\n{text}{more}      - run: {SHIP}\n")


def _needed(gate: str, ship: str) -> Hand:
    """A job that gates and a job that ships."""
    runs = "    runs-on: ubuntu-24.04\n"
    jobs = f"jobs:\n  gate:\n{runs}{gate}    steps:\n      - run: {GATE}\n  ship:\n{runs}{ship}"
    steps = f"    environment: production\n    steps:\n      - run: {SHIP}\n"
    return write(SIDE, HEAD.partition("jobs:")[0] + jobs + steps)


def _checked(instead: str) -> Hand:
    return swap(CI, CHECKED, instead)


def _gitlab(gate: str, ship: str = SHIPS) -> Hand:
    return write(".gitlab-ci.yml", STAGES + gate + ship)


def _pytest(option: str) -> Hand:
    return swap("pyproject.toml", 'addopts = "-q ', f'addopts = "{option} -q ')


def _hook(text: str) -> Hand:
    return append(TESTS, f"\n\n{text}\n")


GATED = (
    Lie(title, ("REL-01",), hand)
    for title, hand in {
        "a gate before an and": _script(f"{GATE} && echo passed", "echo done"),
        "a gate after an and": _script(f"grep -q x README.md && {GATE}", "echo done"),
        "a gate before an and, in one line": _script(f"{GATE} && true; echo done"),
        "a gate and a trap": _script("trap 'exit 0' EXIT", GATE),
        "a gate and a trap for errors": _script("trap 'exit 0' ERR", GATE),
        "a gate of one's own in the shell": _script("roadworthy() { true; }", GATE),
        "a gate of one's own in the shell, said otherwise": _script("function roadworthy { true; }", GATE),
        "a gate of another name": _script("shopt -s expand_aliases", "alias roadworthy=true", GATE),
        "a gate that ends with 256": _script(f"{GATE} || exit 256"),
        "a gate that ends with a number of one's own": _script("OK=0", f"{GATE} || exit $OK"),
        "a gate that ends after a word": _script(f"{GATE} || {{ echo no; exit; }}"),
        "a gate that ends with what echo says": _script(f"{GATE} || {{ echo no; exit $?; }}"),
        "a gate in a shell that runs something else": _script(GATE, shell="bash -c true -e {0}"),
        "a gate in a shell that goes on": _script(GATE, shell="bash {0}"),
        "a gate with a file before it": _script(GATE, env="{BASH_ENV: scripts/quiet.sh}"),
        "a gate found elsewhere": _script(GATE, env="{PATH: ./bin}"),
        "a gate found elsewhere, said in the shell": _script("export PATH=./bin:$PATH", GATE),
        "a gate found elsewhere from now on": write(
            SIDE,
            f'{JOB}      - run: echo "$PWD/bin" >> "$GITHUB_PATH"\n'
            f"      - run: {GATE}\n      - run: {SHIP}\n",
        ),
        "a gate as of a day that was better": _script(f"{GATE} --as-of 2026-11-20"),
        "a gate of another project": _script(f"{GATE} --project /tmp/other"),
        "a gate that only looks at a file": _script("roadworthy gate --verify /dev/null --signers mine"),
        "a gate that is a script of one's own": each(
            write("tools/roadworthy", "#!/bin/sh\nexit 0\n"), _script(f"tools/{GATE}")
        ),
        "a gate that is a module of one's own": each(
            write("roadworthy.py", "print('PASSED')\n"), _script(f"python -m {GATE}")
        ),
        "a gate that nobody waits for": _needed("", ""),
        "a gate that may fail": _needed("    continue-on-error: true\n", "    needs: gate\n"),
        "a gate whose failure is a success": _needed("", "    needs: gate\n    if: success() || true\n"),
        "a gate whose failure is no failure": _needed("", "    needs: gate\n    if: ${{ !success() }}\n"),
        "a gate waited for whatever it says": _needed("", "    needs: gate\n    if: ${{ !cancelled() }}\n"),
        "a deploy by the recipe of an image": write("ops/Dockerfile.tidy", f"FROM scratch\nRUN {SHIP}\n"),
        "a deploy by the composition of services": write(
            "compose.yaml", f"services: {{tidy: {{image: x, command: {SHIP}}}}}\n"
        ),
        "a deploy by a task of just": write("Justfile", f"tidy:\n    {SHIP}\n"),
        "a deploy by a hook of git": write(".husky/pre-push", f"{SHIP}\n"),
        "a deploy by another task runner": write("Taskfile.yaml", f"tasks: {{tidy: {{cmds: [{SHIP}]}}}}\n"),
        "a deploy by a second Jenkinsfile": write("ci/Jenkinsfile.tidy", f"sh '{SHIP}'\n"),
        "a deploy by reference": _gitlab(
            f".tidy: {{script: [{SHIP}]}}\n", "tidy: {script: [!reference [.tidy, script]]}\n"
        ),
        "a deploy before the sources": _gitlab(
            "", f"tidy: {{script: ['true'], hooks: {{pre_get_sources_script: [{SHIP}]}}}}\n"
        ),
        "a gate by hand": _gitlab(f"gate: {{stage: gate, when: manual, script: [{GATE}]}}\n"),
        "a gate that may be left out": _gitlab(
            f"gate: {{stage: gate, rules: [{{if: $NEVER}}], script: [{GATE}]}}\n",
            SHIPS.replace("script:", "needs: [{job: gate, optional: true}], script:"),
        ),
        "a gate by rules of its own": _gitlab(
            f"gate: {{stage: gate, rules: [{{when: never}}], script: [{GATE}]}}\n"
        ),
        "a gate that may fail by rule": _gitlab(
            f"gate: {{stage: gate, rules: [{{when: always, allow_failure: true}}], script: [{GATE}]}}\n"
        ),
        "a gate on some days": _gitlab(f"gate: {{stage: gate, only: [schedules], script: [{GATE}]}}\n"),
        "the check of one control": _checked("roadworthy check . --control GOV-01"),
        "the check of another folder": _checked("roadworthy check docs"),
        "the check as of a day that was better": _checked("roadworthy check . --as-of 2026-01-01"),
        "the check by a policy of one's own": each(
            write("mine/pack.yaml", "x: 1\n"), _checked("roadworthy check . --policy ./mine")
        ),
        "the check with waivers of one's own": each(
            write("governance/waivers/README.md", "# None\n"),
            _checked("roadworthy check . --waivers governance/waivers"),
        ),
        "the check of an older revision": _checked("roadworthy check . --revision HEAD~9"),
    }.items()
)
TESTED = (
    Lie(title, ("EVAL-05", "REL-01"), hand)
    for title, hand in {
        "tests in a shell that says yes": append("Makefile", "\nSHELL := /bin/true\n"),
        "tests whose failure is ignored": append("Makefile", "\n.IGNORE: test\n"),
        "tests by a make that ignores": append("Makefile", "\nMAKEFLAGS += --ignore-errors\n"),
        "tests by another recipe": append("Makefile", "\ntest:\n\t@true\n"),
        "tests by another Python": append("Makefile", "\nPYTHON := true\n"),
        "tests by another Python, for one target": append("Makefile", "\ntest: PYTHON = true\n"),
        "tests by an included recipe": each(
            append("Makefile", "\ninclude more.mk\n"), write("more.mk", "test:\n\t@true\n")
        ),
        "tests that are only listed": swap("Makefile", "-m pytest", "-m pytest --collect-only"),
    }.items()
)
QUIET = (
    Lie(title, ("EVAL-05",), hand, at=FROM_HIGH)
    for title, hand in {
        "tests that are only listed, by configuration": _pytest("--collect-only"),
        "tests that only set up, by configuration": _pytest("--setup-plan"),
        "tests listed by a second configuration": write("pytest.ini", "[pytest]\naddopts = --co\n"),
        "tests that a hook runs": _hook("def pytest_runtest_protocol(item, nextitem):\n    return True"),
        "tests that a hook calls": _hook("def pytest_pyfunc_call(pyfuncitem):\n    return True"),
        "tests whose end a hook decides": _hook(
            "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0"
        ),
        "tests that a hook takes away": _hook("def pytest_collection_modifyitems(items):\n    items.clear()"),
    }.items()
)
LIES = (
    *GATED,
    *TESTED,
    *QUIET,
    Lie(
        "a script that another checkout brings",
        ("REL-01",),
        write(
            SIDE,
            f"{SECRET}      - uses: {PIN}\n        with: {{repository: other/ops, path: ops}}\n"
            "      - run: bash ops/tidy.sh\n",
        ),
        at=FROM_HIGH,
    ),
    Lie(
        "an index beside a harmless option",
        ("REPRO-01",),
        append("requirements/serve.txt", "--prefer-binary --extra-index-url https://x.example/simple\n"),
    ),
    Lie(
        "a requirement from a file beside",
        ("REPRO-01",),
        append("requirements/serve.txt", "-r ../more.txt\n"),
    ),
    Lie("a constraint from a file beside", ("REPRO-01",), append("requirements/serve.txt", "-c more.txt\n")),
    Lie(
        "a hash in a comment",
        ("REPRO-01",),
        append("requirements/serve.txt", f"left==1.0  # --hash=sha256:{'a' * 64}\n"),
    ),
    Lie(
        "a hash of the broken kind",
        ("REPRO-01",),
        append("requirements/serve.txt", f"left==1.0 --hash=md5:{'a' * 32}\n"),
    ),
    Lie(
        "a wheel of one's own",
        ("REPRO-01",),
        append("requirements/serve.txt", "vendor/left-1.0-py3-none-any.whl\n"),
    ),
    Lie(
        "a version with a star",
        ("REPRO-01",),
        append("requirements/serve.txt", f"left==1.* --hash=sha256:{'a' * 64}\n"),
    ),
    Lie(
        "an editable requirement",
        ("REPRO-01",),
        append("requirements/serve.txt", "--editable ./vendor/left\n"),
    ),
)
