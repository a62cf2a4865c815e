"""Which paths the project's own `.gitignore` files hide: read from its commit, so equal on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NAME = ".gitignore"


def ignored(paths: Iterable[str], files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the paths that `files` (the contents of .gitignore by folder, "" for the top) hide."""
    paths = list(paths)
    if not files or not paths:
        return frozenset()
    from pathspec import GitIgnoreSpec  # 40 ms, and most updates have nothing to ask

    specs = {
        folder: GitIgnoreSpec.from_lines(data.decode("utf-8", "replace").splitlines())
        for folder, data in sorted(files.items())
    }
    return frozenset(path for path in paths if _hidden(path, specs))


def _hidden(path: str, specs: Mapping[str, object]) -> bool:
    """The deepest .gitignore that has an opinion decides."""
    verdict = False
    for folder, spec in specs.items():
        prefix = f"{folder}/" if folder else ""
        if path.startswith(prefix):
            said = spec.check_file(path[len(prefix) :]).include  # type: ignore[attr-defined]
            verdict = verdict if said is None else said
    return verdict
