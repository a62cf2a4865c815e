"""The corpus: every theme's lies, in one tuple."""

from __future__ import annotations

from tests.adversary.lies import (
    approvals,
    code,
    detours,
    evidence,
    lowering,
    managed,
    rules,
    words,
    workflows,
)

_THEMES = (words, evidence, approvals, managed, rules, workflows, detours, code, lowering)
LIES = tuple(lie for theme in _THEMES for lie in theme.LIES)
