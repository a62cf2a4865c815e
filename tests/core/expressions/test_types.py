"""Typed expressions: an unknown field, a value that may be null, a comparison that is never true."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.core.expressions.fact_schema import complete, parse_schema
from roadworthy.core.expressions.syntax import parse
from roadworthy.core.expressions.types import check_type
from roadworthy.errors import UsageError

SCHEMA: dict[str, Any] = {
    "needs": {"git": {"available": "git.known", "reason": "git.why"}},
    "kinds": {
        "record": {"path": ["string", "its file"], "tags": ["list", "words"], "tags[]": ["string", "one"]}
    },
    "facts": {
        "git.known": ["bool", ""],
        "git.why": ["string", ""],
        "runs": ["list", ""],
        "runs[]": ["record", ""],
        "runs[].seconds": ["double?", ""],
        "runs[].count": ["int", ""],
        "runs[].once": ["bool~", ""],
        "runs[].at": ["time", ""],
        "columns": ["map", ""],
        "columns{}": ["map", ""],
        "columns{}.type": ["string", ""],
        "free": ["any", ""],
    },
}
ROOT = parse_schema(SCHEMA).root
GOOD = [
    "runs.all(r, r.seconds != null && r.seconds <= 3)",
    "runs.all(r, r.seconds == null || r.seconds <= 3.5)",
    "runs.exists(r, !(r.seconds == null) && r.seconds > 1.0)",
    'columns.all(c, columns[c].type == "x")',
    'runs.map(r, r.path).exists(p, p.startsWith("a"))',
    "runs.filter(r, r.count > 1).size() == 0",
    'free.anything.goes == "x"',
    'git.known ? runs[0].path != "" : false',
    '"a" in runs[0].tags',
    "runs.all(r, r.once && !r.once)",
]
BAD = [
    ("runs.all(r, r.once != false)", "use it bare"),
    ("runs.all(r, r.once == null || r.once)", "use it bare"),
    ("runs.all(r, r.once in [true])", "use it bare"),
    ("runz.size() == 0", "unknown fact runz"),
    ("runs.all(r, r.second != null)", "unknown field second"),
    ("runs.all(r, r.seconds <= 3)", "may be null"),
    ("runs.all(r, r.seconds != null || r.seconds <= 3)", "may be null"),
    ('runs.all(r, r.count == "3")', "never"),
    ('runs.all(r, r.count < "3")', "expected"),
    ("runs", "expected bool, found list"),
    ("git.known && runs.size()", "expected bool"),
    ("runs.all(r, r.path == null)", "never"),
    ("runs.some(r, true)", "unknown function"),
    ("length(runs) == 0", "unknown function"),
    ("runs.all(r)", "takes a name and an expression"),
    ("3 in git.why", "expected a list"),
    ("git.why + 3 == git.why", "expected"),
    ('columns["a"].kind == ""', "unknown field kind"),
]


@pytest.mark.parametrize("source", GOOD)
def test_a_sound_expression_has_no_problem(source: str) -> None:
    assert check_type(parse(source), ROOT, "bool").problems == []


@pytest.mark.parametrize(("source", "text"), BAD, ids=[source for source, _ in BAD])
def test_an_unsound_one_says_what_is_wrong(source: str, text: str) -> None:
    assert any(text in problem for problem in check_type(parse(source), ROOT, "bool").problems)


def test_the_roots_that_it_reads_are_known() -> None:
    assert check_type(parse("git.known && runs.size() > 0"), ROOT, "bool").roots == {"git", "runs"}


def test_words_about_an_answer_may_look_past_what_is_unknown() -> None:
    words = 'runs.filter(r, r.once == false).map(r, r.path).join(", ")'
    assert check_type(parse(words), ROOT, "string").problems == []


def test_facts_are_completed_to_their_types() -> None:
    facts = complete(
        {"runs": [{"path": 3, "seconds": 2, "count": True, "extra": 1}], "git": "x", "free": [1]}, ROOT
    )
    assert facts["runs"] == [{"path": "", "tags": [], "seconds": 2.0, "count": 0, "at": "", "once": None}]
    assert facts["git"] == {"known": False, "why": ""}
    assert facts["columns"] == {}
    assert facts["free"] == [1]


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown type"):
        parse_schema({"needs": {}, "kinds": {}, "facts": {"a": ["strnig", ""]}})
