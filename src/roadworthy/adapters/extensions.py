"""Extensions installed beside roadworthy, found without importing them; and the import, for the child.

Only the site folders of the running interpreter are looked at: neither the working folder nor PYTHONPATH,
where a judged project could put a distribution of its own.
"""

from __future__ import annotations

import os
import re
import site
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from roadworthy.core.packs.extension import Extension

GROUP = "roadworthy.extensions"
_TARGET = r"(?P<module>\w+(\.\w+)*)\s*:\s*(?P<function>\w+)"


def installed() -> tuple[Extension, ...]:
    """Return every installed extension, by the name of its distribution."""
    own = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    found = [each for folder in dict.fromkeys(own) for each in _in_folder(Path(folder))]
    return tuple(sorted(found, key=lambda each: (each.distribution, each.root)))


def function_of(extension: Extension) -> Callable[..., Any]:
    """Import an extension from where it was found. Only for a child that may be killed."""
    import importlib

    sys.path.insert(0, extension.folder)
    sys.dont_write_bytecode = True
    target = re.fullmatch(_TARGET, extension.target)
    if target is None:
        raise ImportError(f"the entry point {extension.target!r} is not module:function")
    function: Callable[..., Any] = getattr(importlib.import_module(target["module"]), target["function"])
    return function


def canonical(distribution: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _in_folder(folder: Path) -> Iterator[Extension]:
    names = os.listdir(folder) if folder.is_dir() else ()
    for path in (folder / name / "entry_points.txt" for name in names if name.endswith(".dist-info")):
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
        if GROUP in text:
            name, _, version = path.parent.name.removesuffix(".dist-info").partition("-")
            for root, target in _entries(text):
                yield Extension(
                    distribution=canonical(name),
                    version=version,
                    root=root,
                    target=target,
                    folder=str(folder),
                    files=_files(folder / target.partition(":")[0].strip().replace(".", "/")),
                )


def _entries(text: str) -> list[tuple[str, str]]:
    from configparser import ConfigParser, Error

    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except Error:
        return []
    return parser.items(GROUP) if parser.has_section(GROUP) else []


def _files(package: Path) -> dict[str, bytes]:
    paths = [package / "facts.yaml", *sorted((package / "controls").glob("*.yaml"))]
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in paths if path.is_file()}
