"""What an update demands anew, from when: the difference of two releases' policy packs in plain words."""

from __future__ import annotations

from roadworthy.adapters.shapes import misshapen
from roadworthy.core.judging.models import Pack
from roadworthy.core.packs.diff import diff
from roadworthy.core.packs.pack import load_pack
from roadworthy.core.templates.source import POLICY, Source
from roadworthy.errors import UsageError


def policy_change(before: Source, after: Source, tier: str) -> tuple[str, ...]:
    """Return one line per change that meets a project of this tier (any, if none is named)."""
    if not (before.governed and after.governed) or before.pack_digest == after.pack_digest:
        return ()
    try:
        changes = diff(_pack(before), _pack(after))
    except UsageError as error:
        return (f"cannot be compared: {error.message}",)
    spared = ("tier ",) if tier else ()
    met = (each for each in changes if each.whom == f"tier {tier}" or not each.whom.startswith(spared))
    return tuple(f"{each.place}: {each.what} (for {each.whom}; from {each.since})" for each in met)


def _pack(source: Source) -> Pack:
    prefix = f"{POLICY}/"
    files = {
        path.removeprefix(prefix): file.data for path, file in source.tree.items() if path.startswith(prefix)
    }
    return load_pack(files, misshapen)
