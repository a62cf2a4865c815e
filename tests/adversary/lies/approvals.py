"""Approvals and verdicts that nobody gave: edited, moved, forged, or given by the builder."""

from __future__ import annotations

from tests.adversary.patch import Hand, Lie, append, put, remove, swap
from tests.adversary.scene import DEPLOYMENT, RELEASE, VERDICT, Scene

APPROVALS, ROLES, SIGNERS = "governance/approvals", "governance/roles.yaml", "governance/allowed_signers"
DEVELOPER, RISK = "dev@rehearsal.example", "risk@rehearsal.example"
APPROVAL, GATE = "roadworthy-approval", "roadworthy-gate"


def _file(scene: Scene, role: str = "model-risk") -> str:
    (name,) = scene.files(f"{APPROVALS}/apr-1-{role}-*.yaml")
    return name


def _edit(where: str, value: object, signer: str = "") -> Hand:
    """Edit an approval; sign it again where a signer is named."""

    def hand(scene: Scene) -> None:
        name = _file(scene)
        scene.put(name, where, value)
        if signer:
            scene.sign(name, signer, APPROVAL)

    return hand


def _sign_again(signer: str, namespace: str) -> Hand:
    return lambda scene: scene.sign(_file(scene), signer, namespace)


def _replace(identity: str, role: str, signer: str) -> Hand:
    """Put a new approval in the place of the risk manager's, and sign it."""

    def hand(scene: Scene) -> None:
        old = _file(scene)
        record = scene.read(old) | {"id": "apr-1-model-risk-ffffffff"}
        record["approver"] |= {"identity": identity, "role": role}
        new = f"{APPROVALS}/{record['id']}.yaml"
        scene.remove(old)
        scene.remove(f"{old}.sig")
        scene.write(new, record)
        scene.sign(new, signer, APPROVAL)

    return hand


def _own_key(scene: Scene) -> None:
    """Give the risk manager's name the developer's key, and sign in that name, all in one commit."""
    public = " ".join(scene.key(DEVELOPER).with_suffix(".pub").read_text("utf-8").split()[:2])
    scene.append(SIGNERS, f'{RISK} namespaces="{APPROVAL}" {public}\n')
    _replace(RISK, "model-risk", DEVELOPER)(scene)


def _alias(scene: Scene) -> None:
    """The builder is also called something else, with a key and a role of that name."""
    record = scene.read(ROLES)
    for person in record["people"]:
        if person["identity"] == RISK:
            person["emails"].append(DEVELOPER)
    scene.write(ROLES, record)


def _second_self(scene: Scene) -> None:
    """A second identity of the builder, under the same key."""
    public = " ".join(scene.key(DEVELOPER).with_suffix(".pub").read_text("utf-8").split()[:2])
    scene.append(SIGNERS, f'd.devlin@rehearsal.example namespaces="{APPROVAL}" {public}\n')
    record = scene.read(ROLES)
    person = {"identity": "d.devlin@rehearsal.example", "name": "D. Devlin", "team": "model-risk"}
    record["people"].append(person | {"emails": [], "handles": [], "roles": ["model-risk"]})
    scene.write(ROLES, record)
    _replace("d.devlin@rehearsal.example", "model-risk", DEVELOPER)(scene)


def _two_roles(scene: Scene) -> None:
    """The executive approves as risk manager too."""
    _replace("exec@rehearsal.example", "model-risk", "exec@rehearsal.example")(scene)


def _copied(scene: Scene) -> None:
    """Release 2 with the approvals, verdict and deployment of release 1."""
    for name in scene.files(f"{APPROVALS}/*.yaml"):
        new = name.replace("apr-1-", "apr-2-")
        record = scene.read(name) | {"version": "2"}
        scene.write(new, record | {"id": record["id"].replace("apr-1-", "apr-2-")})
        scene.write(f"{new}.sig", scene.text(f"{name}.sig"))
    scene.write("governance/releases/2.json", scene.read(RELEASE) | {"version": "2", "rollback_to": "1"})
    scene.write("governance/gates/2.json", scene.text(VERDICT))
    scene.write("governance/gates/2.json.sig", scene.text(f"{VERDICT}.sig"))
    moved = scene.read(DEPLOYMENT) | {"version": "2", "at": "2026-11-20T11:30:00Z", "action": "shadow"}
    scene.write("governance/deployments/20261120T113000Z-shadow-2.json", moved)


