"""Bounded readers of YAML, JSON and TOML: what cannot be read safely and the same way by everyone is refused.

A value that comes out is a plain tree: string keys, 64-bit integers, finite floats, no cycles, no NUL.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import lru_cache
from typing import Any

import yaml

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
SMALL = 1 << 14
MAX_NODES = 200_000
MAX_INT = 2**63
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,4})?", re.ASCII)
_NUMBER_START = frozenset("+-.0123456789")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STANDARD = "tag:yaml.org,2002:"
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")


class ParseError(Exception):
    """A document that is not read: `reason` in plain words, `line` when known (from 1)."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


def parse(path: str, data: bytes) -> Any:
    """Return the parsed `data`, read as its file name says. Raises ParseError."""
    readers = {"json": parse_json, "toml": parse_toml, "yaml": parse_yaml, "yml": parse_yaml}
    reader = readers.get(path.rpartition(".")[2].lower())
    if reader is None:
        raise ParseError("not a YAML, JSON or TOML file by its name")
    return reader(data)


def parse_shared(path: str, data: bytes) -> Any:
    """Return the parsed `data`; equal small files share one value, which nobody may change."""
    return _parse_small(path.rpartition(".")[2], data) if len(data) <= SMALL else parse(path, data)


@lru_cache(maxsize=1024)
def _parse_small(ending: str, data: bytes) -> Any:
    return parse(f".{ending}", data)


def decode(data: bytes, limit: int = MAX_BYTES) -> str:
    """Return `data` as text. Raises ParseError for what is too large, not UTF-8, or holds a NUL."""
    if len(data) > limit:
        raise ParseError(f"larger than {limit:,} bytes")
    if b"\x00" in data:
        raise ParseError("holds a NUL byte")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(f"not UTF-8 at byte {error.start}") from None


def parse_json(data: bytes, limit: int = MAX_BYTES) -> Any:
    """Return parsed JSON: no duplicate keys, no NaN, bounded numbers and depth."""
    text = decode(data, limit)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_json_int,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ParseError(f"nested deeper than {MAX_DEPTH}") from None
    except json.JSONDecodeError as error:
        raise ParseError(f"not JSON: {error.msg}", error.lineno) from None
    return plain(value)


