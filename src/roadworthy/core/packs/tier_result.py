"""A tier, explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadworthy.core.packs.tiers import Tier
from roadworthy.core.values import frozen


@frozen
class Explained:
    """A tier, what it obliges to, and the tier that the project's own files say."""

    tier: Tier
    obligations: Mapping[str, Any]
    recorded: str
    rubric_version: int
    source: str
