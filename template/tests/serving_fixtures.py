"""A small real project in a temporary folder: real models, real keys, none of the team's files."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from project import module
from serving_samples import DATA, FEATURES, POLICIES, SERVING, SYSTEM, TRAINING, fitted, made_up


def key(folder: Path, name: str) -> Path:
    """A fresh key pair of OpenSSH."""
    file = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)]
    subprocess.run(command, check=True)
    return file


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The gate's key, an approver's, and one that nobody knows."""
    folder = tmp_path_factory.mktemp("keys")
    return {name: key(folder, name) for name in ("gate", "robin", "stranger")}


@dataclass(frozen=True)
class Workshop:
    """The temporary project and the hands that make releases in it."""

    root: Path
    keys: dict[str, Path]
    commit: str = "c" * 40

    def release(self, version: str, approved: bool = True, **changes: Any) -> Path:
        """A real bundle with its records; approved and judged by the gate unless told otherwise."""
        folder = self.bundle(version)
        if approved:
            self.judge(version, **changes)
        return folder

    def bundle(self, version: str) -> Path:
        """Every byte of a release, and the records it came from."""
        artifact = module("pipeline.artifact")
        folder = self.root / "var" / "releases" / version
        run_id = f"20261101T00000{version}Z-abcdef"
        model = artifact.dumps(fitted(int(version)))
        evaluation = _evaluation(run_id, _sha(model))
        files = {
            ("model", "model.skops", "model.skops"): model,
            ("features", f"src/{module('').__name__}/features.py", "features.py"): FEATURES.encode(),
            ("data", "dataset.json", "dataset.json"): self._dataset(version),
            ("thresholds", "policy/gates.yaml", "policy/gates.yaml"): b"schema: gates/v1\n",
            ("config", "policy/training.yaml", "policy/training.yaml"): TRAINING.encode(),
            ("config", "policy/data.yaml", "policy/data.yaml"): DATA.encode(),
            ("config", "policy/serving.yaml", "policy/serving.yaml"): SERVING.encode(),
            ("eval_report", "evaluation.json", "evaluation.json"): evaluation,
            ("card", "card.md", "card.md"): f"# Release {version}\n".encode(),
            ("policy_pack", ".roadworthy/lock.yaml", "lock.yaml"): b"schema: lock/v1\n",
        }
        subject = []
        for (role, name, path), data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
            subject.append({"role": role, "name": name, "path": path, "sha256": _sha(data)})
        release = {
            "schema": "release/v1",
            "system": SYSTEM,
            "version": version,
            "change_type": "new",
            "created_at": "2026-11-01T00:00:00Z",
            "run_id": run_id,
            "commit": self.commit,
            "tier": "critical",
            "subject": subject,
            "subject_digest": module("pipeline.verdict").subject_digest(subject),
            "rollback_to": None,
        }
        self._write(folder / "release.json", release)
        self._write(self.root / "governance" / "releases" / f"{version}.json", release)
        self._run(run_id, version, files)
        (self.root / "governance" / "cards").mkdir(exist_ok=True)
        (self.root / "governance" / "cards" / f"{version}.md").write_bytes(f"# Release {version}\n".encode())
        evaluations = self.root / "governance" / "evaluations"
        evaluations.mkdir(exist_ok=True)
        (evaluations / f"{run_id}.json").write_bytes(evaluation)
        return folder

    def judge(self, version: str, signer: str = "gate", **changes: Any) -> dict[str, Any]:
        """Approve a release and leave the gate's signed verdict on it, with any part changed."""
        release = self.read(f"governance/releases/{version}.json")
        name = f"apr-{version}-robin"
        approval = self.root / "governance" / "approvals" / f"{name}.yaml"
        approval.parent.mkdir(exist_ok=True)
        if not approval.exists():
            approval.write_text(_approval(name, release))
            self.sign(approval, "robin", "roadworthy-approval")
        said = {
            "system": SYSTEM,
            "version": version,
            "tier": "critical",
            "subject_digest": release["subject_digest"],
            "expires_at": (datetime.now(UTC) + timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "approvals": [{"id": name, "identity": "robin@loans.example", "role": "model-risk"}],
            "controls": [{"id": "REL-01", "verdict": "pass"}],
            "refusals": [],
        }
        result = changes.pop("result", "PASSED")
        said.update(changes)
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": e["name"], "digest": {"sha256": e["sha256"]}} for e in release["subject"]],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {
                "verifier": {"id": "roadworthy", "version": {"roadworthy": "0.1.0"}},
                "timeVerified": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "resourceUri": f"roadworthy:{said['system']}@{said['version']}",
                "policy": {"uri": "builtin", "digest": {"sha256": "0" * 64}},
                "inputAttestations": [
                    {
                        "uri": f"governance/approvals/{name}.yaml",
                        "digest": {"sha256": _sha(approval.read_bytes())},
                    }
                ],
                "verificationResult": result,
                "verifiedLevels": ["ROADWORTHY_TIER_CRITICAL"],
                "roadworthy": said,
            },
        }
        file = self.root / "governance" / "gates" / f"{version}.json"
        self._write(file, statement)
        self.sign(file, signer)
        return statement

    def sign(self, file: Path, signer: str = "gate", namespace: str = "roadworthy-gate") -> None:
        """Sign a file, replacing an older signature."""
        signature = file.with_name(file.name + ".sig")
        signature.unlink(missing_ok=True)
        command = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(self.keys[signer]), str(file)]
        subprocess.run(command, check=True, capture_output=True)

    def read(self, name: str) -> dict[str, Any]:
        """A JSON file of the project."""
        found: dict[str, Any] = json.loads((self.root / name).read_text())
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Everything captured so far."""
        return list(module("serving.capture").lines())

    def traffic(
        self, rows: dict[str, Any], prefix: str = "t", observed_at: str | None = None
    ) -> list[dict[str, Any]]:
        """Requests made of these rows, answered and captured as the server would; refusals included."""
        live = module("serving.live").Live()
        live.refresh()
        requests = module("serving.request")
        answers = module("serving.answer").Answerer(module("serving.capture").capture(), "refer")
        lines = []
        for number in range(len(rows["debt"])):
            inputs = {name: _plain(rows[name][number]) for name in ("debt", "income", "late")}
            body = {"id": f"{prefix}{number}", "entity": f"e{number}", "inputs": inputs}
            asked = json.dumps({**body, "observed_at": observed_at}).encode()
            try:
                lines.append(answers.answer(live.serving, requests.read(asked)))
            except requests.Invalid as invalid:
                lines.append(answers.refused(f"{prefix}{number}", str(invalid)))
        return lines

    def labels(self, answers: Any, prefix: str = "t", at: str | None = None) -> None:
        """Outcomes of earlier requests, as another system would deliver them."""
        when = at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = [f"{prefix}{number},{int(answer)},{when}" for number, answer in enumerate(answers)]
        file = self.root / "var" / "labels" / f"{prefix}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(["id,label,at", *lines]) + "\n")

    def environment(self) -> dict[str, str]:
        """What a child process needs to be in this project."""
        path = os.pathsep.join([str(Path(module("").__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        return {**os.environ, "PROJECT_ROOT": str(self.root), "PYTHONPATH": path}

    def policy(self, name: str, text: str) -> None:
        """Write one policy file."""
        (self.root / "policy" / f"{name}.yaml").write_text(text)

    def _write(self, file: Path, value: Any) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(module("pipeline.records").dumps(value))

    def _dataset(self, version: str) -> bytes:
        """A dataset record whose reference rows are really there."""
        rows = made_up(int(version))
        text = "id,debt,income,late,good\n" + "".join(
            f"{i + 1},{rows['debt'][i]},{rows['income'][i]},{rows['late'][i]},{rows['good'][i]}\n"
            for i in range(len(rows["good"]))
        )
        source = {"name": "made up", "rows": 400, "sha256": _sha(text.encode()), "newest": "2026-11-01"}
        splits = {
            name: {"sha256": _sha(text.encode()), "rows": 400} for name in ("train", "test", "reference")
        }
        whole = {"source": source, "contract_sha256": _sha(DATA.encode()), "splits": splits}
        manifest = _sha(module("pipeline.records").canonical(whole))
        path = f"var/data/{manifest}/reference.csv"
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)
        record = {
            **whole,
            "schema": "dataset/v1",
            "manifest_sha256": manifest,
            "created_at": "2026-11-01T00:00:00Z",
            "splits": {name: {**each, "path": path} for name, each in splits.items()},
            "overlap_rows": 0,
            "quality": {"checks": [{"id": "rows", "passed": True, "value": 400, "limit": 1}], "passed": True},
        }
        self._write(self.root / "governance" / "data" / f"{manifest[:12]}.json", record)
        return (self.root / "governance" / "data" / f"{manifest[:12]}.json").read_bytes()

    def _run(self, run_id: str, version: str, files: dict[tuple[str, str, str], bytes]) -> None:
        parts = {path: _sha(data) for (_, _, path), data in files.items()}
        record = {
            "schema": "run/v1",
            "run_id": run_id,
            "kind": "train",
            "created_at": "2026-11-01T00:00:00Z",
            "submitter": {"name": "Dev", "email": "dev@loans.example"},
            "code": {"commit": self.commit, "dirty": False},
            "data": {"manifest_sha256": json.loads(self._dataset(version))["manifest_sha256"], "splits": {}},
            "config": {name: parts[name] for name in ("policy/training.yaml", "policy/data.yaml")},
            "gates_sha256": parts["policy/gates.yaml"],
            "environment": {"python": "3.11", "platform": "test", "lock_sha256": "e" * 64},
            "seed": 7,
            "parameters": {},
            "search": [],
            "metrics": {},
            "artifacts": {"model.skops": parts["model.skops"], "features.py": parts["features.py"]},
            "tracking": {"uri": "none", "experiment": "none", "run_id": "none"},
        }
        self._write(self.root / "governance" / "runs" / f"{run_id}.json", record)


@pytest.fixture
def workshop(tmp_path: Path, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """An empty project with a policy, the gate's key on file, and an identity for git."""
    root, home = tmp_path / "project", tmp_path / "home"
    for folder in (root / "policy", root / "governance" / "gates", home):
        folder.mkdir(parents=True)
    (root / "pyproject.toml").write_text(f'[project]\nname = "{SYSTEM}"\n')
    (home / ".gitconfig").write_text("[user]\n\tname = Op\n\temail = op@loans.example\n")
    signers = [("gate", "roadworthy-gate"), ("robin", "roadworthy-approval,git")]
    lines = [f'{name}@loans.example namespaces="{use}" {_public(keys[name])}' for name, use in signers]
    (root / "governance" / "allowed_signers").write_text("\n".join(lines) + "\n")
    made = Workshop(root, keys)
    for name, text in POLICIES.items():
        made.policy(name, text)
    monkeypatch.setenv("PROJECT_ROOT", str(root))
    monkeypatch.setenv("HOME", str(home))
    return made


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _public(private: Path) -> str:
    return " ".join(private.with_suffix(".pub").read_text().split()[:2])


def _sha(data: bytes) -> str:
    return str(module("pipeline.records").sha256_bytes(data))


def _evaluation(run_id: str, model: str) -> bytes:
    metrics = {
        name: {"value": value, "low": value - 0.05, "high": value + 0.05} for name, value in _METRICS.items()
    }
    record = {"schema": "evaluation/v1", "run_id": run_id, "model_sha256": model, "candidate": metrics}
    return str(module("pipeline.records").dumps({**record, "passed": True})).encode()


_METRICS = {"auc": 0.85, "accuracy": 0.78, "brier": 0.15}


def _approval(name: str, release: dict[str, Any]) -> str:
    return (
        f"schema: approval/v1\nid: {name}\nversion: '{release['version']}'\n"
        f"subject_digest: {release['subject_digest']}\n"
        "approver: {identity: robin@loans.example, role: model-risk, team: risk}\n"
        "decision: approve\ndecided_at: 2026-11-02T00:00:00Z\nexpires_at: 2027-02-01T00:00:00Z\n"
        "statement: seen and fine\n"
    )
