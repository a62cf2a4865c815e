"""What changed between two packs, in plain words: what, for whom, from when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roadworthy.core.judging.models import Applies, Check, Control, Pack, Severity

NOW = "at once"
Words = Callable[[Any, Any], str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: its place, its words, whom it meets and from when."""

    place: str
    what: str
    whom: str
    since: str


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two packs and what changed between them."""

    old: str
    new: str
    changes: tuple[Change, ...]


def diff(old: Pack, new: Pack) -> tuple[Change, ...]:
    """Return every change from one pack to another that somebody could notice."""
    before = {control.id: control for control in old.controls}
    after = {control.id: control for control in new.controls}
    found = [_change(after[name], _new(after[name])) for name in sorted(after.keys() - before.keys())]
    for gone in (before[name] for name in sorted(before.keys() - after.keys())):
        text = f"control removed: {gone.title}"
        found.append(Change(place=gone.id, what=text, whom=whom(gone.applies), since=NOW))
    for name in sorted(before.keys() & after.keys()):
        found += [_change(after[name], text) for text in _control(before[name], after[name])]
        found += _asked(before[name], after[name])
    found += [*_tables(old.tiers, new.tiers), *_frameworks(old.frameworks, new.frameworks)]
    return tuple(found)


def whom(applies: Applies) -> str:
    """Return the projects that a question is about, in words."""
    kinds = " and ".join(applies.kinds) or "all kinds"
    modes = f", {' and '.join(applies.modes)}" if applies.modes else ""
    return f"{kinds}{modes}, from tier {applies.min_tier}"


def blocks(check: Check) -> str:
    """Return where an unknown answer stands in the way, in words."""
    return "at the gate only" if check.unknown_blocks else "where the tier says so"


def since(control: Control) -> str:
    """Return when a control binds, in words."""
    if control.lifecycle == "experimental":
        return "not yet: it is experimental"
    return days(control.enforce_from)


def days(dates: Mapping[str, str]) -> str:
    """Return the days from which something binds, in words."""
    return ", ".join(f"{tier} {day}" for tier, day in dates.items()) or NOW


def _change(control: Control, text: str) -> Change:
    return Change(place=control.id, what=text, whom=whom(control.applies), since=since(control))


def _asked(old: Control, new: Control) -> Iterator[Change]:
    """New questions; each may bind later than its control."""
    known = {check.id for check in old.checks}
    for check in new.checks:
        if check.id not in known:
            when = days(check.enforce_from) if check.enforce_from else since(new)
            text = f"new question: {check.title or check.id}"
            yield Change(place=new.id, what=text, whom=whom(new.applies), since=when)


def _new(control: Control) -> str:
    return f"new control: {control.title} ({len(control.checks)} checks, {control.severity})"


def _control(old: Control, new: Control) -> Iterator[str]:
    yield from _told(_OF_CONTROLS, old, new)
    was, now = ({check.id: check for check in each.checks} for each in (old, new))
    yield from (f"no longer asked: {was[name].title or name}" for name in sorted(was.keys() - now.keys()))
    for name in sorted(was.keys() & now.keys()):
        yield from (f"{name}{text}" for text in _told(_OF_CHECKS, was[name], now[name]))
    if old.maps != new.maps:
        yield from _maps(old, new)


def _told(table: Mapping[str, Words], was: object, now: object) -> Iterator[str]:
    for fields, words in table.items():
        if any(getattr(was, name) != getattr(now, name) for name in fields.split()):
            yield words(was, now)


def _moved(was: Severity, now: Severity) -> str:
    order = tuple(Severity)
    return f"{'raised' if order.index(now) < order.index(was) else 'lowered'} from {was} to {now}"


# The fields in which a difference is told, and how.
_OF_CONTROLS: dict[str, Words] = {
    "severity": lambda was, now: f"severity {_moved(was.severity, now.severity)}",
    "version": lambda was, now: (
        f"its meaning changed (version {was.version} to {now.version}): waivers of the old one lapse"
    ),
    "lifecycle": lambda was, now: f"lifecycle {was.lifecycle} to {now.lifecycle}",
    "waivable": lambda _, now: "may be waived now" if now.waivable else "may not be waived any more",
    "applies": lambda was, now: f"applies to {whom(now.applies)}; before, to {whom(was.applies)}",
    "enforce_from": lambda was, now: f"binds {since(now)}; before, {since(was)}",
    "title intent": lambda _, now: f"worded anew: {now.title}: {now.intent}",
}
_OF_CHECKS: dict[str, Words] = {
    "expression when schema": lambda _, now: f" is judged differently: {now.title or now.id}",
    "enforce_from": lambda was, now: f" binds {days(now.enforce_from)}; before, {days(was.enforce_from)}",
    "due": lambda was, now: f" is due at {now.due}, before at {was.due}",
    "unknown_blocks": lambda was, now: f", when unknown, blocks {blocks(now)}; before, {blocks(was)}",
    "grade": lambda was, now: f" rests on {now.grade} evidence, before on {was.grade}",
    "applies": lambda was, now: f" is asked of {whom(now.applies)}, before of {whom(was.applies)}",
}


def _maps(old: Control, new: Control) -> Iterator[str]:
    before = {f"{each.framework} {each.ref}" for each in old.maps}
    after = {f"{each.framework} {each.ref}" for each in new.maps}
    if added := sorted(after - before):
        yield f"supports now also {', '.join(added)}"
    if removed := sorted(before - after):
        yield f"supports no longer {', '.join(removed)}"


def _tables(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for table in ("obligations", "limits"):
        for tier in new.get("tiers", ()):
            was, now = old.get(table, {}).get(tier, {}), new.get(table, {}).get(tier, {})
            for name in sorted(was.keys() | now.keys()):
                if was.get(name) != now.get(name):
                    text = f"{name}: {_said(was.get(name))} to {_said(now.get(name))}"
                    yield Change(place=table, what=text, whom=f"tier {tier}", since=NOW)
    for part in ("questions", "circumstances", "combined_floors", "prohibited", "bands"):
        if old.get(part) != new.get(part):
            text = f"the rubric's {part.replace('_', ' ')} changed: tiers may come out differently"
            yield Change(place="rubric", what=text, whom="every project", since="at its next assessment")


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "nothing" if value is None else str(value)


def _frameworks(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, {}).get("edition"), new.get(name, {}).get("edition")
        if was != now:
            text = f"framework map {name}: edition {_said(was)} to {_said(now)}"
            yield Change(place="frameworks", what=text, whom="readers of reports", since=NOW)
