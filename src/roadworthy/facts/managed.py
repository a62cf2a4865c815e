"""Files the platform owns, held against the trusted release's render, never against in-repo hashes."""

from __future__ import annotations

from typing import Any

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.sources import Released


def managed_facts(snapshot: Snapshot, released: Released) -> dict[str, Any]:
    """Return the facts under `managed`; `released.files` is the digest of each managed file by path."""
    missing = sorted(path for path in released.files if path not in snapshot.sizes)
    drifted = sorted(path for path, digest in released.files.items() if _differs(snapshot, path, digest))
    return {
        "known": released.known,
        "reason": released.reason,
        "release": released.release,
        "supported": released.supported,
        "drifted": drifted,
        "missing": missing,
        "intact": sorted(released.files.keys() - {*missing, *drifted}),
        "answers_ok": released.answers_ok,
    }


def _differs(snapshot: Snapshot, path: str, digest: str) -> bool:
    if path not in snapshot.sizes:
        return False
    return snapshot.digest(path) != digest
