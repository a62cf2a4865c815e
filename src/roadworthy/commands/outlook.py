"""What the target release's policy says of an update's result, before anybody commits it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from roadworthy.adapters import journal
from roadworthy.adapters.git.worktree import Checkout
from roadworthy.commands.check import judge_target
from roadworthy.commands.clock import moment
from roadworthy.commands.packs import Bench, bench_of
from roadworthy.commands.recorded import Recorded, read_committed, recorded
from roadworthy.commands.rendering import opened
from roadworthy.commands.source import demand_trusted
from roadworthy.commands.target import Target, open_target
from roadworthy.commands.unfinished import place_of
from roadworthy.core.documents.snapshot import Snapshot, Unreadable
from roadworthy.core.judging.models import Finding, Verdict
from roadworthy.core.merging.report import Outlook
from roadworthy.core.templates.source import LOCK, PLATFORM, Source
from roadworthy.core.templates.tree import File
from roadworthy.core.values import replace
from roadworthy.errors import RoadworthyError, Unjudgeable

if TYPE_CHECKING:
    from _typeshed import StrPath

STANDS = (Verdict.FAIL, Verdict.UNKNOWN)
HOLDS = (Verdict.PASS, Verdict.NOT_APPLICABLE)


def outlook(project: StrPath, changes: Mapping[str, File | None], old: Source, new: Source) -> Outlook:
    """Judge a project's commit with some changes by a release's pack, and say what fails that did not.

    Where it passed under the same pack without the changes, they are to blame; else policy demands it anew.
    """
    if not new.governed:
        return Outlook()
    try:
        before = open_target(os.path.realpath(project), "HEAD")
        after = replace(before, snapshot=_overlaid(before.snapshot, changes))
        return _compared(before, after, bench_of(old), bench_of(new), moment(None))
    except RoadworthyError as error:
        return _unjudged(error)


def outlook_of_resolved(project: StrPath, checkout: Checkout) -> Outlook:
    """Judge an update whose conflicts a person resolved: the commit, and every path as it is now."""
    place = place_of(checkout)
    begun = journal.read(place)
    record = begun.note["record"] if begun else {}
    answers_file = next((path for path in record if path != LOCK), PLATFORM)
    if answers_file == PLATFORM:
        return Outlook()
    new = recorded(answers_file, *(record.get(path, "").encode() for path in (answers_file, LOCK)))
    now = {each.path.removeprefix(checkout.prefix): each.now for each in journal.standings(place)}
    try:
        old = read_committed(checkout, "HEAD", answers_file)
        return outlook(project, now, _trusted(old), _trusted(new))
    except RoadworthyError as error:
        return _unjudged(error)


def _trusted(made_from: Recorded) -> Source:
    demand_trusted(made_from.spec)
    return opened(made_from.spec, made_from.release)


def _unjudged(error: RoadworthyError) -> Outlook:
    return Outlook(unjudged=f"{error.message}; look yourself: roadworthy check")


def _compared(before: Target, after: Target, old: Bench, new: Bench, today: datetime) -> Outlook:
    known = {f"{control.id}/{check.id}" for control in old.pack.controls for check in control.checks}
    bad = {name: each for name, each in _findings(after, new, today).items() if _matters(each, name in known)}
    if not bad:
        return Outlook()
    was = _findings(before, old, today)
    fresh = {name: each for name, each in bad.items() if name not in was or was[name].raw in HOLDS}
    if not fresh:
        return Outlook()
    alone = _findings(before, new, today)
    broken = {
        name for name, each in fresh.items() if each.verdict in STANDS and alone[name].raw is Verdict.PASS
    }
    return Outlook(
        broken=tuple(_said(name, each, "") for name, each in fresh.items() if name in broken),
        demanded=tuple(
            _said(name, each, "binds at once") for name, each in fresh.items() if name not in broken
        ),
    )


def _findings(target: Target, bench: Bench, today: datetime) -> dict[str, Finding]:
    report = judge_target(target, bench, today)
    if report.incomplete:
        raise Unjudgeable(report.incomplete)
    return {f"{found.control}/{found.check}": found for each in report.judged for found in each.findings}


def _matters(found: Finding, known: bool) -> bool:
    """What is not yet due matters when the policy sets it a day, or did not ask it before."""
    dated = found.reason.startswith("binds from")
    return found.verdict in STANDS or (found.verdict is Verdict.PENDING and (dated or not known))


def _said(name: str, found: Finding, otherwise: str) -> str:
    when = found.reason.partition(";")[0] if found.verdict is Verdict.PENDING else otherwise
    what = found.message or found.expected or found.reason
    return f"{name}: {what}" + (f" ({when})" if when else "")


def _overlaid(snapshot: Snapshot, changes: Mapping[str, File | None]) -> Snapshot:
    written = {path: file.data for path, file in changes.items() if file is not None and file.link is None}
    linked = {path for path, file in changes.items() if file is not None and file.link is not None}
    kept = {path: size for path, size in snapshot.sizes.items() if path not in changes}
    refused = {path: why for path, why in snapshot.refused.items() if path not in changes}
    return replace(
        snapshot,
        sizes={**kept, **{path: len(data) for path, data in written.items()}},
        refused={**refused, **dict.fromkeys(linked, "a symbolic link, which is not followed")},
        reader=_reader(snapshot, written),
        _read={},
    )


def _reader(snapshot: Snapshot, written: Mapping[str, bytes]) -> Callable[[str], bytes | Unreadable]:
    def read(path: str) -> bytes | Unreadable:
        return written[path] if path in written else snapshot.read(path)

    return read
