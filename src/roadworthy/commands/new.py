"""`roadworthy new`: render a project aside, check it, commit it, and move it into place in one rename."""

from __future__ import annotations

import json
import re
import shlex
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from roadworthy.adapters import copier, workplace
from roadworthy.adapters.git.sources import is_address
from roadworthy.commands.placing import place
from roadworthy.commands.source import (
    Rendered,
    demand_known,
    is_trusted_source,
    open_source,
    project_of,
    trust,
)
from roadworthy.core.packs.tiers import assess
from roadworthy.core.templates.answers import BadAnswer, raw_items
from roadworthy.core.templates.config import YAML_LOADER, read_config, read_raw
from roadworthy.core.templates.made import MadeFile, Project
from roadworthy.core.templates.ownership import ownership_of
from roadworthy.core.templates.source import LOCK, OWNERSHIP, TIERS, Source
from roadworthy.core.templates.tree import File, Tree
from roadworthy.errors import Refused, UsageError

# Syntax only: a project may hold YAML of several documents, or with tags of its CI provider.
SYNTAX: Final[Mapping[str, Callable[[str], object]]] = {
    "json": json.loads,
    "py": lambda text: compile(text, "rendered", "exec", dont_inherit=True),
    "toml": tomllib.loads,
    "yaml": lambda text: list(yaml.parse(text, Loader=YAML_LOADER)),
    "yml": lambda text: list(yaml.parse(text, Loader=YAML_LOADER)),
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for."""

    destination: Path
    given: Mapping[str, Any]
    source: str
    release: str | None
    ask: bool = False
    repository: bool = True
    dry_run: bool = False


def read_answers(given: Mapping[str, str], file: Path | None) -> dict[str, Any]:
    """Return the answers of a YAML file, overruled by those given."""
    return {**(_answers_file(file) if file else {}), **given}


def new_project(request: Request, say: Callable[[str], None]) -> Project:
    """Make a project, or with `dry_run` only say what it would hold. Failure leaves nothing behind."""
    workplace.demand_free(request.destination)
    if is_address(request.source):
        say(f"fetching {request.source}")
    source = open_source(request.source, request.release)
    given = _asked(source, request) if request.ask else dict(request.given)
    demand_known(source, given)
    _demand_lawful(source, given)
    offered = _offered(source, request.destination)
    rendered = project_of(source, given, last=offered, folder=request.destination.absolute().name)
    _demand_sound(source, rendered.files)
    described = _described(request, source, rendered)
    if request.dry_run:
        return described
    message = f"Make {request.destination.absolute().name} from {source.spec} {source.release}"
    commit, notes = place(request.destination, rendered.files, message, repository=request.repository)
    return replace(described, commit=commit, notes=(*notes, *described.notes))


def _answers_file(path: Path) -> dict[str, Any]:
    try:
        answers = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UsageError(f"--data-file {path}: {why}", "name a YAML file of answers") from error
    if not isinstance(answers, dict):
        raise UsageError(f"--data-file {path}: expected a mapping of questions to answers")
    return {str(key): value for key, value in answers.items() if not str(key).startswith("_")}


def _asked(source: Source, request: Request) -> dict[str, Any]:
    """Let Copier ask what was not given, on throw-away copies of the template; the unlawful ends it there."""
    given, offered = dict(request.given), _offered(source, request.destination)
    trees = (_until_lawful(source.tree), source.tree) if source.governed else (source.tree,)
    for tree in trees:
        with tempfile.TemporaryDirectory(prefix="roadworthy-ask-") as folder:
            workplace.write_tree(Path(folder), tree)
            given = copier.ask(Path(folder), read_config(tree), given, offered)
        _demand_lawful(source, given)
    return given


def _offered(source: Source, destination: Path) -> dict[str, Any]:
    """Offer the folder's name as the project's, written as a name is."""
    words = re.findall("[a-z0-9]+", destination.absolute().name.lower())
    return {"name": "-".join(words)} if source.governed and words else {}


def _until_lawful(tree: Tree) -> Tree:
    """Return only the questions up to the prohibited practices, which here take any answer.

    Copier would only ask that one again, without a word why.
    """
    raw = read_raw(tree)
    if not isinstance(raw.get("prohibited"), dict):
        return tree
    asked = list(raw)[: list(raw).index("prohibited") + 1]
    kept = {key: value for key, value in raw.items() if key in asked or key.startswith("_")}
    kept["prohibited"] = {**kept["prohibited"], "validator": ""}
    kept.pop("_subdirectory", None)
    return {"copier.yml": File(data=yaml.safe_dump(kept, sort_keys=False).encode())}


def _demand_lawful(source: Source, given: Mapping[str, Any]) -> None:
    """Refuse a prohibited practice with its reason, before anything is rendered."""
    if not source.governed or "prohibited" not in given:
        return
    rubric = yaml.load(source.tree[TIERS].data, Loader=YAML_LOADER)
    try:
        named = (
            raw_items(given["prohibited"]) if isinstance(given["prohibited"], str) else given["prohibited"]
        )
        known = [name for name in named if name in rubric["prohibited"]]
    except (BadAnswer, TypeError):
        return  # not a list: the question itself says so
    if hits := assess({"prohibited": known}, rubric).prohibited:
        reasons = "; ".join(f"{text} ({reference})" for reference, text in hits)
        raise Refused(f"prohibited by the EU AI Act, so nothing was generated: {reasons}")


def _demand_sound(source: Source, files: Tree) -> None:
    """Demand of a governed project that what was rendered parses, and that its lock names its release."""
    if not source.governed:
        return
    verbatim = {id(file) for file in source.tree.values()}
    for path, file in files.items():
        if id(file) not in verbatim and file.link is None:
            _demand_parses(path, file)
    if source.template_digest.encode() not in (files[LOCK].data if LOCK in files else b""):
        raise UsageError(f"the template writes no {LOCK} that names its release", "correct the template")


def _demand_parses(path: str, file: File) -> None:
    check = SYNTAX.get(path.rpartition(".")[2], str)
    try:
        check(file.data.decode())
    except (ValueError, SyntaxError, yaml.YAMLError) as error:
        raise UsageError(f"the template makes a broken {path}: {error}", "correct the template") from error


def _described(request: Request, source: Source, rendered: Rendered) -> Project:
    return Project(
        destination=str(request.destination),
        source=source.spec,
        release=source.release,
        tier=str(rendered.answers.get("tier", "")) if source.governed else "",
        files=tuple(_owned(source, sorted(rendered.files))),
        dry_run=request.dry_run,
        notes=(*rendered.notes, *_named_otherwise(source, request, rendered.answers), *_untrusted(source)),
        next=_next(request.destination, rendered.files),
    )


def _named_otherwise(source: Source, request: Request, answers: Mapping[str, Any]) -> tuple[str, ...]:
    """Say when nobody named the project, and the folder's name would not do."""
    name, folder = answers.get("name"), request.destination.absolute().name
    if not source.governed or request.ask or "name" in request.given:
        return ()
    if _offered(source, request.destination).get("name") == name:
        return ()
    return (f"it is named {name}, because it cannot be named {folder}; to name it: --data name=NAME",)


def _untrusted(source: Source) -> tuple[str, ...]:
    """Say before the first check that it would be `unknown`."""
    if not source.governed or is_trusted_source(source.spec):
        return ()
    return (f"check and update render only sources you trust; {trust(source.spec)}",)


def _owned(source: Source, paths: Sequence[str]) -> list[MadeFile]:
    if OWNERSHIP not in source.tree:
        return [MadeFile(path=path) for path in paths]
    manifest = yaml.load(source.tree[OWNERSHIP].data, Loader=YAML_LOADER)
    owned = [(path, ownership_of(path, manifest)) for path in paths]
    return [MadeFile(path=path, ownership=own.kind, purpose=own.purpose) for path, own in owned]


def _next(destination: Path, files: Tree) -> tuple[str, ...]:
    """Return the three commands that come next, as far as the project's Makefile has them."""
    makefile = files["Makefile"].data.decode() if "Makefile" in files else ""
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", makefile))
    return (
        f"cd {shlex.quote(str(destination))}",
        *[f"make {target}" for target in ("life", "check", "test") if target in targets][:2],
    )
