"""A project's checkout: where it is, whether it is clean, its index and files as an update leaves them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from roadworthy.adapters.git.pack import Pack
from roadworthy.adapters.git.process import (
    GitFailed,
    folder_aside,
    git,
    isolated,
    read_file,
    run_git,
    write_file,
)
from roadworthy.core.merging.entries import Entry, content, entry
from roadworthy.core.templates.tree import File, places
from roadworthy.core.values import frozen
from roadworthy.errors import Refused

if TYPE_CHECKING:
    from _typeshed import StrPath

BUSY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "sequencer": "a cherry-pick or revert",
    "BISECT_LOG": "a bisect",
}
ATTRIBUTES = ".gitattributes"
# What can make git write other bytes into a work tree than it stores, and what can bring more settings.
CONVERSIONS = r"^(core\.(autocrlf|eol|attributesfile)|filter\..*)$"
_TOLD = "core.autocrlf,core.eol,core.attributesFile,filter.*,extensions.worktreeConfig,includeIf.*"
# Git tells of them on its way, which saves asking it.
_TELLING = {"GIT_TRACE2": "2", "GIT_TRACE2_BRIEF": "1", "GIT_TRACE2_CONFIG_PARAMS": _TOLD}
NO_OBJECT = {"sha1": "0" * 40, "sha256": "0" * 64}


@frozen
class Checkout:
    """A committed project folder; `prefix` leads from the work tree's root to it and ends with a slash.

    `plain` says that no setting makes git write other bytes there than it stores.
    """

    root: str
    prefix: str
    git_dir: str
    objects: str
    index: str
    algorithm: str
    head: str
    tree: str
    plain: bool


def locate(project: StrPath) -> Checkout:
    """Return the checkout a project folder is in; the project must have been committed."""
    flags = "--show-toplevel --show-prefix --absolute-git-dir --git-path objects --git-path index"
    asked = ("rev-parse", *flags.split(), "--show-object-format", "HEAD", "HEAD:./")
    # Git asks the user's configuration whether it may read a repository of somebody else.
    env = {"GIT_NO_REPLACE_OBJECTS": "1"}
    done = run_git(project, *asked, env={**env, **_TELLING})
    told = done.stderr
    if done.code:
        done = run_git(project, *asked, env=env)
    if done.code and ("HEAD" in done.stderr or "exists on disk" in done.stderr):
        raise Refused(
            f"{project} has nothing committed", f"git -C {project} add . && git -C {project} commit"
        )
    if done.code and "run in a work tree" in done.stderr:
        raise Refused(f"{project} has no work tree", "update a clone of it: git clone")
    if done.code:
        git(project, "rev-parse", "--show-toplevel")
        raise GitFailed(f"git cannot read {project}: {done.stderr.strip()}")
    lines = os.fsdecode(done.stdout).split("\n")
    return Checkout(
        root=lines[0],
        prefix=lines[1],
        git_dir=lines[2],
        objects=os.path.join(project, lines[3]),
        index=os.path.join(project, lines[4]),
        algorithm=lines[5],
        head=lines[6],
        tree=lines[7],
        plain="\ncmd_name rev-parse" in told and "\ndef_param " not in told,
    )


def demand_clean(checkout: Checkout) -> None:
    """Refuse a checkout with uncommitted changes in the project, or with a merge or rebase under way."""
    for name, what in BUSY.items():
        if os.path.exists(os.path.join(checkout.git_dir, name)):
            raise Refused(f"{what} is in progress in {checkout.root}", "finish or abort it, then update")
    head, dirty = _status(checkout)
    if dirty:
        shown = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
        hint = "commit or `git stash` them; what the last update left: `roadworthy update --abort`"
        raise Refused(f"uncommitted changes in {shown}", hint)
    if head != checkout.head:
        raise Refused("somebody committed while the update was being planned", "run the update again")


def _status(checkout: Checkout) -> tuple[str, list[str]]:
    """Return the last commit, and the project's tracked paths that differ from it."""
    quiet = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "status.renames=false")
    flags = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
    found = git(checkout.root, *quiet, "status", *flags, "--", checkout.prefix or ".")
    rows = [os.fsdecode(row) for row in found.split(b"\0") if row]
    head = next(row.rpartition(" ")[2] for row in rows if row.startswith("# branch.oid "))
    fields = {"1": 8, "u": 10}
    return head, [row.split(" ", fields[row[0]])[-1] for row in rows if row[0] in fields]


def unmerged_paths(checkout: Checkout) -> set[str]:
    """Return the paths whose conflict git's index still holds."""
    return _staged(checkout, "--unmerged")


def resolved_paths(checkout: Checkout) -> set[str]:
    """Return the paths whose conflict git saw resolved; a reset or another branch makes it forget them."""
    return _staged(checkout, "--resolve-undo")


def unwatched_paths(checkout: Checkout) -> set[str]:
    """Return the paths whose edits git overlooks: assumed unchanged, or outside a sparse checkout."""
    rows = git(checkout.root, "ls-files", "-v", "-z", "--full-name", env=isolated()).split(b"\0")
    return {os.fsdecode(row[2:]) for row in rows if row[:1] == b"S" or row[:1].islower()}


