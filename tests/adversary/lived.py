"""A project that has lived, made offline in seconds: rendered, worded, run, approved, gated and deployed.

The people and words are the template's own samples; the records in `life/` come from a real `make life`, and
are bound here to this project's bytes and commits. Keys, signatures, history and gate are real.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from roadworthy.commands.approve import approve
from roadworthy.commands.gate import gate
from roadworthy.core.approval.subject import canonical, entries, sha256, subject_digest
from tests.adversary.scene import (
    BOM,
    CARD,
    DEPLOYMENT,
    DRILL,
    EVALUATION,
    MONITORING,
    REBUILD,
    RELEASE,
    RUN,
    RUN_ID,
    VERDICT,
    Scene,
)
from tests.projects.making import make_project
from tests.projects.making import run as ran

LIFE = Path(__file__).parent / "life"
DAWN, RAN, DRILLED, AGREED, GATED, LIVE = (
    f"2026-11-20T{clock}:00Z" for clock in ("08:00", "09:00", "09:30", "10:00", "10:30", "11:00")
)
MODEL = b"PK\x05\x06" + bytes(18)
SAID = "I read the evaluation and its slices: the gap between groups is inside the limit."
APPROVERS = {
    "validator@rehearsal.example": "independent-validator",
    "risk@rehearsal.example": "model-risk",
    "exec@rehearsal.example": "accountable-executive",
}
DEVELOPER, OPERATOR = "dev@rehearsal.example", "ops@rehearsal.example"
WORDS = "Say what the system is for"


@dataclass(frozen=True)
class Story:
    """What somebody would rather have happened: records retold, hands on what comes before.

    `told` changes what is kept of a record of a kind before it is written and agreed on.
    """

    told: Mapping[str, Callable[[Scene, dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    before_run: Callable[[Scene], None] = lambda _: None
    before_approvals: Callable[[Scene], None] = lambda _: None
    approvers: Mapping[str, str] = field(default_factory=dict)
    agreed: str = AGREED
    sign: Callable[[Scene, str, str], None] = lambda scene, name, who: scene.sign(
        name, who, "roadworthy-approval"
    )

    def tell(self, scene: Scene, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record as this story has it."""
        edit = self.told.get(kind)
        return edit(scene, record) if edit else record


def make_lived(folder: Path) -> Scene:
    """Make the project; `ROADWORTHY_TRUSTED_SOURCES` must name this repository."""
    scene = _peopled(make_project(folder / "credit-decision", {}))
    _live(scene, Story())
    return scene


def relive(scene: Scene, story: Story) -> None:
    """Take a lived project back to when the words were said, and let the rest happen as a story has it.

    Who tells it asks no tool that could refuse: approvals are written and signed by hand, and the gate nods.
    """
    (start,) = (row.split()[0] for row in scene.git("log", "--format=%H %s").splitlines() if WORDS in row)
    pattern = scene.read(next(iter(scene.files("governance/approvals/*.yaml"))))
    scene.git("reset", "-q", "--hard", start)
    _live(scene, story, pattern)


def _live(scene: Scene, story: Story, pattern: dict[str, Any] | None = None) -> None:
    story.before_run(scene)
    _trained(scene, story)
    _released(scene, story)
    _proven(scene, story, "drill", DRILL)
    _proven(scene, story, "rebuild", REBUILD)
    scene.commit("Rehearse the rollback and the rebuild", OPERATOR, DRILLED)
    story.before_approvals(scene)
    for who, role in (story.approvers or APPROVERS).items():
        if pattern is None:
            key = str(scene.key(who))
            approve(str(scene.path), "1", role=role, identity=who, key=key, statement=SAID, as_of=AGREED)
        else:
            _agreed(scene, story, pattern, who, role)
        scene.commit(f"Approve release 1 as {role}", who, AGREED)
    gated = gate(str(scene.path), "1", key=str(scene.key("gate")), as_of=GATED)
    assert pattern or not gated.refusals, gated.refusals
    if gated.refusals:
        _nodded(scene)
    scene.commit("Let release 1 pass the gate", OPERATOR, GATED)
    _deployed(scene, story)


