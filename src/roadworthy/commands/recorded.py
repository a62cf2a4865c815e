"""What a project records of where it came from: its answers file and its lock, now and in its history."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.git.process import read_file
from roadworthy.adapters.git.worktree import Checkout
from roadworthy.adapters.memory import recall, remember
from roadworthy.core.templates.source import BUILTIN, LOCK, PLATFORM
from roadworthy.core.values import frozen, replace
from roadworthy.errors import Refused, Unjudgeable, UsageError

if TYPE_CHECKING:
    from _typeshed import StrPath

DEFAULT_NAME = ".copier-answers.yml"
PATTERN = ".copier-answers*.y*ml"


@frozen
class Recorded:
    """The source, release and answers a project says it was made from. Claims, until rendered again."""

    answers_file: str
    answers: Mapping[str, Any]
    lock: Mapping[str, Any]

    @property
    def spec(self) -> str:
        """Return the recorded source."""
        return str(self.answers.get("_src_path") or "")

    @property
    def whole(self) -> bool:
        """Say whether the lock is of the recorded release: another tool's update moves the answers alone."""
        said = str(self.lock.get("release") or self.release)
        return said.removeprefix("v") == self.release.removeprefix("v")

    @property
    def as_locked(self) -> Recorded:
        """Return the same with the release that the lock names."""
        return replace(self, answers={**self.answers, "_commit": self.lock.get("release")})

    @property
    def made_from(self) -> tuple[str, str]:
        """Return the recorded source and release."""
        return self.spec, self.release

    @property
    def release(self) -> str:
        """Return the recorded release, as its source names it."""
        release = str(self.answers.get("_commit") or self.lock.get("release") or "")
        return release.removeprefix("v") if self.spec == BUILTIN else release


def find_answers_file(project: StrPath, named: str | None) -> str:
    """Return the answers file to update by: the one named, the usual one, or the only one."""
    for name in (PLATFORM, DEFAULT_NAME) if named is None else (named,):
        if os.path.isfile(os.path.join(project, name)):
            return name
    from pathlib import Path  # 3 ms, and few name no file and have an unusual one

    found = sorted(path.name for path in Path(project).glob(PATTERN) if path.is_file())
    if named is not None:
        raise UsageError(
            f"{Path(project, named)} does not exist", f"answers files here: {', '.join(found) or 'none'}"
        )
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{project} has several answers files", f"name one: --answers-file {found[0]}")
    hint = "name a generated project's folder, or its answers file: --answers-file NAME"
    raise Refused(f"{project} has no {DEFAULT_NAME}, so it records no template", hint)


def read_recorded(project: StrPath, answers_file: str) -> Recorded:
    """Return what the project records now."""
    lock = os.path.join(project, LOCK)
    answers = read_file(os.path.join(project, answers_file))
    return recorded(answers_file, answers, read_file(lock) if os.path.isfile(lock) else b"")


def recorded(answers_file: str, answers: bytes, lock: bytes) -> Recorded:
    """Return what an answers file and a lock say; a platform's one record is both."""
    said = mapping(answers_file, answers)
    kept = said if answers_file == PLATFORM else mapping(LOCK, lock)
    return Recorded(answers_file=answers_file, answers=said, lock=kept)


def read_previous(checkout: Checkout, now: Recorded) -> Recorded:
    """Return what the project recorded before it first came to its release, with the answers changed since.

    So going back twice leads two releases back, and an answer given in between is not lost.
    """
    paths = [checkout.prefix + name for name in (now.answers_file, LOCK)]
    told = git(checkout.root, "log", "--reverse", "--format=%H", "--", *paths, env=isolated())
    found = [read_committed(checkout, commit, now.answers_file) for commit in told.decode().split()]
    known = [each for each in found if each.answers]
    first = next((n for n, each in enumerate(known) if each.made_from == now.made_from), len(known))
    if first:
        since = known[first].answers if first < len(known) else now.answers
        changed = {key: value for key, value in now.answers.items() if since.get(key) != value}
        return replace(known[first - 1], answers={**known[first - 1].answers, **changed})
    hint = (
        "name the release: `roadworthy update --to RELEASE` (a shallow clone: `git fetch --unshallow` first)"
    )
    raise Unjudgeable("the project's history records no earlier release", hint)


def read_committed(checkout: Checkout, commit: str, answers_file: str) -> Recorded:
    """Return what the project recorded at a commit; nothing, if it did not."""
    paths = (f"{commit}:{checkout.prefix}{name}" for name in (answers_file, LOCK))
    answers, lock = (git(checkout.root, "show", path, check=False, env=isolated()) for path in paths)
    return recorded(answers_file, answers, lock)


def mapping(path: str, data: bytes) -> dict[str, Any]:
    """Return what an answers file or a lock says; nothing if it is empty."""
    value = _parsed(path, data) if data else {}
    if not isinstance(value, dict):
        raise UsageError(f"{path}: expected a mapping", _repair(path))
    return value


def _repair(path: str) -> str:
    return f"restore it: git checkout HEAD -- {path}; if it was committed so, git log -p -- {path} shows it"


def _parsed(path: str, data: bytes) -> Any:
    """Importing the parser takes ten times what reading does, and the file changes once a release.

    Where it is imported nothing is remembered: a fleet would push out of the memory what takes long.
    """
    if "yaml" in sys.modules:
        return _read(path, data)
    key = sha256(data).hexdigest()
    known = recall("record", key)
    if known is None:
        known = _read(path, data)
        remember("record", key, known)
    return known


def _read(path: str, data: bytes) -> Any:
    from roadworthy.core.documents.parse import ParseError, parse_yaml

    try:
        return parse_yaml(data)
    except ParseError as error:
        raise UsageError(f"{path}: {error}", _repair(path)) from error
