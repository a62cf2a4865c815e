"""YAML straight from parser events, so that no limit can be passed before it is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from roadworthy.core.documents.bounds import MAX_DEPTH, MAX_NODES, ParseError, finite, int64, plain, text_of

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})", re.ASCII)
# Without a point or a sign in the exponent it is text to what wrote it: a commit named 760e499 is no number.
_FLOAT = re.compile(r"(\.[0-9]{1,40}|[-+]?[0-9]{1,40}\.[0-9]{0,40})([eE][-+][0-9]{1,4})?", re.ASCII)
_NUMBER_START = frozenset("+-.0123456789")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STANDARD = "tag:yaml.org,2002:"


def read_document(text: str) -> Any:
    """Return what a text of one document says. Raises ParseError."""
    try:
        reader = Reader(text)
        value = reader.document()
        # Aliases can stack the depth of what they stand for; without them the reader has counted it.
        return plain(value) if reader.anchors else value
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ParseError(f"not YAML: {error.problem}", line) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise ParseError(f"not YAML: {str(error)[:200]}") from None


class Reader:
    """Reads one document: 1.2 scalars, no merge keys, no duplicate keys, bounded aliases."""

    def __init__(self, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        # The stubs think that events from text may lack marks and anchors; they never do.
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
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
            return self._alias(str(event.anchor), line)
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
        key = text_of(event.value, line)
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
    text = text_of(event.value, line)
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
    """YAML 1.2 core, minus what PyYAML takes for something else (leading zeros, 1:30, 1e3)."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START or len(text) > 64:
        return text
    if _INT.fullmatch(text):
        return int64(int(text), line)
    if _FLOAT.fullmatch(text) and not _leading_zero(text):
        return finite(text, line)
    if text.lower().lstrip("+-") in (".inf", ".nan"):
        raise ParseError("a number that is infinite or not a number", line)
    return text


def _leading_zero(text: str) -> bool:
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
