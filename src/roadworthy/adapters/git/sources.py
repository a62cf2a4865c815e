"""Reads a release of a source: `builtin`, a folder as it is, or a git repository at a tag.

`builtin` is the newest archive this installation carries. A checkout that has cut no release yet offers its
own tree, marked `.dev0`.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from roadworthy.adapters.git.objects import Objects
from roadworthy.adapters.git.process import clean_environment, git, read_file
from roadworthy.core.templates.releases import DEVELOPMENT, Entry, parse_index
from roadworthy.core.templates.source import BUILTIN, TIERS, Source, release_paths
from roadworthy.core.templates.tree import File, Tree, Unread
from roadworthy.errors import NoRelease, Unjudgeable, UsageError

if TYPE_CHECKING:
    from _typeshed import StrPath

PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
RELEASES: Final = os.path.join(PACKAGE, "releases")
CHECKOUT: Final = os.path.dirname(os.path.dirname(PACKAGE))
JUNK: Final = frozenset({".git", "__pycache__", ".DS_Store"})
_ADDRESS: Final = re.compile(r"^(git\+)?[a-z][a-z0-9+.-]*://|^[^/\\:]+@[^/\\:]+:|^(gh|gl):")
_CREDENTIALS: Final = re.compile(r"^((?:git\+)?https?://)[^/@]*@")
_NUMBERS: Final = re.compile(r"v?(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")
SUBMODULE: Final = "160000"
_SHA: Final = r"[0-9a-f]{40}([0-9a-f]{24})?"

Unpack = Callable[[bytes], Tree]


def builtin_entries() -> tuple[Entry, ...]:
    """Return the releases this installation carries, oldest first."""
    index = os.path.join(RELEASES, "index.json")
    return parse_index(read_file(index).decode()) if os.path.isfile(index) else ()


def open_builtin(release: str | None, unpack: Unpack) -> Source:
    """Return a release this installation carries: the newest, or the one named."""
    entries = builtin_entries()
    if release in (None, DEVELOPMENT) and not (release is None and entries) and is_checkout(CHECKOUT):
        own = _read(CHECKOUT, _listed(CHECKOUT))
        return Source(spec=BUILTIN, release=DEVELOPMENT, tree=own, src_path=BUILTIN, commit=None)
    entry = next((each for each in reversed(entries) if release in (None, each.version)), None)
    if entry is None:
        known = ", ".join(each.version for each in entries) or "none"
        said = f"there is no built-in release {release or 'at all'}; this version carries: {known}"
        raise NoRelease(said, "name one of these, or install a roadworthy that carries it")
    return Source(
        spec=BUILTIN,
        release=entry.version,
        tree=Unread(lambda: unpack(_archive(entry))),
        src_path=BUILTIN,
        commit=f"v{entry.version}",
        identity=entry.sha256,
    )


def open_folder(folder: StrPath) -> Source:
    """Return a folder as it is now, uncommitted changes included, ignored files left out."""
    root = os.path.realpath(folder)
    release, commit = "unreleased", None
    if os.path.exists(os.path.join(root, ".git")):
        release = git(root, "describe", "--tags", "--always", check=False).decode().strip() or "unborn"
        dirty = bool(git(root, "status", "--porcelain"))
        release, commit = (f"{release}-dirty", None) if dirty else (release, release)
    return Source(
        spec=str(folder),
        release=release,
        tree=_read(root, _listed(root)),
        src_path=root.replace(os.sep, "/"),
        commit=commit,
    )


def open_repository(spec: str, repository: StrPath, release: str, tags: Mapping[str, str]) -> Source:
    """Return a git repository's tree at one of its `tags`, or at a commit; its record holds no password."""
    spec = shown(spec)
    commit, described = _tagged(tags, release) or _described(repository, release)
    if not commit:
        known = ", ".join(final_releases(tags)[-5:]) or "none"
        hint = "name one: with --release for a new project, with --to in an update"
        raise NoRelease(f"{spec} has no release {release}; its newest are: {known}", hint)
    return Source(
        spec=spec,
        release=described,
        tree=Unread(partial(_committed, repository, commit)),
        src_path=_recorded(spec),
        commit=described,
        identity=commit,
    )


def _tagged(tags: Mapping[str, str], release: str) -> tuple[str, str] | None:
    """Return the commit and the name of a release that is its commit's only tag."""
    name = next((name for name in (release, f"v{release}") if name in tags), release)
    commit = tags.get(name, "")
    return (commit, name) if commit and list(tags.values()).count(commit) == 1 else None


def _described(repository: StrPath, release: str) -> tuple[str, str]:
    commit = find_commit(repository, release)
    if commit is None:
        return "", ""
    return commit, git(repository, "describe", "--tags", "--always", commit).decode().strip()


def read_tags(repository: StrPath) -> dict[str, str]:
    """Return the tags and their commits; none for a tag of anything else."""
    form = "%(refname:strip=2) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"
    rows = git(repository, "for-each-ref", f"--format={form}", "refs/tags").decode().splitlines()
    fields = [row.split(" ") for row in rows]
    return {each[0]: next((each[at + 1] for at in (1, 3) if each[at] == "commit"), "") for each in fields}


def final_releases(tags: Iterable[str]) -> list[str]:
    """Return the tags that are final PEP 440 versions, oldest first."""
    tags = list(tags)
    if not all(_NUMBERS.fullmatch(tag) for tag in tags):
        return _pep440(tags)
    return sorted(tags, key=lambda tag: ([int(n) for n in tag.lstrip("v").split(".")], tag))


