"""A repository nobody vouches for, read from git's object database: files at a revision, and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from roadworthy.adapters.files import beginning
from roadworthy.commands.told import MOST_SETTINGS, Read, read
from roadworthy.core.documents.snapshot import MAX_DEPTH, MAX_FILE, MAX_FILES, MAX_TOTAL, Snapshot, Unreadable
from roadworthy.errors import Unjudgeable, UsageError
from roadworthy.facts.history import ADD_ONLY, LOG, LOG_FORMAT, MAX_COMMITS, History, parse_log, parse_tree

ODD_MODES = {
    "120000": "a symbolic link, which is not followed",
    "160000": "a submodule, which is not looked into",
}


def commit_of(repository: Path, revision: str) -> str:
    """Return the full name of the commit that a revision stands for."""
    try:
        name = read(repository, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except Unjudgeable as error:
        if "Needed a single revision" not in getattr(error, "stderr", ""):
            raise
        raise UsageError(f"{repository} has no revision {revision}", "git log --oneline --all") from None
    return name.decode().split()[-1]


def open_revision(repository: Path, commit: str) -> Snapshot:
    """Return the files of a repository at a commit; nothing is checked out."""
    rows = (
        read(repository, "ls-tree", "-r", "-z", "-l", commit).decode("utf-8", "surrogateescape").split("\0")
    )
    sizes: dict[str, int] = {}
    blobs: dict[str, str] = {}
    refused: dict[str, str] = {}
    for row in rows[:MAX_FILES]:
        about, _, path = row.partition("\t")
        if not path:
            continue
        mode, _, blob, size = about.split()
        if reason := _odd(mode, path):
            refused[ascii(path)[1:-1][:200]] = reason
        else:
            sizes[path], blobs[path] = int(size), blob
    return Snapshot(
        sizes=sizes,
        refused=refused,
        reader=_Blobs(repository, blobs, sizes).read,
        source={"kind": "revision", "path": str(repository), "revision": commit},
        incomplete=f"more than {MAX_FILES:,} files" if len(rows) > MAX_FILES else "",
    )


def _odd(mode: str, path: str) -> str:
    if mode in ODD_MODES:
        return ODD_MODES[mode]
    if path.count("/") > MAX_DEPTH:
        return "too deep a path"
    return "a name that is not UTF-8" if not path.isprintable() and "\\udc" in ascii(path) else ""


class _Blobs:
    """Reads blobs, all those of a usual size in one go on the first question."""

    def __init__(self, repository: Path, blobs: Mapping[str, str], sizes: Mapping[str, int]) -> None:
        self.repository, self.blobs, self.sizes = repository, blobs, sizes
        self.held: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | Unreadable:
        """Return the bytes of one path, or why they are not read."""
        if self.sizes[path] > MAX_FILE:
            return Unreadable(reason=f"larger than {MAX_FILE:,} bytes")
        if not self.held:
            self.held = cat(self.repository, self._usual())
        found = self.held.get(self.blobs[path])
        return (
            found
            if found is not None
            else Unreadable(reason="beyond the budget of bytes, or missing from git")
        )

    def _usual(self) -> list[str]:
        left, chosen = MAX_TOTAL, {}
        for path in sorted(self.blobs, key=lambda each: self.sizes[each]):
            left -= self.sizes[path]
            if self.sizes[path] > MAX_FILE or left < 0:
                break
            chosen[self.blobs[path]] = True
        return list(chosen)


def cat(repository: Path, names: Sequence[str], ask: Read = read) -> dict[str, bytes]:
    """Return objects by the names they were asked for; what is missing, or too large, is left out."""
    named = _of_usual_size(repository, names, ask) if names else {}
    if not named:
        return {}
    objects = tuple(dict.fromkeys(named.values()))
    asked = "".join(f"{each}\n" for each in objects).encode()
    said = ask(repository, "cat-file", "--batch", input=asked, most=2 * MAX_TOTAL)
    found, at = {}, 0
    for each in objects:
        end = said.index(b"\n", at)
        header, at = said[at:end].split(b" "), end + 1
        if len(header) == 3 and header[2].isdigit():
            size = int(header[2])
            if header[1] == b"blob":
                found[each] = said[at : at + size]
            at += size + 1
    return {name: found[each] for name, each in named.items() if each in found}


def _of_usual_size(repository: Path, names: Sequence[str], ask: Read) -> dict[str, str]:
    """The objects that fit the budget, by name: a few bytes in a repository may stand for more than memory.

    A file that stayed as it was is one object at many commits, and asked for once.
    """
    asked = "".join(f"{name}\n" for name in names).encode()
    rows = ask(repository, "cat-file", "--batch-check=%(objectname) %(objectsize)", input=asked).split(b"\n")
    left, counted, chosen = MAX_TOTAL, set[str](), dict[str, str]()
    for name, row in zip(names, rows, strict=False):
        each, _, size = row.decode("ascii", "replace").rpartition(" ")
        if size.isdigit() and (each in counted or int(size) <= min(MAX_FILE, left)):
            left -= 0 if each in counted else int(size)
            counted.add(each)
            chosen[name] = each
    return chosen


def read_history(repository: Path, revision: str = "HEAD", ask: Read = read) -> History:
    """Return the history of a revision; what git cannot tell is told as a reason."""
    try:
        changes = parse_log(ask(repository, *LOG, "--relative", LOG_FORMAT, revision))
        cut = len(changes) > MAX_COMMITS
        recorded = cut or any(path.startswith(ADD_ONLY) for change in changes for path in change.files)
        tree = parse_tree(ask(repository, "ls-tree", "-r", "-z", revision)) if recorded else {}
        if _is_shallow(repository, ask):
            return History(available=False, reason="the clone is cut off (shallow): git fetch --unshallow")
    except Unjudgeable as error:
        return History(available=False, reason=f"git cannot read the history: {error}")
    reason = f"only the newest {MAX_COMMITS:,} commits are read" if cut else ""
    return History(available=True, reason=reason, shallow=cut, changes=changes, tree=tree)


def _is_shallow(repository: Path, ask: Read) -> bool:
    """Git keeps one file where a history was cut off; if it lies elsewhere, git itself is asked."""
    for place in (repository / ".git", repository):
        if (place / "objects").is_dir():
            return (place / "shallow").exists()
    return ask(repository, "rev-parse", "--is-shallow-repository").strip() == b"true"


def past_bytes(
    repository: Path, pairs: Sequence[tuple[str, str]], *, ask: Read = read
) -> dict[tuple[str, str], bytes]:
    """Return the bytes that paths had at commits, for those that had them."""
    here = "" if is_bare(repository) else "./"
    asked = {
        f"{commit}:{here}{path}": (commit, path) for commit, path in pairs if path.isprintable() and path
    }
    try:
        found = cat(repository, list(asked), ask)
    except Unjudgeable:
        return {}
    return {asked[name]: data for name, data in found.items()}


def is_bare(place: Path) -> bool:
    """Return whether a folder is a repository without a work tree."""
    return not (place / ".git").exists() and all(
        (place / name).exists() for name in ("HEAD", "objects", "refs")
    )


def oddity(repository: Path) -> str:
    """Return why git had better not read a repository, or nothing: each git reads these files whole."""
    home = repository / ".git" if (repository / ".git").is_dir() else repository
    for name in ("config", "objects/info/alternates"):
        if len(beginning(home / name, MOST_SETTINGS + 1)) > MOST_SETTINGS:
            return f"its {name} is larger than {MOST_SETTINGS:,} bytes"
    return ""


def repository_of(folder: Path) -> Path | None:
    """Return a folder as a repository, unless its .git leads somewhere that does not lead back."""
    mark = folder / ".git"
    if mark.is_symlink():
        return None
    return folder if mark.is_dir() or not mark.exists() or _leads_back(mark) else None


def _leads_back(mark: Path) -> bool:
    """A worktree of git's own making: the place its .git names has a file that names it back."""
    there = mark.parent / _path_in(mark).removeprefix("gitdir:").strip()
    return Path(_path_in(there / "gitdir")) == mark.absolute()


def _path_in(place: Path) -> str:
    return beginning(place, 4096).decode("utf-8", "replace").strip()
