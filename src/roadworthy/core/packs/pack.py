"""A policy pack from its files: every control checked against the schema before it is believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.judging.models import (
    Applies,
    Check,
    Control,
    Due,
    Grade,
    Lifecycle,
    Pack,
    Reference,
    Remediation,
    Severity,
)
from roadworthy.errors import UsageError

Tree = Mapping[str, bytes]
Parsed = Mapping[str, Any]
Shape = Callable[[Mapping[str, Any], Any], Sequence[str]]
LINT = "repair the file, then `roadworthy policy lint`"
CONTROL_SCHEMA = "control.v1.json"


def load_pack(tree: Tree, shape: Shape) -> Pack:
    """Return the pack in `tree` (paths relative to the policy folder). Raises UsageError with the place."""
    return pack_of(parse_pack(tree, shape), pack_digest(tree))


def parse_pack(tree: Tree, shape: Shape) -> Parsed:
    """Return the parsed files of a pack, every control held against its schema."""
    parsed = {path: read_file(path, data) for path, data in sorted(tree.items()) if _wanted(path)}
    for name in ("pack.yaml", "tiers.yaml", "facts.yaml"):
        _demand_mapping(parsed, name)
    controls = _under(parsed, "controls/")
    if not controls:
        raise UsageError("the policy pack has no control", "add policy/controls/<ID>.yaml")
    for path, value in controls:
        _demand_control(path, value, parsed[f"schemas/{CONTROL_SCHEMA}"], shape)
    return parsed


def pack_of(parsed: Parsed, digest: str) -> Pack:
    """Return the pack that parsed files make."""
    about = parsed["pack.yaml"]
    return Pack(
        id=str(about["id"]),
        version=str(about["version"]),
        digest=digest,
        controls=tuple(
            control_from(value, str(about.get("origins", {}).get(value["id"], "")))
            for _, value in _under(parsed, "controls/")
        ),
        tiers=parsed["tiers.yaml"],
        fact_types=parsed["facts.yaml"],
        frameworks={_stem(path): value for path, value in _under(parsed, "frameworks/")},
        schemas={path.removeprefix("schemas/"): value for path, value in _under(parsed, "schemas/")},
        notes=tuple(about.get("notes", ())),
    )


def _under(read: Parsed, folder: str) -> list[tuple[str, Any]]:
    return [(path, value) for path, value in read.items() if path.startswith(folder)]


def pack_digest(tree: Tree) -> str:
    """Return one digest for all the files that decide a verdict."""
    whole = hashlib.sha256()
    for path, data in sorted(tree.items()):
        if _wanted(path):
            whole.update(f"{hashlib.sha256(data).hexdigest()}  {path}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def _wanted(path: str) -> bool:
    top, _, rest = path.partition("/")
    if not rest:
        return top in {"pack.yaml", "tiers.yaml", "facts.yaml", "ownership.yaml"}
    return top in {"controls", "frameworks", "schemas"} and path.endswith((".yaml", ".json"))


def read_file(path: str, data: bytes) -> Any:
    """Return one parsed file of a pack. Raises UsageError with the place."""
    try:
        return parse(path, data)
    except ParseError as error:
        raise UsageError(f"policy/{path}: {error}", LINT) from None


def as_file(value: Any) -> bytes:
    """Return a file of a pack that holds a value."""
    return json.dumps(value, ensure_ascii=False).encode()


def _demand_mapping(parsed: Parsed, path: str) -> None:
    value = parsed.get(path)
    if not isinstance(value, dict):
        found = "nothing" if value is None else type(value).__name__
        raise UsageError(f"policy/{path}: expected a mapping, found {found}", LINT)


def _demand_control(path: str, value: Any, schema: Mapping[str, Any], shape: Shape) -> None:
    problems = list(shape(schema, value))
    if not problems and value["id"] != _stem(path):
        problems = [f"the id {value['id']} differs from the file's name"]
    if problems:
        raise UsageError(f"policy/{path}: {problems[0]}", LINT)


def control_from(value: Mapping[str, Any], origin: str = "") -> Control:
    """Return the control that a mapping of the right shape describes."""
    return Control(
        **{name: value[name] for name in ("id", "title", "intent")},
        **{name: value[name] for name in ("version", "announced", "waivable", "why") if name in value},
        severity=Severity(value["severity"]),
        lifecycle=Lifecycle(value.get("lifecycle", "stable")),
        applies=Applies(**_frozen(value.get("applies", {}))),
        enforce_from=_dates(value.get("enforce_from", {})),
        checks=tuple(_check(item) for item in value["checks"]),
        remediation=Remediation(**value["remediation"]),
        maps=tuple(Reference(**item) for item in value.get("maps", ())),
        cases=tuple(value.get("cases", ())),
        origin=origin,
    )


def _check(value: Mapping[str, Any]) -> Check:
    made = {
        "grade": Grade(value["grade"]),
        "due": Due(value.get("due", "birth")),
        "applies": Applies(**_frozen(value.get("applies", {}))),
        "enforce_from": _dates(value.get("enforce_from", {})),
    }
    return Check(**{**_frozen(value), **made})


def _frozen(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}


def _dates(value: Any) -> Mapping[str, str]:
    """One date for every tier may be written alone."""
    return {"low": value} if isinstance(value, str) else dict(value)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]
