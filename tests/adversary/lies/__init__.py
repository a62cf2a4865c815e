"""The corpus: every theme's lies, in one tuple."""

from __future__ import annotations

from tests.adversary.lies import evidence, words

LIES = (*words.LIES, *evidence.LIES)
