"""Documents are read the same way by everyone, or not at all."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from roadworthy.core.documents.bounds import plain
from roadworthy.core.documents.parse import (
    MAX_BYTES,
    ParseError,
    parse,
    parse_json,
    parse_toml,
    parse_yaml,
)

REFUSED_YAML = {
    "alias bomb": b"a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)),
    "merge bomb": b"a0: &a0 {k: 1}\n"
    + b"".join(b"a%d: &a%d {<<: [*a%d, *a%d]}\n" % (n, n, n - 1, n - 1) for n in range(1, 27)),
    "cycle": b"a: &a {x: *a}",
    "self": b"&a [*a]",
    "deep flow": b"[" * 100_000,
    "deep block": b"".join(b" " * n + b"a:\n" for n in range(200)),
    "python object": b"a: !!python/object/apply:os.system [id]",
    "python tag on a scalar": b"a: !!python/name:os.system x",
    "binary": b"a: !!binary aGk=",
    "duplicate": b"a: 1\na: 2",
    "duplicate below": b"x: {a: 1, 'a': 2}",
    "merge key": b"a: &a {x: 1}\nb: {<<: *a}",
    "two documents": b"a: 1\n---\na: 2",
    "infinity": b"a: .inf",
    "not a number": b"a: .nan",
    "beyond 64 bits": b"a: 9223372036854775808",
    "key of a list": b"? [a]\n: 1",
    "escaped NUL": b'a: "low\\0 high"',
    "NUL in a key": b'"a\\0b": 1',
    "half a surrogate": b'a: "\\ud800"',
    "NUL byte": b"a: b\x00",
    "UTF-16": "a: 1".encode("utf-16"),
    "not UTF-8": b"a: \xff\xfe",
    "unclosed": b"a: [1",
    "tab": b"a:\n\t- b",
    "too large": b"a: " + b"x" * MAX_BYTES,
    "stacked anchors": b"a0: &a0 "
    + b"[" * 50
    + b"]" * 50
    + b"\n"
    + b"".join(
        b"a%d: &a%d " % (n, n) + b"[" * 50 + b"*a%d" % (n - 1) + b"]" * 50 + b"\n" for n in range(1, 20)
    ),
}


@pytest.mark.parametrize("name", sorted(REFUSED_YAML))
def test_yaml_refuses_quickly(name: str) -> None:
    start = time.process_time()
    with pytest.raises(ParseError):
        parse_yaml(REFUSED_YAML[name])
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: -7", -7),
        ("a: 1.5", 1.5),
        ("a: 1.0e+3", 1000.0),
        ("a: 1e3", "1e3"),
        ("a: 1.5e3", "1.5e3"),
        ("a: 760e499", "760e499"),
        ("a: .5", 0.5),
        ("a: true", True),
        ("a: null", None),
        ("a: ~", None),
        ("a:", None),
        ("a: 'true'", "true"),
        ("a: yes", "yes"),
        ("a: off", "off"),
        ("a: 010", "010"),
        ("a: 1_000", "1_000"),
        ("a: 59:59", "59:59"),
        ("a: 0x1F", "0x1F"),
        ("a: 2026-11-20", "2026-11-20"),
        ("a: !Ref b", "b"),
        ("a: !reference [x, y]", ["x", "y"]),
        ("a: !!str 1", "1"),
        ("a: !!int 1", 1),
        ("a: &x [1]\nb: *x", [1]),
        ("a: |\n  text\n", "text\n"),
        ("\ufeffa: 1", 1),
        ("a: 1\r# old Mac\rb: 2", 1),
    ],
)
def test_yaml_scalars_are_those_of_1_2(text: str, value: Any) -> None:
    found = parse_yaml(text.encode())["a"]
    assert found == value
    assert type(found) is type(value)


@given(st.text(st.sampled_from("0123456789abcdefex+-._:~ ny"), min_size=1, max_size=12))
@example("760e499")
@example("1234e56")
@example("-.0")
@example("+.5")
def test_text_that_pyyaml_writes_is_read_as_that_text(text: str) -> None:
    assert parse_yaml(yaml.safe_dump({"a": text}).encode())["a"] == text


def test_yaml_keys_stay_text() -> None:
    assert list(parse_yaml(b"on: push\n1: x\ntrue: y\nnull: z")) == ["on", "1", "true", "null"]


def test_yaml_empty_is_nothing() -> None:
    assert parse_yaml(b"") is None
    assert parse_yaml(b"# only a comment\n") is None


def test_a_long_number_is_no_number_and_costs_no_time() -> None:
    start = time.process_time()
    found = parse_yaml(b"a: " + b"59:" * 200_000 + b"59\nb: " + b"9" * 300_000)
    assert isinstance(found["a"], str)
    assert isinstance(found["b"], str)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": 9223372036854775808}',
        b'{"a": ' + b"9" * 500_000 + b"}",
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b"[" * 70 + b"]" * 70,
        b"{'a': 1}",
        b"",
        "{}".encode("utf-16"),
        b"[" + b"1," * 250_000 + b"1]",
    ],
)
def test_json_refuses(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_json(data)


@pytest.mark.parametrize(
    "data",
    [
        b"a = 1\na = 2",
        b"a = " + b"[" * 100_000,
        b"a = " + b"9" * 200_000,
        b"a = inf",
        b"a = nan",
        b"a = " + b"x" * 300_000,
        b".".join([b"a"] * 50_000) + b" = 1",
        b"a = 'x\x00'",
        b"a = 1\rb = 2",
    ],
)
def test_toml_refuses_quickly(data: bytes) -> None:
    start = time.process_time()
    with pytest.raises(ParseError):
        parse_toml(data)
    assert time.process_time() - start < 1


def test_toml_dates_are_text() -> None:
    assert parse_toml(b"a = 2026-11-20\nb = 2026-11-20T09:00:00Z") == {
        "a": "2026-11-20",
        "b": "2026-11-20T09:00:00+00:00",
    }


def test_an_error_says_where() -> None:
    with pytest.raises(ParseError) as caught:
        parse_yaml(b"a: 1\nb: 2\na: 3")
    assert str(caught.value) == "line 3: the key 'a' twice"


def test_the_name_of_a_file_chooses_the_reader() -> None:
    assert parse("a.json", b"[1]") == parse("a.YAML", b"[1]") == [1]
    with pytest.raises(ParseError, match="by its name"):
        parse("a.pkl", b"")


def test_plain_refuses_a_cycle() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ParseError):
        plain(loop)
    with pytest.raises(ParseError):
        plain({1: "a"})
    with pytest.raises(ParseError):
        plain({"a": object()})
