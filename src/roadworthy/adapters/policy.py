"""The files of a policy pack: the one that ships with the engine, or a reviewer's own folder."""

from __future__ import annotations

from pathlib import Path

from roadworthy import policy
from roadworthy.errors import UsageError


def read_policy(folder: str | None = None) -> dict[str, bytes]:
    """Return every file of a policy folder by its relative path; without a name, of the built-in one."""
    root = Path(folder) if folder else Path(policy.__file__).parent
    if not (root / "pack.yaml").is_file():
        raise UsageError(f"no policy pack at {root}", "name a folder that holds pack.yaml")
    files = (path for path in sorted(root.rglob("*")) if path.suffix in (".yaml", ".json") and path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
