"""A folder as a value: POSIX paths and the files they name. What a template is, and what it renders to."""

# Annotations are evaluated: of a text, NamedTuple compiles each, and the first compiled one takes 1 ms.

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

MAX_LINKS = 20


class File(NamedTuple):
    """One file: its bytes and executable bit, or the target of a symbolic link."""

    data: bytes = b""
    executable: bool = False
    link: str | None = None


Tree = Mapping[str, File]
Row = tuple[str, bool, str | None]


def to_row(file: File) -> Row:
    """Return a file as JSON can hold it, whatever its bytes are."""
    return (file.data.decode("utf-8", "surrogateescape"), file.executable, file.link)


def from_row(row: Row) -> File:
    """Return the file of a row."""
    return File(row[0].encode("utf-8", "surrogateescape"), row[1], row[2])


class Unread(Mapping[str, File]):
    """A tree that is read when somebody looks into it."""

    def __init__(self, read: Callable[[], Tree]) -> None:
        self._tree = cache(read)

    def __getitem__(self, path: str) -> File:
        return self._tree()[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree())

    def __len__(self) -> int:
        return len(self._tree())


class ForbiddenPath(ValueError):  # noqa: N818  the word of the domain
    """A path or a link that leads out of its tree, into git's own folder, or in circles."""


def tidy(*parts: str) -> str:
    """Join POSIX path parts and drop empty and `.` segments; refuse to leave the tree, or to enter `.git`."""
    segments = [segment for part in parts for segment in part.split("/") if segment not in ("", ".")]
    forbidden = any(segment.lower() in ("..", ".git") for segment in segments)
    if forbidden or any(part.startswith("/") for part in parts):
        raise ForbiddenPath("/".join(parts))
    return "/".join(segments)


def tidy_link(target: str) -> str:
    """Drop empty and `.` segments of a link's target, which may lead anywhere."""
    segments = [segment for segment in target.split("/") if segment not in ("", ".")]
    return "/" * target.startswith("/") + "/".join(segments) or "."


def digest(tree: Tree) -> str:
    """Return `sha256:...` over paths, modes and contents: equal for equal trees, however they were stored."""
    entries = [[path, *_facts(tree[path])] for path in sorted(tree)]
    canonical = json.dumps(entries, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()


def under(tree: Tree, *roots: str) -> dict[str, File]:
    """Return the part of `tree` that is one of `roots` or lies below one."""
    prefixes = tuple(root.rstrip("/") + "/" for root in roots)
    return {path: file for path, file in tree.items() if path in roots or path.startswith(prefixes)}


def places(tree: Tree) -> frozenset[str]:
    """Return every path of a tree, its folders included."""
    folders = {"/".join(path.split("/")[:depth]) for path in tree for depth in range(1, path.count("/") + 1)}
    return frozenset({*tree, *folders})


def walk(tree: Tree, folder: str, follow_links: bool) -> Iterator[tuple[str, File]]:
    """Yield the files below `folder` by relative path, with links followed (inside the tree) or kept."""
    prefix = folder + "/" if folder else ""
    for path in [path for path in tree if path.startswith(prefix)]:
        file = tree[path]
        if file.link is None or not follow_links:
            yield path[len(prefix) :], file
        else:
            yield from _linked(tree, path, path[len(prefix) :])


def lookup(tree: Tree, path: str) -> File | None:
    """Return the file at `path` with links followed, or None."""
    try:
        return tree.get(resolve(tree, path))
    except ForbiddenPath:
        return None


def is_folder(tree: Tree, path: str) -> bool:
    """Say whether something lies below `path`."""
    return any(other.startswith(path + "/") for other in tree)


def resolve(tree: Tree, path: str, hops: int = 0) -> str:
    """Return the path that remains when every link on the way is followed."""
    if hops > MAX_LINKS:
        raise ForbiddenPath(f"{path}: links lead in circles")
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        file = tree.get("/".join(parts[:end]))
        if file is not None and file.link is not None:
            target = _target(parts[: end - 1], file.link)
            return resolve(tree, "/".join([*target, *parts[end:]]), hops + 1)
    return path


def _linked(tree: Tree, path: str, name: str) -> Iterator[tuple[str, File]]:
    target = resolve(tree, path)
    if target in tree:
        yield name, tree[target]
        return
    if target == "" or path.startswith(target + "/"):
        raise ForbiddenPath(f"{path}: links lead in circles")
    if not is_folder(tree, target):
        raise ForbiddenPath(f"{path}: the link leads nowhere")
    for below, file in walk(tree, target, follow_links=True):
        yield f"{name}/{below}", file


def _target(parents: list[str], link: str) -> list[str]:
    if link.startswith("/"):
        raise ForbiddenPath(f"{'/'.join(parents)}: a link to {link}")
    found = list(parents)
    for segment in link.split("/"):
        if segment == ".." and not found:
            raise ForbiddenPath(f"{'/'.join(parents)}: a link to {link}")
        if segment == "..":
            found.pop()
        elif segment not in ("", "."):
            found.append(segment)
    return found


def _facts(file: File) -> tuple[str, str]:
    if file.link is not None:
        return "120000", file.link
    return "100755" if file.executable else "100644", hashlib.sha256(file.data).hexdigest()
