"""`roadworthy check` as a person runs it: judged in a cage, and put into words there too."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from roadworthy.adapters.executor import caged
from roadworthy.adapters.memory import recall, remember
from roadworthy.core.documents.notes import Notes
from roadworthy.core.judging.models import Report
from roadworthy.core.values import frozen
from roadworthy.errors import UsageError
from roadworthy.render import FORMATS


@frozen
class Ask:
    """What a person asked for."""

    path: str
    style: str = "text"
    output: str | None = None
    as_of: str | None = None
    for_release: str | None = None
    controls: tuple[str, ...] = ()
    policy: str | None = None
    waivers: str | None = None
    revision: str | None = None
    colour: bool = False
    width: int = 100


@frozen
class Told:
    """The report in words, and the exit code it calls for."""

    text: str
    exit_code: int


def judge_apart(ask: Ask) -> Told:
    """Judge in a child that can be killed; return or write the report."""
    path, waivers = str(Path(ask.path).absolute()), _absolute(ask.waivers)
    named = ask.policy or os.environ.get("ROADWORTHY_POLICY")
    policy = _opened(ask.policy) if named else None
    # Paths were made absolute, because the child works in another folder.
    said = caged(lambda: _told(ask, path, policy, waivers))
    if ask.output:
        _write(Path(ask.output), said["text"])
    return Told(text=said["summary"], exit_code=said["exit_code"])


def _opened(policy: str | None) -> str | None:
    """Fetch and read a named policy here: the child has no business with the network."""
    from roadworthy.adapters.git.sources import is_address
    from roadworthy.commands.packs import open_bench

    policy = policy if policy is None or is_address(policy) else _absolute(policy)
    open_bench(policy)
    return policy


def _absolute(path: str | None) -> str | None:
    return str(Path(path).absolute()) if path else None


def _told(ask: Ask, path: str, policy: str | None, waivers: str | None) -> dict[str, object]:
    # What judges is imported in the child only: a child that uses its parent's memory first copies it.
    from roadworthy.commands.check import check

    notes = Notes(recall("notes", path) or {})
    report = check(
        path,
        as_of=ask.as_of,
        for_release=ask.for_release,
        controls=ask.controls,
        policy=policy,
        waivers=waivers,
        revision=ask.revision,
        notes=notes,
        told=notes,
    )
    if notes.grown:
        remember("notes", path, notes.dump())
    text = worded(ask.style, ask.colour and not ask.output, ask.width)(report)
    summary = text if not ask.output else worded("text", ask.colour, ask.width)(report)
    return {"text": text, "summary": summary, "exit_code": report.exit_code}


def worded(style: str, colour: bool = False, width: int = 100) -> Callable[[Report], str]:
    """Return the writer of a format; only that one is imported."""
    if style not in FORMATS:
        raise UsageError(f"there is no format {style}", f"one of: {', '.join(FORMATS)}")
    module = import_module(f"roadworthy.render.{style}")
    writer: Callable[..., str] = getattr(module, f"report_{style}")
    return partial(writer, colour=colour, width=width) if style == "text" else writer


def _write(place: Path, text: str) -> None:
    try:
        place.write_text(text + ("" if text.endswith("\n") else "\n"), "utf-8")
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}", "name another file") from None
