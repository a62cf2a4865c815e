"""A release of this very project, made by hand in a scratch repository: its policy, its tier, test people.

No model is trained: the gate judges bytes, records and history, and those are all real.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from project import PACKAGE, ROOT

DEVELOPER, OUTSIDER, GATE = "dev@tests.example", "outsider@tests.example", "gate"
LOCK = ROOT / ".roadworthy" / "lock.yaml"
RUN_ID = "20260101T000000Z-abcdef"
RUN, REPORT = f"governance/runs/{RUN_ID}.json", f"governance/evaluations/{RUN_ID}.json"
FEATURES = f"src/{PACKAGE}/features.py"
SUBJECT = {
    "model.skops": "model",
    FEATURES: "features",
    "governance/data/0123456789ab.json": "data",
    "policy/gates.yaml": "thresholds",
    "policy/training.yaml": "config",
    "policy/data.yaml": "config",
    "policy/serving.yaml": "config",
    REPORT: "eval_report",
    "governance/cards/1.md": "card",
    ".roadworthy/lock.yaml": "policy_pack",
}
COPIED = ("governance", "policy", "src", ".roadworthy", "pyproject.toml", ".gitignore")
GENERATED = ("approvals", "gates", "releases", "runs", "evaluations", "data", "cards", "boms")


def roadworthy() -> list[str] | None:
    """How to call Roadworthy here; None when it is not installed."""
    named = shlex.split(os.environ.get("ROADWORTHY", "roadworthy"))
    found = shutil.which(named[0]) or shutil.which(str(ROOT / ".roadworthy/.venv" / "bin" / "roadworthy"))
    return [found, *named[1:]] if found else None


def why_not() -> str:
    """Why these tests cannot run here; empty when they can. A project goes on without its policy."""
    if not LOCK.is_file():
        return "this project was ejected from its policy: .roadworthy/lock.yaml is gone"
    return "" if roadworthy() else "roadworthy is not installed; `make tool` installs it beside the project"


def lock() -> dict[str, Any]:
    """This project's tier and what it obliges to."""
    return dict(yaml.safe_load(LOCK.read_text("utf-8")))


def approver(role: str) -> str:
    """The test person who holds a role."""
    return f"{role}@tests.example"


