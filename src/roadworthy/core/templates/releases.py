"""The list of releases (`releases/index.json`): append-only, each with the digest of its archive."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from roadworthy import __version__
from roadworthy.core.values import frozen
from roadworthy.errors import UsageError

SCHEMA: Final = "releases/v1"
# What a checkout that has cut no release of its own offers.
DEVELOPMENT: Final = f"{__version__}.dev0"
# What `git describe` and a checkout add to the release that a tree goes beyond.
_BEYOND: Final = r"(-[0-9]+-g[0-9a-f]{4,64})?(-dirty)?"
_VERSION: Final = r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"


@frozen
class Entry:
    """One frozen release: its archive, the archive's sha256, and the commit it was cut from."""

    version: str
    file: str
    sha256: str
    cut_from: str
    date: str


def parse_index(text: str) -> tuple[Entry, ...]:
    """Return the releases, oldest first; UsageError if the list is not one."""
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema is {document['schema']}")
        entries = tuple(
            Entry(**{name: str(row[name]) for name in Entry.__annotations__}) for row in document["releases"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"releases/index.json: expected {SCHEMA}: {error}", "restore it from git") from error
    numbers = [version_key(entry.version) for entry in entries]
    if numbers != sorted(set(numbers)):
        raise UsageError("releases/index.json: versions do not increase", "restore it from git")
    return entries


def index_text(entries: tuple[Entry, ...]) -> str:
    """Return the index file of some releases."""
    from dataclasses import asdict

    document = {"schema": SCHEMA, "releases": [asdict(entry) for entry in entries]}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def is_supported(release: str, known: Sequence[str]) -> bool:
    """Say whether `release` is one of the `known` ones, or a commit beyond one (`v1.2.0-3-gabc1234`).

    A source that has cut no release yet supports what it holds.
    """
    return not known or any(_goes_beyond(release, each) for each in known)


def _goes_beyond(release: str, base: str) -> bool:
    return release.startswith(base) and re.fullmatch(_BEYOND, release.removeprefix(base)) is not None


def version_key(version: str) -> tuple[int, ...]:
    """Return what orders versions; UsageError for anything but MAJOR.MINOR.PATCH."""
    found = re.fullmatch(_VERSION, version)
    if found is None:
        raise UsageError(
            f"{version!r} is not a release version", "write it as MAJOR.MINOR.PATCH, such as 1.4.0"
        )
    return tuple(int(number) for number in found.groups())
