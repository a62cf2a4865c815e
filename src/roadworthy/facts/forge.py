"""The rules a forge really applies to the default branch; what could not be read is said, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadworthy.facts.sources import Forge

# What a check asks for together. A group is known when every fact of it is.
GROUPS = {
    "rules": ("reviews", "code_owner_review", "dismiss_stale", "required_checks"),
    "strict": ("reviews", "last_push_approval", "signatures"),
    "bypass": ("bypass",),
    "environment": ("environment_reviewers",),
}


def forge_facts(forge: Forge) -> dict[str, Any]:
    """Return the facts under `forge`; a fact that is not known has the value that satisfies nobody."""
    said = {"exists": forge.exists, "available": forge.available, "reason": forge.reason}
    return {**said, **_values(forge.rules), **_known(forge)}


def _values(rules: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in rules.items() if value is not None}
    return {"bypass": ["whom, is not known"], **known}


def _known(forge: Forge) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for group, names in GROUPS.items():
        missing = [name for name in names if forge.rules.get(name) is None]
        why = dict.fromkeys(forge.unread.get(name, "the forge does not say") for name in missing)
        found[f"{group}_known"] = forge.available and not missing
        found[f"{group}_reason"] = "; ".join(why) if forge.available else forge.reason
    return found
