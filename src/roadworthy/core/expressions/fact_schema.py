"""The typed tree of facts (`policy/facts.yaml`): what an expression may name, how facts are completed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.values import field, frozen
from roadworthy.errors import UsageError

# Each plain type: what Python calls its values, and the one that stands for a missing one.
_PLAIN: dict[str, tuple[tuple[type, ...], Any]] = {
    "string": ((str,), ""),
    "bool": ((bool,), False),
    "int": ((int,), 0),
    "double": ((float, int), 0.0),
    "time": ((str,), ""),
}
_NAMES = frozenset({*_PLAIN, "any", "list", "map"})
_EXACT = {name: types[0] for name, (types, _) in _PLAIN.items()}


class Type:
    """One node: its type, whether null is a value, its meaning and what lies below it.

    Null of what is `unknowable` is no value: nobody here can tell, so what depends on it is unknown.
    """

    def __init__(
        self,
        name: str = "map",
        nullable: bool = False,
        means: str = "",
        fields: dict[str, Type] | None = None,
        item: Type | None = None,
        unknowable: bool = False,
    ) -> None:
        self.name = name
        self.nullable = nullable
        self.means = means
        self.fields: dict[str, Type] = {} if fields is None else fields
        self.item = item
        self.unknowable = unknowable


@frozen
class FactSchema:
    """All facts, which roots may be unavailable, which fact says why something below a root is unknown."""

    root: Type
    needs: Mapping[str, tuple[str, str]]
    unknown: Mapping[str, str] = field(default_factory=dict)


def parse_schema(document: Mapping[str, Any]) -> FactSchema:
    """Return the fact schema of a parsed `facts.yaml`."""
    root = Type()
    for path, (type_name, means) in document["facts"].items():
        _place(root, path, type_name, means, document["kinds"])
    needs = {name: (entry["available"], entry["reason"]) for name, entry in document["needs"].items()}
    return FactSchema(root=root, needs=needs, unknown=document.get("unknown", {}))


def complete(facts: Any, type_: Type) -> Any:
    """Return `facts` with every absent or wrongly typed value replaced by the empty value of its type."""
    if facts is None and type_.nullable:
        return None
    if type(facts) is _EXACT.get(type_.name) or type_.name == "any":
        return facts
    if type_.name == "map":
        return _complete_map(facts if isinstance(facts, Mapping) else {}, type_)
    if type_.name == "list":
        return (
            [complete(item, type_.item or Type("any")) for item in facts] if isinstance(facts, list) else []
        )
    return _scalar(facts, type_)


def _complete_map(facts: Mapping[str, Any], type_: Type) -> dict[str, Any]:
    if type_.item is not None:
        return {str(key): complete(value, type_.item) for key, value in facts.items()}
    return {name: complete(facts.get(name), child) for name, child in type_.fields.items()}


def unfit(value: Any, type_: Type, path: str) -> str:
    """Return the first place where `value` is not of its type, and why; empty when it is."""
    if value is None:
        return "" if type_.nullable or type_.name == "any" else f"{path} is missing"
    if type_.name == "map" and isinstance(value, Mapping):
        return next(filter(None, _unfit_map(value, type_, path)), "")
    if type_.name == "list" and isinstance(value, list):
        item = type_.item or Type("any")
        return next(filter(None, (unfit(each, item, f"{path}[{n}]") for n, each in enumerate(value))), "")
    return "" if type_.name == "any" or _right(value, type_) else f"{path} is not of type {type_.name}"


def _unfit_map(value: Mapping[str, Any], type_: Type, path: str) -> Iterator[str]:
    if type_.item is not None:
        yield from (unfit(each, type_.item, f"{path}.{key}") for key, each in value.items())
        return
    yield from (f"{path}.{key} is not declared" for key in sorted(value.keys() - type_.fields.keys()))
    yield from (unfit(value.get(name), child, f"{path}.{name}") for name, child in type_.fields.items())


def _scalar(value: Any, type_: Type) -> Any:
    if _right(value, type_):
        return float(value) if type_.name == "double" else value
    return None if type_.nullable else _PLAIN[type_.name][1]


def _right(value: Any, type_: Type) -> bool:
    types, _ = _PLAIN.get(type_.name, ((), None))
    return isinstance(value, types) and (type_.name == "bool" or not isinstance(value, bool))


def _place(root: Type, path: str, type_name: str, means: str, kinds: Mapping[str, Any]) -> None:
    node = _descend(root, path)
    node.means = means
    node.name = type_name.rstrip("?~")
    node.nullable = type_name != node.name
    node.unknowable = type_name.endswith("~")
    if node.name in kinds:
        kind, node.name = kinds[node.name], "map"
        for below, (child_type, child_means) in kind.items():
            _place(node, below, child_type, child_means, {})
    elif node.name not in _NAMES:
        raise UsageError(f"facts.yaml: {path} has the unknown type {type_name!r}", f"use one of {[*_PLAIN]}")


def _descend(node: Type, path: str) -> Type:
    for part in path.replace("[]", ".[]").replace("{}", ".{}").split("."):
        if part in ("[]", "{}"):
            node.item = node.item or Type("any")
            node = node.item
        else:
            if part not in node.fields:
                node.fields[part] = Type()
            node = node.fields[part]
    return node