def _pep440(tags: Iterable[str]) -> list[str]:
    from packaging.version import InvalidVersion, Version  # 15 ms, and most tags are plain

    found = []
    for tag in tags:
        try:
            version = Version(tag)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            found.append((version, tag))
    return [tag for _, tag in sorted(found)]


def contains(repository: StrPath, release: str, other: str) -> bool:
    """Say whether a release's history holds another one."""
    one, two = (find_commit(repository, name) for name in (release, other))
    return bool(one and two) and not git(repository, "rev-list", "--max-count=1", str(two), f"^{one}")


def find_commit(repository: StrPath, release: str) -> str | None:
    """Return the commit of a release (`1.2.0` also finds the tag `v1.2.0`), or None."""
    names = [f"refs/tags/{release}", f"refs/tags/v{release}", f"refs/heads/{release}", release]
    asked = "".join(f"{name}^{{commit}}\n" for name in names if not re.search(r"[\s^~:]", name))
    answers = git(repository, "cat-file", "--batch-check=%(objectname)", input=asked.encode()).decode()
    return next((line for line in answers.splitlines() if re.fullmatch(_SHA, line)), None)


def read_folder(folder: StrPath) -> dict[str, File]:
    return {path: _file(os.path.join(folder, path)) for path in sorted(_walk(folder))}


def is_address(spec: str) -> bool:
    """Say whether a source is named by a git address rather than by a folder."""
    return bool(_ADDRESS.match(spec)) and not os.path.exists(spec)


def is_bare(folder: StrPath) -> bool:
    """Say whether a folder is a git repository without a work tree."""
    return os.path.isfile(os.path.join(folder, "HEAD")) and os.path.isdir(os.path.join(folder, "objects"))


def is_checkout(folder: StrPath) -> bool:
    """Say whether a folder holds a template and its policy pack."""
    return all(os.path.isfile(os.path.join(folder, name)) for name in ("copier.yml", TIERS))


def mirror_of(spec: str, release: str | None) -> str:
    """Return the local mirror of a remote source, fetched unless it already has the release."""
    mirror = place_of(spec)
    if not os.path.isdir(mirror):
        _clone(_address(spec), mirror)
    elif release is None or find_commit(mirror, release) is None:
        git(mirror, "fetch", "--quiet", "--prune", "--tags", "origin")
    return mirror


def place_of(spec: str) -> str:
    """Return where the mirror of a remote source lies, or will."""
    name = hashlib.sha256(_address(spec).encode()).hexdigest()[:32]
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "roadworthy", "sources", f"{name}.git")


def shown(spec: str) -> str:
    """Return a source as it may be shown and recorded: without a password."""
    return _CREDENTIALS.sub(r"\1", spec)


def _clone(address: str, mirror: str) -> None:
    folder, name = os.path.split(mirror)
    os.makedirs(folder, exist_ok=True)
    staging = os.path.join(folder, f".{name}.{os.getpid()}")
    git(folder, "clone", "--quiet", "--mirror", "--", address, staging)
    if not os.path.isdir(mirror):  # another process may have been faster
        os.rename(staging, mirror)


def _address(spec: str) -> str:
    for short, host in (("gh:", "https://github.com/"), ("gl:", "https://gitlab.com/")):
        if spec.startswith(short):
            return host + spec[len(short) :].lstrip("/").removesuffix(".git") + ".git"
    return spec.removeprefix("git+")


def _recorded(spec: str) -> str:
    return spec if is_address(spec) else os.path.realpath(spec).replace(os.sep, "/")


def _archive(entry: Entry) -> bytes:
    data = read_file(os.path.join(RELEASES, entry.file))
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise Unjudgeable(f"releases/{entry.file} is not the recorded one", "install roadworthy again")
    return data


def _listed(root: str) -> list[str]:
    """Return the paths below a folder; in a repository without those that git ignores."""
    if not os.path.exists(os.path.join(root, ".git")):
        return _walk(root)
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
    return [path for path in listed.split("\0") if path and os.path.lexists(os.path.join(root, path))]


def _walk(root: StrPath) -> list[str]:
    found = []
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = [name for name in folders if name not in JUNK and name not in links]
        below = os.path.relpath(folder, root).replace(os.sep, "/")
        found += [posixpath.normpath(f"{below}/{name}") for name in (*names, *links) if name not in JUNK]
    return found


def _read(root: str, paths: Iterable[str]) -> dict[str, File]:
    return {name: _file(os.path.join(root, path)) for name, path in sorted(release_paths(paths).items())}


def _file(path: str) -> File:
    if os.path.islink(path):
        return File(link=os.readlink(path))
    return File(data=read_file(path), executable=bool(os.stat(path).st_mode & 0o100))


def _committed(repository: StrPath, commit: str) -> dict[str, File]:
    objects = Objects(repository, clean_environment())
    try:
        entries = objects.entries(f"{commit}^{{tree}}")
        kept = {name: entries[path] for name, path in sorted(release_paths(entries).items())}
        if any(entry.mode == SUBMODULE for entry in kept.values()):
            said = "the template has git submodules, which are not rendered"
            raise UsageError(said, "render it with copier")
        blobs = objects.blobs(entry.oid for entry in kept.values())
    finally:
        objects.close()
    return {name: _blob(entry.mode, blobs[entry.oid]) for name, entry in kept.items()}


def _blob(mode: str, data: bytes) -> File:
    return File(link=data.decode()) if mode == "120000" else File(data=data, executable=mode == "100755")
