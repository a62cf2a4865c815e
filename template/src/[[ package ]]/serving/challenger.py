"""A release on trial: in shadow it is scored and never answers; in a canary it answers a fixed share."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any

from .live import Serving
from .release import Release


def chosen(serving: Serving, entity: str) -> Release | None:
    """The challenger when this entity belongs to the canary; the same entity is always routed alike."""
    if serving.challenger is None or serving.routes.stage != "canary":
        return None
    return serving.challenger if bucket(entity) < serving.routes.canary_percent else None


def bucket(entity: str) -> int:
    """A stable number from 0 to 99 for an entity."""
    return int.from_bytes(hashlib.blake2b(entity.encode(), digest_size=8).digest(), "big") % 100


def shadowed(serving: Serving, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the challenger would have said; its failure is written down and touches nobody."""
    if serving.challenger is None or serving.routes.stage != "shadow":
        return None
    begun = time.perf_counter()
    said: dict[str, Any] = {
        "version": serving.challenger.version,
        "score": None,
        "decision": None,
        "error": None,
    }
    try:
        said["score"], said["decision"] = serving.challenger.judge(inputs)
    except Exception as error:  # a trial must not be able to fail a request
        said["error"] = f"{type(error).__name__}: {error}"
    return {**said, "ms": round((time.perf_counter() - begun) * 1000, 3)}
