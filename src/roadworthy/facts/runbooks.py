"""What a runbook holds that can be checked: whom to call, how bad is how bad, and by when to report."""

from __future__ import annotations

import re
from typing import Any

from roadworthy.core.documents.snapshot import Snapshot

FOLDER = "governance/runbooks/"
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w@])@[\w-]+(?:/[\w-]+)?")
_NUMBER = re.compile(r"\b\d{1,3}\b")
_PART = re.compile(r"\n(?=\s*\n|\d+\. |- |\|)")
_TODO = re.compile(r"\b(todo|tbd|fixme)\b|<[^<>@=\n`]{1,60}>|lorem ipsum", re.IGNORECASE)
_CODE = re.compile(r"`[^`\n]*`")
_ROW = re.compile(r"^\|\s*(\d)\s*\|", re.MULTILINE)


def runbooks(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the facts under `runbooks`."""
    paths = [path for path in snapshot.under(FOLDER) if path.endswith(".md")]
    return [_runbook(path, snapshot.text(path)) for path in paths]


def _runbook(path: str, text: str) -> dict[str, Any]:
    return {
        "name": path.removeprefix(FOLDER).removesuffix(".md"),
        "words": len(set(re.findall(r"[a-z]{3,}", text.lower()))),
        "contacts": sorted(set(_CONTACT.findall(text))),
        "severities": _severities(text),
        "clocks": sorted(
            {int(each) for part in _PART.split(text) if "day" in part for each in _NUMBER.findall(part)}
        ),
        "placeholders": bool(_TODO.search(_CODE.sub("", text))),
    }


def _severities(text: str) -> int:
    """Rows of a table that count 1, 2, 3."""
    numbers = [int(number) for number in _ROW.findall(text)]
    return next((count for count, number in enumerate(numbers) if number != count + 1), len(numbers))
