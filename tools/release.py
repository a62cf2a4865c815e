"""Cut a release: freeze template and pack of a clean commit as an archive with its digest. Append-only.

`make release VERSION=1.2.3` runs it; it refuses what would break a promise.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from roadworthy import __version__
from roadworthy.adapters import archive
from roadworthy.adapters.git import git, isolated, sources
from roadworthy.adapters.git.merge import scratch
from roadworthy.adapters.git.worktree import locate
from roadworthy.adapters.workplace import write_tree
from roadworthy.commands.merging import MergePlan, Request, plan_merge
from roadworthy.commands.outlook import outlook
from roadworthy.commands.rendering import kinds_of
from roadworthy.commands.source import ANSWERS_FILE, Rendered, project_of
from roadworthy.core.merging.report import Outlook
from roadworthy.core.templates.releases import Entry, index_text, parse_index, version_key
from roadworthy.core.templates.source import LOCK, Source
from roadworthy.core.templates.template import resolve
from roadworthy.core.templates.tree import File, Tree
from roadworthy.errors import Refused, RoadworthyError, UsageError

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = "src/roadworthy/releases"
INDEX: Final = f"{FOLDER}/index.json"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A release that was cut, and what to run to publish it."""

    entry: Entry
    next: tuple[str, ...]


def cut_release(root: Path, version: str) -> Cut:
    """Freeze HEAD of the checkout at `root` as a release; Refused says what stands against it."""
    entries = read_index(root)
    _demand_newer(version, entries)
    _demand_clean(root)
    check_releases(root)
    commit = git(root, "rev-parse", "HEAD").decode().strip()
    candidate = _at_commit(root, commit)
    if entries:
        _demand_updatable(_frozen(root, entries[-1]), candidate)
    entry = _write(root, version, commit, candidate)
    (root / INDEX).write_text(index_text((*entries, entry)), "utf-8")
    publish = f"git add src && git commit -m 'Release {version}' && git tag -a v{version} -m {version}"
    return Cut(entry=entry, next=(publish,))


def check_releases(root: Path) -> int:
    """Prove every archive to be the recorded one, and the newest to be its commit's tree; return how many."""
    entries = read_index(root)
    for entry in entries:
        _archive(root, entry)
    for entry in entries[-1:]:
        if archive.pack(_at_commit(root, entry.cut_from).tree) != _archive(root, entry):
            raise Refused(
                f"{FOLDER}/{entry.file} is not what commit {entry.cut_from} holds", "restore it from git"
            )
    return len(entries)


def read_index(root: Path) -> tuple[Entry, ...]:
    """Return the releases of a checkout, oldest first."""
    return parse_index((root / INDEX).read_text("utf-8")) if (root / INDEX).is_file() else ()


def _demand_newer(version: str, entries: tuple[Entry, ...]) -> None:
    number = version_key(version)
    if entries and number <= version_key(entries[-1].version):
        raise Refused(
            f"{version} is not newer than {entries[-1].version}", "releases are never replaced: count up"
        )
    if version != __version__:
        raise Refused(
            f"the package says version {__version__}, the release {version}",
            "engine, template and pack share one number: set it in __init__.py and pyproject.toml",
        )


def _demand_clean(root: Path) -> None:
    changed = git(root, "status", "--porcelain").decode().splitlines()
    if changed:
        shown = ", ".join(line[3:] for line in changed[:5])
        hint = "commit them: a release is a commit's tree"
        raise Refused(f"the tree has {len(changed)} uncommitted changes: {shown}", hint)


def _demand_updatable(last: Source, candidate: Source) -> None:
    """Refuse a template that would lose an answer of a project of the last release, or not render with it."""
    for data in _samples(last):
        recorded = yaml.safe_load(project_of(last, data).files[ANSWERS_FILE].data)
        kept = yaml.safe_load(project_of(candidate, {}, last=recorded).files[ANSWERS_FILE].data)
        lost = sorted(key for key in recorded if not key.startswith("_") and recorded[key] != kept.get(key))
        if lost:
            raise Refused(
                f"projects of {last.release} would lose their answers to: {', '.join(lost)}",
                "keep the questions and choices that the last release recorded",
            )
        with tempfile.TemporaryDirectory(prefix="roadworthy-release-") as home:
            _demand_carried(Path(home) / "project", last, candidate, data)


