"""Three-way merges in git's object database: no work tree, no index, no configuration but ours.

Everything happens in a scratch repository that borrows the project's objects: the project sees none of it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roadworthy.adapters.git.process import Completed, GitFailed, isolated, run_git
from roadworthy.core.entries import Entries, Entry, TreeMerge, content, entries, mode
from roadworthy.core.tree import File, Tree

_FAST = {
    "core.compression": "0",
    "core.fsync": "none",
    "fastimport.unpackLimit": "0",
    "pack.compression": "0",
}
_WHO = b"committer roadworthy <roadworthy@localhost> 0 +0000\ndata 0\n"


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
    there = {item.oid for item in known.values()}
    branch = f"refs/heads/{label}".encode()
    stream = b"".join(
        (
            b"reset refs/heads/base\ncommit refs/heads/base\nmark :1\n" + _WHO,
            _writes(base, there, repo.algorithm),
            b"reset refs/heads/yours\ncommit refs/heads/yours\n" + _WHO + b"from :1\n",
            b'M 040000 %s ""\n' % ours.encode(),
            b"reset %s\ncommit %s\n" % (branch, branch) + _WHO + b"from :1\ndeleteall\n",
            _writes(theirs, there, repo.algorithm),
        )
    )
    repo.run("fast-import", "--quiet", "--force", data=stream)
    return _merge_branches(repo, "yours", label)


def merge_again(repo: Scratch, first: TreeMerge, changes: Mapping[str, File | None], label: str) -> TreeMerge:
    """Merge the same release into the result of its `first` merge, with `changes`."""
    if not changes:
        again = _commit(repo, first.tree)
        return _merge_branches(repo, again, label, known=first)
    stream = b"reset refs/heads/again\ncommit refs/heads/again\n" + _WHO + b"from refs/heads/base\n"
    repo.run("fast-import", "--quiet", "--force", data=stream + _changed(first.tree, changes, repo.algorithm))
    return _merge_branches(repo, "again", label)


def renames(repo: Scratch, side: str) -> dict[str, str]:
    """Return what a side (`yours`, or the label of theirs) renamed since the base: new name to old."""
    flags = ("-r", "-z", "-M", "--diff-filter=R", "--name-status", "--no-commit-id")
    fields = repo.run("diff-tree", *flags, "base", side).stdout.split(b"\0")[:-1]
    return {_text(new): _text(old) for old, new in zip(fields[1::3], fields[2::3], strict=True)}


def _commit(repo: Scratch, tree: str) -> str:
    """Write a commit of a tree on top of the base, without a process: a loose object."""
    base = (repo.home / "refs" / "heads" / "base").read_text().strip()
    who = "roadworthy <roadworthy@localhost> 0 +0000"
    body = f"tree {tree}\nparent {base}\nauthor {who}\ncommitter {who}\n\n".encode()
    data = b"commit %d\0" % len(body) + body
    oid = hashlib.new(repo.algorithm, data).hexdigest()
    (repo.home / "objects" / oid[:2]).mkdir(exist_ok=True)
    (repo.home / "objects" / oid[:2] / oid[2:]).write_bytes(zlib.compress(data, 0))
    return oid


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


def _changed(tree: str, changes: Mapping[str, File | None], algorithm: str) -> bytes:
    removed = b"".join(b"D %s\n" % _quoted(path) for path, item in changes.items() if item is None)
    written = {path: item for path, item in changes.items() if item is not None}
    return b'M 040000 %s ""\n' % tree.encode() + removed + _writes(written, set(), algorithm)


def _writes(tree: Tree, there: set[str], algorithm: str) -> bytes:
    parts = []
    for path, item in entries(tree, algorithm).items():
        if item.oid in there:
            parts.append(_pointer(path, item))
        else:
            data = content(tree[path])
            parts.append(b"M %s inline %s\ndata %d\n" % (mode(tree[path]).encode(), _quoted(path), len(data)))
            parts.append(data + b"\n")
    return b"".join(parts)


def _pointer(path: str, item: Entry) -> bytes:
    return b"M %s %s %s\n" % (item.mode.encode(), item.oid.encode(), _quoted(path))


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


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
