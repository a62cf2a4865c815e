"""Bills of materials: what they list, against the locks of the commit that the release was made from."""

from __future__ import annotations

import re
from typing import Any

from roadworthy.core.documents.parts import part, rows
from roadworthy.facts.past import Past

FOLDER, LOCKED = "governance/boms/", ("requirements/serve.txt", "requirements/train.txt")
_PIN = rb"(?m)^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*([^\s;\\]+)"


def bom_ok(data: bytes | None, commit: str, models: set[str], past: Past) -> bool | None:
    """Return whether a bill is about the model, and lists what the locks pin, no more and no less."""
    locks = [past.blobs.get((commit, lock)) for lock in LOCKED]
    if not past.tells(commit, *LOCKED):
        return None
    bill = past.read(f"{FOLDER}bom.json", data)
    listed = {(str(row.get("name")), str(row.get("version"))) for row in rows(bill.get("components"))}
    pinned = {pin for lock in locks for pin in _pins(lock or b"")}
    return (
        all(locks) and listed == pinned and bill.get("bomFormat") == "CycloneDX" and _is_about(bill, models)
    )


def _pins(lock: bytes) -> set[tuple[str, str]]:
    found = ((name.decode(), version.decode(errors="replace")) for name, version in re.findall(_PIN, lock))
    return {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in found}


def _is_about(bill: Any, models: set[str]) -> bool:
    hashes = rows(part(part(bill, "metadata"), "component").get("hashes"))
    return any(row.get("content") in models for row in hashes)
