"""What can be taken away from a born project, or slipped into it, and which control must notice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from roadworthy.core.approval.subject import canonical, sha256
from tests.adversary.lived import LIFE
from tests.projects.making import run

FORGED = "0" * 64
RUN = "20261120T000000Z-000000"
AT = "2026-11-20T00:00:00Z"


class Taking(NamedTuple):
    """One change of a conforming project, and the only control that must notice it."""

    control: str
    name: str
    do: Callable[[Path], object]


def edit(project: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change a YAML file in place."""
    value = yaml.safe_load((project / name).read_text("utf-8"))
    change(value)
    (project / name).write_text(yaml.safe_dump(value, sort_keys=False), "utf-8")


def replace(project: Path, name: str, old: str, new: str) -> None:
    """Replace text in a file; it must have been there."""
    text = (project / name).read_text("utf-8")
    assert old in text, f"{name} has no {old!r}"
    (project / name).write_text(text.replace(old, new), "utf-8")


def record(project: Path, name: str, value: Any) -> None:
    """Write a JSON record."""
    path = project / "governance" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", "utf-8")


def _drop_hashes(project: Path) -> None:
    path = project / "requirements/serve.txt"
    kept = [line.rstrip(" \\") for line in path.read_text("utf-8").splitlines() if "--hash" not in line]
    path.write_text("\n".join(kept) + "\n", "utf-8")


def _one_person_for_all(project: Path) -> None:
    everything = ["developer", "model-risk", "independent-validator", "accountable-executive"]
    edit(project, "governance/roles.yaml", lambda roles: roles["people"][0].update(roles=everything))


def _side_deploy(project: Path) -> None:
    job = {"runs-on": "ubuntu-latest", "steps": [{"run": "kubectl apply -k deploy/kubernetes"}]}
    quick = {"on": {"push": {}}, "permissions": {"contents": "read"}, "jobs": {"quick": job}}
    (project / ".github/workflows/quick.yml").write_text(yaml.safe_dump(quick), "utf-8")


def _lapsed_waiver(project: Path) -> None:
    folder = project / "governance/waivers"
    folder.mkdir(parents=True, exist_ok=True)
    waiver = {
        "schema": "waiver/v1",
        "id": "W-1",
        "control": "EVAL-03",
        "scope": {"system": "credit-decision"},
        "reason": "The groups are too small this quarter to be compared with any confidence.",
        "requested_by": "model@loans.example",
        "approved_by": "risk@loans.example",
        "compensating_controls": [{"control": "MON-01", "evidence": "weekly look at both groups"}],
        "issued_at": "2026-01-01",
        "expires_at": "2026-01-10",
    }
    (folder / "W-1.yaml").write_text(yaml.safe_dump(waiver), "utf-8")


def _dataset(project: Path, manifest: str = "") -> dict[str, Any]:
    """Record a data set, under its true digest unless another is claimed; return the record."""
    names = ("train", "validation", "test", "reference")
    kept = json.loads((LIFE / "dataset.json").read_bytes())
    contract = hashlib.sha256((project / "policy/data.yaml").read_bytes()).hexdigest()
    splits = {name: {"sha256": f"{index}" * 64, "rows": 1} for index, name in enumerate(names)}
    pinned = {
        "source": {**kept["source"], "newest": AT},
        "contract_sha256": contract,
        "splits": splits,
    }
    manifest = manifest or sha256(canonical(pinned))
    made = {
        "schema": "dataset/v1",
        "manifest_sha256": manifest,
        "created_at": AT,
        **pinned,
        "overlap_rows": 0,
        "quality": kept["quality"],
    }
    record(project, f"data/{manifest[:12]}.json", made)
    return made


def _run(project: Path, commit: str = "") -> None:
    """Record an experiment on a true data set."""
    dataset = _dataset(project)
    head = run(["git", "rev-parse", "HEAD"], cwd=project).strip()
    digests = {name: split["sha256"] for name, split in dataset["splits"].items()}
    made = {
        "schema": "run/v1",
        "run_id": RUN,
        "kind": "train",
        "created_at": AT,
        "submitter": {"name": "Dana", "email": "dana@loans.example"},
        "code": {"commit": commit or head, "dirty": True},
        "data": {"manifest_sha256": dataset["manifest_sha256"], "splits": digests},
        "config": {"policy/training.yaml": FORGED},
        "gates_sha256": hashlib.sha256((project / "policy/gates.yaml").read_bytes()).hexdigest(),
        "environment": {"python": "3.11", "platform": "linux", "lock_sha256": FORGED},
        "seed": 7,
        "parameters": {},
        "metrics": {},
        "artifacts": {"model.skops": FORGED},
    }
    record(project, f"runs/{RUN}.json", made)


