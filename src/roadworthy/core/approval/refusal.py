"""Why the gate says no, in a form that people and machines can both act on."""

from __future__ import annotations

import re

from roadworthy.core.values import frozen, replace

_VERSION = r" VERSION\b(?!=)"


@frozen
class Refusal:
    """One reason: a stable code, what was expected and found, and the next step."""

    code: str
    message: str
    fix: str

    def about(self, version: str) -> Refusal:
        """Return the same refusal with the release's own version in its next step."""
        return replace(self, fix=re.sub(_VERSION, lambda _: f" {version}", self.fix))
