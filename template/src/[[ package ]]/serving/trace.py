"""From one prediction to everything behind it: each link recomputed, what is missing said to be unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..pipeline.outcome import Outcome, Refused
from . import capture, links

MARKS = {True: "✓", False: "✗", None: "?"}


@dataclass(frozen=True)
class Step:
    """One link: what it is, what was found, and whether it holds (None: unknown)."""

    name: str
    holds: bool | None
    text: str


def trace(id: str) -> Outcome:  # noqa: A002 - the name of the command's argument
    """Decision, release, computation, run, data, evaluation, approvals, gate; exit 0 only when all hold."""
    found = capture.find(id)
    if not found:
        days = "its day may be past retention"
        raise Refused(f"no prediction {id} can be read here; {days}", "var/predictions", "check the id")
    line, again = found[-1], f" (one of {len(found)} under this id)" if len(found) > 1 else ""
    steps = [Step("decision", not again, _decision(line) + again), *(Step(*each) for each in _behind(line))]
    marks = [each.holds for each in steps]
    state = "broken" if False in marks else "unknown" if None in marks else "whole"
    lines = [line for each in steps for line in _shown(each)]
    counts = f"{marks.count(True)} hold, {marks.count(None)} unknown, {marks.count(False)} broken"
    said = {"id": id, "state": state, "steps": [asdict(each) for each in steps], "prediction": line}
    return Outcome("trace", state == "whole", (*lines, f"the trace is {state}: {counts}"), said)


def _shown(step: Step) -> list[str]:
    first, *more = step.text.splitlines() or [""]
    return [f"{MARKS[step.holds]} {step.name:<14}{first}", *(f"{'':16}{each}" for each in more)]


def _decision(line: Mapping[str, Any]) -> str:
    score = "no score" if line["score"] is None else f"score {line['score']:.3f}"
    about = f", {line['error']}" if line.get("error") else ""
    return f"{line['decision']}, {score}, by {line['route']} at {line['ts'][:19]}Z{about}"


def _behind(line: Mapping[str, Any]) -> list[links.Link]:
    if line["version"] is None:
        return [links.switched(line)]
    return links.chain(line)
