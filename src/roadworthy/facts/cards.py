"""Model cards against their evidence: no number typed in, none that the evidence does not give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.approval.subject import sha256
from roadworthy.core.documents.parts import leaves, number
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.records import Record, Shelf

FOLDER = "governance/cards/"
_SCHEME = "evidence://"
_FOLDERS = {"evaluations": "evaluations", "runs": "runs", "data": "datasets", "releases": "releases"}
# Compiled by the card that needs them: most are looked at once.
_NUMBER = r"\s*[-+~<>=≥≤]*\s*\d+(?:[.,]\d+)?\s*%?\s*"
_FIGURE = r"\d[.,]\d|\d\s*%"
_DECIMAL = r"(?<![\w.-])-?\d+\.\d+(?:e-?\d+)?(?![\w.])"
MOST = 20


def cards(words: Mapping[str, Any], shelf: Shelf, snapshot: Snapshot) -> dict[str, Any]:
    """Return the facts under `cards`; `words` is what governance/card.yaml says."""
    leaves = list(_leaves(words, ""))
    newest = shelf.of("releases")[-1:]
    return {
        "typed_numbers": [path for path, value in leaves if _typed_in(path, value)][:MOST],
        "unresolved": [path for path, value in leaves for release in newest if _dead(value, release, shelf)][
            :MOST
        ],
        "rendered": [
            _rendered(path, shelf, snapshot) for path in snapshot.under(FOLDER) if path.endswith(".md")
        ],
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value of the card with its path; a reference is one value."""
    if isinstance(value, Mapping) and "ref" not in value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{place}")
    elif path != "schema":
        yield path, value


def _typed_in(path: str, value: Any) -> bool:
    """A bare number anywhere; a figure even inside a sentence where the card speaks of the evaluation."""
    if isinstance(value, str):
        figure = path.startswith("evaluation.") and re.search(_FIGURE, value)
        return bool(figure or re.fullmatch(_NUMBER, value))
    return number(value) is not None


def _dead(value: Any, release: Record, shelf: Shelf) -> bool:
    if not isinstance(value, Mapping):
        return False
    run = shelf.find("runs", "run_id", release.text("run_id"))
    manifest = str(run.mapping("data").get("manifest_sha256", ""))[:12] if run else ""
    ref = str(value["ref"]).replace("{run_id}", release.text("run_id")).replace("{manifest}", manifest)
    file, _, path = ref.removeprefix(_SCHEME).partition("#")
    folder, _, name = file.partition("/")
    records = shelf.of(_FOLDERS[folder]) if ref.startswith(_SCHEME) and folder in _FOLDERS else ()
    found: Any = next((record.value for record in records if record.path.endswith(f"/{name}")), None)
    for key in path.split(".") if path else [""]:
        found = _step(found, key)
    return found is None


def _step(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(key)
    return value[int(key)] if isinstance(value, list) and key.isdigit() and int(key) < len(value) else None


def _rendered(path: str, shelf: Shelf, snapshot: Snapshot) -> dict[str, Any]:
    version = path.removeprefix(FOLDER).removesuffix(".md")
    data = snapshot.data(path)
    release = shelf.find("releases", "version", version)
    if release is None or data is None:
        return {"version": version, "digest_ok": False, "numbers_ok": False}
    named = [entry.get("sha256") for entry in release.rows("subject") if entry.get("role") == "card"]
    shown, numbers = _shown(data.decode("utf-8", "replace")), _evidence(release, shelf)
    known = {digits: {round(each, digits) for each in numbers} for digits in {*map(_digits, shown)}}
    return {
        "version": version,
        "digest_ok": named == [sha256(data)],
        "numbers_ok": bool(shown) and all(float(text) in known[_digits(text)] for text in shown),
    }


def _shown(card: str) -> list[str]:
    """The decimal numbers in a card's tables and in its words on the evaluation."""
    found, section = [], ""
    for line in card.splitlines()[:5000]:
        section = line[3:].strip() if line.startswith("## ") else section
        if line.startswith("|") or (line.startswith("- ") and section == "Evaluation"):
            found += re.findall(_DECIMAL, line)
    return found


def _evidence(release: Record, shelf: Shelf) -> list[float]:
    """Every number on record about a release's run, evaluation and data."""
    run = shelf.find("runs", "run_id", release.text("run_id"))
    report = shelf.find("evaluations", "run_id", release.text("run_id"))
    manifest = run.mapping("data").get("manifest_sha256") if run else None
    dataset = shelf.find("datasets", "manifest_sha256", manifest)
    return [
        found
        for record in (run, report, dataset)
        for leaf in leaves(record.value if record else ())
        if (found := number(leaf)) is not None
    ]


def _digits(shown: str) -> int:
    """How far the evidence is to be rounded, to be held against a number that is shown."""
    return len(shown.partition(".")[2])
