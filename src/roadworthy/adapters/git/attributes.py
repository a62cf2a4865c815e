"""What `.gitattributes` make of rendered files once they are committed: line ends, filters such as LFS."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Mapping
from contextlib import closing
from itertools import accumulate

from roadworthy.adapters.git.objects import Objects
from roadworthy.adapters.git.process import (
    borrowed,
    clean_environment,
    folder_aside,
    git,
    isolated,
    pinned,
    read_file,
    write_file,
)
from roadworthy.adapters.git.worktree import ATTRIBUTES, Checkout
from roadworthy.core.merging.entries import LINK
from roadworthy.core.templates.tree import Tree

_LINE_ENDS = (b"text", b"eol", b"crlf")
# The project's attributes decide, and nothing of the user's but the commands of the filters they name.
_PINS = {
    "core.autocrlf": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.safecrlf": "false",
    "core.untrackedCache": "false",
}

_LISTED = ("--force", "--sparse", "--pathspec-from-file=-", "--pathspec-file-nul")


def as_committed(checkout: Checkout, files: Tree) -> Tree:
    """Return rendered files as this project commits them: so they compare with its commit."""
    return _as_held(checkout, _attributed(checkout, files))


def _as_held(checkout: Checkout, files: Tree) -> Tree:
    """Return files with plain line ends where the project's commit has those: its git may have seen to it."""
    windows = [path for path, file in files.items() if b"\r\n" in file.data and b"\0" not in file.data]
    if not windows:
        return files
    with closing(Objects(checkout.root, isolated())) as reader:
        held = reader.entries(checkout.tree)
        blobs = reader.blobs(held[path].oid for path in windows if path in held and held[path].mode != LINK)
        plain = [
            path for path in windows if path in held and b"\r\n" not in blobs.get(held[path].oid, b"\r\n")
        ]
    return {**files, **{p: files[p]._replace(data=files[p].data.replace(b"\r\n", b"\n")) for p in plain}}


def _attributed(checkout: Checkout, files: Tree) -> Tree:
    attributes = _attributes(checkout, files)
    filtered = b"filter=" in attributes
    if not filtered and not any(word in attributes for word in _LINE_ENDS):
        return files
    plain = {path: file.data for path, file in files.items() if file.link is None}
    chosen = {path: data for path, data in plain.items() if filtered or b"\r\n" in data}
    if not chosen:
        return files
    own = {path: data for path, data in plain.items() if path.rpartition("/")[2] == ATTRIBUTES}
    stored = _stored(checkout, {**own, **chosen}, chosen)
    return {**files, **{path: files[path]._replace(data=data) for path, data in stored.items()}}


def _attributes(checkout: Checkout, files: Tree) -> bytes:
    """Return all attributes that may be about these files."""
    folders = {(checkout.prefix + path).rpartition("/")[0] for path in files}
    above = {folder for each in folders for folder in accumulate(["", *each.split("/")], posixpath.join)}
    places = [os.path.join(checkout.root, folder, ATTRIBUTES) for folder in above]
    places.append(os.path.join(os.path.dirname(checkout.objects), "info", "attributes"))
    rendered = [file.data for path, file in files.items() if path.rpartition("/")[2] == ATTRIBUTES]
    return b"\n".join([*rendered, *(read_file(place) for place in places if os.path.isfile(place))])


def _stored(checkout: Checkout, files: Mapping[str, bytes], wanted: Collection[str]) -> dict[str, bytes]:
    """Return what git stores for the wanted ones of some files, added to a copy of the index elsewhere."""
    with folder_aside() as folder:
        place, index, objects = (os.path.join(folder, name) for name in ("tree", "index", "objects"))
        os.mkdir(objects)
        write_file(index, read_file(checkout.index))
        for path, data in files.items():
            target = os.path.join(place, checkout.prefix + path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            write_file(target, data)
        env = {"GIT_DIR": checkout.git_dir, "GIT_WORK_TREE": place, "GIT_INDEX_FILE": index}
        env |= {"GIT_OBJECT_DIRECTORY": objects, "GIT_LITERAL_PATHSPECS": "1"} | pinned(_PINS)
        env |= borrowed(checkout.objects)
        names = b"".join(os.fsencode(checkout.prefix + path) + b"\0" for path in wanted)
        git(place, "add", *_LISTED, input=names, env=env)
        rows = git(place, "ls-files", "--stage", "-z", "--full-name", env=env).split(b"\0")
        found = {os.fsdecode(row.partition(b"\t")[2]): row.split(b" ")[1].decode() for row in rows if row}
        oids = {path: found[checkout.prefix + path] for path in wanted}
        with closing(Objects(place, clean_environment() | env)) as reader:
            blobs = reader.blobs(oids.values())
        return {path: blobs[oid] for path, oid in oids.items()}
