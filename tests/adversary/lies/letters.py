"""Letters that look alike, second names, late roles and hidden keys: who decided, told wrong."""

from __future__ import annotations

from collections.abc import Callable

from tests.adversary.lies.approvals import _file as approval
from tests.adversary.lies.approvals import _waiver as waiver
from tests.adversary.lies.people import (
    APPROVAL,
    DEVELOPER,
    EARLY,
    OTHERS,
    RISK,
    ROLES,
    SIGNERS,
    _named,
    _new_key,
    _public,
    _second_self,
    _signers,
)
from tests.adversary.lived import APPROVERS, OPERATOR, Story, relive
from tests.adversary.patch import FROM_HIGH, Hand, Lie
from tests.adversary.scene import LATER, Scene

LATE = "2026-11-20T10:10:00Z"


def _person(who: str, **change: object) -> Hand:
    """One entry of the role matrix, told otherwise."""

    def hand(scene: Scene) -> None:
        record = scene.read(ROLES)
        (row,) = (row for row in record["people"] if row["identity"] == who)
        row |= change
        scene.write(ROLES, record)

    return hand


def _another(**said: object) -> Hand:
    """One more entry of the role matrix."""

    def hand(scene: Scene) -> None:
        record = scene.read(ROLES)
        row = {"name": "Eli Elm", "team": "lending", "emails": [], "handles": [], "roles": ["reviewer"]}
        record["people"].append(row | {"identity": "eli@rehearsal.example"} | said)
        scene.write(ROLES, record)

    return hand


def _enrolled(line: Callable[[str], str]) -> Hand:
    """A fresh key of the developer's, enrolled for the risk manager in a line that hides it, signs."""

    def told(scene: Scene) -> None:
        _new_key(scene, "hidden")
        scene.append(SIGNERS, line(_public(scene, "hidden")))
        scene.commit("Explain the file", OPERATOR, EARLY)

    def signed(scene: Scene, name: str, who: str) -> None:
        scene.sign(name, "hidden" if who == RISK else who, APPROVAL)

    return lambda scene: relive(scene, Story(before_run=told, sign=signed))


def _shared(scene: Scene) -> None:
    """The developer's key is the risk manager's too, in a line without a space."""

    def told(scene: Scene) -> None:
        scene.append(SIGNERS, f"{RISK}\t" + _public(scene, DEVELOPER).replace(" ", "\t") + "\n")
        scene.commit("Add a second key", OPERATOR, EARLY)

    def signed(scene: Scene, name: str, who: str) -> None:
        scene.sign(name, DEVELOPER if who == RISK else who, APPROVAL)

    relive(scene, Story(before_run=told, sign=signed))


def _late_role(scene: Scene) -> None:
    """A reviewer approves as risk manager, and becomes one afterwards."""
    who = "reviewer@rehearsal.example"
    relive(scene, Story(approvers={who: "model-risk", **OTHERS}))
    _person(who, roles=["reviewer", "model-risk"])(scene)
    scene.commit("Rosa is a risk manager", OPERATOR, LATER)


def _late_key(scene: Scene) -> None:
    """A key signs, and is enrolled afterwards."""
    who = "rita@rehearsal.example"

    def told(scene: Scene) -> None:
        _named(scene, who)
        lines = scene.text(SIGNERS).splitlines(keepends=True)
        scene.write(SIGNERS, "".join(lines[:-1]))
        scene.commit("Name a colleague", OPERATOR, EARLY)

    relive(scene, Story(before_run=told, approvers={who: "model-risk", **OTHERS}))
    scene.append(SIGNERS, f'{who} namespaces="{APPROVAL}" {_public(scene, who)}\n')
    scene.commit("Enrol her key", OPERATOR, LATER)


def _twice(scene: Scene) -> None:
    """One person signs twice, with two keys, where two people are asked for."""

    def told(scene: Scene) -> None:
        _new_key(scene, "second")
        scene.append(SIGNERS, f'{RISK} namespaces="{APPROVAL}" {_public(scene, "second")}\n')
        _person(RISK, roles=["model-risk", "accountable-executive"])(scene)
        scene.commit("A second key", OPERATOR, EARLY)

    story = Story(before_run=told, approvers={who: r for who, r in APPROVERS.items() if "exec" not in who})
    relive(scene, story)
    old = approval(scene)
    again = scene.read(old) | {"id": "apr-1-accountable-executive-ffffffff"}
    again["approver"] |= {"role": "accountable-executive"}
    scene.write(f"governance/approvals/{again['id']}.yaml", again)
    scene.sign(f"governance/approvals/{again['id']}.yaml", "second", APPROVAL)


def _rebased(scene: Scene) -> None:
    """The risk manager rebases what the developer wrote."""

    def told(scene: Scene) -> None:
        scene.append("src/credit_decision/features.py", "\n# Ratios, no amounts.\n")
        scene.git("add", "--all")
        env = {f"GIT_AUTHOR_{what}": DEVELOPER for what in ("NAME", "EMAIL")}
        env |= {f"GIT_COMMITTER_{what}": RISK for what in ("NAME", "EMAIL")}
        env |= {f"GIT_{part}_DATE": EARLY for part in ("AUTHOR", "COMMITTER")}
        scene.git("commit", "-q", "-m", "Tidy", env=env)

    relive(scene, Story(before_run=told))


def _submitted(name: str, email: str) -> Hand:
    """The run was started by somebody else than it seems."""

    def told(scene: Scene, record: dict[str, object]) -> dict[str, object]:
        return record | {"submitter": {"name": name, "email": email}}

    return lambda scene: relive(scene, Story(told={"run": told}))


