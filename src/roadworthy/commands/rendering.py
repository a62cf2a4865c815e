"""One side of an update: a release of a trusted source, rendered with a project's recorded answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from roadworthy.commands.recorded import Recorded, mapping
from roadworthy.commands.source import (
    Rendered,
    demand_known,
    demand_trusted,
    open_source,
    project_of,
    tags_once,
)
from roadworthy.core.documents.globs import matcher
from roadworthy.core.templates.ownership import UNCLAIMED, ownership_of
from roadworthy.core.templates.source import BUILTIN, OWNERSHIP, PLATFORM, Source
from roadworthy.core.templates.tree import Tree
from roadworthy.core.values import frozen
from roadworthy.errors import NoRelease, Unjudgeable

NOTHING: Mapping[str, Any] = {}


@frozen
class Rendering:
    """A rendered release: its files, the answers they record, and what says whose each file is.

    A platform has no answers. `template_digest` is empty without a policy pack; `lasting` means that a second
    rendering is a waste.
    """

    source: Source
    files: Tree
    answers: Mapping[str, Any]
    kinds: Mapping[str, Any]
    template_digest: str = ""
    notes: tuple[str, ...] = ()
    lasting: bool = False

    @cached_property
    def kind_of(self) -> Callable[[str], str]:
        """Return what says whose a file is ("" where nobody says)."""
        return _kind_of(self.kinds, self.files)

    @property
    def label(self) -> str:
        """Return the name of this side in conflict markers: a plain branch name."""
        return "release-" + re.sub(r"[^0-9A-Za-z.]+|\.{2,}|\.(lock)?$", "-", self.source.release)


Side = Callable[..., Rendering]


def render_base(recorded: Recorded, folder: str, render: Side | None = None) -> Rendering:
    """Render what the project was made from; Unjudgeable if that is not what it was."""
    if not recorded.release:
        hint = "add `_commit: <tag>` to the answers file, with the tag it was made from"
        raise Unjudgeable(f"{recorded.answers_file} records no release", hint)
    try:
        made = (render or render_side)(recorded, recorded.spec, recorded.release, folder=folder)
    except NoRelease as error:
        hint = f"correct `_commit` in {recorded.answers_file}, or name a source that has it: --source SPEC"
        raise Unjudgeable(
            f"what the project was made from cannot be had: {error.message}",
            error.hint if recorded.spec == BUILTIN else hint,
        ) from error
    digest = recorded.lock.get("template_digest", "unreleased")
    if recorded.whole and made.template_digest and digest not in ("unreleased", made.template_digest):
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
    if given:
        demand_known(source, given, "--answers", " To answer one of a newer release: --to RELEASE")
    made = project_of(
        source,
        given,
        last=recorded.answers,
        folder=folder,
        answers_file=recorded.answers_file,
        operation="update",
    )
    return Rendering(
        source=source,
        files=made.files,
        answers=_recorded_in(made.files, recorded.answers_file),
        kinds=_kinds(source, made),
        template_digest=source.template_digest if source.governed else "",
        notes=made.notes,
        lasting=bool(source.identity) and made.ours and source.timeless,
    )


def _recorded_in(files: Tree, answers_file: str) -> dict[str, Any]:
    written = files.get(answers_file)
    found = mapping(answers_file, written.data if written else b"")
    return {key: value for key, value in found.items() if not key.startswith("_")}


def _render_platform(source: Source, recorded: Recorded) -> Rendering:
    """A platform's own repository takes template and pack as they are; both sides may edit all of it."""
    from roadworthy.core.templates.platform import platform_tree

    files = platform_tree(source, str(recorded.answers.get("name")))
    return Rendering(source=source, files=files, answers={}, kinds={}, template_digest=source.template_digest)


@lru_cache(maxsize=16)
def opened(spec: str, release: str) -> Source:
    """Open a release once per process, however many projects are rendered from it."""
    return open_source(spec, release, tags_once)


def kinds_of(source: Source, made: Rendered) -> Callable[[str], str]:
    """Return whose each file is, as far as this release says: "" for one it does not know."""
    return _kind_of(_kinds(source, made), made.files)


def _kind_of(kinds: Mapping[str, Any], files: Tree) -> Callable[[str], str]:
    if "files" not in kinds:
        match = matcher(kinds.get("seeded") or ())
        return lambda path: "seeded" if match(path) else "merged" if path in files else ""

    def claimed(path: str) -> str:
        found = ownership_of(path, kinds)
        return "" if found is UNCLAIMED else found.kind

    return claimed


def _kinds(source: Source, made: Rendered) -> Mapping[str, Any]:
    """Return the manifest, or the patterns of `_skip_if_exists`: such a file is created once, as with Copier.

    The newer release that has a file decides; of a file it does not have, it says nothing.
    """
    if OWNERSHIP in source.tree:
        return _manifest(source.tree[OWNERSHIP].data)
    from roadworthy.core.templates.template import Unsupported, kept_if_present

    try:
        return {"seeded": list(kept_if_present(source.template, made.answers))}
    except Unsupported:  # a pattern that answers complete then matches nothing: such a file is merged
        from roadworthy.core.templates.config import read_raw, skip_if_exists

        return {"seeded": list(skip_if_exists(read_raw(source.tree)))}


@lru_cache(maxsize=16)
def _manifest(data: bytes) -> Mapping[str, Any]:
    from roadworthy.core.documents.parse import parse_yaml  # most sources have no manifest

    manifest: dict[str, Any] = parse_yaml(data)
    return manifest