@dataclass(frozen=True)
class Scratch:
    """The scratch repository, and everybody's hands in it."""

    root: Path
    keys: Path

    def write(self, name: str, content: str | bytes | Mapping[str, Any]) -> None:
        """Write a file, or a record."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Mapping):
            content = json.dumps(content, sort_keys=True, indent=1) + "\n"
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def change(self, name: str, **values: Any) -> None:
        """Change top-level values of a record."""
        self.write(name, {**yaml.safe_load((self.root / name).read_text("utf-8")), **values})

    def commit(self, message: str = "Change", who: str = DEVELOPER, committer: str = "") -> str:
        """Commit everything in somebody's name."""
        self.git("add", "--all", who=who)
        self.git("commit", "-q", "--allow-empty", "-m", message, who=who, committer=committer)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, who: str = DEVELOPER, committer: str = "") -> str:
        """Run git as somebody."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        env |= {f"GIT_AUTHOR_{part}": who for part in ("NAME", "EMAIL")}
        env |= {f"GIT_COMMITTER_{part}": committer or who for part in ("NAME", "EMAIL")}
        env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(("git", *arguments), cwd=self.root, env=env, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run Roadworthy here; its JSON, and nothing but 0 or 1 as its exit code."""
        command = roadworthy()
        assert command is not None
        done = subprocess.run((*command, *arguments, "--json"), cwd=self.root, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr
        return dict(json.loads(done.stdout)) if done.stdout else {"said": done.stderr}

    def approve(self, role: str, who: str = "", *more: str) -> str:
        """Approve release 1 in a role and commit that; the path of the approval."""
        who = who or approver(role)
        words = ("--statement", "Read the evaluation; the limits hold.")
        person = ("--identity", who, "--key", str(self.keys / who), "--role", role)
        path = str(self.run("approve", "1", *person, *words, *more)["path"])
        self.commit(f"Approve as {role}", who)
        return path

    def refusals(self) -> dict[str, str]:
        """What the gate has against release 1, by code; it must say so in a signed verdict."""
        said = self.run("gate", "1", "--key", str(self.keys / GATE))
        verdict = json.loads((self.root / "governance/gates/1.json").read_text("utf-8"))
        found = {each["code"]: each["message"] for each in said["refusals"]}
        assert (verdict["predicate"]["verificationResult"] == "PASSED") is (not found)
        return found


def make_scratch(folder: Path) -> Scratch:
    """A copy of this project with its words said, its people named, and release 1 waiting for approvals."""
    scratch = Scratch(folder / "project", folder / "keys")
    scratch.root.mkdir()
    scratch.keys.mkdir()
    for name in COPIED:
        source, target = ROOT / name, scratch.root / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", *GENERATED))
        else:
            shutil.copy(source, target)
    for words in (scratch.root / "governance").glob("*.yaml"):
        words.write_text(re.sub(r': ""', ': "Said for this test."', words.read_text("utf-8")), "utf-8")
    _people(scratch)
    scratch.git("init", "-q", "-b", "main")
    scratch.commit("Start")
    register(scratch)
    return scratch


def register(scratch: Scratch) -> None:
    """Write run, evaluation, card, bundle and release 1 from what lies there, and commit."""
    scratch.write("governance/data/0123456789ab.json", {"schema": "dataset/v1"})
    scratch.write("governance/cards/1.md", "# Release 1\n")
    model = scratch.root / "var" / "model.skops"
    if not model.exists():
        scratch.write("var/model.skops", b"a model, as far as a gate can tell")
    code = {"commit": scratch.git("rev-parse", "HEAD"), "dirty": False}
    scratch.write(RUN, _run(scratch, code))
    scratch.write(REPORT, _report(scratch))
    rows = [_bundled(scratch, name, role) for name, role in SUBJECT.items()]
    release = {
        "schema": "release/v1",
        "system": PACKAGE.replace("_", "-"),
        "version": "1",
        "change_type": "new",
        "created_at": _now(),
        "run_id": RUN_ID,
        "commit": code["commit"],
        "tier": lock()["tier"],
        "subject": rows,
        "subject_digest": _subject_digest(rows),
        "rollback_to": None,
    }
    scratch.write("governance/releases/1.json", release)
    scratch.write("var/releases/1/release.json", release)
    scratch.commit("Register release 1")


def _people(scratch: Scratch) -> None:
    roles = {approver(role): role for role in lock()["obligations"]["approver_roles"]}
    roles |= {DEVELOPER: "developer", OUTSIDER: "support-owner"}
    people = [
        {
            "identity": who,
            "name": who,
            "emails": [who],
            "handles": [],
            "team": f"{role} team",
            "roles": [role],
        }
        for who, role in roles.items()
    ]
    scratch.write("governance/roles.yaml", {"schema": "roles/v1", "people": people})
    scratch.write("governance/allowed_signers", "".join(_signer(scratch, who) for who in (*roles, GATE)))


def _signer(scratch: Scratch, who: str) -> str:
    key = scratch.keys / who
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)), check=True)
    use = "roadworthy-gate" if who == GATE else "roadworthy-approval"
    return f'{who} namespaces="{use}" {" ".join(Path(f"{key}.pub").read_text().split()[:2])}\n'


def _run(scratch: Scratch, code: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": "run/v1",
        "run_id": RUN_ID,
        "kind": "train",
        "created_at": _now(),
        "submitter": {"name": DEVELOPER, "email": DEVELOPER},
        "code": code,
        "config": {name: _sha(scratch, name) for name in ("policy/training.yaml", "policy/data.yaml")},
        "gates_sha256": _sha(scratch, "policy/gates.yaml"),
        "artifacts": {
            "model.skops": _sha(scratch, "var/model.skops"),
            "features.py": _sha(scratch, FEATURES),
        },
    }


def _report(scratch: Scratch) -> dict[str, Any]:
    check = {"id": "ranking", "metric": "auc", "value": 0.9, "op": ">=", "limit": 0.7, "passed": True}
    return {
        "schema": "evaluation/v1",
        "run_id": RUN_ID,
        "created_at": _now(),
        "model_sha256": _sha(scratch, "var/model.skops"),
        "gates_sha256": _sha(scratch, "policy/gates.yaml"),
        "checks": [check],
        "passed": True,
    }


def _bundled(scratch: Scratch, name: str, role: str) -> dict[str, str]:
    data = (scratch.root / ("var/model.skops" if role == "model" else name)).read_bytes()
    scratch.write(f"var/releases/1/{name}", data)
    return {"role": role, "name": name, "path": name, "sha256": hashlib.sha256(data).hexdigest()}


def _subject_digest(rows: list[dict[str, str]]) -> str:
    bare = sorted(({key: row[key] for key in ("name", "role", "sha256")} for row in rows), key=_place)
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _place(row: Mapping[str, str]) -> tuple[str, str]:
    return row["role"], row["name"]


def _sha(scratch: Scratch, name: str) -> str:
    return hashlib.sha256((scratch.root / name).read_bytes()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
