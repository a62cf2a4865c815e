"""A pack that extends another: it tightens, sets numbers and adds; where it loosens it says why, or fails.

extends: builtin
obligations: {high: {approvals: 3}}
controls: {COST-01: {severity: high, applies: {min_tier: low}, drop: [scaling]}}
loosen: [{path: controls.COST-01.checks.scaling, reason: "Our platform scales every server the same way."}]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.core.approval.placeholders import is_placeholder
from roadworthy.core.packs.lint import under_floor
from roadworthy.core.packs.pack import CONTROL_SCHEMA, LINT, Shape, Tree, as_file, read_file
from roadworthy.core.packs.strictness import looser, looser_parts
from roadworthy.errors import UsageError

PACK, TIERS = "pack.yaml", "tiers.yaml"
TABLES = ("obligations", "limits")
_SHORT = 20
_ROWS = {"type": "object", "additionalProperties": {"type": "object"}}
_NAMED = {"type": ["string", "number"], "minLength": 1}
_ABOUT = {
    "id": _NAMED,
    "version": _NAMED,
    "schema": {},
    "title": {},
    "extends": {},
    "notes": {"type": "array"},
    "loosen": {"type": "array", "items": {"type": "object"}},
    **dict.fromkeys(TABLES, _ROWS),
}
# What a patch may change of a control has the shape that it has there; of its checks, when they bind, or all.
_CHANGED = ("severity", "waivable", "lifecycle", "enforce_from", "applies")
_OF_CHECKS = {
    "drop": {"type": "array", "items": {"type": "string"}},
    "due": {"type": "object", "additionalProperties": {"enum": ["birth", "release"]}},
}


def extends(tree: Tree) -> str:
    """Return what a pack extends; empty when it stands alone."""
    about = _read(tree, PACK)
    return str(about.get("extends", "")) if isinstance(about, Mapping) else ""


def compose(base: Tree, overlay: Tree, shape: Shape) -> dict[str, bytes]:
    """Return the files of the pack that an overlay makes of its base; to loosen needs a reason."""
    about = _read(overlay, PACK)
    for problem in shape(_schema(_read(base, f"schemas/{CONTROL_SCHEMA}")), about):
        raise _wrong(problem)
    tiers, loosened = _tiers(_read(base, TIERS), about)
    controls, more = _controls(base, about.get("controls", {}))
    found = [*loosened, *more]
    reasons = _reasons(about.get("loosen", ()), found)
    _refuse_floors(tiers)
    merged = {**base, **controls, **_added(base, overlay), TIERS: as_file(tiers)}
    return {**merged, PACK: as_file(_about(_read(base, PACK), about, reasons))}


def _schema(control: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shape of an overlay's own file; `control` is that of a control."""
    changed = {**{name: control["properties"][name] for name in _CHANGED}, **_OF_CHECKS}
    patch = {"type": "object", "propertyNames": {"enum": list(changed)}, "properties": changed}
    about = {**_ABOUT, "controls": {"type": "object", "additionalProperties": patch}}
    names = {"required": ["id", "version"], "propertyNames": {"enum": list(about)}}
    return {"type": "object", **names, "properties": about, "$defs": control["$defs"]}


def _tiers(tiers: dict[str, Any], about: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    loosened = []
    changed = {**tiers}
    for table in TABLES:
        rows = {tier: dict(row) for tier, row in tiers[table].items()}
        for tier, row in about.get(table, {}).items():
            for name, value in row.items():
                if name not in rows.get(tier, {}):
                    raise _wrong(f"{table}.{tier}.{name} is not in the pack that it extends")
                if looser(name, value, rows[tier][name]):
                    loosened.append(f"{table}.{tier}.{name}")
                rows[tier][name] = value
        changed[table] = rows
    return changed, loosened


def _controls(base: Tree, patches: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, bytes], list[str]]:
    files, loosened = {}, []
    for name, patch in patches.items():
        path = f"controls/{name}.yaml"
        if path not in base:
            raise _wrong(f"controls.{name}: the pack that it extends has no such control")
        old = _read(base, path)
        new = _patched(name, old, patch)
        loosened += [f"controls.{name}.{part}" for part in looser_parts(old, new)]
        files[path] = as_file(new)
    return files, loosened


def _patched(name: str, old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in patch.items() if key not in ("drop", "due", "applies")}
    due, drop = patch.get("due", {}), patch.get("drop", [])
    known = {check["id"] for check in old["checks"]}
    if strange := sorted({*due, *drop} - known):
        raise _wrong(f"controls.{name}: it has no check {strange[0]}")
    kept = [check for check in old["checks"] if check["id"] not in drop]
    checks = [{**check, "due": due[check["id"]]} if check["id"] in due else check for check in kept]
    cases = [case for case in old["cases"] if case.get("check") not in drop]
    applies = {**old.get("applies", {}), **patch.get("applies", {})}
    return {**old, **plain, "applies": applies, "checks": checks, "cases": cases}


def _added(base: Tree, overlay: Tree) -> dict[str, bytes]:
    """New controls, frameworks and schemas; what is there already is patched, not replaced."""
    files = {path: data for path, data in overlay.items() if "/" in path}
    if taken := sorted(files.keys() & base.keys()):
        raise _wrong(f"{taken[0]} is in the pack that it extends: patch it under `controls` of pack.yaml")
    return files


def _reasons(given: Iterable[Mapping[str, Any]], loosened: list[str]) -> list[str]:
    """Return a note for each loosening; one without a reason in words is refused."""
    reasons = {str(each.get("path")): str(each.get("reason", "")) for each in given}
    for path in loosened:
        reason = reasons.get(path, "")
        if len(reason) < _SHORT or is_placeholder(reason):
            raise _wrong(
                f"{path} is looser than in the pack that it extends",
                f"loosen: [{{path: {path}, reason: ...}}]",
            )
    if idle := sorted(reasons.keys() - set(loosened)):
        raise _wrong(f"loosen names {idle[0]}, which is not looser")
    return [f"loosened by policy: {path} ({reasons[path]})" for path in loosened]


def _refuse_floors(tiers: Mapping[str, Any]) -> None:
    for text in under_floor(tiers):
        raise UsageError(f"policy/{PACK}: {text}", "no reason loosens what a law demands: raise the number")


def _about(base: Mapping[str, Any], about: Mapping[str, Any], notes: Iterable[str]) -> dict[str, Any]:
    named = {name: about[name] for name in ("id", "version", "title") if name in about}
    under = f"{about['id']} {about['version']} extends {base['id']} {base['version']}"
    return {**base, **named, "notes": [*base.get("notes", ()), under, *about.get("notes", ()), *notes]}


def _read(tree: Tree, path: str) -> Any:
    return read_file(path, tree[path])


def _wrong(text: str, fix: str = LINT) -> UsageError:
    return UsageError(f"policy/{PACK}: {text}", fix)