def parse_toml(data: bytes, limit: int = MAX_BYTES // 4) -> Any:
    """Return parsed TOML; dates become their RFC 3339 text."""
    text = decode(data, limit)
    _refuse_long_keys(text)
    try:
        value = tomllib.loads(text, parse_float=_finite)
    except RecursionError:
        raise ParseError(f"nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise ParseError(f"not TOML: {str(error)[:200]}") from None
    return plain(value)


def parse_yaml(data: bytes, limit: int = MAX_BYTES) -> Any:
    """Return one parsed YAML document: 1.2 scalars, no merge keys, no duplicate keys, bounded aliases."""
    text = decode(data, limit)
    try:
        reader = _Yaml(text)
        value = reader.document()
        # Aliases can stack the depth of what they stand for; without them the reader has counted it.
        return plain(value) if reader.anchors else value
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ParseError(f"not YAML: {error.problem}", line) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise ParseError(f"not YAML: {str(error)[:200]}") from None


def plain(value: Any) -> Any:
    """Return `value` as a plain bounded tree. Raises ParseError for cycles, odd keys, NUL, huge numbers."""
    return _Plain().copy(value, 0)


class _Plain:
    """One bounded copy; a cycle shows as too much depth."""

    def __init__(self) -> None:
        self.nodes = 0

    def copy(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ParseError(f"more than {MAX_NODES:,} values or nested deeper than {MAX_DEPTH}")
        kind = type(value)
        if kind is dict:
            return {_text(key): self.copy(item, depth + 1) for key, item in value.items()}
        if kind is list or kind is tuple:
            return [self.copy(item, depth + 1) for item in value]
        return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, int):
        return _int64(value)
    if isinstance(value, float):
        return _finite(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise ParseError(f"a value of type {type(value).__name__}")


def _text(value: Any, line: int = 0) -> str:
    if not isinstance(value, str):
        raise ParseError(f"a key that is not text: {str(value)[:40]!r}", line)
    if _BAD_TEXT.search(value):
        raise ParseError("text with a NUL or half a surrogate pair", line)
    return value


def _int64(value: int, line: int = 0) -> int:
    if not -MAX_INT <= value < MAX_INT:
        raise ParseError("a whole number beyond 64 bits", line)
    return value


def _finite(value: Any, line: int = 0) -> float:
    number = float(value) if len(str(value)) <= 400 else float("inf")
    if number - number != 0:
        raise ParseError("a number that is infinite or not a number", line)
    return number


def _json_int(digits: str) -> int:
    if len(digits) > 20:
        raise ParseError("a whole number beyond 64 bits")
    return int(digits)


def _no_constant(name: str) -> Any:
    raise ParseError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"the key {double!r} twice")
    return result


def _refuse_long_keys(text: str) -> None:
    """A dotted key of many parts costs the standard reader quadratic time: nobody writes one."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MAX_DEPTH and line.partition("=")[0].count(".") > MAX_DEPTH:
            raise ParseError(f"a key of more than {MAX_DEPTH} parts", number)


class _Yaml:
    """Builds values straight from parser events, so that no limit can be passed before it is looked at."""

    def __init__(self, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events = yaml.parse(text, Loader=loader)
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        self.nodes = 0

    def document(self) -> Any:
        kinds = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
        value, documents = None, 0
        for event in self.events:
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise ParseError("more than one document", event.start_mark.line + 1)
            if not isinstance(event, kinds):
                value = self._node(event, 0)
        return value

    def _node(self, event: Any, depth: int) -> Any:
        line = event.start_mark.line + 1
        self._count(1, depth, line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, line)
        before, anchor = self.nodes, event.anchor
        if anchor:
            self.anchors[anchor] = None
        value = self._value(event, depth, line)
        if anchor:
            self.anchors[anchor] = (value, self.nodes - before + 1)
        return value

    def _count(self, nodes: int, depth: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ParseError(f"more than {MAX_NODES:,} values or nested deeper than {MAX_DEPTH}", line)

    def _alias(self, anchor: str, line: int) -> Any:
        known = self.anchors.get(anchor)
        if known is None:
            raise ParseError(f"the alias *{anchor[:40]} stands for itself or for nothing", line)
        self._count(known[1], 0, line)
        return known[0]

    def _value(self, event: Any, depth: int, line: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return _yaml_scalar(event, line)
        _container_tag(event, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return self._mapping(depth)

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, result)
            result[key] = self._node(next(self.events), depth + 1)
        return result

    def _key(self, event: Any, result: dict[str, Any]) -> str:
        line = event.start_mark.line + 1
        if not isinstance(event, yaml.ScalarEvent) or event.anchor:
            raise ParseError("a key that is not plain text", line)
        key = _text(event.value, line)
        if key == "<<" and event.implicit[0]:
            raise ParseError("a merge key (<<): write the values out", line)
        if key in result:
            raise ParseError(f"the key {key[:60]!r} twice", line)
        return key


def _container_tag(event: Any, line: int) -> None:
    allowed = (None, "!", f"{_STANDARD}map", f"{_STANDARD}seq")
    if event.tag not in allowed and not _local(event.tag):
        raise ParseError(f"the tag {event.tag[:60]!r}", line)


def _local(tag: str) -> bool:
    return tag.startswith("!")


def _yaml_scalar(event: Any, line: int) -> Any:
    text = _text(event.value, line)
    tag = event.tag
    if tag in (None, "!") and not event.implicit[0]:
        return text
    if tag == f"{_STANDARD}str" or (tag and _local(tag)):
        return text
    value = _plain_scalar(text, line)
    names = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}
    if tag and not isinstance(value, names.get(tag.removeprefix(_STANDARD), ())):  # type: ignore[arg-type]
        raise ParseError(f"the tag {tag[:60]!r}", line)
    return value


def _plain_scalar(text: str, line: int) -> Any:
    """YAML 1.2 core, minus what older readers take for another number (leading zeros, underscores, 1:30)."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START or len(text) > 64:
        return text
    if _INT.fullmatch(text):
        return _int64(int(text), line)
    if _FLOAT.fullmatch(text) and not _INT.fullmatch(text) and not _leading_zero(text):
        return _finite(text, line)
    if text.lower().lstrip("+-") in (".inf", ".nan"):
        raise ParseError("a number that is infinite or not a number", line)
    return text


def _leading_zero(text: str) -> bool:
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
