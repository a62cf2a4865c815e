"""`roadworthy update`: plan, show, publish in the work tree; finish, or take back, what was begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from roadworthy.adapters import journal
from roadworthy.adapters.git.worktree import Checkout, demand_clean, locate
from roadworthy.commands.publishing import demand_room, publish
from roadworthy.commands.recorded import Recorded, find_answers_file, read_previous, read_recorded
from roadworthy.commands.source import newest, tags_once
from roadworthy.commands.unfinished import BROKEN, demand_none_open, is_open, place_of, recover, take_back
from roadworthy.core.merging.report import UPDATED, Update, nothing_to_do
from roadworthy.core.values import field, frozen, replace
from roadworthy.errors import Refused

if TYPE_CHECKING:
    from _typeshed import StrPath

    from roadworthy.commands.planning import Landing

UNFINISHED = "an earlier update is unfinished here: it comes first"
FINISH = ("roadworthy update --continue", "or take it back: roadworthy update --abort")


@frozen
class Wish:
    """What a person asked of one project's update."""

    project: StrPath
    to: str | None = None
    source: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    answers_file: str | None = None
    heal: bool = False
    back: bool = False

    @property
    def plain(self) -> bool:
        """Say whether nothing was asked for but to be up to date."""
        return not (self.to or self.source or self.answers or self.answers_file or self.heal or self.back)

    @property
    def command(self) -> str:
        """Return the command that asks for it, in the project's folder."""
        from shlex import join

        named = (("--to", self.to), ("--source", self.source), ("--answers-file", self.answers_file))
        words = [word for option, value in named if value for word in (option, value)]
        words += [word for key, value in self.answers.items() for word in ("--answers", f"{key}={value}")]
        words += ["--heal"] * self.heal + ["--back"] * self.back
        return join(["roadworthy", "update", *words])


def preview(wish: Wish) -> Update:
    """Return what an update would do. Nothing is touched; the work tree need not be clean."""
    checkout = locate(wish.project)
    report, landing = _prepare(wish, checkout)
    if is_open(checkout):
        return replace(report, notes=(UNFINISHED, *report.notes), next=FINISH)
    if landing is None:
        return report
    try:
        demand_clean(checkout)
        demand_room(checkout, landing)
    except Refused as error:
        notes = (f"would be refused as it stands: {error.message}", *report.notes)
        return replace(report, notes=notes, next=(*filter(None, (error.hint,)), wish.command))
    return replace(report, next=(wish.command,))


def update(wish: Wish) -> Update:
    """Update the project's work tree and index. Conflicts show as git shows them, and nothing is recorded."""
    checkout = locate(wish.project)
    with _held(checkout):
        if not wish.plain:
            demand_none_open(checkout)
        finished = _finished(wish.project, checkout, asked=False)
        if finished is not None:
            return finished
        report, landing = _prepare(wish, checkout)
        return report if landing is None else publish(checkout, report, landing)


def resume(project: StrPath, *, force: bool = False) -> Update:
    """Record an update whose conflicts a person has resolved; Refused while something is open."""
    checkout = locate(project)
    with _held(checkout):
        finished = _finished(project, checkout, asked=True, force=force)
    if finished is None:
        raise Refused("there is no unfinished update here", "start one: roadworthy update")
    return finished


def abort(project: StrPath, *, force: bool = False) -> Update:
    """Put everything back as it was before the update, byte for byte."""
    checkout = locate(project)
    with _held(checkout):
        return take_back(checkout, force=force)


def _finished(project: StrPath, checkout: Checkout, *, asked: bool, force: bool = False) -> Update | None:
    """Finish what was begun, and let the policy judge it, which it could not while there were conflicts."""
    finished = recover(checkout, asked=asked, force=force)
    if finished is None or finished.state != UPDATED:
        return finished
    from roadworthy.commands.outlook import outlook_of_resolved

    outlook = outlook_of_resolved(project, checkout)
    return replace(finished, outlook=outlook, next=BROKEN if outlook.broken else finished.next)


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


def _prepare(wish: Wish, checkout: Checkout) -> tuple[Update, Landing | None]:
    """Return the report, and what is to land if anything is."""
    tags_once.cache_clear()
    recorded = read_recorded(wish.project, find_answers_file(wish.project, wish.answers_file))
    goal, spec, release = _aim(wish, recorded, checkout)
    if (spec, release) == recorded.made_from and recorded.whole and not (wish.answers or wish.heal):
        return nothing_to_do(spec, release), None
    # What renders and merges takes longer to import than it takes to see that there is nothing to do.
    from roadworthy.commands.planning import Aim, plan_update

    aim = Aim(goal=goal, spec=spec, release=release, answers=wish.answers, heal=wish.heal)
    return plan_update(checkout, recorded, aim, wish.project)


def _aim(wish: Wish, recorded: Recorded, checkout: Checkout) -> tuple[Recorded, str, str]:
    """Return whose answers, which source and which release the update leads to."""
    if wish.back:
        previous = read_previous(checkout, recorded)
        return previous, wish.source or previous.spec, previous.release
    spec = wish.source or recorded.spec
    if wish.to is None and (wish.heal or wish.answers):
        return recorded, spec, recorded.release
    return recorded, spec, wish.to or newest(spec, recorded.release if spec == recorded.spec else "")
