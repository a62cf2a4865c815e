"""A tier talked down after a release: in one file, in all of them, or by rendering the project anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.adversary.patch import FROM_HIGH, Hand, Lie, each, put
from tests.adversary.scene import Scene
from tests.projects.making import make_project

ANSWERS, RISK, LOCK = ".copier-answers.yml", "governance/risk.yaml", ".roadworthy/lock.yaml"
LOW: dict[str, object] = {"impact": 0, "autonomy": 1, "reversibility": 0, "regulatory": 1, "scale": 0}
DEVELOPER, RISK_MANAGER = "dev@rehearsal.example", "risk@rehearsal.example"
WHY = "Officers decide every case themselves since October."


def answered(scene: Scene) -> None:
    """Lower every answer where the template recorded it."""
    for question, answer in LOW.items():
        scene.put(ANSWERS, question, answer)
    scene.put(ANSWERS, "circumstances", [])


def recorded(scene: Scene) -> None:
    """Lower every answer, and the tier, in the record of the risk."""
    for question, answer in LOW.items():
        scene.put(RISK, f"answers.{question}.answer", answer)
    scene.put(RISK, "circumstances", [])
    scene.put(RISK, "tier", "low")


def rendered(scene: Scene) -> None:
    """Put the platform's files there as the trusted release renders them for the lower answers."""
    with tempfile.TemporaryDirectory() as folder:
        new = make_project(Path(folder) / "credit-decision", {**LOW, "circumstances": []})
        kept = ("governance", ".git", "var")
        for name in scene.git("ls-files").splitlines():
            if not name.startswith(kept):
                scene.remove(name)
        for file in new.rglob("*"):
            name = file.relative_to(new).as_posix()
            if file.is_file() and not name.startswith(("governance/", ".git/", "var/")):
                scene.write(name, file.read_bytes())
    recorded(scene)


def said(**words: str) -> Hand:
    """Say in the record why the tier fell."""
    return put(RISK, "lowered", {"from": "critical", "reason": WHY, "approved_by": RISK_MANAGER, **words})


LIES = (
    Lie("answers lowered alone", ("GOV-06",), answered),
    Lie("answers and the risk record lowered", ("GOV-06",), each(answered, recorded)),
    Lie("the risk record alone lowered", ("GOV-02",), put(RISK, "tier", "low")),
    Lie(
        "answers, record and lock lowered",
        ("GOV-02", "GOV-06"),
        each(answered, recorded, put(LOCK, "tier", "low")),
        at=FROM_HIGH,
    ),
    Lie("everything rendered anew for lower answers", ("GOV-02",), rendered, at=FROM_HIGH),
    Lie(
        "a lower tier that its builder agreed to",
        ("GOV-02",),
        each(rendered, said(approved_by=DEVELOPER)),
        at=FROM_HIGH,
    ),
    Lie("a lower tier without a reason", ("GOV-02",), each(rendered, said(reason="TBD")), at=FROM_HIGH),
    Lie(
        "a lower tier with the reason of another fall",
        ("GOV-02",),
        each(rendered, said(**{"from": "high"})),
        at=FROM_HIGH,
    ),
)
