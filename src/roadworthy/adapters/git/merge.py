"""Three-way merges in git's object database: no work tree, no index, no configuration but ours.

Everything happens in a scratch repository that borrows the project's objects: the project sees none of it.
"""

# Annotations are evaluated: of a text, NamedTuple compiles each, and the first compiled one takes 1 ms.

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from roadworthy.adapters.git.objects import HINT, Objects
from roadworthy.adapters.git.pack import Pack
from roadworthy.adapters.git.process import (
    Completed,
    GitFailed,
    borrowed,
    completed,
    folder_aside,
    own_repository,
    read_file,
    start_git,
    write_file,
)
from roadworthy.core.merging.entries import Entries, Entry, TreeMerge, content
from roadworthy.core.templates.tree import File

if TYPE_CHECKING:
    from _typeshed import StrPath

_FAST = {"core.compression": "0", "core.fsync": "none", "core.bare": "true"}
_FORMAT = {
    "sha1": {"core.repositoryFormatVersion": "0"},
    "sha256": {"core.repositoryFormatVersion": "1", "extensions.objectFormat": "sha256"},
}
REFS = "packed-refs"
IGNORES = ".gitignore"
_WHO = "roadworthy <roadworthy@localhost> 0 +0000"


class Scratch(NamedTuple):
    """A bare repository for one merge, on top of a project's objects; `objects` reads both."""

    home: str
    environment: Mapping[str, str]
    algorithm: str
    objects: Objects

    def run(self, *args: str, given: bytes = b"", **extra: str) -> Completed:
        """Run git here; only exit codes 0 and 1 are answers."""
        with start_git(self.home, *args, env={**self.environment, **extra}) as process:
            done = completed(process, given)
        if done.code not in (0, 1):
            detail = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.code}"]
            raise GitFailed(f"git {args[0]} failed: {detail[0]}", HINT, code=done.code, stderr=done.stderr)
        return done


@contextmanager
def scratch(objects: "StrPath", algorithm: str = "sha1") -> Iterator[Scratch]:
    """Yield a scratch repository that borrows from the object folder `objects`."""
    with folder_aside() as home:
        for folder in ("objects", "objects/pack", "refs"):
            os.mkdir(os.path.join(home, folder))
        write_file(os.path.join(home, "HEAD"), b"ref: refs/heads/none\n")
        environment = own_repository(home, {**_FAST, **_FORMAT[algorithm]}) | borrowed(objects)
        with closing(Objects(home, environment)) as reader:
            yield Scratch(home, environment, algorithm, reader)


def merge_trees(
    repo: Scratch,
    *,
    base: Entries,
    ours: Entries | str,
    theirs: Entries,
    contents: Iterable[bytes],
    label: str,
) -> TreeMerge:
    """Merge `theirs` into `ours` (its entries, or its name) as git merges branches that parted at `base`.

    `contents` are those of base and theirs that the project lacks; markers call theirs `label`.
    """
    pack = Pack(repo.algorithm, level=0)
    for data in contents:
        pack.add("blob", data)
    root = _commit(pack, pack.add_tree(base))
    tree = ours if isinstance(ours, str) else pack.add_tree(ours)
    mine, other = _commit(pack, tree, root), _commit(pack, pack.add_tree(theirs), root)
    _add(repo, pack, {"base": root, "yours": mine, label: other})
    return _merge_branches(repo, "yours", label)


def merge_again(
    repo: Scratch, first: TreeMerge, result: Entries, changes: Mapping[str, File | None], label: str
) -> TreeMerge:
    """Merge the same release into the `result` of its `first` merge, which holds some `changes` of ours."""
    pack = Pack(repo.algorithm, level=0)
    for file in changes.values():
        if file is not None:
            pack.add("blob", content(file))
    root = (
        read_file(os.path.join(repo.home, REFS)).partition(b" ")[0].decode()
    )  # the base is the first branch
    left = {path: item for path, item in result.items() if path not in first.settled}
    again = _commit(pack, pack.add_tree(left) if changes else first.tree, root)
    _add(repo, pack, {"again": again})
    return _merge_branches(repo, "again", label)


def _commit(pack: Pack, tree: str, parent: str = "") -> str:
    above = f"parent {parent}\n" if parent else ""
    return pack.add("commit", f"tree {tree}\n{above}author {_WHO}\ncommitter {_WHO}\n\n".encode())


def _add(repo: Scratch, pack: Pack, branches: Mapping[str, str]) -> None:
    """Write objects and branches where nobody else looks."""
    for name, data in pack.files().items():
        write_file(os.path.join(repo.home, "objects", name), data)
    with open(os.path.join(repo.home, REFS), "a") as refs:
        refs.writelines(f"{oid} refs/heads/{name}\n" for name, oid in branches.items())


def ignored(repo: Scratch, paths: Iterable[str], files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the paths that `files` (the contents of .gitignore by folder, "" for the top) hide.

    They come from the project's commit, and nothing of the user's counts: so it is the same on every machine.
    """
    if not files:
        return frozenset()
    tree = os.path.join(repo.home, "tree")
    for folder, data in files.items():
        place = os.path.join(tree, folder)
        os.makedirs(place, exist_ok=True)
        write_file(os.path.join(place, IGNORES), data)
    flags = ("check-ignore", "--no-index", "-z", "--stdin")
    given = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
    found = repo.run(*flags, given=given, GIT_WORK_TREE=tree).stdout.split(b"\0")
    return frozenset(map(_text, found[:-1]))


def renames(repo: Scratch, side: str) -> dict[str, str]:
    """Return what a side (`yours`, or the label of theirs) renamed since the base: new name to old."""
    flags = ("-r", "-z", "-M", "--diff-filter=R", "--name-status", "--no-commit-id")
    fields = repo.run("diff-tree", *flags, "base", side).stdout.split(b"\0")[:-1]
    return {_text(new): _text(old) for old, new in zip(fields[1::3], fields[2::3], strict=True)}


def _merge_branches(repo: Scratch, ours: str, theirs: str) -> TreeMerge:
    done = repo.run("merge-tree", "--write-tree", "-z", "--messages", ours, theirs)
    head, *rest = done.stdout.split(b"\0")
    tree = head.decode()
    gap = rest.index(b"")
    return TreeMerge(
        tree=tree,
        entries=repo.objects.entries(tree),
        stages=_stages(rest[:gap]),
        messages=_messages(rest[gap + 1 :]),
    )


def _stages(rows: list[bytes]) -> dict[str, dict[int, Entry]]:
    found: dict[str, dict[int, Entry]] = {}
    for row in rows:
        facts, _, path = row.partition(b"\t")
        kind, oid, stage = facts.decode().split()
        found.setdefault(_text(path), {})[int(stage)] = Entry(kind, oid)
    return found


def _messages(fields: list[bytes]) -> dict[str, tuple[str, str]]:
    """Return git's kind of conflict, and its sentence, for each path it could not merge."""
    found: dict[str, tuple[str, str]] = {}
    items = iter(fields)
    for count in items:
        if not count:
            break
        paths = [_text(next(items)) for _ in range(int(count))]
        kind, sentence = _text(next(items)), _text(next(items)).strip()
        if kind.startswith("CONFLICT"):
            found |= {path: (kind, sentence) for path in paths if path not in found}
    return found


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
