"""Ways around the release path: jobs that cannot fail, deploys elsewhere, rights and pins given up."""

from __future__ import annotations

from tests.adversary.patch import Hand, Lie, append, each, remove, swap, write

CI, RELEASE = ".github/workflows/ci.yml", ".github/workflows/release.yml"
HEAD = "name: side\non: [workflow_dispatch]\npermissions: {}\njobs:\n  ship:\n    runs-on: ubuntu-24.04\n"
RIGHTS = "    permissions: {contents: read}\n    environment: production\n    steps:\n"
PIN = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
SIDE = HEAD + RIGHTS
GATE = '.roadworthy/.venv/bin/roadworthy gate "$VERSION" --key "$RUNNER_TEMP/gate-key"'
OTHER = ".github/workflows/nightly.yml"


def _nightly(*steps: str) -> Hand:
    """Another workflow, with these steps."""
    return write(OTHER, SIDE + "".join(f"      - {step}\n" for step in steps))


LIES = (
    Lie("the gate may fail, for a shell", ("REL-01", "GOV-06"), swap(RELEASE, GATE, f"{GATE} || true")),
    Lie("the gate as the last of a pipe", ("REL-01",), swap(RELEASE, GATE, f"{GATE} | tee log || :")),
    Lie("the gate in an echo", ("REL-01",), swap(RELEASE, GATE, f"echo {GATE}")),
    Lie("the gate in a comment", ("REL-01",), swap(RELEASE, GATE, f"true # {GATE}")),
    Lie("the gate never runs", ("REL-01",), swap(RELEASE, "name: Gate\n", "name: Gate\n        if: false\n")),
    Lie(
        "the gate may fail, for the runner",
        ("REL-01",),
        swap(RELEASE, "name: Gate\n", "name: Gate\n        continue-on-error: true\n"),
    ),
    Lie(
        "the deploy runs always",
        ("REL-01",),
        swap(RELEASE, "name: Promote\n", "name: Promote\n        if: always()\n"),
    ),
    Lie("no environment", ("REL-01",), swap(RELEASE, "    environment: production\n", "")),
    Lie("no gate", ("REL-01",), swap(RELEASE, GATE, "true")),
    Lie("the check may fail", ("REL-01",), swap(CI, "roadworthy check .", "roadworthy check . || true")),
    Lie(
        "the check gone", ("REL-01",), swap(CI, "      - run: .roadworthy/.venv/bin/roadworthy check .\n", "")
    ),
    Lie("tests that may fail", ("REL-01", "EVAL-05"), swap(CI, "make test", "make test || echo flaky")),
    Lie(
        "tests only on Sundays",
        ("REL-01", "EVAL-05"),
        swap(CI, "  pull_request:\n", "  schedule: [{cron: '0 0 * * 0'}]\n"),
    ),
    Lie("a job that promotes, elsewhere", ("REL-01",), _nightly("run: python -m credit_decision promote 1")),
    Lie("a job that runs make promote", ("REL-01",), _nightly("run: make promote VERSION=1")),
    Lie("kubectl at night", ("REL-01",), _nightly("run: kubectl apply -f deploy/kubernetes")),
    Lie("a deploy by somebody's action", ("REL-01",), _nightly(f"uses: azure/k8s-deploy@{'a' * 40}")),
    Lie(
        "a deploy through a script",
        ("REL-01",),
        each(
            write("scripts/ship.sh", "#!/bin/sh\nset -e\nkubectl apply -f deploy/kubernetes\n"),
            _nightly(f"uses: {PIN}", "run: ./scripts/ship.sh"),
        ),
    ),
    Lie(
        "a deploy through a script that nobody calls yet",
        ("REL-01",),
        write("scripts/ship.sh", "#!/bin/sh\nhelm upgrade --install credit ./chart\n"),
    ),
    Lie(
        "a deploy through a Makefile",
        ("REL-01",),
        append("Makefile", "\nship:\n\tkubectl apply -f deploy/\n"),
    ),
    Lie(
        "a deploy through a Makefile, its failure ignored",
        ("REL-01",),
        append("Makefile", "\nship:\n\t-kubectl apply -f deploy/\n"),
    ),
    Lie(
        "a deploy through a Makefile, by a push",
        ("REL-01",),
        append("Makefile", "\nship:\n\tgit push production main\n"),
    ),
    Lie(
        "a deploy beside a promotion, on its line",
        ("REL-01",),
        write(
            "scripts/ship.py",
            'import os\nos.system("kubectl apply -f x"); os.system("credit-decision promote 1")\n',
        ),
    ),
    Lie(
        "a deploy through another CI",
        ("REL-01",),
        write("azure-pipelines.yml", "steps:\n  - script: kubectl apply -f deploy/kubernetes\n"),
    ),
    Lie(
        "a deploy through Jenkins",
        ("REL-01",),
        write(
            "Jenkinsfile", "pipeline { stages { stage('x') { steps { sh 'kubectl apply -f deploy' } } } }\n"
        ),
    ),
    Lie(
        "a deploy through a reusable workflow",
        ("SEC-01",),
        write(
            OTHER,
            "name: side\non: [workflow_dispatch]\npermissions: {}\njobs:\n  ship:\n"
            "    uses: other/pipelines/.github/workflows/deploy.yml@main\n",
        ),
    ),
    Lie("an action by its tag", ("SEC-01",), _nightly("uses: actions/checkout@v4")),
    Lie(
        "all rights",
        ("SEC-01",),
        write(
            OTHER,
            HEAD.replace("permissions: {}", "permissions: write-all") + f"    steps:\n      - uses: {PIN}\n",
        ),
    ),
    Lie(
        "no rights declared",
        ("SEC-01",),
        write(OTHER, HEAD.replace("permissions: {}\n", "") + f"    steps:\n      - uses: {PIN}\n"),
    ),
    Lie(
        "a stranger's title in a shell",
        ("SEC-01",),
        write(
            OTHER,
            SIDE.replace("[workflow_dispatch]", "[pull_request_target]")
            + "      - run: echo ${{ github.event.pull_request.title }}\n",
        ),
    ),
    Lie(
        "the gate's key in a job of everybody",
        ("SEC-01",),
        swap(
            CI,
            "      - run: make lint\n",
            "      - run: make lint\n        env: {K: '${{ secrets.GATE_SIGNING_KEY }}'}\n",
        ),
    ),
    Lie("no CI", ("REL-01", "EVAL-05", "GOV-06"), remove(".github/workflows")),
)
