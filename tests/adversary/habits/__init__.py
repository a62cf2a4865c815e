"""What honest teams do every week, in one tuple."""

from __future__ import annotations

from tests.adversary.habits import code, crafts, names, papers, people, records, tools

HABITS = (
    *(*papers.HABITS, *people.HABITS, *code.HABITS, *crafts.HABITS),
    *(*names.HABITS, *records.HABITS, *tools.HABITS),
)
