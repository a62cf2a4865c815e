"""`copier.yml`: settings (underscored keys) and questions, read as Copier reads them."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from roadworthy.core.documents.globs import matches
from roadworthy.core.templates.jinja import Unsupported
from roadworthy.core.templates.questions import MISSING, RESERVED, Question
from roadworthy.core.templates.tree import Tree
from roadworthy.core.values import frozen
from roadworthy.errors import UsageError

COPIER: Final = (9, 19, 1)
DEFAULT_EXCLUDE: Final = (
    *("copier.yaml", "copier.yml", "~*", "*.py[co]", "__pycache__"),
    *(".git", ".DS_Store", ".svn"),
)
MERGED: Final = ("_exclude", "_jinja_extensions", "_secret_questions", "_skip_if_exists")
BEYOND: Final = ("jinja_extensions", "external_data")
NOT_RUN: Final = ("tasks", "migrations")
QUESTION_KEYS: Final = frozenset(Question.__annotations__) - {"name"}
# libyaml where it is built in: ten times faster, same result.
YAML_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@frozen
class Config:
    """What `copier.yml` says, as far as a render depends on it. `not_run` names what we never run."""

    questions: tuple[Question, ...]
    envops: Mapping[str, Any]
    exclude: tuple[str, ...]
    skip_if_exists: tuple[str, ...]
    subdirectory: str
    suffix: str
    answers_file: str
    preserve_symlinks: bool
    not_run: tuple[str, ...]


def read_config(tree: Tree) -> Config:
    """Read the template's configuration; Unsupported names what our renderer leaves to Copier."""
    raw = read_raw(tree)
    settings = {key[1:]: value for key, value in raw.items() if key.startswith("_")}
    for name in BEYOND:
        if settings.get(name):
            raise Unsupported(f"_{name}")
    _demand_version(settings.get("min_copier_version"))
    secret = set(settings.get("secret_questions", ()))
    asked = {key: value for key, value in raw.items() if not key.startswith("_")}
    subdirectory = str(settings.get("subdirectory", ""))
    default_exclude = DEFAULT_EXCLUDE if subdirectory.strip("/") in ("", ".") else ()
    suffix = settings.get("templates_suffix")
    return Config(
        questions=tuple(_question(name, value, name in secret) for name, value in asked.items()),
        envops=settings.get("envops", {}),
        exclude=tuple(settings.get("exclude", default_exclude)),
        skip_if_exists=skip_if_exists(raw),
        subdirectory=subdirectory,
        suffix=".jinja" if suffix is None else suffix,
        answers_file=str(settings.get("answers_file", ".copier-answers.yml")),
        preserve_symlinks=bool(settings.get("preserve_symlinks", False)),
        not_run=tuple(name for name in NOT_RUN if settings.get(name)),
    )


def skip_if_exists(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the patterns of files that are created once and then the project's, still unrendered."""
    return tuple(raw.get("_skip_if_exists", ()))


def read_raw(tree: Tree) -> dict[str, Any]:
    """Return every key of the template's configuration, that of included files too."""
    names = [path for path in tree if re.fullmatch(r"copier\.ya?ml", path, re.IGNORECASE)]
    if len(names) > 1:
        raise UsageError(f"the template has {' and '.join(sorted(names))}", "keep one of them")
    documents = [document for name in names for document in _documents(tree, name)]
    if not all(isinstance(document, dict) for document in documents):
        raise UsageError(f"{names[0]}: expected a mapping of settings and questions", "repair the template")
    merged = {key: [item for document in documents for item in document.get(key, ())] for key in MERGED}
    present = {key: value for key, value in merged.items() if any(key in document for document in documents)}
    return dict(ChainMap(present, *reversed(documents)))


def _documents(tree: Tree, name: str) -> list[Any]:
    """Return the documents of a file that say something, those of the files it includes in their places."""

    class Loader(YAML_LOADER):  # type: ignore[misc,valid-type]
        """A loader of this template's own, for its `!include`."""

    def include(_: yaml.Loader, node: yaml.ScalarNode) -> list[Any]:
        found = sorted(path for path in tree if matches(node.value, path))
        return [document for path in found for document in _documents(tree, path)]

    Loader.add_constructor("!include", include)
    try:
        return _flat(document for document in yaml.load_all(tree[name].data, Loader=Loader) if document)
    except yaml.constructor.ConstructorError as error:
        raise Unsupported(f"{name}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not YAML: {error}", "repair it in the template") from error


def _flat(items: Iterable[Any]) -> list[Any]:
    nested = [_flat(item) if isinstance(item, list) else [item] for item in items]
    return [item for each in nested for item in each]


def _demand_version(wanted: object) -> None:
    numbers = tuple(int(number) for number in re.findall(r"\d+", str(wanted or 0))[:3])
    if numbers > COPIER:
        raise Unsupported(f"_min_copier_version {wanted}")


def _question(name: str, value: Any, secret: bool) -> Question:
    details = dict(value) if isinstance(value, dict) else {"default": value}
    if name in RESERVED or not name.isidentifier():
        raise Unsupported(f"question name {name}")
    if secret:
        details["secret"] = True
    if details.get("secret") and details.get("default", MISSING) is MISSING:
        raise Unsupported(f"question {name}: secret without a default")
    for flag in ("multiselect", "secret"):
        if not isinstance(details.get(flag, False), bool):
            raise Unsupported(f"question {name}: {flag} that is not a boolean")
    known = {key: value for key, value in details.items() if key in QUESTION_KEYS}  # Copier ignores others
    return Question(name=name, **known)
