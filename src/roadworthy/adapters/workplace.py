"""Where a project is made: beside its destination, then moved there in one rename. Failure leaves nothing."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roadworthy.core.templates.tree import File, Tree
from roadworthy.errors import Refused


def demand_free(destination: Path) -> None:
    """Refuse a destination that holds something, that is where we stand, or that cannot be written."""
    try:
        _demand_free(destination)
    except OSError as error:
        raise _unwritable(destination, error) from error


def _demand_free(destination: Path) -> None:
    if destination.is_symlink():
        raise Refused(f"{destination} is a symbolic link", "name a new folder, or the one it leads to")
    if destination.is_dir() and any(destination.iterdir()):
        raise Refused(f"{destination} is not empty", "name a new folder, or empty that one")
    if destination.exists() and not destination.is_dir():
        raise Refused(f"{destination} is a file", "name a new folder")
    if destination.is_dir() and destination.resolve() == Path.cwd():
        name = destination.resolve().name
        raise Refused(f"{destination} is the current folder", f"cd .. && roadworthy new {name}")
    parent = _existing_parent(destination)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise Refused(f"{parent} cannot be written", f"name another place, or chmod u+w {parent}")


@contextmanager
def aside(destination: Path) -> Iterator[Path]:
    """Give an empty folder beside the destination; whatever still is there at the end is removed."""
    made = [folder for folder in destination.parents if not folder.exists()]
    workplace = destination.parent / f".{destination.name}.{secrets.token_hex(4)}"
    try:
        workplace.mkdir(parents=True)
        yield workplace
    except OSError as error:
        raise _unwritable(destination, error) from error
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
        _remove_empty(made)


def write_tree(folder: Path, tree: Tree) -> None:
    """Write files where none is yet; two that are one file on this disk are refused."""
    for parent in sorted({(folder / path).parent for path in tree}):
        parent.mkdir(parents=True, exist_ok=True)
    for path, file in tree.items():
        try:
            _write(folder / path, file)
        except FileExistsError as error:
            hint = "rename one in the template, or make it where names differ by case"
            raise Refused(f"{path} and another file are one file on this disk", hint) from error


def _write(place: Path, file: File) -> None:
    if file.link is not None:
        place.symlink_to(file.link)
        return
    with place.open("xb") as opened:
        opened.write(file.data)
    if file.executable:
        place.chmod(place.stat().st_mode | 0o111)


def put_in_place(workplace: Path, destination: Path) -> None:
    """Move a finished folder to its destination, which is absent or empty, in one rename."""
    if os.name == "nt" and destination.is_dir():
        destination.rmdir()
    os.replace(workplace, destination)


def _unwritable(destination: Path, error: OSError) -> Refused:
    return Refused(f"{destination} cannot be written: {error.strerror or error}", "name another place")


def _existing_parent(destination: Path) -> Path:
    return next(folder for folder in destination.absolute().parents if folder.exists())


def _remove_empty(folders: list[Path]) -> None:
    """Remove the parents that were made on the way, unless something is in them by now."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
