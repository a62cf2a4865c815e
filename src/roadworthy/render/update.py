"""An update as text for a person and as JSON for a machine."""

from __future__ import annotations

import json
from collections import Counter

from roadworthy.core.merging.plan import Fate, PathPlan
from roadworthy.core.merging.report import ABORTED, CONFLICTS, CURRENT, PLANNED, UPDATED, Outlook, Update
from roadworthy.render.escape import plain

SCHEMA = "update/v1"
ORDER = (
    Fate.CONFLICT,
    Fate.HEALED,
    Fate.SYNCED,
    Fate.MERGED,
    Fate.RENAMED,
    Fate.KEPT,
    Fate.DELETED,
    Fate.IGNORED,
)
HEADLINES = {
    CURRENT: "up to date: {source} {after}",
    PLANNED: "would update {source} {move}; nothing was touched",
    UPDATED: "updated {source} {move}; the changes are staged, not committed",
    CONFLICTS: "{source} {move} waits for you: until you resolve it, {before} stays recorded",
    ABORTED: "taken back: everything is as it was at {source} {before}",
}


def update_text(update: Update) -> str:
    """Return the screen: headline, one line per path that is not simply unchanged, policy, next commands."""
    before, after = update.before, update.after
    move = f"{before} -> {after}" if before != after else f"{after} (the same release)"
    said = {"source": update.source, "before": before, "after": after, "move": move}
    headline = HEADLINES[update.state].format(**said)
    parts = [headline, *_paths(update.paths), *_answers(update), *_listed("policy", update.policy)]
    parts += _judged(update.outlook)
    parts += [*_listed("note", update.notes), *_summary(update), *(f"  next: {step}" for step in update.next)]
    return "\n".join(map(plain, parts))


def update_json(update: Update) -> str:
    from dataclasses import asdict

    document = asdict(update) | {"schema": SCHEMA, "exit_code": update.exit_code}
    document["paths"] = [{"path": p.path, "fate": p.fate.value, "note": p.note} for p in update.paths]
    return json.dumps(document, indent=1, sort_keys=True, default=str)


def _paths(paths: tuple[PathPlan, ...]) -> list[str]:
    shown = [path for fate in ORDER for path in paths if path.fate is fate]
    width = max((len(path.path) for path in shown), default=0)
    return [f"  {path.fate.value:<14}  {path.path:<{width}}  {path.note}".rstrip() for path in shown]


def _answers(update: Update) -> list[str]:
    return [f"  answer {each.name}: {_said(each.before)} -> {_said(each.after)}" for each in update.answers]


def _said(value: object) -> str:
    return "(not asked)" if value is None else json.dumps(value, ensure_ascii=False)


def _listed(title: str, lines: tuple[str, ...]) -> list[str]:
    return [f"  {title}: {line}" for line in lines]


def _judged(outlook: Outlook) -> list[str]:
    unjudged = (outlook.unjudged,) if outlook.unjudged else ()
    return [
        *_listed("broken by the merge", outlook.broken),
        *_listed("newly demanded", outlook.demanded),
        *_listed("not judged", unjudged),
    ]


def _summary(update: Update) -> list[str]:
    counts = Counter(path.fate.value for path in update.paths)
    return (
        [", ".join(f"{counts[fate.value]} {fate.value}" for fate in Fate if counts[fate.value])]
        if counts
        else []
    )
