"""What HEAD of a project holds, and how it came to be. Reads git objects; the work tree does not count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from roadworthy.adapters.git import GitFailed, read_git
from roadworthy.commands.revision import cat
from roadworthy.core.approval.duties import Commit
from roadworthy.core.approval.people import Signer
from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.errors import Unjudgeable

HELD = ("governance/", "policy/", "src/", ".roadworthy/")
_FIELDS = ("%H", "%P", "%an", "%ae", "%cn", "%ce", "%B")
_RAW = re.compile(rb":\d{6} \d{6} [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*\0([^\0]*)\0")
_TREE = re.compile(rb"100(?:644|755) blob ([0-9a-f]+)\t([^\0]*)\0")
_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, kw_only=True)
class Committed:
    """A project at HEAD: its regular files by blob, and the bytes of those that people and gates write."""

    project: Path
    head: str
    blobs: Mapping[str, str]
    held: Mapping[str, bytes]

    def document(self, path: str) -> Any:
        """Return a parsed YAML or JSON file of HEAD; None when it is missing or cannot be read."""
        return document(path, self.held.get(path))


def open_head(project: Path) -> Committed:
    """Return what HEAD holds. A history that was cut off cannot answer who built what, and is refused."""
    head, shallow = read_git(project, "rev-parse", "HEAD", "--is-shallow-repository").decode().split()
    if shallow == "true":
        raise Unjudgeable("the history of this clone is cut off (shallow)", "git fetch --unshallow")
    tree = read_git(project, "ls-tree", "-r", "-z", "HEAD")
    blobs = {path.decode(errors="replace"): blob.decode() for blob, path in _TREE.findall(tree)}
    bare = Committed(project=project, head=head, blobs=blobs, held={})
    return replace(bare, held=read(bare, (path for path in blobs if path.startswith(HELD))))


def document(path: str, data: bytes | None) -> Any:
    """Return parsed YAML or JSON; None when there is none, or when it cannot be read safely."""
    try:
        return parse(path, data) if data is not None else None
    except ParseError:
        return None


def read(committed: Committed, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the committed bytes of those paths that HEAD has."""
    wanted = [path for path in paths if path in committed.blobs]
    found = cat(committed.project, [committed.blobs[path] for path in wanted])
    return {path: found[committed.blobs[path]] for path in wanted}


def at_commit(committed: Committed, commit: str, path: str) -> bytes | None:
    """Return a file's bytes at another commit; None when that commit, or the file in it, is unknown."""
    try:
        return read_git(committed.project, "cat-file", "blob", f"{_object(commit)}:./{path}")
    except GitFailed:
        return None


def versions(committed: Committed, *paths: str) -> dict[str, frozenset[str]]:
    """Return every blob that each file at or below `paths` ever had in HEAD's history, merges included."""
    every = ("log", "--full-history", "-m", "--no-renames", "--relative")
    form = ("--format=", "--raw", "--no-abbrev", "-z")
    ever: dict[str, set[str]] = {}
    for blob, path in _RAW.findall(read_git(committed.project, *every, *form, "HEAD", "--", *paths)):
        ever.setdefault(path.decode(errors="replace"), set()).update({blob.decode()} - {"0" * len(blob)})
    return {path: frozenset(blobs) for path, blobs in ever.items()}


def is_ancestor(committed: Committed, commit: str) -> bool:
    """Return whether HEAD contains a commit."""
    try:
        return not read_git(committed.project, "rev-list", "-1", f"{_object(commit)}^{{commit}}", "^HEAD")
    except GitFailed:
        return False


def commit_time(committed: Committed, commit: str) -> datetime | None:
    """Return when a commit was made; None when it is unknown."""
    try:
        said = read_git(committed.project, "log", "-1", "--format=%ct", f"{_object(commit)}^{{commit}}")
    except GitFailed:
        return None
    return datetime.fromtimestamp(int(said), UTC)


def commits(committed: Committed, since: str | None, paths: Iterable[str]) -> tuple[Commit, ...]:
    """Return the commits after `since` that changed `paths`; of merges, those that did more than join."""
    form = "".join(f"%x00{field}" for field in _FIELDS) + "%x00"
    log = ("log", "--full-history", "--cc", "--name-only", "--no-renames", f"--format={form}")
    span = f"{_object(since)}..HEAD" if since else "HEAD"
    fields = read_git(committed.project, *log, span, "--", *paths).decode(errors="replace").split("\0")[1:]
    step = len(_FIELDS) + 1
    rows = [fields[at : at + step] for at in range(0, len(fields), step)]
    return tuple(_commit(row) for row in rows if len(row[1].split()) < 2 or row[-1].strip())


def _commit(row: list[str]) -> Commit:
    sha, _, author, author_email, committer, committer_email, message, _ = row
    return Commit(
        sha=sha,
        author=Signer(name=author, email=author_email),
        committer=Signer(name=committer, email=committer_email),
        message=message,
    )


def _object(name: str) -> str:
    """A full object name, as records write it: an option, a range or a branch is never looked up."""
    if not _OBJECT.fullmatch(name):
        raise GitFailed(f"{name!r} is not a full commit id")
    return name
