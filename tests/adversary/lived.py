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
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from roadworthy.commands.approve import approve
from roadworthy.commands.gate import gate
from roadworthy.core.approval.subject import canonical, entries, sha256, subject_digest
from tests.adversary.scene import FIRST, SECOND, Papers, Scene
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

    `told` changes what is kept of a record of a kind before it is written and agreed on; all is on `day`.
    """

    told: Mapping[str, Callable[[Scene, dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    before_run: Callable[[Scene], None] = lambda _: None
    before_approvals: Callable[[Scene], None] = lambda _: None
    approvers: Mapping[str, str] = field(default_factory=dict)
    agreed: str = AGREED
    sign: Callable[[Scene, str, str], None] = lambda scene, name, who: scene.sign(
        name, who, "roadworthy-approval"
    )
    day: str = DAWN[:10]
    papers: Papers = FIRST
    model: bytes = MODEL
    rollback_to: str | None = None

    def at(self, moment: str) -> str:
        """Return when that happens which happens at this time of the day."""
        return self.day + moment[len(self.day) :]

    def tell(self, scene: Scene, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record as this story has it."""
        edit = self.told.get(kind)
        return edit(scene, record) if edit else record


def make_lived(folder: Path) -> Scene:
    """Make the project; `ROADWORTHY_TRUSTED_SOURCES` must name this repository."""
    scene = _peopled(make_project(folder / "credit-decision", {}))
    _live(scene, Story())
    return scene


def make_renewed(lived: Scene, folder: Path) -> Scene:
    """Make the project that was released in January 2027, and again a day later; it conforms in March.

    Release 2 ran in shadow first, in canary from 20 February and alone from the 25th; then it was rehearsed
    again, rebuilt, and looked at.
    """
    scene = lived.copy(folder / "credit-decision")
    _restart(scene)
    _live(scene, Story(day="2027-01-20"))
    told = {"evaluation": _rivalled, "dataset": _grown}
    second = Story(day="2027-01-21", papers=SECOND, model=MODEL + b" 2", rollback_to="1", told=told)
    _made(scene, second)
    moves = {"2027-01-21": "shadow", "2027-02-20": "canary", "2027-02-25": "promote"}
    for day, action in moves.items():
        _moved(scene, replace(second, day=day, told={"deployment": _counted}), action)
    last = replace(second, day="2027-02-26", papers=replace(SECOND, stamp="20270226T093000Z"))
    _proven(scene, last)
    for day in ("2027-02-26", "2027-03-02"):
        _looked(scene, replace(second, day=day))
    scene.commit("Look at release 2", OPERATOR, f"2027-03-02{LIVE[10:]}")
    return scene


def _rivalled(_: Scene, report: dict[str, Any]) -> dict[str, Any]:
    """Compared with release 1 too, and as good."""
    report["data"] = {name: sha256(digest.encode()) for name, digest in report["data"].items()}
    check = {"id": "keeps-up-with-incumbent", "metric": "auc lead", "op": ">=", "limit": -0.02, "value": 0.0}
    rival = {"version": "1", "model_sha256": sha256(MODEL), "metrics": report["candidate"]}
    return report | {"incumbent": rival, "checks": [*report["checks"], check | {"passed": True, "note": ""}]}


def _grown(_: Scene, record: dict[str, Any]) -> dict[str, Any]:
    """Rows of another extract."""
    for split in record["splits"].values():
        split["sha256"] = sha256(split["sha256"].encode())
    return record


def _counted(_: Scene, record: dict[str, Any]) -> dict[str, Any]:
    if record["action"] == "shadow":
        return record
    seen = {"since": f"2027-01-21{LIVE[10:]}", "samples": 900, "acted": 0, "answers": {"1": 900}}
    return record | {"evidence": {"shadow": seen}, "reason": "staged rollout completed", "previous": "1"}


def relive(scene: Scene, story: Story) -> None:
    """Take a lived project back to when the words were said, and let the rest happen as a story has it.

    Who tells it asks no tool that could refuse: approvals are written and signed by hand, and the gate nods.
    """
    pattern = scene.read(next(iter(scene.files("governance/approvals/*.yaml"))))
    _restart(scene)
    _live(scene, story, pattern)


def _restart(scene: Scene) -> None:
    (start,) = (row.split()[0] for row in scene.git("log", "--format=%H %s").splitlines() if WORDS in row)
    scene.git("reset", "-q", "--hard", start)


def _live(scene: Scene, story: Story, pattern: dict[str, Any] | None = None) -> None:
    _made(scene, story, pattern)
    _moved(scene, story, "promote")
    _looked(scene, story)
    scene.commit("Look at release 1", OPERATOR, story.at(LIVE))


