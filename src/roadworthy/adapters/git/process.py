"""Git as a subprocess, with nothing of the caller's environment leaking in.

Three doors: `git` obeys the user's configuration (identity, keys); `git(..., env=isolated())` ignores the
user's and the system's configuration, so results are equal on every machine; `read_git` reads a repository
that nobody vouches for. `run_git` is `git` for the rare caller that reads the exit code.

GitFailed          3  git ran and said no
├── NotARepository 3  there is no repository at that place
└── GitMissing     3  git itself is not installed
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from roadworthy.adapters.git.watched import Overdone, watched
from roadworthy.core.values import frozen
from roadworthy.errors import Unjudgeable, UsageError

if TYPE_CHECKING:
    from _typeshed import StrPath

READ_ONLY = frozenset({"rev-parse", "cat-file", "ls-tree", "log", "rev-list"})
# Options of the allowed commands that run a program of the repository's choosing, or write a file.
FORBIDDEN_OPTIONS = ("--textconv", "--filters", "--ext-diff", "--output", "--show-signature")
MOST_SAID = 32 << 20
MOST_HELD = "32m"

_PINNED = {
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "core.sshCommand": "false",
    "credential.helper": "",
    "diff.noprefix": "false",
    "gc.auto": "0",
    "log.mailmap": "false",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "merge.conflictStyle": "merge",
    "merge.directoryRenames": "false",
    "merge.renameLimit": "7000",
    "merge.renames": "true",
    "merge.renormalize": "false",
    "protocol.allow": "never",
    "safe.directory": "*",  # whoever may not read a repository is stopped where it is located
    "status.showUntrackedFiles": "all",
}
_UNTRUSTED = {
    "core.commitGraph": "false",  # it may say anything of the commits
    "diff.orderFile": os.devnull,
    "gpg.program": os.devnull,
    "gpg.openpgp.program": os.devnull,
    "gpg.ssh.program": os.devnull,
    "gpg.x509.program": os.devnull,
    "i18n.logOutputEncoding": "UTF-8",
    "log.showRoot": "true",
}


class GitFailed(Unjudgeable):
    """Git ran and failed; `code` and `stderr` say how."""

    def __init__(self, message: str, hint: str = "", *, code: int = 128, stderr: str = "") -> None:
        super().__init__(message, hint)
        self.code = code
        self.stderr = stderr


class NotARepository(GitFailed):
    """There is no git repository at that place."""


class GitMissing(GitFailed):
    """Git is not installed, or not on PATH."""


@frozen
class Completed:
    """What a git process left: exit code and both streams."""

    code: int
    stdout: bytes
    stderr: str


def git(
    cwd: StrPath,
    *args: str,
    input: bytes | None = None,  # noqa: A002  the word subprocess uses
    check: bool = True,
    env: Mapping[str, str] | None = None,
) -> bytes:
    """Return what `git ARGS` prints in `cwd`; raise GitFailed when it fails and `check` is set."""
    done = run_git(cwd, *args, input=input, env=env)
    if check and done.code:
        raise _failure(cwd, args, done)
    return done.stdout


def read_git(
    cwd: StrPath,
    *args: str,
    input: bytes | None = None,  # noqa: A002
    most: int = MOST_SAID,
) -> bytes:
    """Return what a read-only plumbing command prints, in a repository that nobody vouches for.

    Its hooks, filters, signature programs and remotes are never run; a missing object is never fetched.
    What it may print, hold and use is bounded.
    """
    if not args or args[0] not in READ_ONLY:
        raise UsageError(f"read_git runs only {', '.join(sorted(READ_ONLY))}, not {' '.join(args[:1])}")
    if any(arg.startswith(FORBIDDEN_OPTIONS) for arg in args):
        raise UsageError(f"read_git does not run programs or write files: {' '.join(args)}")
    guard = ("--no-ext-diff", "--no-textconv") if args[0] == "log" else ()
    env = clean_environment() | isolated(_UNTRUSTED) | {"GIT_ALLOC_LIMIT": MOST_HELD}
    with start_git(cwd, args[0], *guard, *args[1:], env=env) as process:
        try:
            done = _completed(process, *watched(process, input or b"", cwd, most))
        except Overdone as error:
            raise GitFailed(f"git {args[0]} in {cwd} {error}") from None
        finally:
            process.kill()
    if done.code:
        raise _failure(cwd, args, done)
    return done.stdout


def run_git(
    cwd: StrPath,
    *args: str,
    input: bytes | None = None,  # noqa: A002
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run git in `cwd` and return its exit code and streams, whatever they are."""
    with start_git(cwd, *args, env=clean_environment() | dict(env or {})) as process:
        try:
            return completed(process, input or b"")
        finally:
            process.kill()


