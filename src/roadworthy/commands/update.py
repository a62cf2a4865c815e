"""`roadworthy update`: plan, show, publish in the work tree; finish, or take back, what was begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from roadworthy.adapters import journal
from roadworthy.adapters.git.merge import scratch
from roadworthy.adapters.git.worktree import Checkout, as_checked_out, demand_clean, index_with, locate
from roadworthy.commands.merging import MergePlan, Request, plan_merge
from roadworthy.commands.recorded import Recorded, find_answers_file, read_previous, read_recorded
from roadworthy.commands.rendering import Rendering, newest, render_base, render_side
from roadworthy.commands.unfinished import COMMIT, RESOLVE, note_of, place_of, recover, take_back
from roadworthy.core.documents.parse import parse_yaml
from roadworthy.core.merging.report import CONFLICTS, CURRENT, PLANNED, UPDATED, AnswerChange, Outlook, Update
from roadworthy.core.templates.source import LOCK, PLATFORM
from roadworthy.core.templates.tree import File
from roadworthy.errors import Refused

UNGOVERNED = "the source has no policy pack: nothing to judge the result by"
NOTHING = MergePlan(paths=(), changes={})


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person asked of one project's update."""

    project: Path
    to: str | None = None
    source: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    answers_file: str | None = None
    heal: bool = False
    back: bool = False


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An update, planned: everything that publishing needs. `record` is written when all of it has landed."""

    checkout: Checkout
    plan: MergePlan
    record: Mapping[str, File]
    report: Update


def preview(wish: Wish) -> Update:
    """Return what an update would do. Nothing is touched; the work tree need not be clean."""
    return _prepare(wish, locate(wish.project)).report


def update(wish: Wish) -> Update:
    """Update the project's work tree and index. Conflicts show as git shows them, and nothing is recorded."""
    checkout = locate(wish.project)
    with _held(checkout):
        finished = _finished(wish.project, checkout)
        return finished or _publish(_prepare(wish, checkout))


def resume(project: Path, *, force: bool = False) -> Update:
    """Record an update whose conflicts a person has resolved; Refused while something is open."""
    checkout = locate(project)
    with _held(checkout):
        finished = _finished(project, checkout, force=force)
    if finished is None:
        raise Refused("there is no unfinished update here", "start one: roadworthy update")
    return finished


def abort(project: Path, *, force: bool = False) -> Update:
    """Put everything back as it was before the update, byte for byte."""
    checkout = locate(project)
    with _held(checkout):
        return take_back(checkout, force=force)


def _finished(project: Path, checkout: Checkout, *, force: bool = False) -> Update | None:
    """Finish what was begun, and let the policy judge it, which it could not while there were conflicts."""
    finished = recover(checkout, force=force)
    if finished is None or finished.state != UPDATED:
        return finished
    from roadworthy.commands.outlook import outlook_of_resolved

    return replace(finished, outlook=outlook_of_resolved(project, checkout))


@contextmanager
def _held(checkout: Checkout) -> Iterator[None]:
    """Hold the project's update lock; what the disk refuses becomes a refusal with its reason."""
    try:
        with journal.exclusive(place_of(checkout)):
            yield
    except OSError as error:
        where = error.filename or checkout.root
        hint = "repair that, then run the update again: it goes on where it stood, or starts anew"
        raise Refused(f"{where} cannot be written: {error.strerror or error}", hint) from error


def _prepare(wish: Wish, checkout: Checkout) -> Prepared:
    recorded = read_recorded(wish.project, find_answers_file(wish.project, wish.answers_file))
    goal, spec, release = _aim(wish, recorded, checkout)
    if (spec, release) == (recorded.spec, recorded.release) and not (wish.answers or wish.heal):
        return _nothing(checkout, recorded)
    folder = wish.project.resolve().name
    base = render_base(recorded, folder)
    theirs = render_side(goal, spec, release, folder=folder, given=wish.answers)
    if base.files == theirs.files and not wish.heal:
        return _nothing(checkout, recorded)
    with scratch(checkout.objects, checkout.algorithm) as repo:
        plan = plan_merge(_request(checkout, recorded, base, theirs, heal=wish.heal), repo)
    record = {path: theirs.files[path] for path in _generated(recorded) if path in theirs.files}
    if not plan.changes and not plan.stages and record == _waiting(checkout, record):
        return _nothing(checkout, recorded, plan)
    report = _report(base, theirs, plan)
    if not plan.stages:
        report = replace(
            report, outlook=_outlook(wish.project, recorded, base, theirs, {**plan.changes, **record})
        )
    return Prepared(checkout=checkout, plan=plan, record=record, report=report)


