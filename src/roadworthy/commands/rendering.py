"""One side of an update: a release of a trusted source, rendered with a project's recorded answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2.bccache import Bucket, BytecodeCache

from roadworthy.commands.recorded import Recorded
from roadworthy.commands.source import Rendered, is_trusted_source, open_source, project_of, releases
from roadworthy.core.documents.parse import parse_yaml
from roadworthy.core.templates.config import read_raw, skip_if_exists
from roadworthy.core.templates.ownership import UNCLAIMED, ownership_of
from roadworthy.core.templates.platform import platform_tree
from roadworthy.core.templates.releases import DEVELOPMENT
from roadworthy.core.templates.source import BUILTIN, OWNERSHIP, PLATFORM, Source
from roadworthy.core.templates.template import Unsupported, kept_if_present, matcher
from roadworthy.core.templates.tree import Tree
from roadworthy.errors import Unjudgeable, UsageError

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """A rendered release: its files, its answers, and whose each file is ("" where nobody says)."""

    source: Source
    files: Tree
    answers: Mapping[str, Any]
    kind_of: Callable[[str], str]
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the name of this side in conflict markers: a plain branch name."""
        return "release-" + re.sub(r"[^0-9A-Za-z.]+|\.{2,}|\.(lock)?$", "-", self.source.release)


def newest(spec: str) -> str:
    """Return the newest release of a trusted source; of a repository without tags, its head."""
    demand_trusted(spec)
    found = releases(spec)
    return found[-1] if found else DEVELOPMENT if spec == BUILTIN else "HEAD"


def demand_trusted(spec: str) -> None:
    """Refuse a source that neither the user nor the organisation named: the project does not decide that."""
    if not spec:
        raise Unjudgeable("the answers file records no _src_path", "name the source: --source SPEC")
    if not is_trusted_source(spec):
        hint = f'add it to [sources] trusted in roadworthy/config.toml: trusted = ["{spec}"]'
        raise Unjudgeable(f"{spec} is not a source you trust, so it is not rendered", hint)


def render_base(recorded: Recorded, folder: str) -> Rendering:
    """Render what the project was made from; Unjudgeable if that is not what it was."""
    if not recorded.release:
        hint = "add `_commit: <tag>` to the answers file, with the tag it was made from"
        raise Unjudgeable(f"{recorded.answers_file} records no release", hint)
    made = render_side(recorded, recorded.spec, recorded.release, folder=folder)
    digest = recorded.lock.get("template_digest", "unreleased")
    if made.source.governed and digest not in ("unreleased", made.source.template_digest):
        hint = "update from the installation that made the project, or name the source: --source SPEC"
        raise Unjudgeable(
            f"release {recorded.release} of {recorded.spec} is not what the project was made from", hint
        )
    return made


def render_side(
    recorded: Recorded, spec: str, release: str, *, folder: str, given: Mapping[str, Any] = NOTHING
) -> Rendering:
    """Render a release with the recorded answers, and those given instead."""
    demand_trusted(spec)
    source = opened(spec, release)
    if recorded.answers_file == PLATFORM:
        return _render_platform(source, recorded)
    _demand_known(source, given)
    made = project_of(
        source,
        given,
        last=recorded.answers,
        folder=folder,
        answers_file=recorded.answers_file,
        operation="update",
    )
    written = made.files.get(recorded.answers_file)
    answers = parse_yaml(written.data) if written else {}
    return Rendering(
        source=source,
        files=made.files,
        answers={key: value for key, value in (answers or {}).items() if not key.startswith("_")},
        kind_of=kinds_of(source, made),
        notes=made.notes,
    )


def _render_platform(source: Source, recorded: Recorded) -> Rendering:
    """A platform's own repository takes template and pack as they are; both sides may edit all of it."""
    files = platform_tree(source, str(recorded.answers.get("name")))
    return Rendering(source=source, files=files, answers={}, kind_of=lambda path: "merged")


class _Compiled(BytecodeCache):
    """Compiled templates by content: two releases share what did not change between them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


@lru_cache(maxsize=16)
def opened(spec: str, release: str) -> Source:
    """Open a release once per process, however many projects are rendered from it."""
    source = open_source(spec, release)
    with suppress(Unsupported):  # then Copier renders, and compiles for itself
        template = source.template
        template.env.bytecode_cache = _compiled(
            json.dumps(template.config.envops, sort_keys=True, default=str)
        )
    return source


@lru_cache(maxsize=16)
def _compiled(options: str) -> _Compiled:
    """Return the templates compiled with these options."""
    return _Compiled()


def _demand_known(source: Source, given: Mapping[str, Any]) -> None:
    try:
        questions = {question.name for question in source.template.config.questions}
    except Unsupported:
        return
    for name in given.keys() - questions:
        raise UsageError(
            f"--answers {name}: not a question of the template", f"its questions: {', '.join(questions)}"
        )


def kinds_of(source: Source, made: Rendered) -> Callable[[str], str]:
    """Return whose each file is, as far as this release says: "" for one it does not know."""
    if OWNERSHIP not in source.tree:
        return _kept_if_present(source, made)
    manifest = parse_yaml(source.tree[OWNERSHIP].data)

    def kind_of(path: str) -> str:
        found = ownership_of(path, manifest)
        return "" if found is UNCLAIMED else found.kind

    return kind_of


def _kept_if_present(source: Source, made: Rendered) -> Callable[[str], str]:
    """Read `_skip_if_exists` as Copier does: such a file is created once, then the project's.

    The newer release that has a file decides; of a file it does not have, it says nothing.
    """
    try:
        match = kept_if_present(source.template, made.answers)
    except Unsupported:  # a pattern that answers complete then matches nothing: such a file is merged
        match = matcher(skip_if_exists(read_raw(source.tree)))
    return lambda path: "seeded" if match(path) else "merged" if path in made.files else ""
