"""Where facts come from. Whatever needs I/O is handed in as a function by the command that judges."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from roadworthy.core.approval.signatures import Signature, Status
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.judging.models import Pack
from roadworthy.core.packs.pack import Shape
from roadworthy.core.times import days_between
from roadworthy.core.values import field, frozen
from roadworthy.facts.history import History

Verify = Callable[[bytes, bytes | None, bytes, str, datetime], Signature]
Blobs = Callable[[Sequence[tuple[str, str]]], Mapping[tuple[str, str], bytes]]


# Files by which tests are configured, in the order that counts.
TESTED_BY: Final = ("pytest.ini", ".pytest.ini", "pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg")


def submodules(snapshot: Snapshot) -> list[str]:
    """Return the folders in whose place git keeps a commit of another repository."""
    return re.findall(r"^\s*path\s*=\s*(\S+)", snapshot.text(".gitmodules"), re.MULTILINE)


@frozen
class Released:
    """What the trusted release would have put into this project, as far as it could be known."""

    known: bool
    reason: str = ""
    release: str = ""
    supported: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    answers_ok: bool = False


@frozen
class Tracked:
    """What a shared registry says about registered versions: tags by version."""

    reachable: bool
    reason: str = ""
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


EMBEDDED: Final = Tracked(reachable=False, reason="the project keeps its own store")


@frozen
class Forge:
    """What a forge says about the default branch: a rule not read is None, `unread` says why.

    That one `exists` is None where nothing here would say so.
    """

    exists: bool | None
    available: bool = False
    reason: str = ""
    rules: Mapping[str, Any] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


def unverified(*_: Any) -> Signature:
    """Say that no signature can be verified here."""
    return Signature(status=Status.UNAVAILABLE)


@frozen
class Sources:
    """Everything one judgement may read."""

    snapshot: Snapshot
    pack: Pack
    as_of: datetime
    shape: Shape
    for_release: str = ""
    history: Callable[[], History] = lambda: History(available=False, reason="there is no git history here")
    blobs: Blobs = lambda _: {}
    verify: Verify = unverified
    released: Callable[[], Released] = lambda: Released(known=False, reason="not looked for")
    tracked: Callable[[str], Tracked] = lambda _: Tracked(reachable=False, reason="not looked for")
    forge: Callable[[], Forge] = lambda: Forge(exists=False, reason="not asked")
    extra: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    def days(self, moment: datetime | None) -> float | None:
        """Return the days from a moment to the clock of this judgement."""
        return days_between(moment, self.as_of)
