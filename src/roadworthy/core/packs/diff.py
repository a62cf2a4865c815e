"""What changed between two packs, in plain words: what, for whom, from when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roadworthy.core.judging.models import Applies, Check, Control, Pack, Severity

NOW = "at once"
_RANKS = {severity: rank for rank, severity in enumerate(reversed(Severity))}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: its place, its words, whom it meets and from when."""

    place: str
    what: str
    whom: str
    since: str


def diff(old: Pack, new: Pack) -> tuple[Change, ...]:
    """Return every change from one pack to another that somebody could notice."""
    before = {control.id: control for control in old.controls}
    after = {control.id: control for control in new.controls}
    found = [_new(after[name]) for name in sorted(after.keys() - before.keys())]
    found += [_gone(before[name]) for name in sorted(before.keys() - after.keys())]
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


def _new(control: Control) -> Change:
    return _change(
        control, f"new control: {control.title} ({len(control.checks)} checks, {control.severity})"
    )


def _gone(control: Control) -> Change:
    return Change(
        place=control.id, what=f"control removed: {control.title}", whom=whom(control.applies), since=NOW
    )


def _control(old: Control, new: Control) -> Iterator[str]:
    if old.severity != new.severity:
        word = "raised" if _RANKS[new.severity] > _RANKS[old.severity] else "lowered"
        yield f"severity {word} from {old.severity} to {new.severity}"
    if old.version != new.version:
        yield f"its meaning changed (version {old.version} to {new.version}): waivers of the old one lapse"
    if old.lifecycle != new.lifecycle:
        yield f"lifecycle {old.lifecycle} to {new.lifecycle}"
    if old.waivable != new.waivable:
        yield "may be waived now" if new.waivable else "may not be waived any more"
    yield from _reach(old, new)
    yield from _checks({check.id: check for check in old.checks}, {check.id: check for check in new.checks})
    if old.maps != new.maps:
        yield from _maps(old, new)


def _reach(old: Control, new: Control) -> Iterator[str]:
    if old.applies != new.applies:
        yield f"applies to {whom(new.applies)}; before, to {whom(old.applies)}"
    if old.enforce_from != new.enforce_from:
        yield f"binds {since(new)}; before, {since(old)}"
    if (old.title, old.intent) != (new.title, new.intent):
        yield f"worded anew: {new.title}: {new.intent}"


def _checks(old: Mapping[str, Check], new: Mapping[str, Check]) -> Iterator[str]:
    yield from (f"no longer asked: {old[name].title or name}" for name in sorted(old.keys() - new.keys()))
    for name in sorted(old.keys() & new.keys()):
        yield from _check(name, old[name], new[name])


def _check(name: str, was: Check, now: Check) -> Iterator[str]:
    if (was.expression, was.when, was.schema) != (now.expression, now.when, now.schema):
        yield f"{name} is judged differently: {now.title or name}"
    if was.enforce_from != now.enforce_from:
        yield f"{name} binds {days(now.enforce_from)}; before, {days(was.enforce_from)}"
    if was.due != now.due:
        yield f"{name} is due at {now.due}, before at {was.due}"
    if was.unknown_blocks != now.unknown_blocks:
        yield f"{name}, when unknown, blocks {blocks(now)}; before, {blocks(was)}"
    if was.grade != now.grade:
        yield f"{name} rests on {now.grade} evidence, before on {was.grade}"
    if was.applies != now.applies:
        yield f"{name} is asked of {whom(now.applies)}, before of {whom(was.applies)}"


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
