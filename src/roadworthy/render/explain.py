"""A control for people: why it is asked, what passes, how to repair, and what it supports."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.judging.models import Check, Control, Due
from roadworthy.core.packs.diff import days
from roadworthy.render.escape import plain

WIDTH = 100


def explain_text(
    control: Control, check: str, frameworks: Mapping[str, Mapping[str, Any]], as_of: str
) -> str:
    """Return everything there is to say of a control, or of one check of it."""
    return "\n".join(_lines(control, check, frameworks, as_of))


def _lines(
    control: Control, check: str, frameworks: Mapping[str, Mapping[str, Any]], as_of: str
) -> Iterator[str]:
    yield f"{control.id}  {plain(control.title)}"
    yield f"severity {control.severity}, {control.lifecycle}, version {control.version}, {_waivable(control)}"
    yield ""
    yield from _paragraph("why", control.why or control.intent)
    yield from _paragraph("applies", _applies(control))
    if control.enforce_from:
        dates = ", ".join(f"{tier} and above: {day}" for tier, day in control.enforce_from.items())
        yield from _paragraph("binds from", dates)
    yield ""
    yield "passes when"
    for each in control.checks:
        if check in ("", each.id):
            yield from _check(control, each)
    yield ""
    repair = control.remediation
    yield from _paragraph("fix", f"{repair.text} (effort: {repair.effort})")
    if repair.command:
        yield f"{'run':12} {plain(repair.command)}"  # in one piece, to be copied
    yield from _maps(control, frameworks, as_of)


def _waivable(control: Control) -> str:
    origin = f", from {plain(control.origin)}" if control.origin else ""
    return ("can be waived" if control.waivable else "can not be waived") + origin


def _applies(control: Control) -> str:
    kinds = " and ".join(control.applies.kinds) or "every kind"
    modes = " and ".join(control.applies.modes) or "every mode"
    return f"{kinds}, {modes}, from tier {control.applies.min_tier}"


def _check(control: Control, check: Check) -> Iterator[str]:
    due = "before the first release" if check.due is Due.RELEASE else "from birth"
    due += f", binds from {days(check.enforce_from)}" if check.enforce_from else ""
    yield from _paragraph(f"  {check.id}", f"{check.title or control.intent} ({check.grade}, due {due})", 26)


def _maps(control: Control, frameworks: Mapping[str, Mapping[str, Any]], as_of: str) -> Iterator[str]:
    if control.maps:
        yield ""
        yield "supports (never: complies with)"
    for each in control.maps:
        about = frameworks.get(each.framework, {})
        reviewed = str(about.get("review_by", ""))
        stale = f"; STALE: review was due {reviewed}" if reviewed and reviewed < as_of else ""
        named = str(about.get("title", each.framework))
        yield from _paragraph(
            f"  {plain(each.ref)}", f"{named}, edition {each.edition}, {each.relation}{stale}", 26
        )


def _paragraph(label: str, text: str, width: int = 12) -> Iterator[str]:
    left = f"{label:{width}} " if len(label) <= width else f"{label}\n{'':{width}} "
    lines = textwrap.wrap(plain(text), WIDTH - width - 1) or [""]
    yield left + lines[0]
    yield from (" " * (width + 1) + line for line in lines[1:])