def _staged(checkout: Checkout, which: str) -> set[str]:
    rows = git(checkout.root, "ls-files", which, "-z", "--full-name", env=isolated()).split(b"\0")
    return {os.fsdecode(row.partition(b"\t")[2]) for row in rows if row}


def index_with(
    checkout: Checkout, changes: Mapping[str, File | None], stages: Mapping[str, Mapping[int, File]]
) -> tuple[bytes, bytes]:
    """Return the index as it is, and as it is to be: changed paths staged, conflicts in stages 1 to 3.

    Paths are relative to the project. Every content is stored first: harmless until something names it.
    """
    pack = Pack(checkout.algorithm)
    for file in (*changes.values(), *(file for each in stages.values() for file in each.values())):
        if file is not None:
            pack.add("blob", content(file))
    pack.save(checkout.objects)
    before = read_file(checkout.index) if os.path.exists(checkout.index) else b""
    with folder_aside() as folder:
        index = os.path.join(folder, "index")
        write_file(index, before)
        rows = b"".join(_rows(checkout, changes, stages))
        env = isolated() | {"GIT_INDEX_FILE": index}
        git(checkout.root, "update-index", "-z", "--index-info", input=rows, env=env)
        return before, read_file(index)


def with_staged(checkout: Checkout, aside: Collection[str], before: bytes, now: bytes) -> bytes:
    """Return the index `before` with what `now` stages of other paths than those set aside."""
    with folder_aside() as folder:
        index = os.path.join(folder, "index")
        env = isolated() | {"GIT_INDEX_FILE": index}

        def rows(of: bytes) -> set[bytes]:
            if os.path.exists(index):
                os.unlink(index)
            if of:  # git takes no empty index for one
                write_file(index, of)
            return set(git(checkout.root, "ls-files", "--stage", "-z", "--full-name", env=env).split(b"\0"))

        later, was = rows(now), rows(before)
        gone = (
            b"0 %s\t%s" % (NO_OBJECT[checkout.algorithm].encode(), row.partition(b"\t")[2])
            for row in was - later
        )
        changed = [
            row for row in (*gone, *(later - was)) if os.fsdecode(row.partition(b"\t")[2]) not in aside
        ]
        if changed:
            git(
                checkout.root,
                "update-index",
                "-z",
                "--index-info",
                input=b"".join(row + b"\0" for row in changed),
                env=env,
            )
        return read_file(index)


def as_checked_out(checkout: Checkout, changes: Mapping[str, File | None]) -> dict[str, File | None]:
    """Return the files as this work tree holds them: line ends and filters as the user's git has them."""
    wanted = {path: file for path, file in changes.items() if file is not None}
    if not wanted or not _converts(checkout, changes):
        return dict(changes)
    with folder_aside() as folder:
        env = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        rows = b"".join(_rows(checkout, wanted, {}))
        git(checkout.root, "update-index", "-z", "--index-info", input=rows, env=env)
        git(checkout.root, "checkout-index", "--all", f"--prefix={folder}/files/", env=env)
        return {**changes, **{path: _read(f"{folder}/files/{checkout.prefix}{path}") for path in wanted}}


def _converts(checkout: Checkout, changes: Mapping[str, File | None]) -> bool:
    """Say whether git may write other bytes into this work tree than it stores."""
    if any(path.rpartition("/")[2] == ATTRIBUTES for path in changes):
        return True
    if os.path.exists(os.path.join(os.path.dirname(checkout.objects), "info", "attributes")):
        return True
    folders = places({checkout.prefix + path: File() for path in changes})
    if any(os.path.exists(os.path.join(checkout.root, folder, ATTRIBUTES)) for folder in ("", *folders)):
        return True
    return not checkout.plain and run_git(checkout.root, "config", "--get-regexp", CONVERSIONS).code == 0


def _read(path: str) -> File:
    if os.path.islink(path):
        return File(link=os.readlink(path))
    return File(read_file(path), executable=os.access(path, os.X_OK))


def _rows(
    checkout: Checkout, changes: Mapping[str, File | None], stages: Mapping[str, Mapping[int, File]]
) -> Iterator[bytes]:
    """Yield lines for `git update-index --index-info`: removals first, so that a file can become a folder."""
    nothing = Entry("0", NO_OBJECT[checkout.algorithm])
    for path in [*(path for path, file in changes.items() if file is None), *stages]:
        yield _row(checkout, path, nothing, 0)
    for path, file in changes.items():
        if file is not None and path not in stages:
            yield _row(checkout, path, entry(file, checkout.algorithm), 0)
    for path, each in stages.items():
        for number, file in each.items():
            yield _row(checkout, path, entry(file, checkout.algorithm), number)


def _row(checkout: Checkout, path: str, item: Entry, stage: int) -> bytes:
    name = (checkout.prefix + path).encode("utf-8", "surrogateescape")
    return f"{item.mode} {item.oid} {stage}\t".encode() + name + b"\0"
