"""Expressions as trees: what is written back means the same, and nonsense is refused with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.core.expressions.mutants import mutants
from roadworthy.core.expressions.syntax import Node, parse, write
from roadworthy.errors import UsageError

SOURCES = [
    'a.b && !(c || d.e[0] == 3) ? "x" : "y" + string(1.5)',
    "records.drills.exists(d, d.passed && d.seconds != null && d.seconds <= tier.rollback_seconds)",
    '["a", "b"].all(s, s in a.x)',
    "a - (b - c)",
    "a - b - c",
    "-a < 0 || (a && b) && c",
    "(a == b) == c",
    "a == (b == c)",
    '"quote \\" and \\\\" == r"\\d"',
    "a ? b : c ? d : e",
    "(a ? b : c) ? d : e",
    "!(!a)",
]
LEAVES = st.one_of(
    st.sampled_from(["a", "b1", "x_y"]).map(lambda name: Node("name", name)),
    st.one_of(st.integers(0, 99), st.sampled_from([True, False, None, "s", 'q"', ""])).map(
        lambda value: Node("literal", value)
    ),
)


def _branches(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    kind = st.just("op")
    ops = st.sampled_from(["&&", "||", "==", "!=", "<", ">=", "in", "+", "-", "*"])
    owner = inner.filter(lambda node: node.kind != "literal")
    return st.one_of(
        st.builds(Node, kind, ops, st.tuples(inner, inner)),
        st.builds(Node, kind, st.sampled_from(["!", "-"]), st.tuples(inner)),
        st.builds(Node, kind, st.just("?:"), st.tuples(inner, inner, inner)),
        st.builds(Node, kind, st.just("[]"), st.tuples(owner, inner)),
        st.builds(Node, st.just("select"), st.just("field"), st.tuples(owner)),
        st.builds(Node, st.just("method"), st.just("size"), st.tuples(inner)),
        st.builds(Node, st.just("list"), st.none(), st.lists(inner, max_size=3).map(tuple)),
    )


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_written_back_reads_the_same(source: str) -> None:
    assert parse(write(parse(source))) == parse(source)


@given(st.recursive(LEAVES, _branches, max_leaves=12))
def test_any_tree_survives_writing_and_reading(tree: Node) -> None:
    assert parse(write(tree)) == tree


@pytest.mark.parametrize(
    "source", ["", "a.", "a b", "a &&", '"x', "(a", "a.b(", "a..b", "a[", "@", "a ? b", "[a,"]
)
def test_nonsense_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match="expression"):
        parse(source)


def test_mutants_change_each_part() -> None:
    changes = set(mutants(parse('a.all(x, x.n >= 3 && x.s != "k") || !b')).values())
    assert {
        "negated",
        "all became exists",
        ">= became <",
        ">= became >",
        "3 became 4",
        "3 became 2",
    } <= changes
    assert {'"k" changed', "!= became ==", "a ! was dropped", "dropped !b"} <= changes


@given(st.recursive(LEAVES, _branches, max_leaves=8))
def test_every_mutant_reads_and_differs(tree: Node) -> None:
    found = mutants(tree)
    assert found
    for mutant in found:
        assert write(parse(mutant)) == mutant != write(tree)
