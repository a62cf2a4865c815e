"""Frozen values with named fields, for what `check` imports.

A standard dataclass writes and compiles its methods when it is made, half a millisecond each: forty of them
were a quarter of the time of a whole `check`. Here all classes share the same methods. Type checkers read
`@frozen` as `@dataclass(frozen=True, kw_only=True)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


class _Factory:
    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """Say that each value gets a default of its own."""
    return _Factory(default_factory)  # type: ignore[return-value]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class of frozen values: named arguments, equality, hash and repr by its annotated fields."""
    names = tuple(cls.__annotations__)
    given = {name: vars(cls)[name] for name in names if name in vars(cls)}
    factories = {name: each.make for name, each in given.items() if isinstance(each, _Factory)}
    for name in factories:
        delattr(cls, name)
    defaults = {name: each for name, each in given.items() if name not in factories}
    methods = _methods(names, defaults, factories)
    for name, method in {**methods, "__dataclass_fields__": _Fields()}.items():
        setattr(cls, name, method)
    return cls


def replace(old: T, **changes: Any) -> T:
    """Return a value with some fields changed, as `dataclasses.replace` does."""
    names, held, new = type(old).__annotations__, vars(old), object.__new__(type(old))
    if not changes.keys() <= names.keys():
        raise _misfit(old, changes.keys() - names.keys())
    vars(new).update({name: held[name] for name in names}, **changes)
    return new


def _misfit(value: object, names: Iterable[str]) -> TypeError:
    return TypeError(f"{type(value).__name__}: missing or unknown: {', '.join(sorted(names))}")


class _Fields:
    """What `asdict`, `fields` and `replace` of the standard library look for, made when they first do."""

    def __get__(self, _: object, owner: type) -> Any:
        from dataclasses import fields, make_dataclass

        made = make_dataclass(owner.__name__, [(name, Any) for name in owner.__annotations__])
        found = {each.name: each for each in fields(made)}
        owner.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


def _methods(
    names: tuple[str, ...], defaults: dict[str, Any], factories: dict[str, Callable[[], Any]]
) -> dict[str, Callable[..., Any]]:
    fields = frozenset(names)
    key = attrgetter(*names)

    def init(self: object, **given: Any) -> None:
        held = vars(self)
        held.update(defaults, **given)
        for name, make in factories.items():
            if name not in held:
                held[name] = make()
        if held.keys() != fields:
            raise _misfit(self, fields ^ held.keys())

    def shown(self: object) -> str:
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__name__}({said})"

    def same(self: object, other: object) -> Any:
        return key(self) == key(other) if type(self) is type(other) else NotImplemented

    return {
        "__init__": init,
        "__eq__": same,
        "__hash__": lambda self: hash(key(self)),
        "__repr__": shown,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
    }


def _refuse(self: object, name: str, *_: Any) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be changed")