def _nothing(checkout: Checkout, recorded: Recorded, plan: MergePlan = NOTHING) -> Prepared:
    release = recorded.release
    report = Update(state=CURRENT, source=recorded.spec, before=release, after=release, paths=plan.paths)
    return Prepared(checkout=checkout, plan=plan, record={}, report=report)


def _waiting(checkout: Checkout, record: Mapping[str, File]) -> dict[str, File | None]:
    """Return what lies where the record will be written."""
    return {path: journal.look_at(_on_disk(checkout, path)) for path in record}


def _aim(wish: Wish, recorded: Recorded, checkout: Checkout) -> tuple[Recorded, str, str]:
    """Return whose answers, which source and which release the update leads to."""
    if wish.back:
        previous = read_previous(checkout, recorded)
        return previous, wish.source or previous.spec, previous.release
    spec = wish.source or recorded.spec
    stays = wish.to is None and (wish.heal or bool(wish.answers))
    return recorded, spec, recorded.release if stays else wish.to or newest(spec)


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
        base=base.files,
        theirs=theirs.files,
        kind_of=kind_of,
        generated=_generated(recorded),
        heal=heal,
        label=theirs.label,
        outer_ignores=_outer_ignores(checkout),
    )


def _outer_ignores(checkout: Checkout) -> dict[str, bytes]:
    """Return the unanchored patterns of the .gitignore files above the project."""
    above = checkout.prefix.split("/")[:-1]
    files = [checkout.root.joinpath(*above[:depth], ".gitignore") for depth in range(len(above))]
    lines = [line for file in files if file.is_file() for line in file.read_bytes().splitlines()]
    loose = [line for line in lines if b"/" not in line.rstrip(b"/")]
    return {"": b"\n".join(loose)} if loose else {}


def _report(base: Rendering, theirs: Rendering, plan: MergePlan) -> Update:
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
        notes=(*theirs.notes, *(() if theirs.source.governed else (UNGOVERNED,))),
    )


def _policy(base: Rendering, theirs: Rendering) -> tuple[str, ...]:
    if not theirs.source.governed or base.source.tree is theirs.source.tree:
        return ()
    from roadworthy.commands.policy_change import policy_change  # most sources have no policy to read

    lock = theirs.files.get(LOCK)
    tier = str(parse_yaml(lock.data)["tier"]) if lock else ""
    return policy_change(base.source, theirs.source, tier)


def _outlook(
    project: Path, recorded: Recorded, base: Rendering, theirs: Rendering, changes: Mapping[str, File | None]
) -> Outlook:
    """Let the target's policy judge the result; a platform's repository has tests of its own instead."""
    if not theirs.source.governed or recorded.answers_file == PLATFORM:
        return Outlook()
    from roadworthy.commands.outlook import outlook  # most sources have no policy to judge by

    return outlook(project, changes, base.source, theirs.source)


def _publish(prepared: Prepared) -> Update:
    if prepared.report.state == CURRENT:
        return prepared.report
    checkout, plan, report = prepared.checkout, prepared.plan, prepared.report
    landing = {**plan.changes, **({} if plan.stages else prepared.record)}
    _demand_free(checkout, plan)
    index = index_with(checkout, landing, plan.stages)
    written = {**_waiting(checkout, prepared.record), **as_checked_out(checkout, landing)}
    journal.begin(
        place_of(checkout),
        {checkout.prefix + path: file for path, file in written.items()},
        index,
        note_of(checkout, report, prepared.record, list(plan.stages)),
        after=journal.OPEN if plan.stages else journal.DONE,
        check=lambda: demand_clean(checkout),
    )
    state, following = (CONFLICTS, RESOLVE) if plan.stages else (UPDATED, COMMIT)
    return replace(report, state=state, next=following)


def _demand_free(checkout: Checkout, plan: MergePlan) -> None:
    """Refuse to write over files that git does not know."""
    gone = {path for path, file in plan.changes.items() if file is None}
    occupied = [path for path in sorted(plan.created) if _occupied(checkout, path, plan.changes[path], gone)]
    if occupied:
        shown = ", ".join(occupied[:5])
        raise Refused(f"untracked files are in the way: {shown}", "commit them, or move them away")


def _occupied(checkout: Checkout, path: str, wanted: File | None, gone: set[str]) -> bool:
    place = _on_disk(checkout, path)
    if place.is_dir() and not place.is_symlink():
        below = (file.relative_to(_on_disk(checkout, "")) for file in place.rglob("*") if not file.is_dir())
        return not all(file.as_posix() in gone for file in below)
    return journal.look_at(place) not in (None, wanted)


def _on_disk(checkout: Checkout, path: str) -> Path:
    return checkout.root / checkout.prefix / path
