"""Files the platform owns, held against the trusted release's render, never against in-repo hashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.sources import Released


def managed_facts(snapshot: Snapshot, released: Released) -> dict[str, Any]:
    """Return the facts under `managed`; `released.files` is the digest of each managed file by path."""
    missing = sorted(path for path in released.files if path not in snapshot.sizes)
    changed = {path for path, digest in released.files.items() if _differs(snapshot, path, digest)}
    drifted = sorted({*changed, *_in_front(snapshot, released)})
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


def _differs(snapshot: Snapshot, path: str, digest: str) -> bool:
    if path not in snapshot.sizes:
        return False
    return snapshot.digest(path) != digest
