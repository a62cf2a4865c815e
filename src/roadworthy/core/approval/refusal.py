"""Why the gate says no, in a form that people and machines can both act on."""

from __future__ import annotations

from roadworthy.core.values import frozen


@frozen
class Refusal:
    """One reason: a stable code, what was expected and found, and the next step."""

    code: str
    message: str
    fix: str
