"""Files the platform owns, held against the trusted release's render, never against in-repo hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.handed_out import handed_out_otherwise
from roadworthy.facts.python_path import search_path
from roadworthy.facts.sources import Released


def managed_facts(snapshot: Snapshot, released: Released, tracked: Iterable[str] = ()) -> dict[str, Any]:
    """Return the facts under `managed`; `released.files` is the digest of each managed file by path.

    `tracked` is what git holds, also in folders of one machine that a look at the project passes by.
    """
    missing = sorted(path for path in released.files if path not in snapshot.sizes)
    changed = {path for path, digest in released.files.items() if _differs(snapshot, path, digest)}
    instead = (*_in_front(snapshot, released), *_aside({*snapshot.paths, *tracked}, released))
    drifted = sorted({*changed, *instead, *handed_out_otherwise(snapshot, released.files)})
    return {
        "known": released.known,
        "reason": released.reason,
        "release": released.release,
        "supported": released.supported,
        "drifted": drifted,
        "missing": missing,
        "intact": sorted(released.files.keys() - {*missing, *changed}),
        "answers_ok": released.answers_ok,
    }


def _in_front(snapshot: Snapshot, released: Released) -> Iterator[str]:
    """What Python would import instead of a managed module: a package, or compiled code, of its name."""
    for path in snapshot.under("src"):
        folder, _, name = path.rpartition("/")
        compiled = name.endswith((".so", ".pyd")) and f"{folder}/{name.partition('.')[0]}.py"
        for module in (compiled, name.startswith("__init__.") and f"{folder}.py"):
            if module in released.files:
                yield path
    packages = {path.split("/")[1] for path in released.files if path.startswith("src/")}
    for place in search_path(snapshot):
        ahead = (f"{place}/{name}".lstrip("/") for name in packages if place != "src")
        yield from (p for each in ahead for p in (f"{each}.py", f"{each}/__init__.py") if p in snapshot.sizes)


def _aside(paths: Iterable[str], released: Released) -> Iterator[str]:
    """What git brings along in the place of what is made from the locks or from a managed module."""
    for path in paths:
        folder, cached, name = path.partition("/__pycache__/")
        module = f"{folder}/{name.partition('.')[0]}.py"
        if path.startswith((".venv/", ".roadworthy/.venv/")) or (cached and module in released.files):
            yield path


def _differs(snapshot: Snapshot, path: str, digest: str) -> bool:
    if path not in snapshot.sizes:
        return False
    return snapshot.digest(path) != digest
