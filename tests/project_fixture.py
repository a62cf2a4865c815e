"""A tiny real project in a real git repository: records, a bundle, people with SSH keys. Nothing is trained.

`make_keys(folder)` makes the keys, once for a session; `make_project(folder, keys, tier)` builds a project.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roadworthy.commands.approve import approve
from roadworthy.core.approval.subject import entries, subject_digest
from tests.working_tree import WorkingTree

NOW = "2026-11-20T12:00:00Z"
STARTED = "2026-11-20T08:00:00Z"
RAN = "2026-11-20T09:00:00Z"
RUN_ID = "20261120T090000Z-ab12cd"
SAID = "Read the evaluation and the slices; the gap is within the limit."
ANSWERS = {
    "low": {"impact": 1, "autonomy": 0, "reversibility": 1, "regulatory": 0, "scale": 0},
    "moderate": {"impact": 1, "autonomy": 2, "reversibility": 0, "regulatory": 1, "scale": 1},
    "high": {"impact": 2, "autonomy": 3, "reversibility": 1, "regulatory": 2, "scale": 3},
    "critical": {"impact": 3, "autonomy": 2, "reversibility": 2, "regulatory": 3, "scale": 2},
}
# identity: (name, team, roles). `dev` builds; the others decide.
PEOPLE: dict[str, tuple[str, str, list[str]]] = {
    "dev@loans.example": ("Dana Devlin", "credit", ["developer", "model-owner"]),
    "val@loans.example": ("Vera Vogt", "validation", ["independent-validator"]),
    "risk@loans.example": ("Rui Rocha", "risk", ["model-risk"]),
    "exec@loans.example": ("Eva Exner", "board", ["accountable-executive"]),
    "owner@loans.example": ("Omar Oduya", "lending", ["business-owner", "model-approver", "reviewer"]),
}
GATE = "gate"


def make_keys(folder: Path) -> dict[str, Path]:
    """Make one throw-away key per person and one for the gate."""
    keys = {who: folder / who.partition("@")[0] for who in (*PEOPLE, GATE)}
    for key in keys.values():
        subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key), check=True)
    return keys


@dataclass(frozen=True)
class Project(WorkingTree):
    """A project on disk, and the hands that can change it."""

    keys: Mapping[str, Path]

    def change(self, name: str, **values: Any) -> None:
        """Change some top-level values of a record."""
        self.write(name, self.read(name) | values)

    def commit(
        self,
        message: str = "Change",
        *,
        author: str = "dev@loans.example",
        committer: str = "",
        at: str = "2026-11-20T10:00:00Z",
    ) -> str:
        """Commit everything in somebody's name, at a pinned time; return the commit."""
        name, by = PEOPLE.get(author, (author,))[0], committer or author
        env = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": author, "GIT_AUTHOR_DATE": at}
        env |= {
            "GIT_COMMITTER_NAME": PEOPLE.get(by, (by,))[0],
            "GIT_COMMITTER_EMAIL": by,
            "GIT_COMMITTER_DATE": at,
        }
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message, env=env)
        return self.git("rev-parse", "HEAD")

    def approve(self, who: str, role: str = "", **more: Any) -> str:
        """Approve release 1 as a person, and commit the approval in their name; return its path."""
        asked = {"statement": SAID, "as_of": more.pop("as_of", "2026-11-20T11:00:00Z")} | more
        key = str(asked.pop("key", self.keys[who]))
        decision = approve(str(self.path), "1", role=role or None, identity=who, key=key, **asked)
        self.commit(f"Approve as {role or 'whatever is needed'}", author=who, at="2026-11-20T11:00:00Z")
        return decision.path

    def approve_all(self, *, but: str = "") -> list[str]:
        """Give every approval that a critical release needs, but one."""
        roles = {"val@loans.example": "independent-validator", "risk@loans.example": "model-risk"}
        roles["exec@loans.example"] = "accountable-executive"
        return [self.approve(who, role) for who, role in roles.items() if role != but]

    def register(self) -> None:
        """Write release 1 and its bundle from what lies in the project, and commit."""
        run = f"governance/runs/{RUN_ID}.json"
        self.write(run, _run(self))
        self.write(f"governance/evaluations/{RUN_ID}.json", _evaluation(self))
        self.write("governance/cards/1.md", "# Card\n\nAccuracy 0.9 (evidence: evaluations).\n")
        bundle = self.path / "var" / "releases" / "1"
        shutil.rmtree(bundle, ignore_errors=True)
        rows = [self._bundle(bundle, role, name) for role, name in SUBJECT]
        release = {
            "schema": "release/v1",
            "system": "credit-decision",
            "version": "1",
            "change_type": "new",
            "created_at": RAN,
            "run_id": RUN_ID,
            "commit": self.git("rev-parse", "HEAD"),
            "tier": self.read(".roadworthy/lock.yaml")["tier"],
            "subject": rows,
            "subject_digest": subject_digest(entries(rows) or ()),
            "rollback_to": None,
        }
        self.write("governance/releases/1.json", release)
        shutil.copy(self.path / "governance/releases/1.json", bundle / "release.json")
        self.commit("Register release 1", at=RAN)

    def _bundle(self, bundle: Path, role: str, name: str) -> dict[str, str]:
        data = (self.path / (f"var/runs/{name}" if role == "model" else name)).read_bytes()
        target = bundle / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return {"role": role, "name": name, "sha256": hashlib.sha256(data).hexdigest(), "path": name}