def _made(scene: Scene, story: Story, pattern: dict[str, Any] | None = None) -> None:
    """Everything up to the gate."""
    version = story.papers.version
    story.before_run(scene)
    _trained(scene, story)
    _released(scene, story)
    _proven(scene, story)
    story.before_approvals(scene)
    for who, role in (story.approvers or APPROVERS).items():
        if pattern is None:
            key, agreed = str(scene.key(who)), story.at(AGREED)
            approve(str(scene.path), version, role=role, identity=who, key=key, statement=SAID, as_of=agreed)
        else:
            _agreed(scene, story, pattern, who, role)
        scene.commit(f"Approve release {version} as {role}", who, story.at(AGREED))
    gated = gate(str(scene.path), version, key=str(scene.key("gate")), as_of=story.at(GATED))
    assert pattern or not gated.refusals, gated.refusals
    if gated.refusals:
        _nodded(scene, story)
    scene.commit(f"Let release {version} pass the gate", OPERATOR, story.at(GATED))


def _agreed(scene: Scene, story: Story, pattern: dict[str, Any], who: str, role: str) -> None:
    release = scene.read(story.papers.of("releases"))
    ident = f"apr-{story.papers.version}-{role}-{sha256(who.encode())[:8]}"
    about = {name: release[name] for name in ("subject_digest", "commit", "run_id")}
    said = {
        "id": ident,
        "decided_at": story.agreed,
        "approver": pattern["approver"] | {"identity": who, "role": role},
    }
    rows = [{name: row[name] for name in ("role", "name", "sha256")} for row in release["subject"]]
    scene.write(f"governance/approvals/{ident}.yaml", pattern | about | said | {"subject": rows})
    story.sign(scene, f"governance/approvals/{ident}.yaml", who)


def _nodded(scene: Scene, story: Story) -> None:
    inputs, verdict = scene.files("governance/approvals/*.yaml"), story.papers.of("gates")
    scene.put(verdict, "predicate.verificationResult", "PASSED")
    scene.put(
        verdict,
        "predicate.inputAttestations",
        [{"uri": name, "digest": {"sha256": scene.sha(name)}} for name in inputs],
    )
    scene.put(verdict, "predicate.roadworthy.refusals", [])
    scene.put(verdict, "predicate.roadworthy.expires_at", scene.read(inputs[0])["expires_at"])
    scene.sign(verdict, "gate", "roadworthy-gate")


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
    commit, dataset, papers = scene.git("rev-parse", "HEAD"), _dataset(scene, story), story.papers
    made = {
        "run_id": papers.run_id,
        "created_at": story.at(RAN),
        "gates_sha256": scene.sha("policy/gates.yaml"),
    }
    run = _kept("run") | made
    run["code"] = {"commit": commit, "dirty": False}
    run["data"] = {
        "manifest_sha256": dataset["manifest_sha256"],
        "splits": {name: split["sha256"] for name, split in dataset["splits"].items()},
    }
    run["config"] = {name: scene.sha(name) for name in run["config"]}
    run["environment"]["lock_sha256"] = scene.sha("requirements/train.txt")
    run["artifacts"] = {
        "features.py": scene.sha("src/credit_decision/features.py"),
        "model.skops": sha256(story.model),
    }
    scene.write(papers.of("runs"), story.tell(scene, "run", run))
    report = _kept("evaluation") | made | {"model_sha256": sha256(story.model)}
    scene.write(papers.of("evaluations"), story.tell(scene, "evaluation", report))
    scene.commit("Record a run that passed", DEVELOPER, story.at(RAN))


def _dataset(scene: Scene, story: Story) -> dict[str, Any]:
    made = {"contract_sha256": scene.sha("policy/data.yaml"), "created_at": story.at(DAWN)}
    record = _kept("dataset") | made
    record["source"]["newest"] = story.day
    record = story.tell(scene, "dataset", record)
    bare = {name: {key: split[key] for key in ("sha256", "rows")} for name, split in record["splits"].items()}
    parts = {"source": record["source"], "contract_sha256": record["contract_sha256"], "splits": bare}
    record["manifest_sha256"] = sha256(canonical(parts))
    scene.write(f"governance/data/{record['manifest_sha256'][:12]}.json", record)
    return record


