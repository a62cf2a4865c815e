"""The user's and the organisation's configuration: which sources are trusted. Never read from a project."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roadworthy.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What a person or an organisation decided, outside every project."""

    trusted: tuple[str, ...] = ()


def read_configuration() -> Configuration:
    """Read ROADWORTHY_CONFIG or the user's config.toml, and ROADWORTHY_TRUSTED_SOURCES."""
    named = os.environ.get("ROADWORTHY_CONFIG")
    path = Path(named) if named else _user_folder() / "roadworthy" / "config.toml"
    listed = os.environ.get("ROADWORTHY_TRUSTED_SOURCES", "").splitlines()
    trusted = [*_trusted(path, required=bool(named)), *listed]
    return Configuration(trusted=tuple(_normal(each.strip()) for each in trusted if each.strip()))


def _user_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or Path.home() / ".config")


def _trusted(path: Path, required: bool) -> list[str]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if required:
            raise UsageError(
                f"ROADWORTHY_CONFIG names {path}, which does not exist", f"touch {path}"
            ) from None
        return []
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "repair it, or move it away") from error
    return _checked(path, document)


def _checked(path: Path, document: dict[str, Any]) -> list[str]:
    sources = document.get("sources", {})
    trusted = sources.get("trusted", []) if isinstance(sources, dict) else None
    known = document.keys() <= {"sources"} and isinstance(sources, dict) and sources.keys() <= {"trusted"}
    if not known or not isinstance(trusted, list) or not all(isinstance(each, str) for each in trusted):
        raise UsageError(
            f'{path}: expected only [sources] with trusted = ["<address or folder>", ...]', "correct it"
        )
    return trusted


def _normal(spec: str) -> str:
    """Return a folder as an absolute path, so that spellings of one folder are equal; addresses stay."""
    if spec.startswith(("/", "~", ".")):
        return Path(spec).expanduser().resolve().as_posix()
    return spec