SUBJECT = (
    ("model", "model.skops"),
    ("features", "src/credit_decision/features.py"),
    ("data", "governance/data/0123456789ab.json"),
    ("thresholds", "policy/gates.yaml"),
    ("config", "policy/training.yaml"),
    ("config", "policy/data.yaml"),
    ("config", "policy/serving.yaml"),
    ("eval_report", f"governance/evaluations/{RUN_ID}.json"),
    ("card", "governance/cards/1.md"),
    ("policy_pack", ".roadworthy/lock.yaml"),
)


def make_project(
    folder: Path, keys: Mapping[str, Path], tier: str = "critical", alone: bool = False
) -> Project:
    """Build a project at a tier with release 1 registered, waiting for its approvals."""
    project = Project(path=folder, keys=keys)
    folder.mkdir(parents=True)
    project.git("init", "-q", "-b", "main")
    people = {"dev@loans.example": ("Dana Devlin", "credit", ["developer", "reviewer"])} if alone else PEOPLE
    for name, content in _files(tier, people, keys).items():
        project.write(name, content)
    project.commit("Start", at=STARTED)
    project.register()
    return project


def _files(
    tier: str, people: Mapping[str, tuple[str, str, list[str]]], keys: Mapping[str, Path]
) -> dict[str, Any]:
    rows = [
        {"identity": who, "name": name, "emails": [who], "handles": [], "team": team, "roles": roles}
        for who, (name, team, roles) in people.items()
    ]
    answers = {
        question: {"answer": answer, "reason": "Said by its owner."}
        for question, answer in ANSWERS[tier].items()
    }
    return {
        ".gitignore": "var/\n",
        ".roadworthy/lock.yaml": {"schema": "lock/v1", "tier": tier},
        "src/credit_decision/features.py": "def income(row):\n    return row['income']\n",
        "policy/gates.yaml": {"accuracy": {"minimum": 0.8}},
        "policy/training.yaml": {"seed": 7},
        "policy/data.yaml": {"source": "loans"},
        "policy/serving.yaml": {"threshold": 0.5},
        "governance/data/0123456789ab.json": {
            "schema": "dataset/v1",
            "manifest_sha256": "0123456789ab" + "0" * 52,
        },
        "governance/system.yaml": {
            "schema": "system/v1",
            "system": "credit-decision",
            "purpose": "Propose a decision.",
        },
        "governance/card.yaml": {"schema": "card/v1", "limits": "Only for the region it was trained on."},
        "governance/risk.yaml": {"schema": "risk/v1", "tier": tier, "answers": answers},
        "governance/roles.yaml": {"schema": "roles/v1", "people": rows},
        "governance/allowed_signers": "".join(_signer(who, key) for who, key in keys.items()),
        "var/runs/model.skops": b"PK\x05\x06" + bytes(18),
    }


def _signer(who: str, key: Path) -> str:
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    namespaces = "roadworthy-gate" if who == GATE else "roadworthy-approval,git"
    return f'{who} namespaces="{namespaces}" {public}\n'


def _sha(project: Project, name: str) -> str:
    return hashlib.sha256((project.path / name).read_bytes()).hexdigest()


def _run(project: Project) -> dict[str, Any]:
    model, features = "var/runs/model.skops", "src/credit_decision/features.py"
    return {
        "schema": "run/v1",
        "run_id": RUN_ID,
        "kind": "train",
        "created_at": RAN,
        "submitter": {"name": "Dana Devlin", "email": "dev@loans.example"},
        "code": {"commit": project.git("rev-parse", "HEAD"), "dirty": False},
        "config": {name: _sha(project, name) for name in ("policy/training.yaml", "policy/data.yaml")},
        "gates_sha256": _sha(project, "policy/gates.yaml"),
        "artifacts": {"model.skops": _sha(project, model), "features.py": _sha(project, features)},
    }


def _evaluation(project: Project) -> dict[str, Any]:
    check = {"id": "accuracy", "metric": "accuracy", "value": 0.9, "op": ">=", "limit": 0.8, "passed": True}
    return {
        "schema": "evaluation/v1",
        "run_id": RUN_ID,
        "created_at": RAN,
        "model_sha256": _sha(project, "var/runs/model.skops"),
        "gates_sha256": _sha(project, "policy/gates.yaml"),
        "checks": [check],
        "passed": True,
    }
