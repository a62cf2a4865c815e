"""What a user or organisation configures: trusted sources, forges, extensions. Never read from a project."""

from __future__ import annotations

import os
from typing import Any

from roadworthy.core.values import frozen
from roadworthy.errors import UsageError

KNOWN = {"sources": "trusted", "forge": "hosts", "extensions": "allowed"}
EXPECTED = (
    '[sources] with trusted = ["<address or folder>", ...], [forge] with hosts = ["<host>", ...] '
    'and [extensions] with allowed = ["<distribution>", ...]'
)


@frozen
class Configuration:
    """What a person or an organisation decided, outside every project."""

    trusted: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


def read_configuration() -> Configuration:
    """Read ROADWORTHY_CONFIG or the user's config.toml, and the variables beside it."""
    named = os.environ.get("ROADWORTHY_CONFIG")
    path = named or os.path.join(_user_folder(), "roadworthy", "config.toml")
    document = _document(path, required=bool(named))
    trusted = [*document["trusted"], *os.environ.get("ROADWORTHY_TRUSTED_SOURCES", "").splitlines()]
    hosts = [*document["hosts"], *os.environ.get("ROADWORTHY_FORGE_HOSTS", "").split()]
    allowed = [*document["allowed"], *os.environ.get("ROADWORTHY_ALLOWED_EXTENSIONS", "").splitlines()]
    return Configuration(
        trusted=tuple(_normal(each.strip()) for each in trusted if each.strip()),
        hosts=tuple(each.strip().lower() for each in hosts if each.strip()),
        extensions=tuple(each.strip() for each in allowed if each.strip()),
    )


def absolute(folder: str) -> str:
    """Return a folder's one name: links followed, with slashes on every system."""
    return os.path.realpath(os.path.expanduser(folder)).replace(os.sep, "/")


def _user_folder() -> str:
    named = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    return named or os.path.join(os.path.expanduser("~"), ".config")


def _document(path: str, required: bool) -> dict[str, list[str]]:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        import tomllib  # here, because most have no such file, and every check looks for it

        document = tomllib.loads(text)
    except FileNotFoundError:
        if required:
            raise UsageError(
                f"ROADWORTHY_CONFIG names {path}, which does not exist", f"touch {path}"
            ) from None
        document = {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "repair it, or move it away") from error
    return _checked(path, document)


def _checked(path: str, document: dict[str, Any]) -> dict[str, list[str]]:
    known = document.keys() <= KNOWN.keys()
    found = {key: _listed(document.get(section, {}), key) for section, key in KNOWN.items()}
    if not known or any(each is None for each in found.values()):
        raise UsageError(f"{path}: expected only {EXPECTED}", "correct it")
    return {key: each or [] for key, each in found.items()}


def _listed(section: Any, key: str) -> list[str] | None:
    """Return the one list of a section; none when it is anything else."""
    if not isinstance(section, dict) or not section.keys() <= {key}:
        return None
    value = section.get(key, [])
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return value if texts else None


def _normal(spec: str) -> str:
    """Return a folder as an absolute path, so that spellings of one folder are equal; addresses stay."""
    if spec.startswith(("/", "~", ".")):
        return absolute(spec)
    return spec
