"""What an update demands anew, from when: the difference of two releases' policy packs in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from roadworthy.adapters.shapes import misshapen
from roadworthy.core.judging.evaluate import Situation, beside, enforced_from
from roadworthy.core.judging.models import Control, Pack
from roadworthy.core.packs.diff import Change, diff
from roadworthy.core.packs.pack import load_pack
from roadworthy.core.templates.source import Source
from roadworthy.core.values import replace
from roadworthy.errors import UsageError


def policy_change(before: Source, after: Source, lock: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one line per change that meets a project with this lock; with an empty one, every change."""
    if not (before.governed and after.governed) or before.pack_digest == after.pack_digest:
        return ()
    try:
        old, new = (load_pack(each.pack, misshapen) for each in (before, after))
    except UsageError as error:
        return (f"cannot be compared: {error.message}",)
    if not lock:
        return tuple(f"{each.place}: {each.what} (for {each.whom}; {each.since})" for each in diff(old, new))
    situation = _situation(lock, new)
    changes = diff(_meeting(old, situation), _meeting(new, situation))
    own = f"tier {situation.tier}"
    met = (each for each in changes if each.whom == own or not each.whom.startswith("tier "))
    return tuple(f"{each.place}: {each.what} ({_when(each)})" for each in met)


def _situation(lock: Mapping[str, Any], pack: Pack) -> Situation:
    kind, mode, tier = (str(lock.get(name, "")) for name in ("kind", "mode", "tier"))
    tiers = tuple(pack.tiers["tiers"])
    return Situation(kind=kind, mode=mode, tier=tier, tiers=tiers, as_of=date.min)


def _meeting(pack: Pack, situation: Situation) -> Pack:
    """Return a pack with what it asks in a situation, from the day that holds there."""
    controls = (each for each in pack.controls if not beside(each.applies, situation))
    return replace(pack, controls=tuple(_narrowed(each, situation) for each in controls))


def _narrowed(control: Control, situation: Situation) -> Control:
    checks = (each for each in control.checks if not beside(each.applies, situation))
    dated = tuple(replace(each, enforce_from=_day(each.enforce_from, situation)) for each in checks)
    return replace(control, enforce_from=_day(control.enforce_from, situation), checks=dated)


def _day(dates: Mapping[str, str], situation: Situation) -> dict[str, str]:
    day = enforced_from(dates, situation)
    return {"from": day.isoformat()} if day else {}


def _when(change: Change) -> str:
    return f"binds {change.since}" if change.since.startswith("from ") else change.since