def _promoted_unasked(scene: Scene) -> None:
    """Release 2, which nobody approved, takes traffic."""
    scene.write("governance/releases/2.json", scene.read(RELEASE) | {"version": "2", "rollback_to": "1"})
    moved = scene.read(DEPLOYMENT) | {"version": "2", "at": "2026-11-20T11:30:00Z"}
    scene.write("governance/deployments/20261120T113000Z-promote-2.json", moved)


def _forged_verdict(scene: Scene) -> None:
    """A verdict edited and signed by a developer, in the gate's namespace."""
    scene.put(VERDICT, "predicate.roadworthy.expires_at", "2036-11-20T00:00:00Z")
    scene.sign(VERDICT, DEVELOPER, GATE)


def _own_gate(scene: Scene) -> None:
    """The developer's key becomes the gate's, in the commit that holds the verdict it signs."""
    public = " ".join(scene.key(DEVELOPER).with_suffix(".pub").read_text("utf-8").split()[:2])
    text = scene.text(SIGNERS)
    kept = [line for line in text.splitlines() if GATE not in line]
    scene.write(SIGNERS, "\n".join([*kept, f'gate namespaces="{GATE}" {public}']) + "\n")
    scene.put(VERDICT, "predicate.roadworthy.expires_at", "2036-11-20T00:00:00Z")
    scene.sign(VERDICT, DEVELOPER, GATE)


def _waiver(**more: object) -> Hand:
    base = {
        "schema": "waiver/v1",
        "id": "W-1",
        "control": "REL-03",
        "scope": {"system": "credit-decision"},
        "reason": "The rehearsal cluster is being moved and is back on Monday.",
        "requested_by": DEVELOPER,
        "approved_by": RISK,
        "issued_at": "2026-11-19",
        "expires_at": "2026-11-27",
        "compensating_controls": [{"control": "MON-01"}],
    }
    return lambda scene: scene.write("governance/waivers/W-1.yaml", base | more)


def _waived_drill(scene: Scene) -> None:
    """A well-formed waiver of one's own, instead of a drill."""
    _waiver()(scene)
    scene.remove("governance/drills")


