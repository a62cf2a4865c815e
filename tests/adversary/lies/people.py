"""Who is who, told wrong: second selves, borrowed names, keys of one's own, hands that do not show."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from tests.adversary.lived import APPROVERS, Story, relive
from tests.adversary.patch import FROM_HIGH, Hand, Lie, swap
from tests.adversary.scene import LATER, VERDICT, Scene

ROLES, SIGNERS, FEATURES = (
    "governance/roles.yaml",
    "governance/allowed_signers",
    "src/credit_decision/features.py",
)
DEVELOPER, RISK, EARLY = "dev@rehearsal.example", "risk@rehearsal.example", "2026-11-20T08:30:00Z"
APPROVAL, GATE = "roadworthy-approval", "roadworthy-gate"
OTHERS = {who: role for who, role in APPROVERS.items() if who != RISK}


def _public(scene: Scene, who: str) -> str:
    return " ".join(scene.key(who).with_suffix(".pub").read_text("utf-8").split()[:2])


def _new_key(scene: Scene, who: str) -> None:
    scene.key(who).unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(scene.key(who))], check=True)


def _named(scene: Scene, identity: str) -> None:
    """A new name with a key and a role, said to be of the risk managers."""
    _new_key(scene, identity)
    scene.append(SIGNERS, f'{identity} namespaces="{APPROVAL},git" {_public(scene, identity)}\n')
    record = scene.read(ROLES)
    person = {"identity": identity, "name": "Rita Risk", "team": "model-risk", "roles": ["model-risk"]}
    record["people"].append(person | {"emails": [identity], "handles": []})
    scene.write(ROLES, record)


def _second_self(identity: str) -> Hand:
    """Somebody of that name is named, and then approves as risk manager."""

    def told(scene: Scene) -> None:
        _named(scene, identity)
        scene.commit("Name a colleague", "ops@rehearsal.example", "2026-11-20T09:40:00Z")

    story = Story(before_approvals=told, approvers={identity: "model-risk", **OTHERS})
    return lambda scene: relive(scene, story)


def _signers(edit: Callable[[Scene, str], str]) -> Hand:
    """The file of keys, edited before anybody approves."""

    def told(scene: Scene) -> None:
        scene.write(SIGNERS, edit(scene, scene.text(SIGNERS)))
        scene.commit("Tidy the keys", "ops@rehearsal.example", EARLY)

    return lambda scene: relive(scene, Story(before_run=told))


def _option(option: str) -> Hand:
    """One more option on the line of the risk manager's key."""
    was = f'{RISK} namespaces="{APPROVAL},git"'
    return _signers(lambda _, text: text.replace(was, f"{was},{option}"))


def _certified(scene: Scene) -> None:
    """An authority of one's own, which certifies that one is the risk manager."""

    def told(scene: Scene) -> None:
        for who in ("authority", "rui"):
            _new_key(scene, who)
        line = f'*@rehearsal.example cert-authority,namespaces="{APPROVAL}" {_public(scene, "authority")}\n'
        scene.append(SIGNERS, line)
        scene.commit("Let the authority of the house vouch", "ops@rehearsal.example", EARLY)
        command = ["ssh-keygen", "-q", "-s", str(scene.key("authority")), "-I", "rui", "-n", RISK]
        subprocess.run([*command, f"{scene.key('rui')}.pub"], check=True)

    relive(scene, Story(before_run=told, sign=_by_certificate))


def _by_certificate(scene: Scene, name: str, who: str) -> None:
    if who != RISK:
        scene.sign(name, who, APPROVAL)
        return
    command = ["ssh-keygen", "-Y", "sign", "-n", APPROVAL, "-f", f"{scene.key('rui')}-cert.pub"]
    done = subprocess.run(command, input=(scene.path / name).read_bytes(), capture_output=True, check=True)
    scene.write(f"{name}.sig", done.stdout)


