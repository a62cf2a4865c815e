"""A tier in words: what was answered, what that adds, what lifts it, what it obliges to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.packs.tiers import Explained

_WORDS = {
    "approvals": "approvals",
    "approver_roles": "by",
    "independent_validation": "independent validation by",
    "approval_days": "an approval lasts days",
    "review_days": "the tier is reviewed every days",
    "rollback_seconds": "a rollback takes at most seconds",
    "drill_days": "a drill is no older than days",
    "rebuild_days": "a rebuild is no older than days",
    "log_retention_days": "logs are kept days",
    "shadow_days": "a release shadows days",
    "canary_percent": "a canary takes percent",
    "monitoring_hours": "it is looked at every hours",
    "acknowledge_hours": "an alert is acknowledged within hours",
    "waiver_days": "a waiver lasts at most days",
    "unknown_blocks": "what cannot be known blocks",
    "self_approval": "a team of one may approve itself",
}


def tier_text(found: Explained) -> str:
    """Return the whole explanation."""
    return "\n".join(
        [f"tier {found.tier.name}  (rubric {found.rubric_version}, from {found.source})", "", *_lines(found)]
    )


def _lines(found: Explained) -> Iterator[str]:
    tier = found.tier
    width = max(len(line.question) for line in tier.lines)
    for line in tier.lines:
        answer = "?" if line.answer is None else str(line.answer)
        yield f"  {line.question:<{width}}  {answer}  {line.points:>2} points  {line.choice}"
    yield f"  {'score':<{width}}     {tier.score:>2} points  band {tier.band}"
    for floor, why in tier.floors:
        yield f"  at least {floor}: {why}"
    for reference, why in tier.prohibited:
        yield f"  PROHIBITED by EU AI Act {reference}: {why}"
    if found.recorded and found.recorded != tier.name:
        yield f"  the project's files say {found.recorded}: take the answers through `roadworthy update`"
    yield ""
    yield from _duties(found.obligations)


def _duties(obligations: Mapping[str, Any]) -> Iterator[str]:
    if not obligations:
        yield "It may not be built: there is no waiver, and nothing is generated."
        return
    yield "It obliges to"
    width = max(len(text) for text in _WORDS.values())
    for name, value in obligations.items():
        said = (
            ", ".join(value)
            if isinstance(value, list)
            else "yes"
            if value is True
            else "no"
            if value is False
            else value
        )
        yield f"  {_WORDS.get(name, name):<{width}}  {said}"
