"""What a request may hold, taken from the release's own data contract, and plain words for what may not."""

from __future__ import annotations

import json
import math
import re
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..pipeline import settings
from .clock import parse

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")
_PARTS = frozenset({"inputs", "id", "entity", "observed_at"})


class Invalid(Exception):  # noqa: N818 - an answer to the client, not a defect
    """A request that cannot be scored: for each field what was expected."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{each['field']}: {each['problem']}" for each in problems))
        self.problems = problems


@dataclass(frozen=True)
class Field:
    """One input as the data contract bounds it."""

    name: str
    number: bool = True
    whole: bool = False
    low: float = -math.inf
    high: float = math.inf
    values: frozenset[Any] | None = None
    nullable: bool = False

    @property
    def expected(self) -> str:
        """The bounds in words."""
        if self.values is not None:
            return "one of " + ", ".join(sorted(map(str, self.values)))
        kind = ("a whole number" if self.whole else "a number") if self.number else "a text"
        bounds = f" from {self.low:g} to {self.high:g}" if self.number and self.low > -math.inf else ""
        return kind + bounds + (" or null" if self.nullable else "")

    @property
    def example(self) -> Any:
        """A value inside the bounds, for rehearsals."""
        if self.values is not None:
            return min(self.values, key=str)
        if not self.number:
            return "example"
        low, high = (bound if math.isfinite(bound) else 0.0 for bound in (self.low, self.high))
        return math.ceil(low) if self.whole else (low + max(low, high)) / 2

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, or nothing."""
        if value is None:
            return None if self.nullable else "is null"
        if self.number and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"is a {type(value).__name__}"
        if not self.number and not isinstance(value, str):
            return f"is a {type(value).__name__}"
        if self.values is not None:
            return None if value in self.values else "is not a known value"
        return self._out_of_bounds(value) if self.number else None

    def _out_of_bounds(self, value: float) -> str | None:
        if not abs(value) <= sys.float_info.max:  # a whole number can have hundreds of digits
            return "is not finite"
        if self.whole and value != int(value):
            return "is not whole"
        return None if self.low <= value <= self.high else "is out of range"


@dataclass(frozen=True)
class Request:
    """One checked request."""

    id: str
    entity: str
    inputs: Mapping[str, Any]
    observed_at: str | None = None


def read(body: bytes) -> Request:
    """The parts of a request body; its inputs are still unchecked."""
    try:
        whole = json.loads(body, parse_constant=_refuse_constant)
        if b"\\u" in body:  # half a character parses, and nobody who reads the capture could write it
            json.dumps(whole, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Invalid([_problem("body", f"not JSON: {error}", "a JSON object")]) from error
    if not isinstance(whole, dict) or not isinstance(whole.get("inputs"), dict):
        raise Invalid([_problem("inputs", "is missing", "an object of input fields")])
    if unknown := sorted(whole.keys() - _PARTS):
        raise Invalid(
            [_problem(each, "is unknown", "one of " + ", ".join(sorted(_PARTS))) for each in unknown]
        )
    name = _named(whole, "id") or uuid.uuid4().hex
    return Request(name, _named(whole, "entity") or name, whole["inputs"], _observed(whole))


def fields(contract: Mapping[str, Any], inputs: Iterable[str]) -> dict[str, Field]:
    """The fields a release takes, each bounded as the release's own data contract says."""
    columns = settings.need(contract, "columns", "policy/data.yaml of the release")
    return {name: _field(name, settings.need(columns, name, "policy/data.yaml, columns")) for name in inputs}


def check(given: Mapping[str, Any], wanted: Mapping[str, Field]) -> None:
    """Refuse inputs outside the contract: unknown, missing, null, of another type, out of range."""
    problems = [
        _problem(name, "is unknown", "no such field") for name in sorted(given.keys() - wanted.keys())
    ]
    for name, field in wanted.items():
        trouble = field.problem(given[name]) if name in given else "is missing"
        if trouble and not (name not in given and field.nullable):
            problems.append(_problem(name, trouble, field.expected))
    if problems:
        raise Invalid(problems)


def _field(name: str, column: Mapping[str, Any]) -> Field:
    values = column.get("values")
    return Field(
        name=name,
        number=column.get("type") != "string",
        whole=column.get("type") == "integer",
        low=float(column.get("min", -math.inf)),
        high=float(column.get("max", math.inf)),
        values=frozenset(values) if values is not None else None,
        nullable=float(column.get("nulls", 0)) > 0,
    )


def _named(whole: Mapping[str, Any], part: str) -> str | None:
    value = whole.get(part)
    if value is None:
        return None
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Invalid([_problem(part, "is not a plain name", "1 to 64 letters, digits and . _ : @ -")])
    return value


def _observed(whole: Mapping[str, Any]) -> str | None:
    value = whole.get("observed_at")
    try:
        return parse(value).isoformat() if value is not None else None
    except Exception as error:
        raise Invalid([_problem("observed_at", "is not a time", "such as 2026-11-20T09:00:00Z")]) from error


def _problem(field: str, problem: str, expected: str) -> dict[str, str]:
    return {"field": field[:80], "problem": problem, "expected": expected}


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a value")
