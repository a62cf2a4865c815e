"""Which way is looser: for obligations, for limits, and for what a control asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.judging.models import Lifecycle, Severity

# A duty is looser when its number is smaller, or when it is larger.
AT_LEAST = (
    *("approvals", "log_retention_days", "shadow_days", "canary_percent"),
    *("eval_cases", "red_team_cases", "document_years", "statutory_log_days"),
)
AT_MOST = (
    *("approval_days", "review_days", "rollback_seconds", "drill_days", "rebuild_days"),
    *("monitoring_hours", "acknowledge_hours", "waiver_days", "log_ceiling_days"),
)
LADDERS = {
    "independent_validation": ("peer", "person", "team", "external"),
    "unknown_blocks": ("none", "release", "merge"),
}
_TIERS = ("low", "moderate", "high", "critical")


def looser(name: str, value: Any, demand: Any) -> bool:
    """Whether a value asks less than the demanded one; what is missing or odd asks nothing."""
    if name in LADDERS:
        ladder = LADDERS[name]
        return value not in ladder or ladder.index(value) < ladder.index(demand)
    if name in AT_LEAST or name in AT_MOST:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return not number or (value < demand if name in AT_LEAST else value > demand)
    if isinstance(demand, list):
        return not isinstance(value, list) or not {str(each) for each in demand} <= {
            str(each) for each in value
        }
    return bool(value) and not demand


def looser_parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts in which one form of a control asks less than another."""
    order = [str(each) for each in Severity]
    if order.index(new["severity"]) > order.index(old["severity"]):
        yield "severity"
    if new.get("waivable", True) and not old.get("waivable", True):
        yield "waivable"
    if (
        new.get("lifecycle", "stable") != Lifecycle.STABLE
        and old.get("lifecycle", "stable") == Lifecycle.STABLE
    ):
        yield "lifecycle"
    if any(_day(new, tier) > _day(old, tier) for tier in _TIERS):
        yield "enforce_from"
    if _narrower(old.get("applies", {}), new.get("applies", {})):
        yield "applies"
    yield from _checks(old["checks"], new["checks"])


def _day(control: Mapping[str, Any], tier: str) -> str:
    """From when a control binds at a tier: its own date, else the next tier below's; at once without any."""
    dates = control.get("enforce_from", "")
    if isinstance(dates, str):
        return dates
    below = reversed(_TIERS[: _TIERS.index(tier) + 1])
    return next((str(dates[name]) for name in below if name in dates), "")


def _narrower(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    rank = {name: index for index, name in enumerate(_TIERS)}
    higher = rank[new.get("min_tier", "low")] > rank[old.get("min_tier", "low")]
    return higher or any(_fewer(old.get(name), new.get(name)) for name in ("kinds", "modes"))


def _fewer(old: list[str] | None, new: list[str] | None) -> bool:
    """An absent list means all."""
    return bool(new) and (not old or not set(old) <= set(new or ()))


def _checks(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[str]:
    after = {check["id"]: check for check in new}
    for check in old:
        if check["id"] not in after:
            yield f"checks.{check['id']}"
            continue
        if after[check["id"]].get("due") == "release" and check.get("due", "birth") == "birth":
            yield f"due.{check['id']}"
        if any(_day(after[check["id"]], tier) > _day(check, tier) for tier in _TIERS):
            yield f"enforce_from.{check['id']}"
