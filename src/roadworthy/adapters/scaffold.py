"""What a platform team's repository starts with beside template and pack: its README, tests and CI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from roadworthy.core.templates.tree import File

FOLDER: Final = Path(__file__).resolve().parent.parent / "scaffold"
# Hidden names are written out, so that they have no effect on the repository that carries them.
HIDDEN: Final = "dot-"
CI: Final[Mapping[str, str]] = {"github": ".github/", "gitlab": ".gitlab-ci.yml"}


def read_scaffold(ci: str, words: Mapping[str, str]) -> dict[str, File]:
    """Return the files for one CI provider, with `[[ word ]]` replaced."""
    others = tuple(place for name, place in CI.items() if name != ci)
    paths = [path for path in sorted(FOLDER.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    named = {_named(path.relative_to(FOLDER).as_posix()): path for path in paths}
    kept = {name: path for name, path in named.items() if not name.startswith(others)}
    return {name: File(_worded(path.read_text("utf-8"), words).encode()) for name, path in kept.items()}


def _named(path: str) -> str:
    return "." + path.removeprefix(HIDDEN) if path.startswith(HIDDEN) else path


def _worded(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"[[ {word} ]]", value)
    return text
