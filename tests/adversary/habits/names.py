"""Names as people have them, addresses as they move, keys as they are changed: nobody is doubted for it."""

from __future__ import annotations

import subprocess

from tests.adversary.lies.approvals import _waiver as waiver
from tests.adversary.lies.people import APPROVAL, RISK, ROLES, SIGNERS, _public
from tests.adversary.patch import Habit, Hand, append
from tests.adversary.scene import Scene


def _joins(identity: str, name: str, *emails: str, role: str = "reviewer") -> Hand:
    listed = ", ".join(f'"{email}"' for email in (identity, *emails))
    person = f'identity: "{identity}", name: "{name}", team: lending, emails: [{listed}], handles: []'
    return append(ROLES, f'  - {{{person}, roles: ["{role}"]}}\n')


def _moved(scene: Scene) -> None:
    """Somebody married; git is told that both names are one person, and so is the role matrix."""
    _joins("nia@loans.example", "Nia New", "nia.old@loans.example", role="developer")(scene)
    scene.write(".mailmap", "Nia New <nia@loans.example> Nia Old <nia.old@loans.example>\n")
    scene.append("src/credit_decision/features.py", "\n# Ratios, no amounts.\n")
    scene.git("add", "--all")
    scene.git("commit", "-q", "-m", "Tidy", "--author", "Nia Old <nia.old@loans.example>")


def _rotated(scene: Scene) -> None:
    """The old key ends, so that what it signed before still verifies; the new one begins."""
    was = f'{RISK} namespaces="{APPROVAL},git"'
    text = scene.text(SIGNERS)
    assert was in text
    key = scene.path.parent / "new-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = " ".join(key.with_suffix(".pub").read_text("utf-8").split()[:2])
    ended = text.replace(was, f'{was},valid-before="20261120120000Z"')
    scene.write(SIGNERS, f'{ended}{was},valid-after="20261120120000Z" {public}\n')


def _tabs(scene: Scene) -> None:
    """The file of keys in columns, with a comment in another script."""
    lines = [line.replace(" ", "\t", 1) if "@" in line else line for line in scene.text(SIGNERS).split("\n")]
    scene.write(SIGNERS, "# \u043a\u043b\u044e\u0447\u0438\n" + "\n".join(lines))
    assert _public(scene, RISK) in scene.text(SIGNERS)


HABITS = (
    Habit("an accented name", _joins("zoe@loans.example", "Zo\u00eb \u00c5ngstr\u00f6m-Nu\u00f1ez")),
    Habit("an accent that the keyboard adds", _joins("jose@loans.example", "Jose\u0301 Ruiz")),
    Habit(
        "a name with a typographer's apostrophe", _joins("sean@loans.example", "Sean O\u2019Neil-D\u2019Arcy")
    ),
    Habit(
        "a name in another script, its address in Latin",
        _joins(
            "ivan@loans.example", "\u0418\u0432\u0430\u043d Petrov", "\u0438\u0432\u0430\u043d@loans.example"
        ),
    ),
    Habit("a role of the team's own", _joins("uma@loans.example", "Uma Ue", role="Head of Pr\u00fcfung")),
    Habit("a person with two addresses in .mailmap", _moved),
    Habit("a key changed as it should be", _rotated),
    Habit("keys in columns", _tabs),
    Habit("a request that names two people in full", waiver(requested_by="Ren\u00e9e Dupr\u00e9")),
)
