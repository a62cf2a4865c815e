"""Plans an update: both releases rendered, merged into what the project committed, and put into words."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from roadworthy.adapters.git.attributes import as_committed
from roadworthy.adapters.git.merge import scratch
from roadworthy.adapters.git.process import read_file
from roadworthy.adapters.git.worktree import Checkout
from roadworthy.commands.merging import MergePlan, Request, plan_merge
from roadworthy.commands.recorded import Recorded
from roadworthy.commands.remembered import remembered_side
from roadworthy.commands.rendering import Rendering, render_base
from roadworthy.core.merging.entries import Entries, entry
from roadworthy.core.merging.report import PLANNED, AnswerChange, Outlook, Update, nothing_to_do
from roadworthy.core.templates.source import LOCK, PLATFORM
from roadworthy.core.templates.tree import File
from roadworthy.core.values import frozen, replace
from roadworthy.errors import Unjudgeable, UsageError

if TYPE_CHECKING:
    from _typeshed import StrPath

UNGOVERNED = "the source has no policy pack: nothing to judge the result by"


@frozen
class Aim:
    """Where an update leads: whose answers (and those given now), which release of which source."""

    goal: Recorded
    spec: str
    release: str
    answers: Mapping[str, Any]
    heal: bool


@frozen
class Landing:
    """What publishing needs. `record` is written when all of the plan has landed."""

    committed: Entries
    plan: MergePlan
    record: Mapping[str, File]


def plan_update(
    checkout: Checkout, recorded: Recorded, aim: Aim, project: StrPath
) -> tuple[Update, Landing | None]:
    """Return the report, and what is to land if anything is; nothing of the project is touched."""
    folder = os.path.basename(os.path.realpath(project))
    theirs = remembered_side(aim.goal, aim.spec, aim.release, folder=folder, given=aim.answers)
    _demand_kept(aim, theirs)
    base, notes = _base(recorded, aim, folder, governed=bool(theirs.template_digest))
    record = {path: theirs.files[path] for path in _generated(recorded) if path in theirs.files}
    with scratch(checkout.objects, checkout.algorithm) as repo:
        plan = plan_merge(_request(checkout, recorded, base, theirs, heal=aim.heal), repo)
        committed = repo.objects.entries(checkout.tree)
    told = all(committed.get(path) == entry(file, checkout.algorithm) for path, file in record.items())
    if told and not plan.changes and not plan.stages:
        return nothing_to_do(recorded.spec, recorded.release, plan.paths), None
    notes += _unrecorded(aim, theirs)
    if not plan.changes and not plan.stages:
        notes += (f"only what is recorded changes: {', '.join(sorted(record))}",)
    report = _report(base, theirs, plan, notes)
    if not plan.stages:
        outlook = _outlook(project, recorded, base, theirs, {**plan.changes, **record})
        report = replace(report, outlook=outlook)
    return report, Landing(committed=committed, plan=plan, record=record)


def _base(recorded: Recorded, aim: Aim, folder: str, *, governed: bool) -> tuple[Rendering, tuple[str, ...]]:
    """Render what the project was made from; where its source is gone, from the one named instead.

    Answers that moved without the lock moved by another hand: what that left out is merged from the lock's.
    """
    if governed and not recorded.whole:
        with suppress(UsageError, Unjudgeable):
            return render_base(recorded.as_locked, folder, remembered_side), ()
    try:
        return render_base(recorded, folder, remembered_side), ()
    except (UsageError, Unjudgeable) as error:
        if aim.spec == recorded.spec:
            raise
        moved = replace(recorded, answers={**recorded.answers, "_src_path": aim.spec})
        note = f"{recorded.release} was taken from {aim.spec}: {error.message}"
        return render_base(moved, folder, remembered_side), (note,)


def _unrecorded(aim: Aim, theirs: Rendering) -> tuple[str, ...]:
    hidden = sorted(aim.answers.keys() - theirs.answers.keys())
    return tuple(f"the answer to {name} is not recorded: the template hides it" for name in hidden)


def _demand_kept(aim: Aim, theirs: Rendering) -> None:
    """Demand that an answer of a governed project gives way to a person, never to a default."""
    if not theirs.template_digest:
        return
    for name, said in aim.goal.answers.items():
        if name not in aim.answers and theirs.answers.get(name, said) != said:
            message = f"{theirs.source.release} does not accept the recorded answer {name}: {said}"
            hint = f"give another: roadworthy update --to {aim.release} --answers {name}=VALUE"
            raise UsageError(message, hint)


def _generated(recorded: Recorded) -> frozenset[str]:
    return frozenset({recorded.answers_file, LOCK})


def _request(
    checkout: Checkout, recorded: Recorded, base: Rendering, theirs: Rendering, *, heal: bool
) -> Request:
    def kind_of(path: str) -> str:
        return theirs.kind_of(path) or base.kind_of(path) or "merged"

    return Request(
        algorithm=checkout.algorithm,
        ours=checkout.tree,
        base=as_committed(checkout, base.files),
        theirs=as_committed(checkout, theirs.files),
        kind_of=kind_of,
        generated=_generated(recorded),
        heal=heal,
        label=theirs.label,
        prefix=checkout.prefix,
        outer_ignores=_outer_ignores(checkout),
    )


def _outer_ignores(checkout: Checkout) -> dict[str, bytes]:
    """Return the .gitignore files above the project, by folder."""
    parts = checkout.prefix.split("/")[:-1]
    places = {
        above: os.path.join(checkout.root, above, ".gitignore")
        for above in accumulate(["", *parts[:-1]], posixpath.join)
    }
    return {above: read_file(place) for above, place in places.items() if parts and os.path.isfile(place)}


def _report(base: Rendering, theirs: Rendering, plan: MergePlan, notes: tuple[str, ...]) -> Update:
    before, after = base.answers, theirs.answers
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    answers = (AnswerChange(name=name, before=before.get(name), after=after.get(name)) for name in changed)
    return Update(
        state=PLANNED,
        source=theirs.source.spec,
        before=base.source.release,
        after=theirs.source.release,
        paths=plan.paths,
        answers=tuple(answers),
        policy=_policy(base, theirs),
        notes=(*notes, *theirs.notes, *(() if theirs.template_digest else (UNGOVERNED,))),
    )


def _policy(base: Rendering, theirs: Rendering) -> tuple[str, ...]:
    if not theirs.template_digest or base.source is theirs.source:
        return ()
    from roadworthy.commands.policy_change import policy_change  # most sources have no policy to read
    from roadworthy.core.documents.parse import parse_yaml

    lock = theirs.files.get(LOCK)
    return policy_change(base.source, theirs.source, parse_yaml(lock.data) if lock else {})


def _outlook(
    project: StrPath,
    recorded: Recorded,
    base: Rendering,
    theirs: Rendering,
    changes: Mapping[str, File | None],
) -> Outlook:
    """Let the target's policy judge the result; a platform's repository has tests of its own instead."""
    if not theirs.template_digest or recorded.answers_file == PLATFORM:
        return Outlook()
    from roadworthy.commands.outlook import outlook  # most sources have no policy to judge by

    return outlook(project, changes, base.source, theirs.source)
