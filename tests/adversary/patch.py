"""What a patch is: a few edits by one developer, and the controls that must catch them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.adversary.scene import Scene

# Some demands bind only from these days on, the first from tier high up; the others are judged today.
NOW, FROM_HIGH, BOUND = "2026-11-20T12:00:00Z", "2026-12-28T12:00:00Z", "2027-06-02T12:00:00Z"
FROM_MARCH = "2027-03-02T12:00:00Z"
Hand = Callable[[Scene], None]


@dataclass(frozen=True)
class Lie:
    """A way to look conforming without being so; each named control must fail."""

    title: str
    caught_by: tuple[str, ...]
    tell: Hand
    at: str = NOW


@dataclass(frozen=True)
class Habit:
    """What honest teams do; nothing may fail or become unknown."""

    title: str
    live: Hand


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
