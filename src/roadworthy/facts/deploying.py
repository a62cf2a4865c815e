"""What puts something in front of traffic, whoever carries the command there: a shell, an image, a host."""

from __future__ import annotations

import re

from roadworthy.facts.programs import program, subcommand
from roadworthy.facts.shell import Command, commands

DEPLOYERS: dict[str, frozenset[str]] = {
    name: frozenset(verbs.split())
    for name, verbs in {
        "kubectl": "apply set rollout replace create patch scale run edit expose cp",
        "oc": "apply rollout replace create patch new-app start-build",
        "helm": "install upgrade",
        "helmfile": "apply sync",
        "docker": "push stack service --push",
        "podman": "push --push",
        "nerdctl": "push --push",
        "buildah": "push",
        "skopeo": "copy sync",
        "crane": "push copy cp",
        "oras": "push copy cp",
        "terraform": "apply",
        "tofu": "apply",
        "terragrunt": "apply run-all",
        "pulumi": "up",
        "flyctl": "deploy",
        "fly": "deploy",
        "heroku": "container:release",
        "cf": "push",
        "serverless": "deploy",
        "sls": "deploy",
        "sam": "deploy",
        "cdk": "deploy",
        "cdktf": "deploy",
        "eb": "deploy",
        "copilot": "deploy",
        "chalice": "deploy",
        "zappa": "deploy update",
        "vercel": "deploy --prod",
        "netlify": "deploy",
        "wrangler": "deploy publish",
        "railway": "up",
        "modal": "deploy",
        "truss": "push",
        "cog": "push",
        "bentoml": "deploy",
        "mlflow": "deployments",
        "serve": "deploy",
        "sky": "launch serve",
        "databricks": "deploy",
        "nomad": "run",
        "skaffold": "run deploy",
        "werf": "converge",
        "kapp": "deploy",
        "kamal": "deploy",
        "faas-cli": "deploy up push",
        "argocd": "app",
        "flux": "reconcile",
        "ansible-playbook": "",
    }.items()
}
_CLOUDS = frozenset({"aws", "aws-cli", "gcloud", "az"})
_CLOUD_VERBS = re.compile(
    r"\b(deploy|update-service|update-function-code|create-endpoint|update-endpoint|create-deployment|put-image|"
    r"start-deployment|update-alias|create-stack|update-stack|update-environment|sync|services update|"
    r"containerapp (up|update|create)|webapp (up|restart)|online-(deployment|endpoint) (create|update)|"
    r"acr build|container create|aks command invoke)\b"
)
# What restarts or replaces a service, once it is done on another machine.
_REMOTE = frozenset({"systemctl", "service", "supervisorctl", "pm2", *DEPLOYERS})
_ADDRESS = re.compile(r"(?:[\w.-]+@)?[\w.${}-]+:(?!//)")
_TARGETS = frozenset(
    {"heroku", "dokku", "production", "prod", "live", "deploy", "piku", "gigalixir", "scalingo"}
)
_HOOK = re.compile(r"deploy|rollout|promote|/sync\b|/dispatches\b", re.IGNORECASE)
_SENDS = frozenset(
    {"-d", "--data", "--data-raw", "--json", "-F", "-T", "--upload-file", "POST", "PUT", "PATCH"}
)
# Text without any of these words needs no second look. A make recipe may put a dash before its command.
_PROGRAMS = ("rsync", "scp", "ssh", "curl", "wget", "http", *DEPLOYERS, *_CLOUDS)
SUSPECT = re.compile(rf"(?<!\w)(?<![\w-]-)(?:{'|'.join(sorted(_PROGRAMS))}|git(?= push))(?![\w-])")
DEPLOYING_WORDS = frozenset({"push", "promote", *(name.partition("-")[0] for name in _PROGRAMS)})
_DRY = frozenset({"--dry-run", "--dry-run=client", "--dry-run=server"})
# These print, search or fetch words; what the words would do is not done.
_QUIET = frozenset(
    {
        *("echo", "printf", "git", "gh", "grep", "egrep", "rg", "ag", "sed", "awk", "jq", "yq", "cat", "tee"),
        *("logger", "which", "type", "test", "[", "[[", "man", "cd", "ls", "mkdir", "rm", "cp", "mv", "make"),
        *("pip", "pip3", "pipx", "apt", "apt-get", "apk", "brew", "dnf", "yum", "conda", "mamba", "gmake"),
    }
)
_BRACKETS = str.maketrans("[]{},", "     ")
# Names that are no plain words, of programs that are there to change what runs.
_ONLY_DEPLOY = frozenset(
    {"kubectl", "oc", "helm", "helmfile", "terraform", "tofu", "terragrunt", "pulumi", "argocd", "flyctl"}
)
# A client of a cloud called from code, and a word that code puts in only when it runs.
CALL, LATER = "()", "?"
DEEP = 3


def deploys(command: Command, depth: int = DEEP) -> bool:
    """Return whether a command puts something in front of traffic, or carries words elsewhere that do."""
    head, *rest = command.words
    if _DRY & set(rest):
        return False
    if head.endswith(CALL) or promotes(command) or _reaches(head, rest):
        return True
    if head in _QUIET:
        return False
    words = tuple(word.strip("[]{},'\"") for word in command.words)
    carried = (_deployer(words[at:], strict=at > 0) for at in range(len(words)))
    return any(carried) or any(_in_words(word, depth) for word in command.words)


def promotes(command: Command) -> bool:
    """Return whether a command is the project's own `promote`, which itself refuses without a verdict."""
    head, rest = program(command)
    by_python = head != command.words[0] and subcommand(rest) == "promote"
    return by_python or (head not in ("echo", "printf", "git", "gh") and rest[:1] == ("promote",))


def named_deployer(word: str) -> str:
    """Return the deploying program that a word names: by itself, by its path, or by its image."""
    name = word.rpartition("/")[2].partition(":")[0]
    return name if name in DEPLOYERS or name in _CLOUDS else ""


def _deployer(words: tuple[str, ...], strict: bool) -> bool:
    """Whether these words are a deploying program and its verb; among other words it must follow at once."""
    name, rest = named_deployer(words[0]), words[1:]
    if name in _CLOUDS:
        return _CLOUD_VERBS.search(" ".join(rest)) is not None
    verbs = DEPLOYERS.get(name)
    if verbs is None:
        return False
    if not verbs or (name in _ONLY_DEPLOY and rest[:1] == (LATER,)):
        return True
    return subcommand(rest) in verbs if strict else bool(verbs & set(rest))


def _in_words(word: str, depth: int) -> bool:
    """Whether one word is itself a script, as in `bash -c "..."` or a list of words, that deploys."""
    text = word.translate(_BRACKETS) if word[:1] in "[{" else word
    return depth > 0 and any(c.isspace() for c in text) and any(deploys(c, depth - 1) for c in commands(text))


def _reaches(head: str, rest: list[str]) -> bool:
    """Whether it changes what runs on another machine: by copy, by push, by remote command, by web hook."""
    if head in ("rsync", "scp"):
        return bool(rest) and _ADDRESS.match(rest[-1]) is not None
    if head == "ssh":
        return bool(_REMOTE & {part for word in rest for part in word.split()})
    if head == "git":
        return rest[:1] == ["push"] and bool(_TARGETS & set(rest))
    if head in ("curl", "wget", "http"):
        sends = any(word in _SENDS or word.startswith(("-XP", "--post", "--method=P")) for word in rest)
        return sends and any("://" in word and _HOOK.search(word) for word in rest)
    return False
