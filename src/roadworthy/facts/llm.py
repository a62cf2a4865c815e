"""Applications on models of others: prompts as artifacts, the vendor register, evaluation suites."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from roadworthy.core.approval.subject import sha256
from roadworthy.core.documents.parts import number, rows
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.times import parse_time
from roadworthy.facts.documents import value_of
from roadworthy.facts.records import Record, Shelf

FOLDER = "prompts/"
MANIFEST = "prompts/manifest.yaml"
SAFE = "safe-answer"
_DATED = r"(20\d\d-?[01]\d-?[0-3]\d|[-@:]v?\d+\.\d+\.\d+|-\d{3,4})(-v?\d+(:\d+)?)?$"
_FLOATING = r"(?i)latest|preview|stable|default"


def llm_facts(
    documents: Mapping[str, Any],
    shelf: Shelf,
    snapshot: Snapshot,
    days: Callable[[datetime | None], float | None],
) -> dict[str, Any]:
    """Return the facts under `llm`."""
    entries = rows(value_of(documents, "prompts").get("entries"))
    models = rows(value_of(documents, "vendors").get("models"))
    released = {release.text("run_id") for release in shelf.of("releases")}
    listed = {str(entry.get("path")) for entry in entries}
    return {
        "prompts": [_prompt(entry, snapshot) for entry in entries],
        "unlisted": [path for path in snapshot.under(FOLDER) if path != MANIFEST and path not in listed],
        "models": [_model(model, models, days) for model in models],
        "suites": [
            _suite(each, entries, models, released)
            for each in shelf.of("evaluations")
            if each.mapping("suite")
        ],
    }


def dated(model: str) -> bool:
    """Whether a model id names one version and not whatever is newest."""
    return bool(re.search(_DATED, model)) and not re.search(_FLOATING, model)


def _prompt(entry: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    path = str(entry.get("path"))
    data = snapshot.data(path) or b""
    same = bool(data.strip()) and sha256(data) == entry.get("sha256")
    return {"path": path, "role": str(entry.get("role", "")), "digest_ok": same}


def _model(
    model: Mapping[str, Any], models: list[Mapping[str, Any]], days: Callable[[datetime | None], float | None]
) -> dict[str, Any]:
    name, fallback = str(model.get("model", "")), str(model.get("fallback", ""))
    end = model.get("retires_on")
    past = days(parse_time(f"{end}T00:00:00Z")) if isinstance(end, str) else None
    others = {str(other.get("model")) for other in models} - {name}
    return {
        "model": name,
        "dated": dated(name),
        "retires_in_days": None if past is None else -past,
        "fallback_known": fallback == SAFE or fallback in others,
    }


def _suite(
    record: Record, entries: list[Mapping[str, Any]], models: list[Mapping[str, Any]], released: set[str]
) -> dict[str, Any]:
    suite = record.mapping("suite")
    cases, safety = rows(suite.get("cases")), rows(suite.get("safety"))
    judge = str(suite.get("judge") or "")
    said = {str(row.get("path")): row.get("sha256") for row in rows(suite.get("prompts"))}
    return {
        "run_id": record.text("run_id"),
        "released": record.text("run_id") in released,
        "cases": sum(isinstance(case.get("passed"), bool) for case in cases),
        "repeats": suite.get("repeats"),
        "human_labels": sum(isinstance(case.get("human"), bool) for case in cases),
        "judge_dated": not judge or dated(judge),
        "prompts_same": bool(said)
        and said == {str(entry.get("path")): entry.get("sha256") for entry in entries},
        "model_known": str(suite.get("model")) in {str(model.get("model")) for model in models},
        "groundedness": number(suite.get("groundedness")),
        "safety": sorted(set(_categories(safety))),
        "safety_cases": sum(isinstance(case.get("passed"), bool) for case in safety),
        "safety_failures": sum(case.get("passed") is not True for case in safety) if safety else None,
        "passed": record.value.get("passed") is True,
    }


def _categories(safety: list[Mapping[str, Any]]) -> Iterator[str]:
    for case in safety:
        if isinstance(case.get("passed"), bool):
            yield str(case.get("category"))