def _demand_carried(project: Path, last: Source, candidate: Source, data: Mapping[str, Any]) -> None:
    """Refuse what a project of the last release could not take, or would fail from the day it did."""
    born = project_of(last, data)
    kinds = kinds_of(last, born)
    mine = {path: _lived_in(file) if kinds(path) == "seeded" else file for path, file in born.files.items()}
    _commit(project, mine)
    recorded = yaml.safe_load(born.files[ANSWERS_FILE].data)
    target = project_of(candidate, {}, last=recorded)
    plan = _planned(project, born, target, lambda path: kinds_of(candidate, target)(path) or kinds(path))
    result = {**mine, **plan.changes}
    lost = [path for path in mine if mine[path] != born.files[path] and mine[path] not in result.values()]
    if found := [*lost, *(each.path for each in plan.conflicts)]:
        raise Refused(
            f"a project of {last.release} could not take it: {', '.join(found)}",
            "what is the team's stays the team's, and an untouched file merges: keep its owner and its place",
        )
    generated = {path: target.files[path] for path in (ANSWERS_FILE, LOCK) if path in target.files}
    _demand_sound(last, outlook(project, {**plan.changes, **generated}, last, candidate))


def _demand_sound(last: Source, said: Outlook) -> None:
    at_once = (*said.broken, *(each for each in said.demanded if each.endswith("(binds at once)")))
    if said.unjudged:
        raise Refused(
            f"a project of {last.release} could not be judged: {said.unjudged}", "repair the policy"
        )
    if at_once:
        raise Refused(
            f"a project of {last.release} would fail from the day it takes it: {'; '.join(at_once)}",
            "give the control `announced` and `enforce_from`, or let the template bring what it asks for",
        )


def _lived_in(file: File) -> File:
    return file if file.link is not None else file._replace(data=file.data + b"\n# the team's own\n")


def _commit(project: Path, files: Tree) -> None:
    write_tree(project, files)
    who = isolated({"user.name": "Release", "user.email": "release@tests.example"})
    git(project, "init", "--quiet", "--template=", env=who)
    git(project, "add", "--all", "--force", env=who)
    git(project, "commit", "--quiet", "--no-verify", "--message", "A project", env=who)


def _planned(project: Path, born: Rendered, target: Rendered, kind_of: Callable[[str], str]) -> MergePlan:
    checkout = locate(project)
    request = Request(
        ours=checkout.tree,
        base=born.files,
        theirs=target.files,
        kind_of=kind_of,
        generated=frozenset({ANSWERS_FILE, LOCK}),
    )
    with scratch(checkout.objects, checkout.algorithm) as repo:
        return plan_merge(request, repo)


def _samples(source: Source) -> Iterator[dict[str, Any]]:
    """Yield no answers, and then each single choice of a plain list or mapping that its question accepts."""
    yield {}
    for question in source.template.config.questions:
        offered = question.choices.values() if isinstance(question.choices, Mapping) else question.choices
        for value in offered if question.when is True and not isinstance(offered, str) else ():
            data = {question.name: [value] if question.multiselect else value}
            if _accepted(source, data):
                yield data


def _accepted(source: Source, data: Mapping[str, Any]) -> bool:
    try:
        resolve(source.template, data)
    except UsageError:
        return False
    return True


def _at_commit(root: Path, commit: str) -> Source:
    return sources.open_repository(str(root), root, commit, sources.read_tags(root))


def _frozen(root: Path, entry: Entry) -> Source:
    tree = archive.unpack(_archive(root, entry))
    return Source(spec=str(root), release=entry.version, tree=tree, src_path=str(root), commit=None)


def _archive(root: Path, entry: Entry) -> bytes:
    data = (root / FOLDER / entry.file).read_bytes()
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise Refused(
            f"{FOLDER}/{entry.file} is not the recorded one",
            f"git checkout v{entry.version} -- {FOLDER}/{entry.file}",
        )
    return data


def _write(root: Path, version: str, commit: str, candidate: Source) -> Entry:
    data = archive.pack(candidate.tree)
    name = f"{version}.tar"
    (root / FOLDER).mkdir(exist_ok=True)
    (root / FOLDER / name).write_bytes(data)
    date = git(root, "log", "-1", "--format=%cs", commit).decode().strip()
    return Entry(
        version=version, file=name, sha256=hashlib.sha256(data).hexdigest(), cut_from=commit, date=date
    )


def main(arguments: list[str]) -> int:
    """Cut the release that is named; print what was frozen and how to publish it."""
    if len(arguments) != 1:
        print("usage: make release VERSION=1.2.3", file=sys.stderr)
        return 2
    try:
        cut = cut_release(ROOT, arguments[0])
    except RoadworthyError as error:
        print(f"release: {error.message}\n  next: {error.hint}", file=sys.stderr)
        return error.exit_code
    print(f"{FOLDER}/{cut.entry.file} sha256:{cut.entry.sha256} from {cut.entry.cut_from[:12]}")
    print("\n".join(f"  next: {command}" for command in cut.next))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
