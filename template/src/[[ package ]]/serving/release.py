"""One loaded release: bytes checked against the pin, model opened with the policy's trusted types only."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

from ..pipeline import records, settings
from ..pipeline.outcome import Refused
from ..pipeline.scorer import Scorer, load_scorer
from ..pipeline.verdict import bundle, subject, subject_digest
from .request import Field, fields


@dataclass(frozen=True)
class Release:
    """A verified model, the words for its decisions, and the lineage that each answer carries."""

    version: str
    scorer: Scorer
    fields: Mapping[str, Field]
    words: tuple[str, str]
    lineage: Mapping[str, Any]

    def judge(self, inputs: Mapping[str, Any]) -> tuple[float, str]:
        """Score and decision for one checked input; null is not-a-number to a feature, as in training."""
        score = self.scorer.score({name: nan if value is None else value for name, value in inputs.items()})
        return score, self.words[self.scorer.decide(score)]


def load(version: str, pin: Mapping[str, Any] | None) -> Release:
    """Open a release; refused when its bytes are not the ones that were verified at promotion."""
    folder = bundle(version)
    found = subject(folder)
    _unchanged(version, found, pin)
    assert pin is not None
    policy = settings.policy("serving")
    words = settings.need(policy, "decisions", "policy/serving.yaml")
    scorer = load_scorer(folder, tuple(policy.get("trusted_types") or ()))
    model = next(each["sha256"] for each in found if each["role"] == "model")
    return Release(
        version=version,
        scorer=scorer,
        fields=fields(settings.load_yaml(folder / "policy" / "data.yaml"), scorer.columns),
        words=(str(words["negative"]), str(words["positive"])),
        lineage=_lineage(version, pin, model),
    )


def reference_file(folder: Path) -> Path:
    """Where the reference rows of a release are, if they are on this machine."""
    record = records.read_record(folder / "dataset.json")
    return settings.path(settings.need(record, "splits.reference.path", f"{folder}/dataset.json"))


def reference_rows(folder: Path) -> tuple[dict[str, list[float | str]], dict[str, Any]]:
    """Columns of the reference rows that a release's dataset record pins, and that record; else refused."""
    record, file = records.read_record(folder / "dataset.json"), reference_file(folder)
    if records.sha256_file(file) != record["splits"]["reference"]["sha256"]:
        raise Refused(
            "the reference rows are not the pinned ones", settings.relative(file), "restore var/data"
        )
    columns = settings.need(
        settings.load_yaml(folder / "policy" / "data.yaml"), "columns", "policy/data.yaml"
    )
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {name: [_value(row[name], columns[name]) for row in rows] for name in columns}, record


def _value(text: str, column: Mapping[str, Any]) -> float | str:
    """A cell as the contract types it: `007` may be a text; an empty one is not-a-number, as in training."""
    if text == "":
        return nan
    return text if column.get("type") == "string" else float(text)


def _unchanged(version: str, found: list[dict[str, str]], pin: Mapping[str, Any] | None) -> None:
    where, repair = f"var/releases/{version}", f"restore the bundle, or promote {version} again"
    for each in found:
        if each["sha256"] != each["said"]:
            raise Refused(f"{each['role']} {each['name']} is not the released one", where, repair)
    if pin is None or subject_digest(found) != pin.get("subject_digest"):
        raise Refused(f"release {version} is not what was verified at promotion", where, repair)


def _lineage(version: str, pin: Mapping[str, Any], model_sha256: str) -> dict[str, Any]:
    return {
        "model": settings.system(),
        "version": version,
        "approval_id": list(pin.get("approvals", ())),
        "code_rev": pin.get("code_rev", "unknown"),
        "data_sha256": pin.get("data_sha256", "unknown"),
        "env_sha256": pin.get("env_sha256", "unknown"),
        "model_sha256": model_sha256,
        "subject_digest": pin["subject_digest"],
    }
