"""The expression language, guarded: whatever the binding does, only a real `true` is a pass.

The binding returns errors as values, cuts strings at NUL and crashes on deep or cyclic data; so only
`typed` data goes in, and answers are looked at for their type after it.
"""

from __future__ import annotations

import contextlib
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import translate
from typing import Any, Final

from cel_expr_python import cel

from roadworthy.core.expressions.cells import Facts, unknowns
from roadworthy.core.expressions.fact_schema import FactSchema
from roadworthy.core.judging.evaluate import Truth
from roadworthy.core.packs.pack import Shape
from roadworthy.core.times import parse_day
from roadworthy.errors import UsageError

# What the binding says of an operator that met a value of no type it takes, and so of null.
_OF_NULL: Final = "No matching overloads"
MOST_UNKNOWN, UNSAID = 3, "nothing here tells"
# What is asked at no known time is asked at the end of time, when everything is too old.
_END: Final = datetime.max.replace(tzinfo=UTC)


class Engine:
    """Compiles expressions once, and binds them to the facts of one project after another."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.as_of = _END
        self.paths: frozenset[str] = frozenset()
        self._compiled: dict[str, Any] = {}
        self._kept: dict[str, str] = {}
        variables = dict.fromkeys(roots, cel.Type.DYN)
        self.env = cel.NewEnv(
            variables=variables, extensions=[cel.CelExtension("roadworthy", self._functions())]
        )

    def compile(self, expression: str) -> Any:
        """Return a compiled expression. Raises UsageError with the place in it."""
        if expression not in self._compiled:
            self._compiled[expression] = self._kept_one(expression) or self._new_one(expression)
        return self._compiled[expression]

    def _kept_one(self, expression: str) -> Any:
        """What was compiled before; what of it cannot be read is compiled again."""
        kept = self._kept.get(expression)
        with contextlib.suppress(RuntimeError, ValueError):
            return self.env.deserialize(a2b_base64(kept)) if kept else None
        return None

    def _new_one(self, expression: str) -> Any:
        try:
            # Packs are proved when they are read; to carry the binding's own proof doubles an expression.
            return self.env.compile(expression, disable_check=True)
        except RuntimeError as error:
            raise UsageError(f"expression does not compile: {error}", "`roadworthy policy lint`") from None

    def load(self, compiled: Mapping[str, str]) -> None:
        """Take in expressions that were compiled before; each is read when it is first asked."""
        self._kept = dict(compiled)

    def dump(self) -> dict[str, str]:
        """Return every compiled expression, for `load` another time."""
        new = {text: each for text, each in self._compiled.items() if text not in self._kept}
        self._kept |= {
            text: b2a_base64(each.serialize(), newline=False).decode() for text, each in new.items()
        }
        return dict(self._kept)

    @property
    def grown(self) -> bool:
        """Whether something was compiled that was not loaded."""
        return not self._compiled.keys() <= self._kept.keys()

    def bind(self, facts: Facts, schema: FactSchema, shape: Shape, paths: Sequence[str] = ()) -> Bound:
        """Return an asker for one project's facts. The clock is the fact `as_of`."""
        self.as_of = parse_day(facts.values.get("as_of", "")) or _END
        self.paths = frozenset(paths)
        return Bound(self, facts, schema, shape)

    def _functions(self) -> list[Any]:
        string, dyn = cel.Type.STRING, cel.Type.DYN
        return [
            _declare("age", (dyn,), dyn, self._age),
            _declare("files.has", (string,), cel.Type.BOOL, lambda path: path in self.paths),
            _declare("files.glob", (string,), cel.Type.LIST, self._glob),
            _declare("join", (cel.Type.LIST, string), string, _join, member=True),
            _declare("join", (cel.Type.LIST,), string, _join, member=True),
        ]

    def _age(self, moment: Any) -> float:
        """Days from a time to `as_of`; a time that is none raises, which is an error and never a pass."""
        when = parse_day(moment)
        if when is None:
            raise ValueError(f"not a time: {str(moment)[:40]!r}")
        return (self.as_of - when) / timedelta(days=1)

    def _glob(self, pattern: str) -> list[str]:
        # A translated glob has only atomic groups, so no pattern can make it backtrack.
        matches = re.compile(translate(pattern)).match
        return sorted(path for path in self.paths if matches(path))


class Bound:
    """Answers questions about the facts of one project (an `Asker`)."""

    def __init__(self, engine: Engine, facts: Facts, schema: FactSchema, shape: Shape) -> None:
        self.engine, self.schema, self.shape, self.problem = engine, schema, shape, facts.problem
        self.data = {} if facts.problem else facts.values
        self.activation = engine.env.Activation(self.data)

    def truth(self, expression: str) -> Truth:
        """Answer a yes-or-no expression. An error, a missing field or another type is no answer."""
        if self.problem:
            return Truth(value=None, error=self.problem)
        kind, value = self._eval(expression)
        if kind == "BOOL" and value in (True, False):
            return Truth(value=value is True)
        what = str(value) if kind == "ERROR" else f"expected true or false, the expression gave {kind}"
        blind = kind == "NULL" or _OF_NULL in what
        return Truth(value=None, error=what, unknown=self._unknown(expression) if blind else "")

    def _unknown(self, expression: str) -> str:
        """Return what an expression asks that nobody here can know, and why; empty when all can be known."""
        found = tuple(unknowns(expression, self.data, self.schema))
        if not found:
            return ""
        more = f" and {len(found) - MOST_UNKNOWN} more" if len(found) > MOST_UNKNOWN else ""
        what = ", ".join(each for each, _ in found[:MOST_UNKNOWN])
        return f"{self._fact(found[0][1]) or UNSAID}; not known: {what}{more}"

    def text(self, expression: str) -> str:
        """Return the text of an expression; empty when it comes to none."""
        if self.problem:
            return ""
        kind, value = self._eval(expression)
        return str(value) if kind == "STRING" else ""

    def misshapen(self, schema: Mapping[str, Any], fact: str) -> Sequence[str]:
        """Return why a fact does not have a shape."""
        return self.shape(schema, self._fact(fact))

    def unavailable(self, needs: Sequence[str]) -> str:
        """Return why one of some facts cannot be had; empty when all can."""
        for root in (need.partition(".")[0] for need in needs):
            available, reason = self.schema.needs.get(root, ("", ""))
            if available and self._fact(available) is not True:
                return str(self._fact(reason) or f"{root} cannot be known here")
        return ""

    def _fact(self, path: str) -> Any:
        value: Any = self.data
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def _eval(self, expression: str) -> tuple[str, Any]:
        try:
            result = self.engine.compile(expression).eval(self.activation)
            return result.type().name(), result.plain_value()
        except (RuntimeError, ValueError, TypeError, MemoryError) as error:
            return "ERROR", str(error)[:200]


def _declare(
    name: str, parameters: tuple[Any, ...], returns: Any, impl: Callable[..., Any], member: bool = False
) -> Any:
    overload = cel.Overload(
        id=f"{name.replace('.', '_')}_{len(parameters)}",
        return_type=returns,
        parameters=list(parameters),
        is_member=member,
        impl=impl,
    )
    return cel.FunctionDecl(name, [overload])


def _join(items: Sequence[Any], between: str = "") -> str:
    return between.join(str(item) for item in items)