def _other_file(scene: Scene) -> None:
    """An approval of the same text and signature, under another letter case."""
    name = approval(scene)
    for end in ("", ".sig"):
        scene.write(name.replace("apr-", "Apr-") + end, scene.text(name + end))
        scene.remove(name + end)


def _look_alike_path(scene: Scene) -> None:
    """The subject names a file whose folder has a letter of another alphabet."""

    def told(_: Scene, record: dict[str, object]) -> dict[str, object]:
        rows = record["subject"]
        assert isinstance(rows, list)
        other = [r | {"name": r["name"].replace("src/credit", "src/\u0441redit")} for r in rows]
        return record | {"subject": other}

    relive(scene, Story(told={"release": told}))


def _timed(kind: str, name: str, at: str) -> Hand:
    return lambda scene: relive(scene, Story(told={kind: lambda _, record: record | {name: at}}))


LIES = (
    *(
        Lie(f"a developer who approves, by a role {how}", ("APPR-02",), _person(DEVELOPER, roles=roles))
        for how, roles in {
            "with a letter of another alphabet": ["d\u0435veloper", "model-risk"],
            "with a letter nobody sees": ["developer\u200b", "model-risk"],
            "in capitals": ["Developer", "model-risk"],
            "with a space": ["developer ", "model-risk"],
            "written from right to left": ["\u202edeveloper", "model-risk"],
        }.items()
    ),
    *(
        Lie(f"a second self {how}", ("APPR-02",), _second_self(name))
        for how, name in {
            "with a full stop of another script": "dev\u3002@rehearsal.example",
            "with a hyphen that does not break": "de\u2011v@rehearsal.example",
            "with an accent that is added": "dev\u0327@rehearsal.example",
            "of Roman numerals": "\u217eev@rehearsal.example",
            "written from right to left": "\u202edev@rehearsal.example",
        }.items()
    ),
    Lie(
        "an address with a letter of another alphabet",
        ("APPR-02",),
        _another(emails=["d\u0435v@rehearsal.example"]),
    ),
    Lie("a name with a letter of another alphabet", ("APPR-02",), _another(name="Dana Devl\u0456n")),
    Lie("the name of a builder in another case", ("APPR-02",), _another(name="dana  DEVLIN")),
    *(
        Lie(f"a waiver granted to oneself {how}", ("GOV-05",), waiver(approved_by=name))
        for how, name in {
            "in capitals": "DEV@Rehearsal.Example",
            "in wide letters": "\uff44ev@rehearsal.example",
            "with a letter nobody sees": "dev\u200b@rehearsal.example",
            "with a tag": "dev+risk@rehearsal.example",
            "by name": "Dana Devlin",
            "with a letter of another alphabet": "d\u0435v@rehearsal.example",
        }.items()
    ),
    Lie("a waiver of a control in another alphabet", ("GOV-05",), waiver(control="R\u0415L-03")),
    Lie("a key hidden in a comment", ("APPR-01",), _enrolled(lambda key: f"# as in\u2028{RISK} {key}\n")),
    Lie("a key behind a form feed", ("APPR-01",), _enrolled(lambda key: f"# as in\x0c{RISK} {key}\n")),
    Lie("a shared key in a line without spaces", ("APPR-02",), _shared),
    Lie(
        "a shared key in a line of two names",
        ("APPR-02",),
        _signers(lambda s, t: f'{t}"{RISK},{DEVELOPER}" {_public(s, RISK)}\n'),
    ),
    Lie("a role from after the approval", ("APPR-01",), _late_role, at=FROM_HIGH),
    Lie("a key from after the approval", ("APPR-01",), _late_key, at=FROM_HIGH),
    Lie("two keys of one person", ("APPR-01",), _twice),
    Lie("an approver who rebases", ("APPR-02",), _rebased),
    Lie(
        "a run submitted by the approver with a tag",
        ("APPR-02",),
        _submitted("R. R.", "risk+ci@rehearsal.example"),
    ),
    Lie(
        "a run submitted by the approver's bot",
        ("APPR-01",),
        _submitted("ci[bot]", "1+ci[bot]@users.noreply.github.com"),
    ),
    Lie("a run submitted by the approver as a bot", ("APPR-02",), _submitted("Rui[bot]", RISK)),
    Lie("an approval under another letter case", ("APPR-01",), _other_file),
    Lie("an approver who left", ("APPR-01",), lambda s: _person(RISK, roles=[])(s)),
    Lie("a decision in wide letters", ("APPR-01",), lambda s: _decided(s)),
    Lie("a subject in another alphabet", ("APPR-01",), _look_alike_path),
    Lie(
        "an evaluation from before its run",
        ("EVAL-02",),
        _timed("evaluation", "created_at", "2026-11-20T07:00:00Z"),
    ),
    Lie(
        "a release from before its run", ("LIN-02",), _timed("release", "created_at", "2026-11-20T07:00:00Z")
    ),
    Lie(
        "a run on the thirty-first of February",
        ("LIN-01",),
        _timed("run", "created_at", "2026-02-31T08:00:00Z"),
    ),
    Lie(
        "a promotion on the thirty-first of February",
        ("REL-01",),
        _timed("deployment", "at", "2026-02-31T08:00:00Z"),
    ),
)


def _decided(scene: Scene) -> None:
    name = approval(scene)
    scene.put(name, "decision", "\uff41pprove")
    scene.sign(name, RISK, APPROVAL)
