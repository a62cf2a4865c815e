"""What git says: who committed what, in which order, and whether records stayed as they were added."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from roadworthy.core.approval.duties import Commit
from roadworthy.core.approval.people import Signer
from roadworthy.core.values import field, frozen

MAX_COMMITS = 10_000
_FIELDS = ("%H", "%P", "%an", "%ae", "%cn", "%ce", "%ct", "%B")
_MARK = "\x01"
LOG = ("log", "-c", "--no-renames", "--raw", "--no-abbrev", "-z", f"--max-count={MAX_COMMITS + 1}")
LOG_FORMAT = f"--format=%x01{'%x00'.join(_FIELDS)}%x00"
# Folders of records: a file there is added once and stays. Not gates: each run of the gate signs its verdict
# anew, and git keeps the one before.
ADD_ONLY = tuple(
    f"governance/{name}/"
    for name in (
        *("data", "runs", "evaluations", "releases", "cards", "boms", "approvals", "lowerings"),
        *("deployments", "drills", "rebuilds", "incidents", "monitoring"),
    )
)


@frozen
class Change:
    """One commit and the files it touched, as against all of its parents: status letters, blobs by path."""

    commit: Commit
    parents: tuple[str, ...]
    at: datetime
    files: Mapping[str, str]
    blobs: Mapping[str, str]


@frozen
class History:
    """The commits of one revision, newest first, and the blobs of its tree."""

    available: bool
    reason: str = ""
    shallow: bool = False
    changes: tuple[Change, ...] = ()
    tree: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_sha(self) -> dict[str, Change]:
        """Return the commits by their name."""
        return {change.commit.sha: change for change in self.changes}

    @cached_property
    def touched(self) -> dict[str, list[Change]]:
        """Return the commits that touched each path, newest first."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            for path in change.files:
                found.setdefault(path, []).append(change)
        return found

    def ancestors(self, sha: str) -> frozenset[str]:
        """Return a commit and all it was built on, as far as it is in this history."""
        seen: set[str] = set()
        waiting = [sha]
        while waiting:
            name = waiting.pop()
            if name not in seen and name in self.by_sha:
                seen.add(name)
                waiting.extend(self.by_sha[name].parents)
        return frozenset(seen)

    def commits(self, span: Container[str], *paths: str) -> tuple[Commit, ...]:
        """Return those of some commits that touched a path or a folder (`src/`), newest first.

        Of merges, only those that did more than join.
        """
        exact, folders = frozenset(paths), tuple(path for path in paths if path.endswith("/"))
        mine = (change for change in self.changes if change.commit.sha in span)
        return tuple(c.commit for c in mine if any(p in exact or p.startswith(folders) for p in c.files))

    def added_once(self, path: str, data: bytes | None = None) -> bool | None:
        """Return whether a file has ever held one content, put back or not; None if that cannot be known."""
        if not self.available or (path in self.tree and not self.began_here(path)):
            return None
        held = {each.blobs[path] for each in self.touched.get(path, ()) if each.blobs[path].strip("0")}
        now = {blob_id(data, self.tree[path])} if data is not None and path in self.tree else set()
        return len(held | now) <= 1

    def began_here(self, path: str) -> bool:
        """Whether the commit that first brought a file is in this history."""
        changes = self.touched.get(path, [])
        return bool(changes) and (not self.shallow or changes[-1].files[path].startswith("A"))


def parse_log(output: bytes) -> tuple[Change, ...]:
    """Return the commits in the output of `git LOG LOG_FORMAT`, newest first."""
    tokens = output.decode("utf-8", "replace").split("\x00")
    changes: list[Change] = []
    files: dict[str, str] = {}
    blobs: dict[str, str] = {}
    index = 0
    while index < len(tokens):
        token = tokens[index].lstrip("\n")
        if token.startswith(_MARK):
            files, blobs = {}, {}
            changes.append(_change([token[1:], *tokens[index + 1 : index + len(_FIELDS)]], files, blobs))
            index += len(_FIELDS)
        elif token:
            *_, blobs[tokens[index + 1]], files[tokens[index + 1]] = token.split()
            index += 2
        else:
            index += 1
    return tuple(changes)


def _change(fields: list[str], files: Mapping[str, str], blobs: Mapping[str, str]) -> Change:
    sha, parents, author, author_email, committer, committer_email, at, message = fields
    return Change(
        commit=Commit(
            sha=sha,
            author=Signer(name=author, email=author_email),
            committer=Signer(name=committer, email=committer_email),
            message=message,
        ),
        parents=tuple(parents.split()),
        at=_moment(at),
        files=files,
        blobs=blobs,
    )


def _moment(seconds: str) -> datetime:
    """A commit says when it was made; nonsense is no time at all, as early as can be."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC)


def parse_tree(output: bytes) -> dict[str, str]:
    """Return blob ids by path from the output of `git ls-tree -r -z`."""
    tree = {}
    for row in output.decode("utf-8", "replace").split("\x00"):
        about, _, path = row.partition("\t")
        if path and " blob " in about:
            tree[path] = about.split()[2]
    return tree


def blob_id(data: bytes, like: str) -> str:
    """Return the id git gives to some bytes, in the hash that `like` is written in."""
    kind = hashlib.sha256 if len(like) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    return kind(b"blob %d\x00" % len(data) + data).hexdigest()


def edited_records(history: History, present: Mapping[str, bytes | None]) -> list[str]:
    """Return add-only records that were changed or deleted after they were added, or differ from that now."""
    paths = (path for path in history.touched if path.startswith(ADD_ONLY))
    return sorted(
        path for path in paths if history.added_once(path, present.get(path)) is False or _gone(path, history)
    )


def _gone(path: str, history: History) -> bool:
    return bool(history.tree) and path not in history.tree


def governed_late(history: History) -> bool:
    """Return whether something was deployed before anything under governance was written."""
    order = {change.commit.sha: number for number, change in enumerate(reversed(history.changes))}
    deployed = _first(history, order, "governance/deployments/")
    governed = _first(history, order, "governance/system.yaml")
    return deployed is not None and (governed is None or deployed < governed)


def _first(history: History, order: Mapping[str, int], prefix: str) -> int | None:
    hits = (
        order[c.commit.sha] for path, cs in history.touched.items() if path.startswith(prefix) for c in cs
    )
    return min(hits, default=None)


def history_facts(
    history: History, present: Mapping[str, bytes | None], lost: Iterable[str], loosened: Iterable[str]
) -> dict[str, Any]:
    """Return the facts under `history`; of `lost` paths git lacks objects."""
    gone = next(iter(sorted(lost)), "")
    return {
        "available": history.available,
        "reason": f"git lacks objects, as of {gone}: git fetch --refetch" if gone else history.reason,
        "commits": len(history.changes),
        "shallow": history.shallow,
        "edited_records": edited_records(history, present),
        "loosened_thresholds": list(loosened),
        "governed_late": governed_late(history),
    }
