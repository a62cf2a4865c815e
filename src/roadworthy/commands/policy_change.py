"""What an update demands anew, from when: the difference of two releases' policy packs in plain words."""

from __future__ import annotations

from roadworthy.adapters.shapes import misshapen
from roadworthy.core.packs.diff import diff
from roadworthy.core.packs.pack import load_pack
from roadworthy.core.templates.source import Source
from roadworthy.errors import UsageError


def policy_change(before: Source, after: Source, tier: str) -> tuple[str, ...]:
    """Return one line per change that meets a project of this tier (any, if none is named)."""
    if not (before.governed and after.governed) or before.pack_digest == after.pack_digest:
        return ()
    try:
        changes = diff(load_pack(before.pack, misshapen), load_pack(after.pack, misshapen))
    except UsageError as error:
        return (f"cannot be compared: {error.message}",)
    spared = ("tier ",) if tier else ()
    met = (each for each in changes if each.whom == f"tier {tier}" or not each.whom.startswith(spared))
    return tuple(f"{each.place}: {each.what} (for {each.whom}; from {each.since})" for each in met)
