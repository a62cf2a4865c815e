"""Locks, base images, notebooks on the release path, and what should not be in a repository at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts import github, gitlab
from roadworthy.facts.jobs import Scripts
from roadworthy.facts.programs import program, subcommand
from roadworthy.facts.shell import Command, commands

_LOCK = re.compile(r"(requirements/[\w.-]+|requirements[\w.-]*)\.txt")
_IMAGE_FILE = re.compile(r"(.*/)?((Dockerfile|Containerfile)[\w.-]*|[\w.-]+\.(Dockerfile|Containerfile))")
_HASH = re.compile(r"sha256:[0-9a-f]{64}\b")
_HARMLESS = ("--require-hashes", "--only-binary", "--no-binary", "--prefer-binary")
_OPTION = re.compile(r"\s-(?!-(?:require-hashes|only-binary|no-binary|prefer-binary)\b)|://")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_PINNED = re.compile(r"^[\w.-]+(\[[\w., -]*\])?\s*===?\s*[^\s*;,]+\s*(;.*)?$")
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_PICKLE_NAME = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth")
_PICKLE_START = re.compile(rb"\x80[\x02-\x05]")
_MODEL_NAME = (".model", ".bin", ".dat", ".sav")
_TABLE_NAME = (
    *(".csv", ".tsv", ".parquet", ".feather", ".arrow", ".avro", ".orc", ".xlsx", ".db", ".sqlite"),
    ".jsonl",
)
FEW_ROWS = 4096
MOST = 20
MAX_SCANNED = 262_144
# kind: (how it starts, which is quick to look for; the whole of it)
_SECRETS: dict[str, tuple[tuple[bytes, ...], re.Pattern[bytes]]] = {
    "AWS access key": ((b"AKIA", b"ASIA"), re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    "private key": (
        (b"-----BEGIN ",),
        re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{60}"),
    ),
    "GitHub token": (
        (b"ghp_", b"gho_", b"ghs_", b"ghu_", b"github_pat_"),
        re.compile(rb"\b(?:ghp|gho|ghs|ghu)_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}"),
    ),
    "GitLab token": ((b"glpat-",), re.compile(rb"\bglpat-[A-Za-z0-9_-]{20}\b")),
    "Slack token": ((b"xox",), re.compile(rb"\bxox[abpr]-[A-Za-z0-9-]{20,}")),
    "Google key": ((b"AIza",), re.compile(rb"\bAIza[A-Za-z0-9_-]{35}\b")),
    "model provider key": ((b"sk-",), re.compile(rb"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}\b")),
}
_SECRET_START = re.compile(b"|".join(re.escape(start) for starts, _ in _SECRETS.values() for start in starts))


def requirements(snapshot: Snapshot) -> dict[str, Any]:
    """Return the facts under `requirements`."""
    scripts = Scripts(snapshot)
    paths = [path for path in snapshot.paths if _LOCK.fullmatch(path)]
    refused = [path for path in snapshot.refused if _LOCK.fullmatch(path)]
    unreadable = [path for path in paths if snapshot.sizes[path] and not snapshot.text(path)] + refused
    return {
        "available": not unreadable,
        "reason": f"unreadable: {', '.join(unreadable)}" if unreadable else "",
        "locks": [snapshot.once("lock", [path], partial(lock, path, snapshot.text(path))) for path in paths],
        "images": [
            image
            for path in snapshot.paths
            if _IMAGE_FILE.fullmatch(path)
            for image in images(path, snapshot.text(path))
        ],
        "notebooks": list(_notebooks(snapshot, scripts))[:MOST],
        "secrets": list(_secrets(snapshot))[:MOST],
        "data_files": [path for path in snapshot.paths if _is_table(path, snapshot)][:MOST],
        "pickles": [path for path in snapshot.paths if _is_pickle(path, snapshot)][:MOST],
    }


def lock(path: str, text: str) -> dict[str, Any]:
    """Return what one lock file pins, and what it does not."""
    found: dict[str, Any] = {"path": path, "count": 0, "unhashed": [], "unpinned": [], "addresses": []}
    for line in _lines(text):
        bare, _, hashes = line.partition(" --hash=")
        bare = bare.strip()
        name = _NAME.match(bare)
        if bare.startswith(_HARMLESS) and not _OPTION.search(bare, 2):
            continue
        if name is None or " @ " in bare or "://" in bare or bare.startswith(("-", ".", "/")):
            found["addresses"].append(bare[:120])
            continue
        found["count"] += 1
        if not _PINNED.match(bare):
            found["unpinned"].append(name[0])
        if not _HASH.match(hashes.lstrip()):
            found["unhashed"].append(name[0])
    return {name: value[:MOST] if isinstance(value, list) else value for name, value in found.items()}


def images(path: str, text: str) -> Iterator[dict[str, Any]]:
    """Yield the base images of a container file; a stage of its own is none."""
    stages: set[str] = set()
    for line in text.splitlines():
        match = _FROM.match(line)
        if match and match[1].lower() not in {*stages, "scratch"}:
            yield {"path": path, "image": match[1], "pinned": bool(_DIGEST.search(match[1]))}
        if match and match[2]:
            stages.add(match[2].lower())


def _lines(text: str) -> Iterator[str]:
    """Logical lines without comments."""
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        bare = (re.sub(r"(^|\s)#.*", "", line) if "#" in line else line).strip()
        if bare:
            yield bare


def _notebooks(snapshot: Snapshot, scripts: Scripts) -> Iterator[str]:
    file = scripts.makefile
    texts: Mapping[str, str] = {
        **{f"{file}:{recipe.line}": recipe.script for recipe in scripts.recipes_of(file).values()},
        **{
            path: snapshot.text(path)
            for path in snapshot.paths
            if path.endswith((".sh", ".bash")) or _is_ci(path)
        },
    }
    for place, text in texts.items():
        if "ipynb" in text or "notebook" in text or "papermill" in text:
            for command in commands(_as_script(place, text)):
                if runs_notebook(command):
                    yield f"{place if ':' in place else f'{place}:{command.line}'} {command.text}"


def _is_ci(path: str) -> bool:
    return path.startswith(github.FOLDER) or path == gitlab.FILE


def _as_script(place: str, text: str) -> str:
    """A CI file is scanned line by line: what stands after `run:` or a dash is a command."""
    return (
        re.sub(r"^\s*(?:-\s+)?(?:run:\s*\|?|script:)?\s*(?:-\s+)?", "", text, flags=re.MULTILINE)
        if _is_ci(place)
        else text
    )


def runs_notebook(command: Command) -> bool:
    head, rest = program(command)
    if head == "papermill" or head == "runipy":
        return True
    if head in ("jupyter", "jupyter-nbconvert", "nbconvert", "jupytext", "jupyter-execute"):
        return (
            "--execute" in rest
            or "execute" in (head.rpartition("-")[2], subcommand(rest))
            or "run" in rest[:1]
        )
    return head.startswith(("python", "ipython")) and any(word.endswith(".ipynb") for word in rest)


def _secrets(snapshot: Snapshot) -> Iterator[str]:
    for path in snapshot.paths:
        if snapshot.sizes[path] <= MAX_SCANNED and not _LOCK.fullmatch(path):
            looked = partial(_secret_lines, snapshot.data(path) or b"")
            found = snapshot.notes.once("secrets", snapshot.digest(path), looked)
            yield from (f"{path}:{line} {kind}" for line, kind in found)


def _secret_lines(data: bytes) -> list[tuple[int, str]]:
    return list(secrets_in(data)) if _SECRET_START.search(data) else []


def secrets_in(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield line and kind of what looks like a live credential."""
    for kind, (starts, whole) in _SECRETS.items():
        if any(start in data for start in starts):
            yield from ((data.count(b"\n", 0, match.start()) + 1, kind) for match in whole.finditer(data))


def _is_table(path: str, snapshot: Snapshot) -> bool:
    """A table of more than a few rows, outside the folders for made-up ones."""
    made_up = path.startswith(("tests/", "sample/")) or "/tests/" in path
    return not made_up and path.endswith(_TABLE_NAME) and snapshot.sizes[path] > FEW_ROWS


def _is_pickle(path: str, snapshot: Snapshot) -> bool:
    if path.endswith(_PICKLE_NAME):
        return True
    data = snapshot.data(path) if path.endswith(_MODEL_NAME) else None
    return _PICKLE_START.match(data or b"") is not None
