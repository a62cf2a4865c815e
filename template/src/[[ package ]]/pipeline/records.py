"""Records: canonical bytes, digests, add-only files, and what git knows about the tree."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import settings
from .outcome import Refused


def canonical(value: Any) -> bytes:
    """The one byte form of a value that digests are made from."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256_bytes(data: bytes) -> str:
    """Digest of bytes, 64 lower hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(file: Path) -> str:
    """Digest of a file's bytes; a file that is not there is refused by name."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}", str(file), "run the verb that makes it") from error


def now() -> str:
    """The present second, RFC 3339 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp() -> str:
    """The present second as a file name part: 20261120T101112Z."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def new_run_id() -> str:
    """A run's name: time first, so that a folder of runs sorts by age."""
    return f"{stamp()}-{secrets.token_hex(3)}"


def dumps(value: Any) -> str:
    """The text of a machine-written record: sorted keys, one space, trailing newline."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def write_record(file: Path, value: Any) -> Path:
    """Add a record; the same bytes again is fine, other bytes under the same name are refused."""
    data = dumps(value).encode()
    if file.exists() and file.read_bytes() != data:
        raise Refused(
            "records are add-only: this one exists with other content",
            settings.relative(file),
            "correct a record by adding a new one, never by editing",
        )
    write_atomic(file, data)
    return file


def write_atomic(file: Path, data: bytes) -> None:
    """Write a whole file or nothing: readers never see half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_bytes(data)
    os.replace(part, file)


def read_record(file: Path) -> dict[str, Any]:
    """Read a JSON record; a missing or broken one is refused by name."""
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise Refused("no such record", settings.relative(file), "run the verb that writes it") from error
    except ValueError as error:
        raise Refused(
            f"not a JSON record: {error}", settings.relative(file), f"git checkout -- {file}"
        ) from error
    if not isinstance(value, dict):
        raise Refused("not a record: expected an object", settings.relative(file), f"git checkout -- {file}")
    return value


def read_records(folder: str) -> list[dict[str, Any]]:
    """All records of governance/<folder>, oldest name first."""
    return [read_record(file) for file in sorted(settings.path("governance", folder).glob("*.json"))]


@dataclass(frozen=True)
class Code:
    """The code behind a run: its commit, and whether the tree had other changes than records."""

    commit: str
    dirty: bool


def git(*arguments: str, cwd: Path | None = None) -> bytes:
    """Output of one git command in the project; a failure is refused with git's own words."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(cwd or settings.root()), *arguments],
            capture_output=True,
            env=environment | {"GIT_OPTIONAL_LOCKS": "0"},
            check=False,
        )
    except FileNotFoundError as error:
        raise Refused("git is not installed", "PATH", "install git") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["git failed"]
        raise Refused(said[-1], f"git {' '.join(arguments)}", _repair(said[-1], arguments[0]))
    return done.stdout


def _repair(said: str, verb: str) -> str:
    if verb == "var":
        return "git config user.name 'Your Name' && git config user.email you@example.org"
    if "not a git repository" in said or verb == "rev-parse":
        return "git init && git add -A && git commit -m 'Start'"
    return "bring the whole history here: git fetch --unshallow"


def code() -> Code:
    """Commit and cleanliness; records under governance/ are output, so they do not make a tree dirty."""
    commit = git("rev-parse", "HEAD").decode().strip()
    return Code(commit, bool(git("status", "--porcelain", "--", ".", ":(exclude)governance").strip()))


def head_bytes(name: str) -> bytes | None:
    """The committed bytes of a project file at HEAD; None when HEAD does not have it."""
    try:
        return git("show", f"HEAD:./{name}")
    except Refused:
        return None


def submitter() -> dict[str, str]:
    """Who runs this, as git knows them."""
    name, email, *_ = git("var", "GIT_AUTHOR_IDENT").decode().replace("<", ">").split(">")
    return {"name": name.strip(), "email": email.strip()}
