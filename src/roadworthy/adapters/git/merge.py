"""Three-way merges in git's object database: no work tree, no index, no configuration but ours.

Everything happens in a scratch repository that borrows the project's objects: the project sees none of it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roadworthy.adapters.git.pack import Pack
from roadworthy.adapters.git.process import Completed, GitFailed, isolated, run_git
from roadworthy.core.merging.entries import Entries, Entry, TreeMerge, content, entries
from roadworthy.core.templates.tree import File, Tree

_FAST = {"core.compression": "0", "core.fsync": "none"}
_WHO = "roadworthy <roadworthy@localhost> 0 +0000"


@dataclass(frozen=True)
class Scratch:
    """A bare repository for one merge, on top of a project's objects."""

    home: Path
    algorithm: str = "sha1"

    def run(self, *args: str, data: bytes | None = None) -> Completed:
        """Run git here; only exit codes 0 and 1 are answers."""
        env = {**isolated(_FAST), "GIT_DIR": str(self.home)}
        done = run_git(self.home, *args, input=data, env=env)
        if done.code not in (0, 1):
            detail = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.code}"]
            hint = "fetch the missing objects (`git fetch --unshallow`, `git fetch --refetch`)"
            raise GitFailed(f"git {args[0]} failed: {detail[0]}", hint, code=done.code, stderr=done.stderr)
        return done


@contextmanager
def scratch(objects: Path, algorithm: str = "sha1") -> Iterator[Scratch]:
    """Yield a scratch repository that borrows from the object folder `objects`."""
    home = Path(tempfile.mkdtemp(prefix="roadworthy-"))
    try:
        (home / "objects" / "info").mkdir(parents=True)
        (home / "refs").mkdir()
        (home / "HEAD").write_text("ref: refs/heads/none\n")
        version = "1\n[extensions]\n\tobjectFormat = sha256" if algorithm == "sha256" else "0"
        (home / "config").write_text(f"[core]\n\tbare = true\n\trepositoryFormatVersion = {version}\n")
        (home / "objects" / "info" / "alternates").write_text(f"{objects.resolve()}\n")
        yield Scratch(home, algorithm)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def read_entries(repo: Scratch, tree: str) -> dict[str, Entry]:
    """Return every file, link and submodule below a tree."""
    found = {}
    for row in repo.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout.split(b"\0")[:-1]:
        facts, _, path = row.partition(b"\t")
        kind = facts.split()
        found[_text(path)] = Entry(kind[0].decode(), kind[2].decode())
    return found


def read_blobs(repo: Scratch, oids: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of blobs by object name."""
    wanted = sorted(set(oids))
    if not wanted:
        return {}
    stream = repo.run("cat-file", "--batch", data="\n".join(wanted).encode() + b"\n").stdout
    found, start = {}, 0
    for oid in wanted:
        end = stream.index(b"\n", start)
        header = stream[start:end].split()
        if header[1:2] != [b"blob"]:
            raise GitFailed(f"object {oid} is {header[-1].decode()}", "run `git fsck` in the project")
        size = int(header[2])
        found[oid] = stream[end + 1 : end + 1 + size]
        start = end + size + 2
    return found


def merge_trees(
    repo: Scratch, *, base: Tree, ours: str, theirs: Tree, known: Entries, label: str
) -> TreeMerge:
    """Merge `theirs` into the tree `ours` as git merges two branches that parted at `base`.

    Contents that `known` (the entries of `ours`) holds are not written again; markers call theirs `label`.
    """
    there, pack = {item.oid for item in known.values()}, Pack(repo.algorithm)
    root = _commit(pack, _tree(repo, pack, base, there))
    mine, other = _commit(pack, ours, root), _commit(pack, _tree(repo, pack, theirs, there), root)
    pack.save(repo.home / "objects")
    _branches(repo, {"base": root, "yours": mine, label: other})
    return _merge_branches(repo, "yours", label)


def merge_again(
    repo: Scratch, first: TreeMerge, result: Entries, changes: Mapping[str, File | None], label: str
) -> TreeMerge:
    """Merge the same release into the `result` of its `first` merge, which holds some `changes` of ours."""
    pack = Pack(repo.algorithm)
    for file in changes.values():
        if file is not None:
            pack.add("blob", content(file))
    root = (repo.home / "refs" / "heads" / "base").read_text()
    again = _commit(pack, pack.add_tree(result) if changes else first.tree, root)
    pack.save(repo.home / "objects")
    _branches(repo, {"again": again})
    return _merge_branches(repo, "again", label, known=first)


def _tree(repo: Scratch, pack: Pack, tree: Tree, there: Collection[str]) -> str:
    """Add a tree; contents that are `there` already are only named."""
    found = entries(tree, repo.algorithm)
    for path, item in found.items():
        if item.oid not in there:
            pack.add("blob", content(tree[path]))
    return pack.add_tree(found)


def _commit(pack: Pack, tree: str, parent: str = "") -> str:
    above = f"parent {parent}\n" if parent else ""
    return pack.add("commit", f"tree {tree}\n{above}author {_WHO}\ncommitter {_WHO}\n\n".encode())


def _branches(repo: Scratch, commits: Mapping[str, str]) -> None:
    heads = repo.home / "refs" / "heads"
    heads.mkdir(exist_ok=True)
    for name, oid in commits.items():
        (heads / name).write_text(oid)


def renames(repo: Scratch, side: str) -> dict[str, str]:
    """Return what a side (`yours`, or the label of theirs) renamed since the base: new name to old."""
    flags = ("-r", "-z", "-M", "--diff-filter=R", "--name-status", "--no-commit-id")
    fields = repo.run("diff-tree", *flags, "base", side).stdout.split(b"\0")[:-1]
    return {_text(new): _text(old) for old, new in zip(fields[1::3], fields[2::3], strict=True)}


def _merge_branches(repo: Scratch, ours: str, theirs: str, known: TreeMerge | None = None) -> TreeMerge:
    done = repo.run("merge-tree", "--write-tree", "-z", "--messages", ours, theirs)
    head, *rest = done.stdout.split(b"\0")
    tree = head.decode()
    gap = rest.index(b"")
    found = known.entries if known is not None and known.tree == tree else read_entries(repo, tree)
    return TreeMerge(
        tree=tree,
        entries=found,
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
