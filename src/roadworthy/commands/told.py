"""What git said of a repository, not asked again while the repository is as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from roadworthy.adapters.files import beginning
from roadworthy.adapters.memory import state_of
from roadworthy.core.approval.subject import sha256
from roadworthy.core.documents.notes import Notes

Read = Callable[..., bytes]
MOST_KEPT = 1 << 20
MOST_SETTINGS = 1 << 20
# What git itself takes for the head of a repository: without one, it looks for a repository further up.
_HEAD = rb"ref: refs/\S+\n|[0-9a-f]{40}\n|[0-9a-f]{64}\n"
# Names other places, whose files decide too.
_LEADS_AWAY = ("objects/info/alternates", "commondir", "config.worktree")


def read(repository: Path, *args: str, input: bytes = b"", **how: int) -> bytes:  # noqa: A002
    """Ask git, as `read_git` does; it is imported when it is first asked."""
    from roadworthy.adapters.git import read_git

    return read_git(repository, *args, input=input, **how)


def reader(repository: Path, notes: Notes) -> Read:
    """Return a `read` of a folder's repository that notes what is said, if its own files alone decide."""
    state = _state(repository / ".git")

    def noted(place: Path, *args: str, input: bytes = b"", **how: int) -> bytes:  # noqa: A002
        key = sha256(json.dumps([state, *args]).encode() + b"\0" + input)
        ask = lambda: read(place, *args, input=input, **how).decode("utf-8", "surrogateescape")  # noqa: E731
        said: str = notes.once("git", key, ask, lambda text: len(text) <= MOST_KEPT)
        return said.encode("utf-8", "surrogateescape")

    return noted if state else read


def _state(home: Path) -> str:
    """How a repository's files are; empty where they are not all that decides what git says."""
    whole = re.fullmatch(_HEAD, beginning(home / "HEAD", 256)) and not any(
        (home / name).exists() for name in _LEADS_AWAY
    )
    alone = b"include" not in beginning(home / "config", MOST_SETTINGS).lower()
    places = all((home / name).is_dir() for name in ("objects", "refs"))
    return state_of(str(home)) if whole and alone and places else ""
