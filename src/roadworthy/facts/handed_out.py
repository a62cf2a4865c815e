"""What git hands out otherwise than it was committed: attributes that bear on what is governed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from roadworthy.core.documents.snapshot import Snapshot

_CHANGES = re.compile(r"(?:filter|working-tree-encoding)=|(?:ident|export-subst)$")
# Records whose absence nobody would notice.
_QUIETLY_GONE = tuple(f"governance/{name}/x.yaml" for name in ("incidents", "waivers", "deployments", "runs"))
_GOVERNED = ("governance/", "policy/", ".roadworthy/")


def handed_out_otherwise(snapshot: Snapshot, managed: Iterable[str]) -> Iterator[str]:
    """Yield the lines of attributes files that bear on managed files, policies or records."""
    governed = (*managed, *(path for path in snapshot.paths if path.startswith(_GOVERNED)), *_QUIETLY_GONE)
    for file in (path for path in snapshot.paths if path.rpartition("/")[2] == ".gitattributes"):
        folder, macros = file.removesuffix(".gitattributes"), dict[str, str]()
        for line in snapshot.text(file).splitlines():
            pattern, *attributes = line.split() or [""]
            if pattern.startswith("[attr]"):
                macros[pattern.removeprefix("[attr]")] = " ".join(attributes)
                continue
            said = [word for each in attributes for word in (macros.get(each) or each).split()]
            changed = any(map(_CHANGES.match, said)) and _bears(pattern, folder, governed)
            if changed or ("export-ignore" in said and _bears(pattern, folder, _QUIETLY_GONE)):
                yield f"{file} {line.strip()}"


def _bears(pattern: str, folder: str, paths: Iterable[str]) -> bool:
    """Whether a pattern of this folder means one of these paths, or a folder above it."""
    bare = pattern.rstrip("/").removesuffix("/**")
    for path in paths:
        inner = path.removeprefix(folder)
        if not path.startswith(folder):
            continue
        parts = inner.split("/")
        names = parts if "/" not in bare else ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        if any(fnmatchcase(name, bare.lstrip("/")) for name in names):
            return True
    return False