def completed(process: subprocess.Popen[bytes], given: bytes = b"") -> Completed:
    """Return what a git process leaves that is given its input and then ends."""
    return _completed(process, *process.communicate(given))


def _completed(process: subprocess.Popen[bytes], stdout: bytes, stderr: bytes) -> Completed:
    return Completed(code=process.returncode, stdout=stdout, stderr=stderr.decode(errors="replace"))


def start_git(cwd: StrPath, *args: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Return a running git, its three streams open, with `env` for its whole environment."""
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(("git", *args), cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=pipe)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _cannot_start(cwd) from error


@contextmanager
def folder_aside() -> Iterator[str]:
    """Yield a new folder that only this user can enter; gone afterwards (`tempfile`, `shutil`: 5 ms)."""
    named = os.environ.get("TMPDIR", "")
    usable = named if os.access(named, os.W_OK | os.X_OK) else "/tmp"
    place = os.path.join(os.path.abspath(usable), f"roadworthy-{os.urandom(8).hex()}")
    os.mkdir(place, 0o700)
    try:
        yield place
    finally:
        _remove(place)


def read_file(place: StrPath) -> bytes:
    """Return a file's bytes (`pathlib`: 3 ms, and as long again for its paths in an update)."""
    with open(place, "rb", buffering=0) as file:
        return file.read()


def write_file(place: StrPath, data: bytes) -> None:
    """Make a file hold these bytes."""
    with open(place, "wb") as file:
        file.write(data)


def _remove(folder: str) -> None:
    for at, folders, names in os.walk(folder, topdown=False):
        for each in (os.path.join(at, name) for name in (*names, *folders)):
            with suppress(OSError):
                os.rmdir(each) if os.path.isdir(each) and not os.path.islink(each) else os.unlink(each)
    with suppress(OSError):
        os.rmdir(folder)


def clean_environment() -> dict[str, str]:
    """Return the process environment without any GIT_* variable, in the C locale, never prompting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"LC_ALL": "C", "LANGUAGE": "", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def isolated(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment where no user or system configuration counts, and dangerous settings are pinned.

    Pinned settings also outrank the repository's own; `extra` pins more (`{"user.name": "..."}`).
    """
    return _unconfigured() | pinned({**_PINNED, **(extra or {})})


def pinned(pins: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that pin settings, whatever any configuration says."""
    env = {"GIT_CONFIG_COUNT": str(len(pins))}
    for number, (key, value) in enumerate(pins.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env


def own_repository(home: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment for a repository of ours, whose configuration holds what is pinned."""
    rows = ((*key.split("."), value) for key, value in {**_PINNED, **extra}.items())
    text = "".join(f"[{section}]\n\t{name} = {value}\n" for section, name, value in rows)
    write_file(os.path.join(home, "config"), text.encode())
    return clean_environment() | _unconfigured() | {"GIT_DIR": home}


def borrowed(objects: StrPath) -> dict[str, str]:
    """Return the variable that lets git read the object folder of another repository, whatever its name."""
    escaped = os.path.realpath(objects).replace("\\", "\\\\").replace('"', '\\"')
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{escaped}"'}


def _unconfigured() -> dict[str, str]:
    env = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
    # Neither replacements nor grafts: history is what the objects say.
    return env | {"GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull}


def _cannot_start(cwd: StrPath) -> GitFailed:
    if not os.path.isdir(cwd):
        return NotARepository(f"{cwd} is not a folder", "name an existing project folder")
    return GitMissing("git was not found on PATH", "install git 2.38 or newer: https://git-scm.com/downloads")


def _failure(cwd: StrPath, args: tuple[str, ...], done: Completed) -> GitFailed:
    said = done.stderr.strip()
    if "not a git repository" in said:
        hint = "name a project's folder; if this is one: git init, git add --all, git commit"
        return NotARepository(f"{os.path.abspath(cwd)} is not in a git repository", hint)
    if "ambiguous argument 'HEAD'" in said or "Not a valid object name HEAD" in said:
        return GitFailed(f"nothing is committed yet in {cwd}", "git add --all, then git commit", stderr=said)
    if "dubious ownership" in said:
        hint = f"if you trust it: {said.splitlines()[-1].strip()}"
        return GitFailed(f"{cwd} belongs to another user, so git does not read it", hint, stderr=said)
    lines = said.splitlines() or [f"exit code {done.code}"]
    detail = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
    return GitFailed(f"git {' '.join(args[:2])} failed in {cwd}: {detail}", code=done.code, stderr=said)