def _drill_of_nothing(project: Path) -> None:
    drill = {
        "schema": "drill/v1",
        "at": AT,
        "by": "model@loans.example",
        "from_version": "7",
        "to": "6",
        "subject_digest": f"sha256:{FORGED}",
        "seconds": 0.1,
        "requests": 100,
        "failed_requests": 0,
        "last_stale_ms": 90.0,
        "passed": True,
    }
    record(project, "drills/20261120T000000Z.json", drill)


def _evaluation_on_other_data(project: Path) -> None:
    _run(project)
    measured = {"auc": {"value": 0.99, "low": 0.98, "high": 1.0}}
    gates = hashlib.sha256((project / "policy/gates.yaml").read_bytes()).hexdigest()
    judged = {
        "schema": "evaluation/v1",
        "run_id": RUN,
        "created_at": AT,
        "model_sha256": FORGED,
        "gates_sha256": gates,
        "data": {"test": FORGED},
        "candidate": measured,
        "baseline": measured,
        "checks": [
            {"id": "ranking", "metric": "auc", "value": 0.99, "op": ">=", "limit": 0.7, "passed": True}
        ],
        "passed": True,
    }
    record(project, f"evaluations/{RUN}.json", judged)


def _unsigned_approval(project: Path) -> None:
    approval = {
        "schema": "approval/v1",
        "id": "apr-1",
        "system": "credit-decision",
        "version": "1",
        "change_type": "new",
        "subject": [{"role": "model", "name": "model.skops", "sha256": FORGED}],
        "subject_digest": f"sha256:{FORGED}",
        "commit": "0" * 40,
        "run_id": "20261120T000000Z-000000",
        "tier": "critical",
        "gate_result": {"policy_pack": f"sha256:{FORGED}", "verdict_digest": f"sha256:{FORGED}"},
        "scope": {"environments": ["production"]},
        "conditions": [],
        "approver": {"identity": "risk@loans.example", "role": "model-risk", "team": "risk"},
        "decision": "approve",
        "decided_at": AT,
        "expires_at": "2027-01-20T00:00:00Z",
        "rollback_to": None,
        "statement": "Looked at the evaluation and at both groups.",
    }
    folder = project / "governance/approvals"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "apr-1.yaml").write_text(yaml.safe_dump(approval), "utf-8")


TAKINGS = [
    Taking(
        "GOV-01",
        "an owner",
        lambda p: edit(p, "governance/system.yaml", lambda system: system["owners"].update(data="")),
    ),
    Taking(
        "GOV-02",
        "an answer of the rubric",
        lambda p: edit(p, "governance/risk.yaml", lambda risk: risk["answers"].pop("impact")),
    ),
    Taking(
        "GOV-03",
        "the legal class",
        lambda p: edit(p, "governance/risk.yaml", lambda risk: risk["ai_act"].update({"class": "minimal"})),
    ),
    Taking("GOV-05", "a waiver's validity", _lapsed_waiver),
    Taking(
        "GOV-06",
        "the refusal in a managed gate",
        lambda p: replace(p, "src/credit_decision/pipeline/untouched.py", "raise ", ""),
    ),
    Taking("DATA-03", "a data set's true digest", lambda p: _dataset(p, FORGED)),
    Taking("REPRO-01", "the hashes of a lock", _drop_hashes),
    Taking(
        "LIN-01",
        "the commit of a run",
        lambda p: _run(p, "1" * 40),
    ),
    Taking(
        "EVAL-01",
        "a threshold's bite",
        lambda p: edit(p, "policy/gates.yaml", lambda gates: gates["metrics"][0].update(limit=0)),
    ),
    Taking("EVAL-02", "the test data of the run that is evaluated", _evaluation_on_other_data),
    Taking("APPR-01", "the signature under an approval", _unsigned_approval),
    Taking("APPR-02", "the second person", _one_person_for_all),
    Taking("APPR-03", "the code owners", lambda p: (p / "CODEOWNERS").unlink()),
    Taking("REL-01", "the gate before a deployment", _side_deploy),
    Taking("REL-03", "the release of a drill", _drill_of_nothing),
    Taking(
        "MON-01",
        "the people an alert goes to",
        lambda p: edit(p, "policy/monitoring.yaml", lambda plan: plan.pop("actions")),
    ),
    Taking(
        "DOC-01",
        "the evidence behind a number",
        lambda p: edit(p, "governance/card.yaml", lambda card: card["evaluation"].update(auc=0.99)),
    ),
]
