"""Renders a Copier template in memory, compiled once: byte for byte what `copier.run_copy` writes.

Tasks and migrations are never run, here or in the fallback; `Template.config.not_run` names them.
`Unsupported` says what lies outside the subset; `adapters/copier.py` renders that with Copier itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from unicodedata import normalize

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from roadworthy.core.documents.globs import matcher
from roadworthy.core.templates.config import Config, read_config
from roadworthy.core.templates.jinja import Compiled, Context, Strings, Unsupported, environment, parsed
from roadworthy.core.templates.questions import Asked, Run, answer_all
from roadworthy.core.templates.tree import File, ForbiddenPath, Tree, places, tidy, tidy_link, walk
from roadworthy.core.values import field, frozen
from roadworthy.errors import UsageError

__all__ = ["File", "Run", "Template", "Tree", "Unsupported", "load_template", "render", "resolve"]


@frozen
class Template:
    """A template, ready to render many times. Make one with `load_template`."""

    tree: Tree
    config: Config
    env: SandboxedEnvironment
    strings: Strings
    places: frozenset[str]
    plans: dict[str, tuple[Plan, ...]] = field(default_factory=dict)
    compiled: dict[str, Compiled] = field(default_factory=dict)


@frozen
class Plan:
    """One file of the template: where it is, the path it asks for, and whether it is rendered.

    `path` is where it goes if no answer matters there.
    """

    source: str
    parts: tuple[str, ...]
    path: str | None
    rendered: bool
    file: File


def load_template(tree: Tree) -> Template:
    """Compile a template; Unsupported names a feature that only Copier has."""
    config = read_config(tree)
    env = environment(tree, config.envops)
    return Template(tree=tree, config=config, env=env, strings=Strings(env), places=places(tree))


def resolve(
    template: Template,
    data: Mapping[str, Any],
    *,
    last: Mapping[str, Any] | None = None,
    run: Run = Run(),  # noqa: B008  frozen
) -> dict[str, Any]:
    """Return every answer, computed ones included, from those given and those of the `last` render.

    A given answer is never replaced: UsageError names the question, the value and what it expects.
    A last answer that its question no longer accepts gives way to the default, as with Copier.
    """
    asked = Asked(
        run=run,
        questions=template.config.questions,
        answers_file=template.config.answers_file,
        strings=template.strings,
        given=dict(data),
        last={key: value for key, value in (last or {}).items() if key not in ("_commit", "_src_path")},
    )
    with _explained("copier.yml"):
        return answer_all(asked) | {"_copier_operation": run.operation}


def render(
    template: Template, answers: Context, only: Callable[[str], bool] | None = None
) -> dict[str, File]:
    """Return the project that `answers` (from `resolve`) make of a template, by path."""
    with _explained("_exclude"):
        context = {key: value for key, value in answers.items() if key != "_copier_operation"}
        excluded = matcher(_patterns(template, template.config.exclude, answers))
        answers_file = context["_copier_conf"]["answers_file"]
    made: dict[str, File] = {}
    named = cache(lambda part: template.strings.render(part, context))
    for plan in _plans(template, context):
        with _explained(plan.source):
            path = _path(template, plan, named, answers_file)
            if path is None or excluded(path) or (only and not only(path)):
                continue
            file = _file(template, plan, context)
        if made.setdefault(path, file) != file:
            raise Unsupported(f"two template files for {path}")
    return made


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn a template's mistake into an error that names the file it is in."""
    try:
        yield
    except (jinja2.TemplateError, ForbiddenPath, TypeError, ValueError, KeyError) as error:
        line = f":{error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        said = f"the template cannot be rendered: {where}{line}: {error}"
        raise UsageError(said, "repair the template") from error


def kept_if_present(template: Template, answers: Context) -> tuple[str, ...]:
    """Return the patterns of `_skip_if_exists`: a file they match is created once, then the project's."""
    with _explained("_skip_if_exists"):
        return _patterns(template, template.config.skip_if_exists, answers)


def _patterns(template: Template, globs: Iterable[str], answers: Context) -> tuple[str, ...]:
    lines = (template.strings.render(glob, answers) for glob in globs)
    return tuple(normalize("NFD", part) for line in lines for part in re.split(r"\r\n|\r|\n", line))


def _plans(template: Template, context: Context) -> tuple[Plan, ...]:
    with _explained("_subdirectory"):
        folder = tidy(template.strings.render(template.config.subdirectory, context))
        if folder not in template.plans:
            template.plans[folder] = tuple(_planned(template, folder))
    return template.plans[folder]


def _planned(template: Template, folder: str) -> Iterable[Plan]:
    suffix = template.config.suffix
    found = dict(walk(template.tree, folder, not template.config.preserve_symlinks))
    if not found:
        raise UsageError(f"the template has no folder {folder!r}", "correct _subdirectory in copier.yml")
    for path, file in found.items():
        if suffix and path + suffix in found:
            continue  # the templated sibling makes this file
        rendered = path.endswith(suffix)
        wanted = _without_suffix(path) if suffix and rendered else path
        source = f"{folder}/{path}" if folder else path
        parts = tuple(wanted.split("/"))
        settled = tidy(*parts) if all(part and template.strings.fixed(part) for part in parts) else None
        yield Plan(source=source, parts=parts, path=settled, rendered=rendered, file=file)


def _without_suffix(path: str) -> str:
    """Drop what follows the last dot of the name, as pathlib's `with_suffix("")` does."""
    folder, slash, name = path.rpartition("/")
    stem, dot, end = name.rpartition(".")
    return folder + slash + (stem if dot and stem and end else name)


def _path(template: Template, plan: Plan, named: Callable[[str], str], answers_file: str) -> str | None:
    """Return where a file goes; None if a part of its path is rendered to nothing."""
    parts = []
    for rendered in plan.parts if plan.path else map(named, plan.parts):
        if rendered == answers_file:
            return answers_file
        if not rendered:
            return None
        parts.append(rendered)
    path = plan.path or tidy(*parts)
    shadowed = not plan.rendered and path + template.config.suffix in template.places
    return None if shadowed else path


def _file(template: Template, plan: Plan, context: Context) -> File:
    if plan.file.link is not None:
        link = tidy_link(plan.file.link)
        return File(link=tidy_link(template.strings.render(link, context)) if plan.rendered else link)
    if not plan.rendered:
        return plan.file
    if plan.source not in template.compiled:
        try:
            compiled = parsed(lambda: template.env.get_template(plan.source))
        except UnicodeDecodeError:
            if template.config.suffix:
                raise
            return plan.file  # without a suffix every file is a template, and what is not text is copied
        template.compiled[plan.source] = compiled.render
    data = template.compiled[plan.source](context).encode()
    return File(data=data, executable=plan.file.executable)
