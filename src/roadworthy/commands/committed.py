"""What HEAD of a project holds, and how it came to be. Reads git objects; the work tree does not count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from roadworthy.adapters.git import read_git
from roadworthy.commands.revision import cat, past_bytes
from roadworthy.core.documents.parse import parsed
from roadworthy.errors import Unjudgeable
from roadworthy.facts.history import LOG, LOG_FORMAT, History, parse_log

HELD = ("governance/", "policy/", "src/", ".roadworthy/")
MOST_LOG = 1 << 30  # whoever asks the gate vouches for the project: all of its commits are read
_TREE = re.compile(rb"100(?:644|755) blob ([0-9a-f]+)\t([^\0]*)\0")


@dataclass(frozen=True, kw_only=True)
class Committed:
    """A project at HEAD: its history, regular files by blob, the bytes of what people and gates write."""

    project: Path
    history: History
    held: Mapping[str, bytes]

    def document(self, path: str) -> Any:
        """Return a parsed YAML or JSON file of HEAD; None when it is missing or cannot be read."""
        return parsed(path, self.held.get(path))

    def has(self, commit: str) -> bool:
        """Return whether HEAD contains a commit, by its full name."""
        return commit in self.history.by_sha


def open_head(project: Path) -> Committed:
    """Return what HEAD holds. A history that was cut off cannot answer who built what, and is refused."""
    if read_git(project, "rev-parse", "--is-shallow-repository").strip() == b"true":
        raise Unjudgeable("the history of this clone is cut off (shallow)", "git fetch --unshallow")
    log = read_git(project, *LOG, "--max-count=-1", "--relative", LOG_FORMAT, "HEAD", most=MOST_LOG)
    files = _TREE.findall(read_git(project, "ls-tree", "-r", "-z", "HEAD"))
    tree = {path.decode(errors="replace"): blob.decode() for blob, path in files}
    history = History(available=True, changes=parse_log(log), tree=tree)
    bare = Committed(project=project, history=history, held={})
    return replace(bare, held=read(bare, (path for path in tree if path.startswith(HELD))))


def read(committed: Committed, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the committed bytes of those paths that HEAD has."""
    blobs = committed.history.tree
    wanted = [path for path in paths if path in blobs]
    found = cat(committed.project, [blobs[path] for path in wanted])
    return {path: found[blobs[path]] for path in wanted}


def at_commit(committed: Committed, commit: str, path: str) -> bytes | None:
    """Return a file's bytes at a commit of HEAD's history; None when it has neither, or not both."""
    found = past_bytes(committed.project, [(commit, path)]) if committed.has(commit) else {}
    return found.get((commit, path))
