"""What a patch is: a few edits by one developer, and the controls that must catch them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.adversary.scene import SECOND, Scene

# Some demands bind only from these days on, the first from tier high up; the others are judged today.
NOW, FROM_HIGH, BOUND = "2026-11-20T12:00:00Z", "2026-12-28T12:00:00Z", "2027-06-02T12:00:00Z"
FROM_MARCH = "2027-03-02T12:00:00Z"
# The last commits before the records of the first release, and of the second.
SAID, RELEASED_ONCE = "Say what the system is for", "Look at release 1"
Hand = Callable[[Scene], None]


@dataclass(frozen=True)
class Lie:
    """A way to look conforming without being so; each control or check (`REL-04 flipped`) it names must fail.

    One of them says so in the words of `says`. It is told in the project that was released once, or in the
    `renewed` one, which conforms in March.
    """

    title: str
    caught_by: tuple[str, ...]
    tell: Hand
    at: str = NOW
    renewed: bool = False
    says: str = ""


@dataclass(frozen=True)
class Habit:
    """What honest teams do; nothing may fail or become unknown."""

    title: str
    live: Hand
    at: str = NOW
    renewed: bool = False


def put(name: str, where: str, value: object) -> Hand:
    """Set one value of a record or policy."""
    return lambda scene: scene.put(name, where, value)


def drop(name: str, where: str) -> Hand:
    """Remove one value of a record or policy."""
    return lambda scene: scene.drop(name, where)


def swap(name: str, old: str, new: str) -> Hand:
    """Replace text in a file."""
    return lambda scene: scene.swap(name, old, new)


def append(name: str, text: str) -> Hand:
    """Add text to a file."""
    return lambda scene: scene.append(name, text)


def write(name: str, text: str | bytes) -> Hand:
    """Write a file."""
    return lambda scene: scene.write(name, text)


def remove(*names: str) -> Hand:
    """Delete files or folders."""

    def hand(scene: Scene) -> None:
        for name in names:
            scene.remove(name)

    return hand


def each(*hands: Hand) -> Hand:
    """Do one after the other."""

    def hand(scene: Scene) -> None:
        for one in hands:
            one(scene)

    return hand


def edit(name: str, change: Callable[[dict[str, Any]], object]) -> Hand:
    """Change a record in place."""

    def hand(scene: Scene) -> None:
        record = scene.read(name)
        change(record)
        scene.write(name, record)

    return hand


def retold(*hands: Hand) -> Hand:
    """The same before anybody looked: as if what is there now had been there from its first commit on."""

    def hand(scene: Scene) -> None:
        each(*hands)(scene)
        scene.squash(
            SAID if not (scene.path / SECOND.of("releases")).exists() else RELEASED_ONCE, at=FROM_MARCH
        )

    return hand