def _agreed(scene: Scene, story: Story, pattern: dict[str, Any], who: str, role: str) -> None:
    release = scene.read(RELEASE)
    ident = f"apr-1-{role}-{sha256(who.encode())[:8]}"
    about = {name: release[name] for name in ("subject_digest", "commit", "run_id")}
    said = {
        "id": ident,
        "decided_at": story.agreed,
        "approver": pattern["approver"] | {"identity": who, "role": role},
    }
    rows = [{name: row[name] for name in ("role", "name", "sha256")} for row in release["subject"]]
    scene.write(f"governance/approvals/{ident}.yaml", pattern | about | said | {"subject": rows})
    story.sign(scene, f"governance/approvals/{ident}.yaml", who)


def _nodded(scene: Scene) -> None:
    inputs = scene.files("governance/approvals/*.yaml")
    scene.put(VERDICT, "predicate.verificationResult", "PASSED")
    scene.put(
        VERDICT,
        "predicate.inputAttestations",
        [{"uri": name, "digest": {"sha256": scene.sha(name)}} for name in inputs],
    )
    scene.put(VERDICT, "predicate.roadworthy.refusals", [])
    scene.put(VERDICT, "predicate.roadworthy.expires_at", scene.read(inputs[0])["expires_at"])
    scene.sign(VERDICT, "gate", "roadworthy-gate")


def _peopled(project: Path) -> Scene:
    """Let the project's own rehearsal name people, make keys and say the words; on a pinned clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROADWORTHY", sys.executable)
        rehearsal = _rehearsal(project)
        usual = rehearsal.environment
        dates = {f"GIT_{who}_DATE": DAWN for who in ("AUTHOR", "COMMITTER")}
        patch.setattr(rehearsal, "environment", lambda: usual() | dates)
        patch.setattr(rehearsal, "datetime", _Dawn)
        rehearsal.prepare()
    return Scene(path=rehearsal.CLONE, keys=rehearsal.KEYS)


class _Dawn(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.fromisoformat(DAWN).astimezone(tz)


def _rehearsal(project: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("lived_rehearsal", project / "sample" / "rehearsal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _kept(name: str) -> dict[str, Any]:
    value = json.loads((LIFE / f"{name}.json").read_bytes())
    assert isinstance(value, dict)
    return value


def _trained(scene: Scene, story: Story) -> None:
    """Write the records of a data set, a run and its evaluation, about this commit and these policies."""
    commit, dataset = scene.git("rev-parse", "HEAD"), _dataset(scene, story)
    made = {"run_id": RUN_ID, "created_at": RAN, "gates_sha256": scene.sha("policy/gates.yaml")}
    run = _kept("run") | made
    run["code"] = {"commit": commit, "dirty": False}
    run["data"]["manifest_sha256"] = dataset["manifest_sha256"]
    run["config"] = {name: scene.sha(name) for name in run["config"]}
    run["environment"]["lock_sha256"] = scene.sha("requirements/train.txt")
    run["artifacts"] = {
        "features.py": scene.sha("src/credit_decision/features.py"),
        "model.skops": sha256(MODEL),
    }
    scene.write(RUN, story.tell(scene, "run", run))
    report = _kept("evaluation") | made | {"model_sha256": sha256(MODEL)}
    scene.write(EVALUATION, story.tell(scene, "evaluation", report))
    scene.commit("Record a run that passed", DEVELOPER, RAN)


def _dataset(scene: Scene, story: Story) -> dict[str, Any]:
    record = _kept("dataset") | {"contract_sha256": scene.sha("policy/data.yaml"), "created_at": DAWN}
    record = story.tell(scene, "dataset", record)
    bare = {name: {key: split[key] for key in ("sha256", "rows")} for name, split in record["splits"].items()}
    parts = {"source": record["source"], "contract_sha256": record["contract_sha256"], "splits": bare}
    record["manifest_sha256"] = sha256(canonical(parts))
    scene.write(f"governance/data/{record['manifest_sha256'][:12]}.json", record)
    return record


def _released(scene: Scene, story: Story) -> None:
    """Register release 1: its card, its bundle and its record."""
    run = scene.read(RUN)
    words = {
        "20261120T121315Z-246703": RUN_ID,
        "28d2d99ffe7f": run["code"]["commit"][:12],
        "67bc236c38af": run["data"]["manifest_sha256"][:12],
        "8607b3f67fa8": sha256(MODEL)[:12],
    }
    card = (LIFE / "card.md").read_text("utf-8")
    for old, new in words.items():
        card = card.replace(old, new)
    scene.write(CARD, card)
    release = {
        "schema": "release/v1",
        "system": "credit-decision",
        "version": "1",
        "change_type": "new",
        "created_at": RAN,
        "run_id": RUN_ID,
        "commit": run["code"]["commit"],
        "tier": "critical",
        "rollback_to": None,
    }
    scene.write(BOM, story.tell(scene, "bom", _billed(scene, release, run)))
    rows = [_bundled(scene, role, name) for role, name in _subject(run)]
    release |= {"subject": rows, "subject_digest": subject_digest(entries(rows) or ())}
    scene.write(RELEASE, story.tell(scene, "release", release))
    shutil.copy(scene.path / RELEASE, scene.path / "var/releases/1/release.json")
    scene.commit("Register release 1", DEVELOPER, RAN)


def _billed(scene: Scene, release: dict[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """The project's own bill of materials, by its own module."""
    call = "import json, sys; from credit_decision.pipeline.bom import bill"
    said = f"{call}; print(json.dumps(bill(*map(json.loads, sys.argv[1:]))))"
    ours = {**os.environ, "PYTHONPATH": str(scene.path / "src"), "PROJECT_ROOT": str(scene.path)}
    command = [sys.executable, "-B", "-c", said, json.dumps(release), json.dumps(made)]
    value = json.loads(ran(command, cwd=scene.path, env=ours))
    assert isinstance(value, dict)
    return value


