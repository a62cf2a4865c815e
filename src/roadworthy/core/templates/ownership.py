"""Who a generated file belongs to: `policy/ownership.yaml`, first match wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from roadworthy.core.documents.globs import matches
from roadworthy.core.values import frozen

KINDS: Final = ("managed", "merged", "seeded", "record")

Manifest = Mapping[str, Any]


@frozen
class Ownership:
    """Whose a file is (`managed`, `merged`, `seeded`, `record`), and what it is for."""

    kind: str
    purpose: str


def ownership_of(path: str, manifest: Manifest) -> Ownership:
    """Return the ownership of a rendered path: that of the first entry that claims it."""
    for row in manifest["files"]:
        if matches(row["path"], path):
            return Ownership(kind=row["ownership"], purpose=row["purpose"])
    return UNCLAIMED


# No entry claims it: shown as such, and the tests of a release refuse it.
UNCLAIMED: Final = Ownership(kind="unclaimed", purpose="")
