"""A new repository: written aside, committed there in the user's name, and moved into place in one rename."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from roadworthy.adapters import workplace
from roadworthy.adapters.git import GitFailed, GitMissing, git, isolated, run_git
from roadworthy.core.templates.tree import Tree
from roadworthy.errors import UsageError

IDENTITY: Final = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_CONFIG_GLOBAL")
NO_IDENTITY: Final = (
    "git does not know who you are, so the files are staged but not committed: "
    'git config --global user.name "Your Name", the same for user.email, then git commit'
)


def place(
    destination: Path, files: Tree, message: str, *, repository: bool = True
) -> tuple[str, tuple[str, ...]]:
    """Put files where nothing is yet; return the first commit, if there is one, and what to tell."""
    with workplace.aside(destination) as folder:
        workplace.write_tree(folder, files)
        commit, notes = _committed(folder, message) if repository else ("", ())
        workplace.put_in_place(folder, destination)
    return commit, (*notes, *(_nested(destination) if repository else ()))


def _nested(destination: Path) -> tuple[str, ...]:
    """Say so if the new repository lies in another one, which does not ignore it."""
    place = destination.resolve()
    outer = next((folder for folder in place.parents if (folder / ".git").exists()), None)
    if outer is None or run_git(outer, "check-ignore", "--quiet", str(place)).code == 0:
        return ()
    return (f"it is a repository inside that of {outer}; to make it part of that one, use --no-git",)


def _committed(folder: Path, message: str) -> tuple[str, tuple[str, ...]]:
    """Make the first commit with the user's identity and nothing else of the user's configuration."""
    try:
        git(folder, "init", "--quiet", "--initial-branch=main", "--template=", env=isolated())
        git(folder, "add", "--all", env=isolated())
        author = _author(folder)
        if author is None:
            return "", (NO_IDENTITY,)
        git(folder, "commit", "--quiet", "--no-verify", "--message", message, env=isolated(author))
        return git(folder, "rev-parse", "--short", "HEAD").decode().strip(), ()
    except GitMissing as error:
        raise UsageError("git was not found on PATH", "install git, or add --no-git") from error


def _author(folder: Path) -> dict[str, str] | None:
    """Return the identity git would commit with, as pinned configuration; None if it has none."""
    env = {name: os.environ[name] for name in IDENTITY if name in os.environ}
    try:
        ident = git(folder, "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", env=env).decode()
    except GitMissing:
        raise
    except GitFailed:
        return None
    found = re.match(r"(?P<name>.*) <(?P<email>[^>]*)> ", ident)
    return {"user.name": found["name"], "user.email": found["email"]} if found else None
