"""CI read as data: a gate is a command whose failure stops the deployment, whatever things are called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.facts.deploying import deploys
from roadworthy.facts.programs import calls, runs_tests
from roadworthy.facts.shell import commands
from roadworthy.facts.workflows import workflows
from tests.facts.snapshots import snapshot

SHA = "a" * 40
HEAD = "on:\n  pull_request:\n  push: {branches: [main]}\npermissions: {}\njobs:\n"
CHECKS = HEAD + (
    "  test:\n    runs-on: x\n    steps:\n      - run: make test\n"
    "  policy:\n    runs-on: x\n    steps:\n      - run: roadworthy check .\n"
)
MAKEFILE = (
    "PYTHON := .venv/bin/python\ntest: ready\n\t$(PYTHON) -m pytest -q\ngate:\n\troadworthy gate $(VERSION)\n"
)


def facts(workflow: str = "", **files: str) -> dict[str, Any]:
    """Return the workflow facts of a project with one release workflow besides the usual checks."""
    paths = {".github/workflows/ci.yml": CHECKS, "Makefile": MAKEFILE}
    if workflow:
        paths[".github/workflows/release.yml"] = workflow
    return workflows(snapshot({**paths, **{name.replace("__", "/"): text for name, text in files.items()}}))


def release(steps: str, job: str = "", before: str = "") -> str:
    """Return a workflow that deploys in a job `ship` with these steps."""
    return (
        f"on: workflow_dispatch\npermissions: {{}}\njobs:\n{before}  ship:\n    runs-on: x\n"
        f"{job}    steps:\n{steps}"
    )


def step(*lines: str, more: str = "") -> str:
    return "      - run: |\n" + "".join(f"          {line}\n" for line in lines) + more


GATE_JOB = "  gate:\n    runs-on: x\n    steps:\n      - run: roadworthy gate 1\n"
GATED = {
    "a step before": release(step("roadworthy gate 1") + step("kubectl apply -f x")),
    "a line before": release(step("roadworthy gate 1", "kubectl apply -f x")),
    "a needed job": release(step("helm upgrade x y"), "    needs: gate\n", GATE_JOB),
    "a job needed by a needed job": release(
        step("helm upgrade x y"),
        "    needs: [build]\n",
        GATE_JOB + "  build:\n    needs: [gate]\n    steps: []\n",
    ),
    "make": release(step("make gate VERSION=1", "python -m credit promote 1")),
    "an exit after ||": release(step("roadworthy gate 1 || { echo no >&2; exit 2; }", "kubectl apply -f x")),
    "with its own path": release(
        step('.venv-policy/bin/roadworthy gate "$V" --key k', ".venv/bin/python -m c promote 1")
    ),
    "through uv": release(step("uv run roadworthy gate 1", "kubectl apply -f x")),
    "a pipe that fails": release(
        step("set -o pipefail", "roadworthy gate 1 | tee log", "kubectl apply -f x")
    ),
    "an action after a gate job": release(
        "      - uses: azure/k8s-deploy@" + SHA + "\n", "    needs: [gate]\n", GATE_JOB
    ),
}
UNGATED = {
    "nothing": release(step("kubectl apply -f x")),
    "an echo": release(step("echo roadworthy gate 1", "kubectl apply -f x")),
    "a comment": release(step("# roadworthy gate 1", "kubectl apply -f x")),
    "a step name": release("      - name: roadworthy gate\n        run: kubectl apply -f x\n"),
    "a job name": release(
        step("kubectl apply -f x"), "    needs: gate\n", "  gate:\n    steps:\n      - run: echo ok\n"
    ),
    "after it": release(step("kubectl apply -f x", "roadworthy gate 1")),
    "swallowed by or": release(step("roadworthy gate 1 || true", "kubectl apply -f x")),
    "swallowed by exit 0": release(step("roadworthy gate 1 || exit 0", "kubectl apply -f x")),
    "swallowed by a pipe": release(step("roadworthy gate 1 | tee log", "kubectl apply -f x")),
    "in the background": release(step("roadworthy gate 1 &", "kubectl apply -f x")),
    "inside an if": release(step("if roadworthy gate 1; then echo; fi", "kubectl apply -f x")),
    "inside a false if": release(step("if false; then", "  roadworthy gate 1", "fi", "kubectl apply -f x")),
    "in a function that is never called": release(
        step("f() {", "roadworthy gate 1", "}", "kubectl apply -f x")
    ),
    "after false": release(step("false && roadworthy gate 1", "kubectl apply -f x")),
    "as an alternative": release(step("true || roadworthy gate 1", "kubectl apply -f x")),
    "with set +e": release(step("set +e", "roadworthy gate 1", "kubectl apply -f x")),
    "only help": release(step("roadworthy gate --help", "kubectl apply -f x")),
    "another program": release(step("./roadworthy.sh gate 1", "kubectl apply -f x")),
    "in a here-document": release(step("cat <<EOF", "roadworthy gate 1", "EOF", "kubectl apply -f x")),
    "continue-on-error": release(
        step("roadworthy gate 1", more="        continue-on-error: true\n") + step("kubectl apply -f x")
    ),
    "a condition": release(
        step("roadworthy gate 1", more="        if: github.actor == 'me'\n") + step("kubectl apply -f x")
    ),
    "deployed always": release(
        step("roadworthy gate 1") + step("kubectl apply -f x", more="        if: always()\n")
    ),
    "a job that runs always": release(
        step("kubectl apply -f x"), "    needs: gate\n    if: always()\n", GATE_JOB
    ),
    "a gate job that may fail": release(
        step("kubectl apply -f x"),
        "    needs: gate\n",
        GATE_JOB.replace("    steps", "    continue-on-error: true\n    steps"),
    ),
    "a gate job nobody needs": release(step("kubectl apply -f x"), "", GATE_JOB),
    "an action with a gate step in its own job": release(
        step("roadworthy gate 1") + "      - uses: azure/k8s-deploy@" + SHA + "\n"
    ),
    "a shell without -e": release(
        step("roadworthy gate 1", "kubectl apply -f x", more="        shell: bash {0}\n")
    ),
    "make that only says": release(step("make -n gate VERSION=1", "kubectl apply -f x")),
}


@pytest.mark.parametrize("name", GATED)
def test_gated(name: str) -> None:
    jobs = [job for job in facts(GATED[name])["deploy_jobs"] if job["job"] == "ship"]
    assert [job["gated"] for job in jobs] == [True], jobs


@pytest.mark.parametrize("name", UNGATED)
def test_not_gated(name: str) -> None:
    jobs = [job for job in facts(UNGATED[name])["deploy_jobs"] if job["job"] == "ship"]
    assert [job["gated"] for job in jobs] == [False]
    assert jobs[0]["why_ungated"]


DEPLOYS = [
    "kubectl apply -f x",
    "kubectl --context prod -n a rollout restart x",
    "sudo helm upgrade --install x y",
    "docker push r/x:1",
    "aws ecs update-service --force",
    "gcloud run deploy x",
    "az containerapp update x",
    "terraform apply -auto-approve",
    "python3 -m credit_decision promote 1 --stage full",
    "ENV=1 flyctl deploy",
    "bash -c 'kubectl apply -f x'",
    "sudo -u ops kubectl apply -f x",
    "timeout 60 helm upgrade a b",
    "TOOL=kubectl; $TOOL apply -f x",
    "eval 'kubectl apply -f x'",
    "echo 'kubectl apply -f x' | sh",
    "bash <<EOF\nkubectl apply -f x\nEOF",
    "python -c \"import os; os.system('kubectl apply -f x')\"",
    "docker run bitnami/kubectl:1 apply -f x",
    "docker buildx build --push .",
    "doppler run -- helm upgrade a b",
    "ssh ops@serving 'systemctl restart x'",
    "rsync -a m/ ops@serving:/srv",
    "git push heroku main",
    "curl -X POST https://x.example/deploy/hook",
]
NO_DEPLOYS = [
    "kubectl get pods",
    "kubectl apply --dry-run=client -f x",
    "helm lint x",
    "docker build -t x .",
    "echo kubectl apply",
    "aws s3 ls",
    "terraform plan",
    "git push",
    "python -m credit_decision train",
    "grep -r 'helm upgrade' docs",
    "pip install docker kubernetes",
    "apt-get install -y helm",
    "docker compose up -d",
    "ssh-keyscan github.com",
    "rsync -a a/ b/",
    "aws s3 cp a s3://b",
    "curl -d x https://chat.x.example/hooks/1",
    "git commit -m 'kubectl apply'",
    "cat <<EOF > notes\nkubectl apply -f x\nEOF",
    "python -m credit_decision serve --port 8000",
]


@pytest.mark.parametrize("line", DEPLOYS)
def test_this_deploys(line: str) -> None:
    assert any(deploys(command) for command in commands(line))


@pytest.mark.parametrize("line", NO_DEPLOYS)
def test_this_does_not(line: str) -> None:
    assert not any(deploys(command) for command in commands(line))


def test_every_change_is_tested_and_judged() -> None:
    found = facts()
    assert found["tests_job"]
    assert found["check_job"]
    assert found["available"]
    assert found["provider"] == "github"


NOT_ALWAYS = {
    "only on push": CHECKS.replace("  pull_request:\n", ""),
    "only some paths": CHECKS.replace("pull_request:", "pull_request: {paths: [docs/**]}"),
    "another branch": CHECKS.replace("pull_request:", "pull_request: {branches: [release]}"),
    "a condition": CHECKS.replace("    runs-on: x\n", "    runs-on: x\n    if: github.actor == 'x'\n"),
    "may fail": CHECKS.replace("    runs-on: x\n", "    runs-on: x\n    continue-on-error: true\n"),
    "swallowed": CHECKS.replace("make test", "make test || true").replace("check .", "check . || true"),
    "echoed": CHECKS.replace("run: ", "run: echo "),
    "after an exit": CHECKS.replace(
        "run: make test", "run: |\n          exit 0\n          make test"
    ).replace("run: roadworthy check .", "run: |\n          exit 0\n          roadworthy check ."),
    "only collected": CHECKS.replace("make test", "pytest --collect-only").replace("check .", "check --help"),
}


@pytest.mark.parametrize("name", NOT_ALWAYS)
def test_not_every_change_is(name: str) -> None:
    found = workflows(snapshot({".github/workflows/ci.yml": NOT_ALWAYS[name], "Makefile": MAKEFILE}))
    assert not found["tests_job"]
    assert not found["check_job"]


GITLAB = (
    'stages: [test, gate, ship]\nworkflow: {rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]}\n'
)


def gitlab(jobs: str) -> dict[str, Any]:
    return workflows(snapshot({".gitlab-ci.yml": GITLAB + jobs, "Makefile": MAKEFILE}))


def test_gitlab_stages_gate() -> None:
    gate = "gate: {stage: gate, script: [roadworthy gate 1]}\n"
    ship = "ship: {stage: ship, script: [kubectl apply -f x]}\n"
    assert gitlab(gate + ship)["deploy_jobs"][0]["gated"]
    assert not gitlab(ship)["deploy_jobs"][0]["gated"]
    assert not gitlab(gate.replace("}", ", allow_failure: true}") + ship)["deploy_jobs"][0]["gated"]
    assert not gitlab(gate + ship.replace("stage: ship", "stage: test"))["deploy_jobs"][0]["gated"]
    assert not gitlab(gate + ship.replace("}", ", needs: []}"))["deploy_jobs"][0]["gated"]
    assert not gitlab(gate + ship.replace("}", ", when: always}"))["deploy_jobs"][0]["gated"]


def test_gitlab_extends_and_tests_every_change() -> None:
    found = gitlab(
        ".base: {before_script: [true]}\ntest: {extends: .base, script: [make test]}\n"
        "policy: {script: [roadworthy check .]}\n"
    )
    assert found["tests_job"]
    assert found["check_job"]
    assert found["provider"] == "gitlab"
    assert not gitlab("test: {script: [make test], rules: [{if: $X}]}\n")["tests_job"]
    assert gitlab("include: {remote: 'https://x/y.yml'}\ntest: {image: 'python:3', script: [x]}\n")[
        "unpinned"
    ] == [
        ".gitlab-ci.yml test: python:3",
        ".gitlab-ci.yml: https://x/y.yml",
    ]


def test_ways_around_are_found() -> None:
    found = facts(
        Jenkinsfile="stage('x') { sh 'kubectl apply -f prod.yaml' }",
        **{"scripts__ship.sh": "#!/bin/sh\nhelm upgrade a b\n"},
        **{".circleci__config.yml": "jobs: {a: {steps: [{run: {command: docker push x}}]}}"},
    )
    assert sorted(place.split(" ")[0] for place in found["deploy_elsewhere"]) == [
        ".circleci/config.yml",
        "Jenkinsfile:1",
        "scripts/ship.sh:2",
    ]


def test_a_script_of_a_gated_job_is_no_way_around() -> None:
    gated = release(step("roadworthy gate 1", "bash scripts/ship.sh"))
    script = {"scripts__ship.sh": "set -e\nhelm upgrade a b\n"}
    assert facts(gated, **script)["deploy_elsewhere"] == []
    assert facts(release(step("bash scripts/ship.sh")), **script)["deploy_elsewhere"] != []


SECRET = "    env: {K: '${{ secrets.T }}'}\n"
COMPOSITE = "runs:\n  using: composite\n  steps:\n    - run: {}\n      shell: bash\n"
CALL = "on: workflow_dispatch\npermissions: {{}}\njobs:\n{}  ship:\n{}    uses: {}\n    secrets: inherit\n"
CALLED = "on: workflow_call\npermissions: {{}}\njobs:\n  inner:\n    steps:\n      - run: {}\n"
ACTION, INNER = ".github__actions__x__action.yml", ".github__workflows__inner.yml"
USES, THEIRS = "      - uses: ./.github/actions/x\n", f"o/p/.github/workflows/x.yml@{SHA}"


def gates(found: dict[str, Any]) -> list[bool]:
    """Return which deploying jobs are gated."""
    return [job["gated"] for job in found["deploy_jobs"]]


def test_an_action_of_its_own_is_read_where_it_is_used() -> None:
    ships, gate = (
        {ACTION: COMPOSITE.format("kubectl apply -f x")},
        {ACTION: COMPOSITE.format("roadworthy gate 1")},
    )
    assert gates(facts(release(USES), **ships)) == [False]
    assert gates(facts(release(step("roadworthy gate 1") + USES), **ships)) == [True]
    assert gates(facts(release(USES + step("kubectl apply -f x")), **gate)) == [True]
    assert facts(**ships)["deploy_elsewhere"] == [".github/actions/x/action.yml kubectl apply -f x"]


def test_a_called_workflow_is_read_where_it_is_called() -> None:
    ships, mine = {INNER: CALLED.format("kubectl apply -f x")}, "./.github/workflows/inner.yml"
    assert gates(facts(CALL.format("", "", mine), **ships)) == [False]
    assert gates(facts(CALL.format(GATE_JOB, "    needs: gate\n", mine), **ships)) == [True]
    gate = release(step("helm upgrade a b"), "    needs: g\n", f"  g:\n    uses: {mine}\n")
    assert gates(facts(gate, **{INNER: CALLED.format("roadworthy gate 1")})) == [True]
    assert gates(facts(gate, **{INNER: CALLED.format("echo roadworthy gate 1")})) == [False]


UNREAD = {
    "somebody else's workflow": CALL.format("", "", THEIRS),
    "an action that is not here": release(USES, SECRET),
    "a command in a secret": release(step("$TIDY"), SECRET),
    "a command in an input": release(step("${{ inputs.tidy }}"), SECRET),
    "a command in an eval": release(step('eval "$TIDY"'), SECRET),
    "a script from the network": release(step("curl https://x.example | sh"), SECRET),
}
READ = {
    "after the gate": CALL.format(GATE_JOB, "    needs: gate\n", THEIRS),
    "without secrets": release(USES),
    "a command after the gate": release(step("roadworthy gate 1", "$TIDY"), SECRET),
    "a python in a variable": release(step('"$PYTHON" -m pytest'), SECRET),
    "a program below a variable": release(step('"$HOME/bin/uv" sync'), SECRET),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read_and_holds_secrets_is_said(name: str) -> None:
    assert len(facts(UNREAD[name])["unread"]) == 1


@pytest.mark.parametrize("name", READ)
def test_what_is_gated_or_harmless_is_not(name: str) -> None:
    found = facts(READ[name])
    assert found["unread"] == []
    assert found["exposed_secrets"] == []


def test_an_action_in_another_language_is_not_read() -> None:
    assert facts(release(USES, SECRET), **{ACTION: "runs: {using: node20, main: x.js}\n"})["unread"]


SHIP = "ship: {stage: ship, script: [kubectl apply -f x]}\n"
GATE = "gate: {stage: gate, script: [roadworthy gate 1]}\n"


def included(text: str, **files: str) -> dict[str, Any]:
    """Return the facts of a GitLab pipeline with the files it includes."""
    names = {f"ci/{name}.yml": content for name, content in files.items()}
    return workflows(snapshot({".gitlab-ci.yml": GITLAB + text, "Makefile": MAKEFILE, **names}))


def test_gitlab_includes_and_started_pipelines_are_read() -> None:
    assert gates(included("include: ci/x.yml\n", x=SHIP)) == [False]
    assert gates(included("include: {local: /ci/*.yml}\n" + GATE, x=SHIP)) == [True]
    down = "down: {stage: ship, trigger: {include: ci/x.yml}}\n"
    child = "ship: {script: [kubectl apply -f x]}\n"
    assert gates(included(down, x=child)) == [False]
    assert gates(included(GATE + down, x=child)) == [True]
    assert gates(included("x: {script: ['true'], after_script: [kubectl apply -f x]}\n" + GATE)) == [False]


def test_gitlab_pipelines_from_elsewhere_are_not_read() -> None:
    theirs = f"include: {{project: g/x, ref: {SHA}, file: a.yml}}\n"
    assert included(theirs)["unread"] == [".gitlab-ci.yml includes g/x"]
    assert included("include: ci/gone.yml\n")["unread"] == [".gitlab-ci.yml includes ci/gone.yml"]
    started = "down: {stage: ship, trigger: g/deploy}\n"
    assert included(started)["unread"] == [".gitlab-ci.yml down starts g/deploy"]
    assert included(GATE + started)["unread"] == []


def test_other_makefiles_and_scripts_are_followed() -> None:
    ops = {"ops__Makefile": "ship:\n\tkubectl apply -f x\n"}
    assert gates(facts(release(step("make -C ops ship")), **ops)) == [False]
    assert facts(release(step("roadworthy gate 1", "make -C ops ship")), **ops)["deploy_elsewhere"] == []
    python = {
        "scripts__ship.py": "import lib\n\nlib.go()\n",
        "scripts__lib.py": "import os\n\n\ndef go():\n    os.system('helm upgrade a b')\n",
    }
    assert gates(facts(release(step("python scripts/ship.py")), **python)) == [False]
    assert (
        facts(release(step("roadworthy gate 1", "python scripts/ship.py")), **python)["deploy_elsewhere"]
        == []
    )
    assert facts(**python)["deploy_elsewhere"] == ["scripts/lib.py:5 helm upgrade a b"]


def test_security_of_workflows() -> None:
    bad = (
        "on: [pull_request_target]\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n"
        "        with: {ref: '${{ github.event.pull_request.head.sha }}'}\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
        "        env: {K: '${{ secrets.AWS_KEY }}'}\n"
    )
    found = facts(bad)
    assert any("actions/checkout@v4" in each for each in found["unpinned"])
    assert any("none declared" in each for each in found["broad_permissions"])
    assert any("AWS_KEY" in each for each in found["exposed_secrets"])
    assert any("checkout of strangers" in each for each in found["exposed_secrets"])
    assert any("title" in each for each in found["injections"])


@pytest.mark.parametrize(
    ("step", "fact"),
    [
        ("uses: actions/checkout@v4\n        with: {ref: refs/pull/7/merge}", "exposed_secrets"),
        ("run: gh pr checkout 7", "exposed_secrets"),
        ("run: git fetch origin pull/7/head", "exposed_secrets"),
        (
            "uses: actions/github-script@v7\n        with: {script: 'say(`${{ github.head_ref }}`)'}",
            "injections",
        ),
        ("run: git fetch origin main", ""),
    ],
)
def test_code_and_text_of_strangers_by_other_ways(step: str, fact: str) -> None:
    found = facts(f"on: [pull_request_target]\npermissions: {{}}\njobs:\n  a:\n    steps:\n      - {step}\n")
    assert [name for name in ("exposed_secrets", "injections") if found[name]] == ([fact] if fact else [])


def test_code_owners_by_the_last_match() -> None:
    owned = (
        "* @all\n/governance/ @risk\n/policy/ @risk\n/.roadworthy/ @risk\n/.github/ @risk\n"
        "/CODEOWNERS @risk\n"
    )
    assert facts(CODEOWNERS=owned)["codeowners"] == {"present": True, "unowned": []}
    assert facts(CODEOWNERS=owned + "/governance/approvals/\n")["codeowners"]["unowned"] == [
        "governance/approvals/1.yaml"
    ]
    assert facts(CODEOWNERS="/governance/ nobody\n")["codeowners"]["unowned"][0] == "governance/roles.yaml"
    assert not facts()["codeowners"]["present"]
    assert facts()["codeowners"]["unowned"]


def test_rules_that_do_not_bind_are_no_rules() -> None:
    rule = (
        '{"enforcement": "active", "target": "branch", "conditions": '
        '{"ref_name": {"include": ["~DEFAULT_BRANCH"]}},'
        '"bypass_actors": [], "rules": [{"type": "pull_request", '
        '"parameters": {"required_approving_review_count": 2}}]}'
    )
    name = ".github__rulesets__main.json"
    assert facts(**{name: rule})["ruleset"]["reviews"] == 2
    assert not facts(**{name: rule.replace("active", "disabled")})["ruleset"]["present"]
    assert not facts(**{name: rule.replace("~DEFAULT_BRANCH", "refs/heads/old")})["ruleset"]["present"]
    assert facts(**{name: rule.replace("2}", "true}")})["ruleset"]["reviews"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "3",
        "jobs: 3",
        "jobs: {a: 3}",
        "jobs: {a: {steps: 3}}",
        "jobs: {a: {steps: [3]}}",
        "on: 3\njobs: {}",
    ],
)
def test_odd_shapes_are_survived(text: str) -> None:
    assert facts(text)["deploy_jobs"] == []
    assert workflows(snapshot({".gitlab-ci.yml": text}))["deploy_jobs"] == []


def test_what_cannot_be_parsed_is_not_available() -> None:
    found = facts("jobs: [")
    assert not found["available"]
    assert "release.yml" in found["reason"]
    assert not workflows(snapshot({}))["available"]


@given(st.text(alphabet="ab \n;|&(){}'\"\\<#$!", max_size=80))
def test_any_text_is_read_as_a_script(text: str) -> None:
    for command in commands(text):
        assert command.words
        assert isinstance(command.sure, bool)
        calls(command, "x", "y"), deploys(command), runs_tests(command)


def test_a_bare_set_lets_nothing_go() -> None:
    (gate,) = commands("set\nroadworthy gate 1\n")
    assert gate.sure
