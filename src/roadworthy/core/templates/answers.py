"""Answers as Copier understands them: how a value is cast, chosen and serialised."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import yaml

TRUE_WORDS: Final = frozenset({"y", "yes", "t", "true", "on"})
FALSE_WORDS: Final = frozenset({"n", "no", "f", "false", "off", "~", "null", "none"})


class BadAnswer(ValueError):  # noqa: N818  the word of the domain
    """A value that its question does not accept; says what it expects."""


def to_bool(value: Any) -> bool:
    """Cast anything to a boolean: numbers first, then YAML's words, then truth."""
    with suppress(TypeError, ValueError):
        return bool(float(value))
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE_WORDS:
            return True
        if not word or word in FALSE_WORDS:
            return False
    return bool(value)


def to_str(value: Any) -> str:
    """Cast a scalar to text; refuse lists and mappings."""
    if isinstance(value, str):
        return value
    if isinstance(value, (float, int, Decimal)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return value.decode()
    raise BadAnswer("expected text")


def from_yaml(text: str) -> Any:
    try:
        return deepcopy(_parsed(text))
    except yaml.YAMLError as error:
        raise BadAnswer(f"expected YAML: {error}") from error


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """Parse once what every project of a template computes again."""
    return yaml.safe_load(text)


def raw_items(text: str) -> list[str]:
    """Split a YAML list into its items, each still raw text, unquoted if it was a quoted string."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise BadAnswer("expected a list, such as [a, b]") from error
    if not isinstance(node, yaml.SequenceNode):
        raise BadAnswer("expected a list, such as [a, b]")
    return [_raw(text, item) for item in node.value]


CASTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "bool": to_bool,
    "float": float,
    "int": int,
    "json": json.loads,
    "str": to_str,
    "yaml": from_yaml,
    "path": str,
}


def cast(type_name: str, answer: Any, several: bool) -> Any:
    """Cast an answer (every item of it, if a question takes several) to its question's type."""
    structured = type_name in ("json", "yaml")
    if answer is None and not structured:
        raise BadAnswer(f"expected a value of type {type_name}")
    one = CASTS[type_name]
    try:
        return [one(item) for item in answer] if several and isinstance(answer, list) else one(answer)
    except (TypeError, AttributeError):
        if structured:  # it was parsed already
            return answer
        raise BadAnswer(f"expected a value of type {type_name}") from None
    except BadAnswer:
        raise
    except ValueError:
        raise BadAnswer(f"expected a value of type {type_name}") from None


def _raw(text: str, item: yaml.Node) -> str:
    raw = text[item.start_mark.index : item.end_mark.index].strip()
    quoted = len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'"
    is_string = isinstance(item, yaml.ScalarNode) and item.tag == "tag:yaml.org,2002:str"
    return raw[1:-1] if quoted and is_string else raw
