"""The guards around the expression engine, and the same questions put to a second binding."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.adapters.cel import Bound, Engine
from roadworthy.adapters.shapes import misshapen
from roadworthy.core.documents.bounds import MAX_DEPTH, ParseError, plain
from roadworthy.core.expressions.cells import typed
from roadworthy.core.expressions.fact_schema import FactSchema, Type, parse_schema
from roadworthy.core.memo import Memo
from roadworthy.errors import UsageError

FACTS: dict[str, Any] = {
    "as_of": "2026-11-20T12:00:00Z",
    "p": {
        "name": "low",
        "count": 3,
        "ratio": 0.5,
        "yes": True,
        "nothing": None,
        "names": ["a", "b"],
        "rows": [
            {"at": "2026-11-10T12:00:00Z", "ok": True, "seconds": 4.5},
            {"at": "", "ok": False, "seconds": None},
        ],
        "far": {"known": False, "reason": "no token"},
    },
}
NEEDS = {"p": ("p.yes", "p.name"), "far": ("p.far.known", "p.far.reason")}
ENGINE = Engine(("as_of", "p"))
ROOT = Type(fields={"as_of": Type("time"), "p": Type("any")})
SCHEMA = FactSchema(root=ROOT, needs=NEEDS)


def bound(facts: dict[str, Any] | None = None) -> Bound:
    return bind(ENGINE, facts or FACTS, ["src/a.py", "src/b/c.py", "README.md"])


def bind(engine: Engine, facts: dict[str, Any], paths: Sequence[str] = ()) -> Bound:
    return engine.bind(typed(facts, paths, ROOT, Memo()), SCHEMA, misshapen, paths)


# Each is a question and its answer: True, False, or None for no answer.
QUESTIONS: list[tuple[str, bool | None]] = [
    ("p.yes", True),
    ("!p.yes", False),
    ("p.count == 3", True),
    ("p.count > 2.5", True),
    ("p.ratio < 1", True),
    ("p.name == 'low'", True),
    ("p.name in ['low', 'high']", True),
    ("p.nothing == null", True),
    ("p.nothing == null || p.nothing < 3", True),
    ("p.names.size() == 2", True),
    ("size(p.names) == 2", True),
    ("p.names.exists(n, n == 'b')", True),
    ("p.names.all(n, n != 'c')", True),
    ("p.names.filter(n, n > 'a').size() == 1", True),
    ("p.names.map(n, n + '!') == ['a!', 'b!']", True),
    ("p.rows.exists(r, r.ok && r.seconds < 5.0)", True),
    ("p.rows.all(r, r.ok)", False),
    ("p.name.startsWith('l') && p.name.endsWith('w') && p.name.contains('o')", True),
    ("p.name.matches('^l.w$')", True),
    ("p.count > 5 ? false : true", True),
    ("has(p.name)", True),
    ("has(p.nope)", False),
    ("p.nope == 1", None),
    ("p.nothing < 3", None),
    ("p.name", None),
    ("p.count", None),
    ("p.names", None),
    ("p.nothing", None),
    ("p.name > 3", None),
    ("p.names[7] == 'a'", None),
    ("1 / 0 == 1", None),
    ("p.name.matches('(')", None),
]


@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_only_a_real_true_is_true(question: str, answer: bool | None) -> None:
    found = bound().truth(question)
    assert found.value is answer
    assert bool(found.error) == (answer is None)


@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_a_second_binding_agrees(question: str, answer: bool | None) -> None:
    context = cel.Context(plain(FACTS, mend=True))
    try:
        found: Any = cel.evaluate(question, context)
    except Exception:  # whatever it raises, it gives no answer
        found = None
    assert (found if isinstance(found, bool) else None) is answer


@given(st.integers(-5, 5), st.integers(-5, 5), st.sampled_from(["<", "<=", "==", "!=", ">", ">="]))
def test_both_bindings_compare_alike(left: int, right: int, op: str) -> None:
    question = f"p.a {op} p.b || p.a + p.b {op} 0"
    facts = {"as_of": "", "p": {"a": left, "b": right}}
    assert bound(facts).truth(question).value is cel.evaluate(question, cel.Context(facts))


def test_functions_of_the_host() -> None:
    ask = bound()
    assert ask.truth("age(p.rows[0].at) == 10.0").value is True
    assert ask.truth("age('2026-11-20') > 0").value is True
    assert ask.truth("files.has('README.md') && !files.has('nope')").value is True
    assert ask.truth("files.glob('src/*.py').size() == 2").value is True
    assert ask.truth("p.names.join(', ') == 'a, b'").value is True


def test_a_time_that_is_none_is_an_error_and_never_an_age() -> None:
    assert bound().truth("age(p.rows[1].at) <= 31.0 || age(p.rows[1].at) > 31.0").value is None


def test_a_nul_cannot_cut_a_word_short() -> None:
    facts = {"as_of": "", "p": {"name": "low\0 but really high", "low\0x": 1}}
    assert bound(facts).truth("p.name == 'low'").value is False
    assert bound(facts).truth("has(p.low)").value is False


def test_half_a_surrogate_pair_is_survived() -> None:
    assert bound({"as_of": "", "p": {"name": "a\ud800b"}}).truth("p.name == 'ab'").value is False


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _loop() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        _deep(MAX_DEPTH + 2),
        _deep(500),
        _loop(),
        2**63,
        -(2**63) - 1,
        {1: "a"},
        {None: 1},
        object(),
        {1, 2},
        [0] * 200_001,
    ],
    ids=["deep", "deeper", "loop", "large", "small", "int key", "null key", "object", "set", "many"],
)
def test_data_that_would_break_the_engine_never_reaches_it(value: Any) -> None:
    with pytest.raises(ParseError):
        plain({"p": value}, mend=True)
    ask = bind(ENGINE, {"as_of": "", "p": value})
    found = ask.truth("true")
    assert found.value is None
    assert "cannot be evaluated" in found.error
    assert ask.text("'words'") == ""


def test_dates_become_text() -> None:
    from datetime import UTC, date, datetime

    facts = plain({"day": date(2026, 11, 20), "time": datetime(2026, 11, 20, tzinfo=UTC)}, mend=True)
    assert facts == {"day": "2026-11-20", "time": "2026-11-20T00:00:00+00:00"}


def test_a_rule_that_counts_too_far_is_cut_off() -> None:
    facts = {"as_of": "", "p": {"n": list(range(200))}}
    start = time.process_time()
    found = bound(facts).truth("p.n.all(a, p.n.all(b, p.n.all(c, a + b + c >= 0)))")
    assert found.value is None
    assert time.process_time() - start < 2


def test_a_pattern_that_would_backtrack_does_not() -> None:
    facts = {"as_of": "", "p": {"text": "a" * 5_000 + "!"}}
    start = time.process_time()
    assert bound(facts).truth("p.text.matches('^(a+)+$')").value is False
    assert time.process_time() - start < 1


@pytest.mark.parametrize("wrong", ["q.a == 1", "nope(p.a)", "'a' + 1 == 2"])
def test_what_no_pack_may_say_is_no_pass_either(wrong: str) -> None:
    assert bound().truth(wrong).value is None
    assert bound().truth(wrong).error


@pytest.mark.parametrize("broken", ["p.a ==", "(" * 5_000])
def test_what_does_not_compile_is_a_usage_error(broken: str) -> None:
    with pytest.raises(UsageError, match="does not compile"):
        bound().truth(broken)


def test_what_was_compiled_before_is_read_again_and_what_is_broken_compiled_anew() -> None:
    first = Engine(("as_of", "p"))
    assert bind(first, FACTS).truth("p.count == 3").value is True
    grown = [first.grown]
    compiled = first.dump()
    grown.append(first.grown)
    assert grown == [True, False]
    second = Engine(("as_of", "p"))
    second.load({**compiled, "p.count == 4": "AAAA", "p.yes": "not base64!"})
    ask = bind(second, FACTS)
    assert [ask.truth(text).value for text in ("p.count == 3", "p.count == 4", "p.yes")] == [
        True,
        False,
        True,
    ]


def test_words_come_only_from_text() -> None:
    assert bound().text("'name: ' + p.name") == "name: low"
    assert bound().text("p.count") == ""
    assert bound().text("p.nope") == ""


KNOWN = parse_schema(
    {
        "kinds": {},
        "needs": {},
        "unknown": {"runs": "git.why"},
        "facts": {
            "git.why": ["string", ""],
            "runs": ["list", ""],
            "runs[].path": ["string", ""],
            "runs[].once": ["bool~", ""],
            "runs[].fine": ["bool", ""],
        },
    }
)


@pytest.mark.parametrize(
    ("once", "fine", "value"),
    [(None, True, None), (None, False, False), (True, True, True), (False, True, False)],
)
def test_an_answer_that_hangs_on_what_nobody_knows_is_none(once: Any, fine: bool, value: Any) -> None:
    rows = [{"path": "a.json", "once": once, "fine": fine}, {"path": "b.json", "once": True, "fine": True}]
    facts = typed({"git": {"why": "no history"}, "runs": rows}, (), KNOWN.root, Memo())
    found = Engine(("git", "runs")).bind(facts, KNOWN, misshapen).truth("runs.all(r, r.fine && r.once)")
    why = "no history; not known: once of a.json" if value is None else ""
    assert (found.value, found.unknown) == (value, why)


def test_what_is_out_of_reach_says_why() -> None:
    assert bound().unavailable(("p",)) == ""
    assert bound().unavailable(("p.rows", "far")) == "no token"
    assert bound().unavailable(("unheard.of",)) == ""


def test_a_shape_is_held_against_a_fact() -> None:
    assert bound().misshapen({"type": "object", "required": ["name"]}, "p") == []
    assert bound().misshapen({"type": "integer"}, "p.name") == ['"low" is not of type "integer"']