def _built(message: str, who: str, name: str = "", email: str = "") -> Hand:
    """A feature is touched before the run by hands that do not show."""

    def told(scene: Scene) -> None:
        scene.append(FEATURES, "\n# Ratios, no amounts.\n")
        scene.git("add", "--all")
        env = {f"GIT_{part}_{what}": who for part in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        env |= {f"GIT_{part}_DATE": EARLY for part in ("AUTHOR", "COMMITTER")}
        env |= {"GIT_AUTHOR_NAME": name, "GIT_COMMITTER_NAME": name} if name else {}
        env |= {"GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_EMAIL": email} if email else {}
        scene.git("commit", "-q", "-m", message, env=env)

    return lambda scene: relive(scene, Story(before_run=told))


def _merged(scene: Scene) -> None:
    """The risk manager edits a feature inside a merge of somebody's branch."""

    def told(scene: Scene) -> None:
        scene.git("checkout", "-q", "-b", "side")
        scene.write("docs/notes.md", "# Notes\n")
        scene.commit("Take notes", at=EARLY)
        scene.git("checkout", "-q", "-")
        scene.write("docs/more.md", "# More\n")
        scene.commit("Take more", at=EARLY)
        scene.git("merge", "-q", "--no-ff", "--no-commit", "side")
        scene.append(FEATURES, "\n# Ratios, no amounts.\n")
        scene.commit("Merge branch 'side'", RISK, EARLY)

    relive(scene, Story(before_run=told))


def _same_commit(scene: Scene) -> None:
    """A colleague whom the commit of the approval itself names."""
    identity = "rita@rehearsal.example"
    story = Story(
        before_approvals=lambda s: _named(s, identity), approvers={identity: "model-risk", **OTHERS}
    )
    relive(scene, story)


def _renamed_after_revocation(scene: Scene) -> None:
    (name,) = scene.files("governance/approvals/apr-1-model-risk-*.yaml")
    scene.write(name.replace(".yaml", ".revoked.yaml"), "schema: revocation/v1\n")
    scene.commit("Revoke", RISK)
    again = name.replace("apr-1-model-risk-", "apr-1-model-risk-again-")
    scene.write(again, scene.text(name))
    scene.write(f"{again}.sig", scene.text(f"{name}.sig"))


def _any_namespace(scene: Scene) -> None:
    """A developer's key for every purpose signs the verdict."""
    text = scene.text(SIGNERS).replace(f'{DEVELOPER} namespaces="{APPROVAL},git"', DEVELOPER)
    scene.write(SIGNERS, text)
    scene.put(VERDICT, "predicate.timeVerified", LATER)
    scene.sign(VERDICT, DEVELOPER, GATE)


def _hidden_share(scene: Scene) -> None:
    """The risk manager's name gets the developer's key, behind an option that hides it."""

    def told(scene: Scene) -> None:
        scene.append(SIGNERS, f'{RISK} namespaces="{APPROVAL}, AAAA" {_public(scene, DEVELOPER)}\n')
        scene.commit("Add a second key", "ops@rehearsal.example", EARLY)

    def signed(scene: Scene, name: str, who: str) -> None:
        scene.sign(name, DEVELOPER if who == RISK else who, APPROVAL)

    relive(scene, Story(before_run=told, sign=signed))


LIES = (
    *(
        Lie(title, ("APPR-02",), _second_self(name))
        for title, name in {
            "an approver with a letter of another alphabet": "r\u0456sk@rehearsal.example",
            "the builder with a tag on the address": "dev+risk@rehearsal.example",
            "the builder in capitals": "DEV@Rehearsal.Example",
            "the builder in wide letters": "\uff44ev@rehearsal.example",
            "the builder with a letter nobody sees": "dev\u200b@rehearsal.example",
        }.items()
    ),
    Lie("a colleague whom the approval's own commit names", ("APPR-01",), _same_commit, at=FROM_HIGH),
    Lie("a key that was over", ("APPR-01",), _option('valid-before="20261120095900Z"')),
    Lie("a key that was not yet", ("APPR-01",), _option('valid-after="20261120100100Z"')),
    Lie(
        "a key for other purposes",
        ("APPR-01",),
        _signers(lambda _, t: t.replace(f'{RISK} namespaces="{APPROVAL},git"', f'{RISK} namespaces="git"')),
    ),
    Lie("an authority of one's own", ("APPR-01",), _certified),
    Lie("a key for every name", ("APPR-01",), _signers(lambda _, t: t.replace(f"{RISK} ", f"{RISK},* "))),
    Lie("a shared key behind an option", ("APPR-02",), _hidden_share),
    Lie("a verdict under a key for every purpose", ("REL-01",), _any_namespace),
    Lie("a revoked approval under another name", ("APPR-01",), _renamed_after_revocation),
    *(
        Lie(f"an approver who builds {how}", ("APPR-02",), _built(*told))
        for how, told in {
            "as a bot": (f"Tidy\n\nCo-authored-by: Dana Devlin <{DEVELOPER}>", RISK, "Rui Rocha[bot]"),
            "in capitals": ("Tidy", DEVELOPER, "R. R.", "Risk@Rehearsal.Example"),
            "with a tag": ("Tidy", DEVELOPER, "R. R.", "risk+work@rehearsal.example"),
            "by name alone": ("Tidy", DEVELOPER, "RUI  ROCHA", "rr@elsewhere.example"),
        }.items()
    ),
    *(
        Lie(title, caught, _built(f"Tidy\n\n{trailer}", DEVELOPER))
        for title, caught, trailer in (
            ("a co-author in brackets of another kind", ("APPR-02",), f"Co-Authored-By:({RISK})"),
            ("a co-author without brackets", ("APPR-02",), f"co-authored-by : {RISK}\n"),
            (
                "two co-authors in one line",
                ("APPR-01",),
                f"Co-authored-by: Dana <{DEVELOPER}>, Rui <{RISK}>",
            ),
            (
                "a co-author with another dash",
                ("APPR-02",),
                f"Co\u2011authored\u2011by: Rui <{RISK}>",
            ),
            (
                "a co-author before the end",
                ("APPR-02",),
                f"Co-authored-by: Rui <{RISK}>\n\nAnd more words.\n",
            ),
        )
    ),
    Lie("a builder whom nobody listed", ("APPR-01",), _built("Tidy", DEVELOPER, "X", "x@elsewhere.example")),
    Lie("an edit inside a merge", ("APPR-02",), _merged),
    Lie(
        "a validator of the builders' team, in capitals",
        ("EVAL-06", "APPR-02"),
        swap("governance/roles.yaml", "team: validation", 'team: "Credit-Models "'),
    ),
    Lie("an approval from before the release", ("APPR-01",), lambda s: relive(s, Story(agreed=EARLY))),
)
