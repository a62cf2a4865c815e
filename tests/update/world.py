"""A template with two releases and a project made from the first: real git, small, quickly built."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roadworthy.adapters.git import git, isolated
from roadworthy.core.merging.entries import content, mode
from roadworthy.core.templates.tree import File, Tree

ANSWERS = ".copier-answers.yml"
OLD, NEW = "v1.0.0", "v2.0.0"
WHO = {"user.name": "Test Author", "user.email": "author@tests.example", "init.defaultBranch": "main"}
COPIER_YML = b"""_subdirectory: template
_preserve_symlinks: true
_templates_suffix: .jinja
name:
  type: str
  default: demo
"""
ANSWERS_JINJA = b"# Written by the template engine\n{{ _copier_answers|to_nice_yaml -}}\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One update: the template's two releases, the project's commit, and what else lies in its folder."""

    old: Tree
    new: Tree
    mine: Tree
    untracked: Mapping[str, bytes] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class World:
    """A case on disk."""

    template: Path
    project: Path
    case: Case

    def files(self) -> dict[str, File]:
        """Return what lies in the project's folder, git's own apart."""
        return read_folder(self.project)

    def recorded(self) -> str:
        """Return the release the project records."""
        lines = (self.project / ANSWERS).read_text().splitlines()
        return next(line.removeprefix("_commit: ") for line in lines if line.startswith("_commit: "))


def build(root: Path, case: Case) -> World:
    """Make a case real: a template repository with two tags, and a clean project from the first."""
    template, project = root / "template", root / "project"
    fixed = {
        "copier.yml": File(COPIER_YML),
        "template/{{ _copier_conf.answers_file }}.jinja": File(ANSWERS_JINJA),
    }
    releases = {OLD: _as_template(case.old) | fixed, NEW: _as_template(case.new) | fixed}
    repository(template, releases)
    answers = f"# Written by the template engine\n_commit: {OLD}\n_src_path: {template}\nname: demo\n"
    repository(project, {"": {**case.mine, ANSWERS: File(answers.encode())}})
    for key, value in case.config.items():
        git(project, "config", key, value)
    for path, data in case.untracked.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(data)
    return World(template=template, project=project, case=case)


def repository(folder: Path, commits: Mapping[str, Tree]) -> None:
    """Make a repository with one commit per tree, tagged where the key is not empty, and check it out."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "--template=", env=isolated(WHO))
    stream = b"".join(_commit(tag, tree) for tag, tree in commits.items())
    exact = {"core.fsync": "none", "core.ignoreCase": "false"}
    git(folder, "fast-import", "--quiet", input=stream, env=isolated(WHO | exact))
    git(folder, "reset", "-q", "--hard", "main", env=isolated(WHO))


def read_folder(folder: Path) -> dict[str, File]:
    """Return every file and link below a folder, except in .git."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git" or place != str(folder)]
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in [name for name in (*names, *links) if name != ".git"]:
            path = Path(place) / name
            found[path.relative_to(folder).as_posix()] = _file(path)
    return found


def commit_all(project: Path, message: str = "Change") -> None:
    """Commit everything that git does not ignore."""
    git(project, "add", "--all", env=isolated(WHO))
    git(project, "commit", "-q", "--no-verify", "-m", message, env=isolated(WHO))


def _as_template(tree: Tree) -> dict[str, File]:
    return {f"template/{path}": file for path, file in tree.items()}


def _commit(tag: str, tree: Tree) -> bytes:
    who = b"committer Test <author@tests.example> 1700000000 +0000"
    head = b"commit refs/heads/main\n" + who + b"\ndata 1\n.\ndeleteall\n"
    files = b"".join(
        b"M %s inline %s\ndata %d\n%s\n"
        % (mode(file).encode(), _quoted(path), len(content(file)), content(file))
        for path, file in tree.items()
    )
    return head + files + (b"reset refs/tags/%s\nfrom refs/heads/main\n" % tag.encode() if tag else b"")


def _quoted(path: str) -> bytes:
    return b'"' + path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _file(path: Path) -> File:
    if path.is_symlink():
        return File(link=os.readlink(path))
    return File(path.read_bytes(), executable=os.access(path, os.X_OK))
