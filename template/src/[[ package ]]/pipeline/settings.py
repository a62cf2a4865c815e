"""Where the project is and what its policy says. Reads files; decides nothing."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .outcome import Refused

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}


def root() -> Path:
    """The project's folder: PROJECT_ROOT, else the nearest folder upward with a pyproject.toml."""
    named = os.environ.get("PROJECT_ROOT")
    if named:
        return Path(named).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    raise Refused("no project here: pyproject.toml not found", str(here), "cd into the project's folder")


def path(*parts: str) -> Path:
    """A path inside the project."""
    return root().joinpath(*parts)


def relative(target: Path) -> str:
    """A path as records name it: relative to the project, with forward slashes."""
    return target.resolve().relative_to(root()).as_posix()


def system() -> str:
    """The system's name, as pyproject.toml says it."""
    return str(tomllib.loads(path("pyproject.toml").read_text("utf-8"))["project"]["name"])


def package() -> str:
    """The name of this package, which the team's files are part of."""
    return __name__.split(".", 1)[0]


def load_yaml(file: Path) -> dict[str, Any]:
    """One YAML mapping; a missing, unreadable or non-mapping file is refused by name."""
    try:
        value = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Refused(
            f"cannot be read: {_why(error)}", str(file), f"correct it, or git checkout -- {file}"
        ) from error
    if not isinstance(value, dict):
        raise Refused("expected a mapping of keys and values", str(file), f"git checkout -- {file}")
    return value


def policy(name: str) -> dict[str, Any]:
    """The policy file policy/<name>.yaml of this project."""
    return load_yaml(path("policy", f"{name}.yaml"))


def need(mapping: Mapping[str, Any], dotted: str, where: str) -> Any:
    """The value at a dotted key; its absence is refused with the key's name."""
    value: Any = mapping
    for key in dotted.split("."):
        if not isinstance(value, Mapping) or key not in value:
            raise Refused(f"key `{dotted}` is missing", where, f"add `{dotted}` to {where}")
        value = value[key]
    return value


def tier() -> str | None:
    """The tier this project was generated for; None when .roadworthy/ is gone."""
    lock = path(".roadworthy", "lock.yaml")
    return str(load_yaml(lock).get("tier")) if lock.is_file() else None


def quiet() -> None:
    """No telemetry and no progress bars from the libraries below us, unless somebody asked for them."""
    for key, value in _QUIET.items():
        os.environ.setdefault(key, value)


def _why(error: Exception) -> str:
    mark, text = getattr(error, "problem_mark", None), str(error) or type(error).__name__
    return f"line {mark.line + 1}: {getattr(error, 'problem', text)}" if mark else text.splitlines()[0]
