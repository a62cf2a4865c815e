"""Bounded readers of YAML, JSON and TOML: what cannot be read safely and the same way by everyone is refused.

A value that comes out is a plain tree: string keys, 64-bit integers, finite floats, no cycles, no NUL.
"""

from __future__ import annotations

import json
from typing import Any

from roadworthy.core.documents.bounds import MAX_DEPTH, ParseError, finite, plain
from roadworthy.core.documents.notes import Notes

__all__ = ["ParseError", "decode", "noted", "parse", "parse_json", "parse_toml", "parse_yaml", "parsed"]

MAX_BYTES = 1 << 20


def parse(path: str, data: bytes) -> Any:
    """Return the parsed `data`, read as its file name says. Raises ParseError."""
    readers = {"json": parse_json, "toml": parse_toml, "yaml": parse_yaml, "yml": parse_yaml}
    reader = readers.get(path.rpartition(".")[2].lower())
    if reader is None:
        raise ParseError("not a YAML, JSON or TOML file by its name")
    return reader(data)


def parsed(path: str, data: bytes | None) -> Any:
    """Return the parsed `data` of a file; None when there is none, or when it cannot be read safely."""
    try:
        return None if data is None else parse(path, data)
    except ParseError:
        return None


def noted(path: str, data: bytes | None, digest: str, notes: Notes) -> Any:
    """Return the same, which nobody may change; what was parsed once is not parsed again."""
    return notes.once(f"document {path.rpartition('.')[2]}", digest, lambda: parsed(path, data))


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


def parse_json(data: bytes) -> Any:
    """Return parsed JSON: no duplicate keys, no NaN, bounded numbers and depth."""
    text = decode(data)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_json_int,
            parse_float=finite,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ParseError(f"nested deeper than {MAX_DEPTH}") from None
    except json.JSONDecodeError as error:
        raise ParseError(f"not JSON: {error.msg}", error.lineno) from None
    return plain(value)


def parse_toml(data: bytes) -> Any:
    """Return parsed TOML; dates become their RFC 3339 text."""
    import tomllib

    text = decode(data, MAX_BYTES // 4)
    _refuse_long_keys(text)
    try:
        value = tomllib.loads(text, parse_float=finite)
    except RecursionError:
        raise ParseError(f"nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise ParseError(f"not TOML: {str(error)[:200]}") from None
    return plain(value)


def parse_yaml(data: bytes) -> Any:
    """Return one parsed YAML document: 1.2 scalars, no merge keys, no duplicate keys, bounded aliases."""
    # The parser takes longer to import than most files take to read, and not everything is YAML.
    from roadworthy.core.documents.yaml_reader import read_document

    return read_document(decode(data))


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