def _subject(run: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (
        ("model", "model.skops"),
        ("features", "src/credit_decision/features.py"),
        ("data", f"governance/data/{run['data']['manifest_sha256'][:12]}.json"),
        ("thresholds", "policy/gates.yaml"),
        ("config", "policy/training.yaml"),
        ("config", "policy/data.yaml"),
        ("config", "policy/serving.yaml"),
        ("eval_report", EVALUATION),
        ("card", CARD),
        ("bom", BOM),
        ("policy_pack", ".roadworthy/lock.yaml"),
    )


def _bundled(scene: Scene, role: str, name: str) -> dict[str, str]:
    data = MODEL if role == "model" else (scene.path / name).read_bytes()
    scene.write(f"var/releases/1/{name}", data)
    return {"role": role, "name": name, "sha256": sha256(data), "path": name}


def _proven(scene: Scene, story: Story, kind: str, name: str) -> None:
    about = {
        "drill": {"subject_digest": scene.read(RELEASE)["subject_digest"]},
        "rebuild": {
            "run_id": RUN_ID,
            "original_sha256": sha256(MODEL),
            "rebuilt_sha256": sha256(MODEL),
        },
    }
    scene.write(name, story.tell(scene, kind, _kept(kind) | {"at": DRILLED} | about[kind]))


def _deployed(scene: Scene, story: Story) -> None:
    about = {"at": LIVE, "as_of": LIVE, "subject_digest": scene.read(RELEASE)["subject_digest"]}
    moved = _kept("deployment") | about | {"verdict_sha256": scene.sha(VERDICT)}
    scene.write(DEPLOYMENT, story.tell(scene, "deployment", moved))
    scene.write(MONITORING, story.tell(scene, "monitoring", _kept("monitoring") | about))
    scene.commit("Promote release 1", OPERATOR, LIVE)
