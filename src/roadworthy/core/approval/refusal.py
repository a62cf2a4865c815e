"""Why the gate says no, in a form that people and machines can both act on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason: a stable code, what was expected and found, and the next step."""

    code: str
    message: str
    fix: str