LIES = (
    Lie(
        "an approval's statement edited", ("APPR-01",), _edit("statement", "Approved without any condition.")
    ),
    Lie("an approval that lasts for ever", ("APPR-01",), _edit("expires_at", "2036-11-20T10:00:00Z", RISK)),
    Lie("a backdated approval", ("APPR-01",), _edit("decided_at", "2026-11-01T10:00:00Z")),
    Lie(
        "an approval from before the run, signed",
        ("APPR-01",),
        _edit("decided_at", "2026-11-19T10:00:00Z", RISK),
    ),
    Lie("a rejection turned", ("APPR-01",), _edit("decision", "reject")),
    Lie("an approval without its signature", ("APPR-01",), lambda s: s.remove(f"{_file(s)}.sig")),
    Lie("an approval in the wrong namespace", ("APPR-01",), _sign_again(RISK, "git")),
    Lie("an approval signed by the builder", ("APPR-01",), _sign_again(DEVELOPER, APPROVAL)),
    Lie("an approval signed by the gate", ("APPR-01",), _sign_again("gate", APPROVAL)),
    Lie(
        "a signature that is text", ("APPR-01",), lambda s: s.write(f"{_file(s)}.sig", "Rui Rocha (signed)\n")
    ),
    Lie("an approval deleted", ("APPR-01",), lambda s: s.remove(_file(s))),
    Lie("every approval deleted", ("APPR-01", "EVAL-06"), remove(APPROVALS)),
    Lie("the builder's approval", ("APPR-01", "APPR-02"), _replace(DEVELOPER, "model-risk", DEVELOPER)),
    Lie(
        "an approval by nobody known",
        ("APPR-01",),
        _replace("who@elsewhere.example", "model-risk", DEVELOPER),
    ),
    Lie("in another's name, with a key of one's own", ("APPR-01", "APPR-02"), _own_key),
    Lie("the builder through an alias", ("APPR-02",), _alias),
    Lie("the builder under a second name", ("APPR-01", "APPR-02"), _second_self),
    Lie("one person in two roles", ("APPR-01",), _two_roles),
    Lie("the validator moved into the builders' team", ("EVAL-06",), lambda s: _one_team(s)),
    Lie("approvals and verdict of another version", ("APPR-01",), _copied),
    Lie("a release that took traffic unasked", ("REL-01", "REL-05"), _promoted_unasked),
    Lie("the verdict's subject edited", ("REL-01",), put(VERDICT, "subject.0.digest.sha256", "f" * 64)),
    Lie("FAILED edited to PASSED", ("REL-01",), lambda s: _failed_to_passed(s)),
    Lie("a verdict without its signature", ("REL-01",), remove(f"{VERDICT}.sig")),
    Lie("a verdict signed by a developer", ("REL-01",), _forged_verdict),
    Lie("a gate of one's own", ("REL-01", "REL-05"), _own_gate),
    Lie("no verdict", ("REL-01", "REL-05"), remove(VERDICT, f"{VERDICT}.sig")),
    Lie(
        "a revoked approval",
        ("APPR-01",),
        lambda s: s.write(_file(s).replace(".yaml", ".revoked.yaml"), "schema: revocation/v1\n"),
    ),
    Lie("the revocation taken back by deletion", ("APPR-01",), lambda s: _unrevoked(s)),
    Lie("the release's date moved", ("APPR-01",), put(RELEASE, "created_at", "2026-11-20T09:30:00Z")),
    Lie("the release's tier lowered", ("APPR-01",), put(RELEASE, "tier", "low")),
    Lie("a waiver of one's own instead of a drill", ("REL-03",), _waived_drill),
    Lie("a waiver granted to oneself", ("GOV-05",), _waiver(approved_by=DEVELOPER)),
    Lie("a waiver for a year", ("GOV-05",), _waiver(expires_at="2027-11-19")),
    Lie("a waiver that is over", ("GOV-05",), _waiver(issued_at="2026-11-01", expires_at="2026-11-10")),
    Lie("a waiver of everything", ("GOV-05",), _waiver(control="*")),
    Lie("a waiver that nothing makes up for", ("GOV-05",), _waiver(compensating_controls=[])),
    Lie("a waiver without a reason", ("GOV-05",), _waiver(reason="TBD")),
    Lie("a waiver of what cannot be waived", ("GOV-05",), _waiver(control="GOV-03")),
    Lie("a role that nobody holds", ("APPR-02",), swap(ROLES, "accountable-executive", "reviewer")),
    Lie("the keys emptied", ("APPR-01", "REL-01"), lambda s: s.write(SIGNERS, "")),
    Lie("anybody's key", ("APPR-01",), lambda s: s.write(SIGNERS, s.text(SIGNERS).replace(RISK, "*"))),
    Lie(
        "a line of rights for anybody",
        ("APPR-02",),
        append(
            ROLES,
            '  - {identity: "dev@rehearsal.example", name: X, team: x, emails: [], handles: [], roles: []}\n',
        ),
    ),
)


def _one_team(scene: Scene) -> None:
    record = scene.read(ROLES)
    for person in record["people"]:
        if person["identity"] in ("validator@rehearsal.example", RISK):
            person["team"] = "credit-models"
    scene.write(ROLES, record)


def _failed_to_passed(scene: Scene) -> None:
    """A failed verdict, honestly signed, and then one word of it changed."""
    scene.put(VERDICT, "predicate.verificationResult", "FAILED")
    scene.sign(VERDICT, "gate", GATE)
    scene.put(VERDICT, "predicate.verificationResult", "PASSED")
    scene.put(VERDICT, "predicate.roadworthy.refusals", [])


def _unrevoked(scene: Scene) -> None:
    name = _file(scene).replace(".yaml", ".revoked.yaml")
    scene.write(name, "schema: revocation/v1\n")
    scene.commit("Revoke", RISK)
    scene.remove(name)
