"""The corpus: every theme's lies, in one tuple."""

from __future__ import annotations

from tests.adversary.lies import approvals, code, evidence, managed, rules, words, workflows

LIES = (*words.LIES, *evidence.LIES, *approvals.LIES, *managed.LIES, *rules.LIES, *workflows.LIES, *code.LIES)
