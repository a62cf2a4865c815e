"""What every command that renders shares: open a source, render a project of it, say whom we trust."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from roadworthy.adapters import config
from roadworthy.adapters.git import GitFailed, sources
from roadworthy.core.templates.releases import DEVELOPMENT
from roadworthy.core.templates.source import BUILTIN, Source, is_trusted, stamp_lock
from roadworthy.core.templates.tree import File, Tree
from roadworthy.core.values import frozen
from roadworthy.errors import Unjudgeable, UsageError

if TYPE_CHECKING:
    from roadworthy.core.templates.template import Run

ANSWERS_FILE: Final = ".copier-answers.yml"
# One moment for every render of this process: the sides of a merge must not differ by the clock.
STARTED: Final = time.time()
NOTHING: Final[Mapping[str, Any]] = {}
# What git and ssh say of a remote that does not answer, in plain words, and what a person does about it.
UNFETCHED: Final = (
    (
        r"could not read (username|password)|authentication failed|permission denied|host key|\b40[13]\b",
        "it asks for credentials that git does not have, or are not enough",
        "let this succeed: git ls-remote {0} (git credential, ssh-add, or a token of the CI)",
    ),
    (
        r"could not resolve|connect to|timed out|refused|unreachable|proxy|ssl|certificate",
        "the network does not lead there",
        "check the connection, and the host's name: git ls-remote {0}",
    ),
    (
        r"not found|does not exist|not appear to be a git repository|\b404\b",
        "there is no git repository at that address, or you may not see it",
        "check the address: git ls-remote {0}; where the template moved: --source SPEC",
    ),
)
TagsOf = Callable[[str], Mapping[str, str]]


@frozen
class Rendered:
    """A project in memory: its answers, computed ones included, its files, and what a person should know.

    `ours` says that our renderer made it, not Copier.
    """

    answers: Mapping[str, Any]
    files: Tree
    notes: tuple[str, ...] = ()
    ours: bool = True


tags_once = lru_cache(maxsize=16)(sources.read_tags)  # an update looks once; it clears this when it starts


def open_source(spec: str = BUILTIN, release: str | None = None, tags: TagsOf = sources.read_tags) -> Source:
    """Return one release of a source; without `release` the newest, or a folder as it is now."""
    if spec == BUILTIN:
        from roadworthy.adapters.archive import unpack  # 3 ms, and most sources are repositories

        return sources.open_builtin(release, unpack)
    if sources.is_address(spec):
        return _open_repository(spec, _mirror(spec, release), release, tags)
    folder = _folder(spec)
    if release is None and not sources.is_bare(folder):
        return sources.open_folder(folder)
    return _open_repository(spec, folder, release, tags)


def _open_repository(spec: str, repository: str, release: str | None, tags: TagsOf) -> Source:
    known = tags(repository)
    if release is None:
        release = next(reversed(sources.final_releases(known)), "HEAD")
    return sources.open_repository(spec, repository, release, known)


def releases(spec: str = BUILTIN, tags: TagsOf = sources.read_tags) -> list[str]:
    """Return the releases of a source, oldest first."""
    if spec == BUILTIN:
        return [entry.version for entry in sources.builtin_entries()]
    return sources.final_releases(tags(_repository(spec)))


def is_trusted_source(spec: str) -> bool:
    """Say whether the user's or the organisation's configuration trusts a source."""
    trusted = config.read_configuration().trusted
    local = spec != BUILTIN and not sources.is_address(spec)
    return is_trusted(config.absolute(spec) if local else spec, trusted)


def newest(spec: str, than: str = "") -> str:
    """Return the newest release of a trusted source; of a repository without tags, its head.

    A commit (`than`) that holds all of the newest release is newer, though it is none itself.
    """
    demand_trusted(spec)
    found = releases(spec, tags_once)
    last = found[-1] if found else DEVELOPMENT if spec == BUILTIN else "HEAD"
    if than in ("", *found) or spec == BUILTIN or not found:
        return last
    return than if sources.contains(_repository(spec), than, last) else last


def _repository(spec: str) -> str:
    return _mirror(spec, None) if sources.is_address(spec) else _folder(spec)


def _mirror(spec: str, release: str | None) -> str:
    """Return the mirror of a remote source, or say why it did not come: address, credentials or network."""
    try:
        return sources.mirror_of(spec, release)
    except GitFailed as failed:
        told = next(
            (each[1:] for each in UNFETCHED if re.search(each[0], failed.stderr, re.IGNORECASE)), None
        )
        if told is None:
            raise
        mirror, address = sources.place_of(spec), sources.shown(spec)
        known = sources.final_releases(sources.read_tags(mirror)) if os.path.isdir(mirror) else []
        offline = f"; or without it, a release fetched before: --to {known[-1]}" if known else ""
        message, hint = f"{address} was not fetched: {told[0]}", told[1].format(address) + offline
        raise GitFailed(message, hint, stderr=failed.stderr) from failed


def _folder(spec: str) -> str:
    folder = os.path.expanduser(spec)
    if not os.path.isdir(folder):
        hint = "name builtin, a folder or a git address; for a project whose template moved: --source SPEC"
        raise UsageError(f"the source {spec} is not a folder", hint)
    return folder


def trust(spec: str) -> str:
    """Return how to trust a source."""
    return f'add it to [sources] trusted in roadworthy/config.toml: trusted = ["{spec}"]'


def demand_trusted(spec: str) -> None:
    """Refuse a source that neither the user nor the organisation named: the project does not decide that."""
    if not spec:
        raise Unjudgeable("the answers file records no _src_path", "name the source: --source SPEC")
    if not is_trusted_source(spec):
        raise Unjudgeable(f"{spec} is not a source you trust, so it is not rendered", trust(spec))


def demand_known(source: Source, given: Mapping[str, Any], option: str = "--data", newer: str = "") -> None:
    """Refuse an answer to what this release asks nobody, or one that its question cannot mean."""
    from roadworthy.core.templates.answers import FALSE_WORDS, TRUE_WORDS
    from roadworthy.core.templates.template import Unsupported

    try:
        questions = {question.name: question for question in source.template.config.questions}
    except Unsupported:
        return  # Copier will read the questions, and it takes unknown answers
    asked = {name: question for name, question in questions.items() if question.when is not False}
    for key, value in given.items():
        if key not in asked:
            computed = "is computed from the other answers"
            why = computed if key in questions else f"is not a question of {source.release}"
            raise UsageError(f"{option} {key}: {key} {why}", _meant(key, [*asked]) + newer)
        word = value.strip().lower() if isinstance(value, str) else "yes"
        if asked[key].type == "bool" and word not in TRUE_WORDS | FALSE_WORDS:
            raise UsageError(f"{option} {key}={value}: expected yes or no")


def _meant(key: str, names: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, names, 1)
    return f"did you mean {near[0]}?" if near else f"its questions: {', '.join(names)}"


def project_of(
    source: Source,
    data: Mapping[str, Any],
    *,
    last: Mapping[str, Any] = NOTHING,
    folder: str = "project",
    answers_file: str | None = None,
    operation: str = "copy",
    only: Callable[[str], bool] | None = None,
) -> Rendered:
    """Render a project of a source, lock stamped: the same arguments give the same bytes.

    `data` must satisfy the questions; `last`, a recorded answers file, gives way where it does not.
    """
    # The template engine takes longer to import than anything here takes, and what only looks needs none.
    from roadworthy.core.templates.template import Run, Unsupported, render, resolve

    run = Run(
        src_path=source.src_path,
        commit=source.commit,
        folder=folder,
        answers_file=answers_file,
        operation=operation,
        now=STARTED,
    )
    try:
        answers = resolve(source.template, data, last=last, run=run)
        files = render(source.template, answers, only)
    except Unsupported as beyond:
        note = f"rendered by Copier itself, because the template uses {beyond.feature}"
        return _project_by_copier(source, data, last, run, note)
    notes = tuple(f"the template's {name} were not run" for name in source.template.config.not_run)
    return Rendered(answers=answers, files=stamp_lock(files, source), notes=notes)


def _project_by_copier(
    source: Source, data: Mapping[str, Any], last: Mapping[str, Any], run: Run, note: str
) -> Rendered:
    import tempfile
    from pathlib import Path

    import yaml

    from roadworthy.adapters import copier, workplace

    answers_file = run.answers_file or ANSWERS_FILE
    with tempfile.TemporaryDirectory(prefix="roadworthy-render-") as place:
        template, project = Path(place) / "template", Path(place) / run.folder
        workplace.write_tree(template, source.tree)
        if last:
            workplace.write_tree(project, {answers_file: File(data=yaml.safe_dump(dict(last)).encode())})
        copier.render_apart(
            copier.Job(
                template=str(template),
                destination=str(project),
                data=data,
                answers_file=run.answers_file,
                trusted=is_trusted_source(source.spec),
            )
        )
        files = sources.read_folder(project)
    return _attributed(files, answers_file, str(template), source, note)


def _attributed(
    files: dict[str, File], answers_file: str, template: str, source: Source, note: str
) -> Rendered:
    """Let the answers file name the source instead of the temporary copy that Copier saw."""
    import yaml

    if answers_file in files:
        commit = "" if source.commit is None else f"_commit: {source.commit}\n"
        text = files[answers_file].data.decode()
        text = text.replace(f"_src_path: {template}", f"{commit}_src_path: {source.src_path}")
        files[answers_file] = File(data=text.encode())
    answers = yaml.safe_load(files[answers_file].data) if answers_file in files else {}
    return Rendered(answers=answers or {}, files=stamp_lock(files, source), notes=(note,), ours=False)
