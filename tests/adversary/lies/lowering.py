"""A tier talked down after a release: in one file, in all of them, or by rendering the project anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from roadworthy.commands.agree import agree
from roadworthy.commands.revoke import revoke
from tests.adversary.patch import FROM_HIGH, FROM_MARCH, Hand, Lie, each, put, swap
from tests.adversary.scene import LATER, Scene
from tests.projects.making import make_project

ANSWERS, RISK, LOCK = ".copier-answers.yml", "governance/risk.yaml", ".roadworthy/lock.yaml"
LOW: dict[str, object] = {"impact": 0, "autonomy": 1, "reversibility": 0, "regulatory": 1, "scale": 0}
DEVELOPER, RISK_MANAGER = "dev@rehearsal.example", "risk@rehearsal.example"
OPERATOR, SIGNERS, MARCH = "ops@rehearsal.example", "governance/allowed_signers", "2027-03-01T10:00:00Z"
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


def agreed(at: str = MARCH, signer: str = RISK_MANAGER, **told: object) -> Hand:
    """Commit the lower tier, have the risk manager agree to it, tell the record otherwise and sign it."""

    def hand(scene: Scene) -> None:
        scene.commit("Officers decide now", DEVELOPER, max(at, LATER))
        key = str(scene.key(RISK_MANAGER))
        found = agree(str(scene.path), statement=WHY, identity=RISK_MANAGER, key=key, as_of=at)
        for name, value in told.items():
            scene.put(found.path, name, value)
        scene.sign(found.path, signer, "roadworthy-approval")
        scene.commit("Agree to tier low", RISK_MANAGER, max(at, LATER))

    return hand


def signed(scene: Scene) -> str:
    """Return the agreement that lies in the project."""
    (name,) = scene.files("governance/lowerings/low-critical-low-*.yaml")
    return name


def _unsigned(scene: Scene) -> None:
    scene.remove(f"{signed(scene)}.sig")


def _renamed(scene: Scene) -> None:
    for end in (".sig", ""):
        scene.write(
            f"governance/lowerings/again.yaml{end}", (scene.path / f"{signed(scene)}{end}").read_bytes()
        )
        scene.remove(f"{signed(scene)}{end}")


def _withdrawn(scene: Scene) -> None:
    name = Path(signed(scene)).stem
    why, key = "Officers do not decide after all.", str(scene.key(RISK_MANAGER))
    revoke(str(scene.path), name, reason=why, identity=RISK_MANAGER, key=key, as_of=MARCH)


def _vouched_along(scene: Scene) -> None:
    """The commit that brings the agreement also touches the list of keys."""
    scene.git("reset", "-q", "--soft", "HEAD~1")
    scene.append("governance/allowed_signers", "# reviewed\n")


def _other_person(scene: Scene) -> None:
    """Somebody of another role says the same, under their own key."""
    name = signed(scene)
    record = scene.read(name)
    scene.remove(name)
    scene.remove(f"{name}.sig")
    record["approver"] = {"identity": OPERATOR, "role": "support-owner", "team": ""}
    scene.write("governance/lowerings/mine.yaml", record | {"id": "mine"})
    scene.sign("governance/lowerings/mine.yaml", OPERATOR, "roadworthy-approval")


LOWERER = {"identity": DEVELOPER, "role": "model-risk", "team": "credit-models"}
# A signed agreement that does not count: how it comes about, and what the check says of it.
FORGED: dict[str, tuple[Hand, str]] = {
    "nobody signed": (each(), "roadworthy approve --tier"),
    "unsigned": (each(agreed(), _unsigned), "has no signature"),
    "under the lowerer's key": (agreed(signer=DEVELOPER), f"its signature is {DEVELOPER}'s"),
    "agreed to by the lowerer": (agreed(signer=DEVELOPER, approver=LOWERER), "who built it"),
    "by somebody of another role": (each(agreed(), _other_person), "tier critical asks for"),
    "for other answers": (each(agreed(), put(RISK, "answers.scale.answer", 1)), "another answers"),
    "for another tier": (agreed(to="moderate"), "another to"),
    "of another system": (agreed(system="fraud"), "another system"),
    "of an earlier fall": (agreed(at="2026-11-20T10:00:00Z"), "older than the newest release"),
    "that is over": (agreed(at=LATER), "expired at"),
    "that never ends": (agreed(expires_at="2036-01-01T00:00:00Z"), "tier critical allows 92"),
    "that says nothing": (agreed(statement="N/A"), "states nothing"),
    "that was withdrawn": (each(agreed(), _withdrawn), "was revoked"),
    "that is a copy": (each(agreed(), _renamed), "says that it is"),
    "that was edited": (each(agreed(), lambda scene: scene.append(signed(scene), "# so be it\n")), "changed"),
    "that vouches for its key": (each(agreed(), _vouched_along), "names its signer or key"),
    "by somebody who left": (
        each(agreed(), swap("governance/roles.yaml", RISK_MANAGER, "gone@rehearsal.example")),
        "is not in governance/roles.yaml",
    ),
    "by a key that was over": (
        each(agreed(), swap(SIGNERS, f"{RISK_MANAGER} ", f'{RISK_MANAGER} valid-before="20270101",')),
        "a key that is not in allowed_signers",
    ),
}

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
    *(
        Lie(f"an agreement to a lower tier, {how}", ("GOV-02",), each(rendered, said(), hand), at=FROM_MARCH)
        for how, (hand, _) in FORGED.items()
    ),
)
