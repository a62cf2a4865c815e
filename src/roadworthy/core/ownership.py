"""Who a generated file belongs to: `policy/ownership.yaml`, first match wins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

KINDS: Final = ("managed", "merged", "seeded", "record")

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Whose a file is (`managed`, `merged`, `seeded`, `record`), and what it is for."""

    kind: str
    purpose: str


def ownership_of(path: str, manifest: Manifest) -> Ownership:
    """Return the ownership of a rendered path: that of the first entry that claims it."""
    for row in manifest["files"]:
        if _pattern(row["path"]).fullmatch(path):
            return Ownership(kind=row["ownership"], purpose=row["purpose"])
    return UNCLAIMED


# No entry claims it: shown as such, and the tests of a release refuse it.
UNCLAIMED: Final = Ownership(kind="unclaimed", purpose="")


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    """Compile a glob: `*` and `?` stay within a folder, `**` crosses folders, a final `/` is all below."""
    source = glob + "**" if glob.endswith("/") else glob
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", source)
    return re.compile("".join(pieces.get(part, re.escape(part)) for part in parts))
