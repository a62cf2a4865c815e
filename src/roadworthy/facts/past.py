"""What git kept at the commits that records name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roadworthy.core.approval.subject import sha256
from roadworthy.core.documents.notes import Notes
from roadworthy.core.documents.parse import noted
from roadworthy.core.documents.parts import mapping
from roadworthy.core.values import field, frozen
from roadworthy.facts.demanded import SIGNERS
from roadworthy.facts.documents import PLACES
from roadworthy.facts.history import History
from roadworthy.facts.records import Shelf
from roadworthy.facts.sources import Blobs

VERDICTS, ROLES = "governance/gates/", PLACES["roles"]
GATES, CONTRACT, TRAINING = "policy/gates.yaml", "policy/data.yaml", "policy/training.yaml"
# What of a subject git has at the commit that a release was made from.
COMMITTED = ("src/", "policy/", ".r")
LOCKS = ("requirements/train.txt", "requirements/dev.txt", "requirements/serve.txt")


@frozen
class Past:
    """The bytes that files had at the commits which records name; asked for once, all together.

    Where a history was `cut`, older commits are not known; of `lost` paths git lacks what some commit had.
    """

    available: bool
    known: frozenset[str]
    blobs: Mapping[tuple[str, str], bytes]
    notes: Notes = field(default_factory=Notes)
    cut: bool = False
    lost: frozenset[str] = frozenset()

    def tells(self, commit: str, *paths: str) -> bool:
        """Whether it can be known what some files were at a commit: that they were not is then an answer."""
        there = self.available and (commit in self.known or not self.cut)
        return there and all(path not in self.lost or (commit, path) in self.blobs for path in paths)

    def digest(self, commit: str, path: str) -> str | None:
        """Return the digest of a file at a commit; None when either is unknown."""
        data = self.blobs.get((commit, path))
        return sha256(data) if data is not None else None

    def document(self, commit: str, path: str) -> Mapping[str, Any]:
        """Return a YAML file at a commit; empty when it says nothing readable."""
        return self.read(path, self.blobs.get((commit, path)))

    def read(self, path: str, data: bytes | None) -> Mapping[str, Any]:
        """Return what a document says, as it was understood the first time; empty when nothing readable."""
        return {} if data is None else mapping(noted(path, data, sha256(data), self.notes))


def look_back(shelf: Shelf, blobs: Blobs, notes: Notes) -> Past:
    """Read everything that records say about earlier commits."""
    history = shelf.history
    known = frozenset(history.by_sha)
    wanted = {pair for pair in _pairs(shelf) if pair[0] in known}
    contracts = history.touched.get(CONTRACT, ()) if shelf.of("datasets") else ()
    asked = sorted({*wanted, *((change.commit.sha, CONTRACT) for change in contracts), *_verdicts(shelf)})
    found = blobs(asked) if asked and history.available else {}
    lost = _lost({path for pair, path in set(asked) - found.keys()}, history, blobs)
    return Past(
        available=history.available, known=known, blobs=found, notes=notes, cut=history.shallow, lost=lost
    )


def _lost(paths: Iterable[str], history: History, blobs: Blobs) -> frozenset[str]:
    """Those of some paths that some commit put there, and that git has no longer as it was then."""
    put = {
        (change.commit.sha, path)
        for path in paths
        for change in history.touched.get(path, ())
        if change.blobs[path].strip("0")
    }
    return frozenset(path for _, path in put - blobs(sorted(put)).keys()) if put else frozenset()


def _verdicts(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """Every verdict a deployment may name: the gate gives it anew each time, and git keeps those before."""
    for path, changes in shelf.history.touched.items() if shelf.of("deployments") else ():
        if path.startswith(VERDICTS):
            yield from ((change.commit.sha, path) for change in changes)


def _pairs(shelf: Shelf) -> Iterator[tuple[str, str]]:
    for run in shelf.of("runs"):
        commit = str(run.mapping("code").get("commit"))
        for path in (*run.mapping("config"), *LOCKS, GATES, CONTRACT, TRAINING):
            yield commit, path
    for signed in (*shelf.of("approvals"), *shelf.of("lowerings")):
        for change in shelf.history.touched.get(signed.path, ())[-1:]:
            yield from ((change.commit.sha, path) for path in (ROLES, SIGNERS))
    for release in shelf.of("releases"):
        commit = release.text("commit")
        yield commit, GATES
        names = (str(row.get("name")) for row in release.rows("subject"))
        yield from ((commit, name) for name in names if name.startswith(COMMITTED))
