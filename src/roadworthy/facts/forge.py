"""The rules a forge really applies to the default branch; without a token they are not known."""

from __future__ import annotations

from typing import Any

from roadworthy.facts.sources import Forge


def forge_facts(forge: Forge) -> dict[str, Any]:
    """Return the facts under `forge`."""
    return {"exists": forge.exists, "available": forge.available, "reason": forge.reason, **forge.rules}