def _released(scene: Scene, story: Story) -> None:
    """Register a release: its card, its bundle and its record."""
    papers = story.papers
    run, version = scene.read(papers.of("runs")), papers.version
    words = {
        "20261120T121315Z-246703": papers.run_id,
        "28d2d99ffe7f": run["code"]["commit"][:12],
        "67bc236c38af": run["data"]["manifest_sha256"][:12],
        "8607b3f67fa8": sha256(story.model)[:12],
    }
    card = (LIFE / "card.md").read_text("utf-8")
    for old, new in words.items():
        card = card.replace(old, new)
    scene.write(papers.of("cards"), card)
    release = {
        "schema": "release/v1",
        "system": "credit-decision",
        "version": version,
        "change_type": "data_refresh" if story.rollback_to else "new",
        "created_at": story.at(RAN),
        "run_id": papers.run_id,
        "commit": run["code"]["commit"],
        "tier": "critical",
        "rollback_to": story.rollback_to,
    }
    scene.write(papers.of("boms"), story.tell(scene, "bom", _billed(scene, release, run)))
    rows = [_bundled(scene, story, role, name) for role, name in _subject(run, papers)]
    release |= {"subject": rows, "subject_digest": subject_digest(entries(rows) or ())}
    scene.write(papers.of("releases"), story.tell(scene, "release", release))
    shutil.copy(scene.path / papers.of("releases"), scene.path / f"var/releases/{version}/release.json")
    scene.commit(f"Register release {version}", DEVELOPER, story.at(RAN))


def _billed(scene: Scene, release: dict[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """The project's own bill of materials, by its own module."""
    call = "import json, sys; from credit_decision.pipeline.bom import bill"
    said = f"{call}; print(json.dumps(bill(*map(json.loads, sys.argv[1:]))))"
    ours = {**os.environ, "PYTHONPATH": str(scene.path / "src"), "PROJECT_ROOT": str(scene.path)}
    command = [sys.executable, "-B", "-c", said, json.dumps(release), json.dumps(made)]
    value = json.loads(ran(command, cwd=scene.path, env=ours))
    assert isinstance(value, dict)
    return value


def _subject(run: Mapping[str, Any], papers: Papers) -> tuple[tuple[str, str], ...]:
    return (
        ("model", "model.skops"),
        ("features", "src/credit_decision/features.py"),
        ("data", f"governance/data/{run['data']['manifest_sha256'][:12]}.json"),
        ("thresholds", "policy/gates.yaml"),
        ("config", "policy/training.yaml"),
        ("config", "policy/data.yaml"),
        ("config", "policy/serving.yaml"),
        ("eval_report", papers.of("evaluations")),
        ("card", papers.of("cards")),
        ("bom", papers.of("boms")),
        ("policy_pack", ".roadworthy/lock.yaml"),
    )


def _bundled(scene: Scene, story: Story, role: str, name: str) -> dict[str, str]:
    data = story.model if role == "model" else (scene.path / name).read_bytes()
    scene.write(f"var/releases/{story.papers.version}/{name}", data)
    return {"role": role, "name": name, "sha256": sha256(data), "path": name}


def _proven(scene: Scene, story: Story) -> None:
    """Rehearse the rollback of a release, and make it again."""
    papers, model = story.papers, sha256(story.model)
    about = {
        "drill": {
            "subject_digest": scene.read(papers.of("releases"))["subject_digest"],
            "from_version": papers.version,
            "to": story.rollback_to or "fallback",
        },
        "rebuild": {
            "run_id": papers.run_id,
            "version": papers.version,
            "original_sha256": model,
            "rebuilt_sha256": model,
        },
    }
    for kind, said in about.items():
        record = _kept(kind) | {"at": story.at(DRILLED)} | said
        scene.write(papers.of(f"{kind}s"), story.tell(scene, kind, record))
    scene.commit("Rehearse the rollback and the rebuild", OPERATOR, story.at(DRILLED))


def _moved(scene: Scene, story: Story, action: str) -> None:
    moved = _kept("deployment") | _about(scene, story)
    moved |= {
        "action": action,
        "version": story.papers.version,
        "verdict_sha256": scene.sha(story.papers.of("gates")),
    }
    name = f"governance/deployments/{_stamp(story)}-{action}-{story.papers.version}.json"
    scene.write(name, story.tell(scene, "deployment", moved))
    scene.commit(f"{action.capitalize()} release {story.papers.version}", OPERATOR, story.at(LIVE))


def _looked(scene: Scene, story: Story) -> None:
    run = scene.read(story.papers.of("runs"))
    look = _kept("monitoring") | _about(scene, story) | {"version": story.papers.version}
    look["reference"]["sha256"] = run["data"]["splits"]["reference"]
    scene.write(f"governance/monitoring/{_stamp(story)}.json", story.tell(scene, "monitoring", look))


def _about(scene: Scene, story: Story) -> dict[str, str]:
    digest = scene.read(story.papers.of("releases"))["subject_digest"]
    return {"at": story.at(LIVE), "as_of": story.at(LIVE), "subject_digest": digest}


def _stamp(story: Story) -> str:
    return story.at(LIVE).replace("-", "").replace(":", "")
