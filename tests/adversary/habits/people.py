"""People who come, move and learn; never at the price of a duty."""

from __future__ import annotations

from tests.adversary.patch import Habit, append
from tests.adversary.scene import Scene

ROLES, OWNERS = "governance/roles.yaml", "CODEOWNERS"


def joins(*roles: str) -> str:
    """Return one more person of the role matrix."""
    listed = ", ".join(roles)
    return (
        f'  - {{identity: "new@loans.example", name: Nia New, team: analytics, '
        f'emails: ["new@loans.example"], handles: ["@nia"], roles: [{listed}]}}\n'
    )


def _second_address(scene: Scene) -> None:
    record = scene.read(ROLES)
    record["people"][0]["emails"].append("business.owner@loans.example")
    record["people"][0]["handles"].append("@business")
    scene.write(ROLES, record)


def _sorted(scene: Scene) -> None:
    record = scene.read(ROLES)
    record["people"].sort(key=lambda person: str(person["identity"]))
    scene.write(ROLES, record)


HABITS = (
    Habit("a new developer", append(ROLES, joins("developer"))),
    Habit("a second validator", append(ROLES, joins("independent-validator"))),
    Habit("a person with two duties that go together", append(ROLES, joins("model-risk", "reviewer"))),
    Habit("a second address", _second_address),
    Habit("the role matrix sorted", _sorted),
    Habit("a stricter owner", append(OWNERS, "/policy/gates.yaml risk@loans.example model@loans.example\n")),
    Habit("an owner for a folder of one's own", append(OWNERS, "/research/ @nia\n")),
)
