"""The corpus: every theme's lies, in one tuple."""

from __future__ import annotations

from tests.adversary.lies import (
    approvals,
    code,
    detours,
    evidence,
    figures,
    forgeries,
    gates,
    haste,
    letters,
    lowering,
    makes,
    managed,
    people,
    quiet,
    renewals,
    rules,
    shadows,
    shells,
    stages,
    words,
    workflows,
)

_THEMES = (
    *(words, evidence, figures, renewals, forgeries, approvals, people, managed, shadows),
    *(rules, haste, workflows, detours, shells, code, lowering, letters),
    *(gates, makes, stages, quiet),
)
LIES = tuple(lie for theme in _THEMES for lie in theme.LIES)
