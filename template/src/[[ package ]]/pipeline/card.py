"""The model card: people's words from governance/card.yaml, every number from recorded evidence."""

from __future__ import annotations

import re
from typing import Any

from . import records, settings
from .check import WORDS, number
from .outcome import Refused
from .words import is_placeholder, leaves

CARD = "governance/card.yaml"
_SCHEME = "evidence://"
_NUMBER = re.compile(r"\s*[-+~<>=≥≤]*\s*\d+(?:[.,]\d+)?\s*%?\s*")
_FIGURE = re.compile(r"\d[.,]\d|\d\s*%")
_MEASURED = "evaluation."  # the part of the card where even a figure inside a sentence has to be a reference
_SKIPPED = ("schema",)


def render(release: dict[str, Any], run: dict[str, Any], report: dict[str, Any]) -> str:
    """The whole card as Markdown; a placeholder, a typed-in number or a dead reference is refused."""
    words = settings.load_yaml(settings.path(CARD))
    names = {"run_id": run["run_id"], "manifest": run["data"]["manifest_sha256"][:12]}
    check(words)
    parts = [_head(release, run), _sections(words, names), _results(report), _groups(report), _checks(report)]
    return "\n".join(part for part in parts if part) + "\n"


def check(words: dict[str, Any]) -> None:
    """Words where words belong, references where numbers belong."""
    for where, value in leaves(words):
        if where in _SKIPPED or isinstance(value, bool) or (isinstance(value, dict) and "ref" in value):
            continue
        if _typed_in(where, value):
            raise Refused(
                f"`{where}` is a number typed in by hand: {value}",
                CARD,
                f"give `{where}` a `ref: {_SCHEME}...`",
            )
        if value is None or is_placeholder(str(value)):
            raise Refused(f"`{where}` still waits for its words", CARD, f"write `{where}` in {CARD}")


def _typed_in(where: str, value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, int | float)
    return bool(_NUMBER.fullmatch(value) or (where.startswith(_MEASURED) and _FIGURE.search(value)))


def resolve(reference: str, names: dict[str, str]) -> Any:
    """The value that evidence://folder/file.json#dotted.path points at."""
    for name, value in names.items():
        reference = reference.replace(f"{{{name}}}", value)
    file, _, path = reference.removeprefix(_SCHEME).partition("#")
    if not reference.startswith(_SCHEME) or ".." in file or not path:
        raise _dead(reference)
    found: Any = records.read_record(settings.path("governance", *file.split("/")))
    for key in path.split("."):
        found = _step(found, key, reference)
    return found


def _step(value: Any, key: str, reference: str) -> Any:
    if isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(value, list) and key.isdigit() and int(key) < len(value):
        return value[int(key)]
    raise _dead(reference)


def _dead(reference: str) -> Refused:
    return Refused(
        f"the reference leads nowhere: {reference}", CARD, f"write {_SCHEME}evaluations/{{run_id}}.json#..."
    )


def _head(release: dict[str, Any], run: dict[str, Any]) -> str:
    facts = {
        "Version": release["version"],
        "Tier": release["tier"],
        "Change": release["change_type"],
        "Run": f"`{run['run_id']}` by {run['submitter']['name']} at commit `{run['code']['commit'][:12]}`",
        "Data": f"`{run['data']['manifest_sha256'][:12]}`",
        "Model": f"`{run['artifacts']['model.skops'][:12]}`, {_parameters(run)}",
        "Features": ", ".join(run["features"]),
        "Threshold": number(run["threshold"]),
        "Rolls back to": release["rollback_to"] or "the safe answer",
    }
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return f"# Model card: {release['system']}\n\n| | |\n|---|---|\n{rows}\n"


def _parameters(run: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(run["parameters"].items()))


def _sections(words: dict[str, Any], names: dict[str, str]) -> str:
    parts = []
    for title, content in words.items():
        if title not in _SKIPPED:
            lines = [_line(where, value, names) for where, value in leaves(content)]
            parts.append(f"## {_title(title)}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(where: str, value: Any, names: dict[str, str]) -> str:
    told = _told(resolve(value["ref"], names)) if isinstance(value, dict) else str(value)
    label = _title(re.sub(r"\.?\d+$", "", where).replace(".", ", "))
    return f"- {label}: {told}" if label else f"- {told}"


def _told(value: Any) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _title(name: str) -> str:
    return name.replace("_", " ")[:1].upper() + name.replace("_", " ")[1:]


def _results(report: dict[str, Any]) -> str:
    rivals = {"Candidate": report["candidate"], "Baseline": report["baseline"]}
    if report["incumbent"]:
        rivals[f"Incumbent {report['incumbent']['version']}"] = report["incumbent"]["metrics"]
    rows = [
        {"metric": name} | {who: _figure(each[name]) for who, each in rivals.items()}
        for name in report["candidate"]
    ]
    return _table(f"## Results on {report['rows']} test rows", ["metric", *rivals], rows)


def _figure(figure: dict[str, float | None]) -> str:
    return f"{number(figure['value'])} ({number(figure['low'])} to {number(figure['high'])})"


def _groups(report: dict[str, Any]) -> str:
    parts = []
    if found := report.get("fairness"):
        names = [name for name in found["groups"][0] if name != "name"]
        parts.append(_table(f"## Groups by {found['attribute']}", ["name", *names], found["groups"]))
    if slices := report.get("slices"):
        flat = [{"name": each["name"], "rows": each["rows"], **_values(each["metric"])} for each in slices]
        parts.append(_table("## Slices", list(flat[0]), flat))
    return "\n".join(parts)


def _values(metric: dict[str, dict[str, float | None]]) -> dict[str, str]:
    return {name: _figure(figure) for name, figure in metric.items()}


def _checks(report: dict[str, Any]) -> str:
    rows = [{**each, "passed": WORDS[each["passed"]].lower()} for each in report["checks"]]
    return _table("## Gates", ["id", "metric", "value", "op", "limit", "passed", "note"], rows)


def _table(title: str, names: list[str], rows: list[dict[str, Any]]) -> str:
    lines = ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows]
    head = "| " + " | ".join(_title(name) for name in names) + " |\n" + "|---" * len(names) + "|"
    return f"{title}\n\n{head}\n" + "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    return "-" if value is None else _told(value)
