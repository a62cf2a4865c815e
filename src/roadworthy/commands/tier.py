"""`tier`: the risk tier of a project or of given answers, question by question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadworthy.commands.packs import open_bench
from roadworthy.commands.target import open_target
from roadworthy.core.packs.tiers import Explained, assess, obligations
from roadworthy.errors import UsageError
from roadworthy.facts.project import ANSWERS, LISTS, flat_answers, read_mapping


def explain_tier(project: str, data: Mapping[str, str]) -> Explained:
    """Assess a project's recorded answers, with the answers of `data` put over them."""
    rubric = open_bench().pack.tiers
    given = {name: _value(name, text.strip(), rubric) for name, text in data.items()}
    complete = set(rubric["questions"]) <= given.keys()
    recorded, answers = ("", {}) if complete else _recorded(project, bool(given))
    tier = assess({**answers, **given}, rubric)
    return Explained(
        tier=tier,
        obligations=obligations(tier.name, rubric),
        recorded=recorded,
        rubric_version=int(rubric["rubric_version"]),
        source=_source(project, answers, given),
    )


def _recorded(project: str, optional: bool) -> tuple[str, dict[str, Any]]:
    """The tier and the answers that a project has on file; what is unanswered counts as the worst."""
    try:
        snapshot = open_target(project).snapshot
    except UsageError:
        if optional:
            return "", {}
        raise
    answers = read_mapping(snapshot, ANSWERS)
    if not answers and not optional:
        raise UsageError(f"no answers in {project}/{ANSWERS}", "name a project, or give --data impact=2")
    tier = str(read_mapping(snapshot, "governance/risk.yaml").get("tier") or "")
    return tier, flat_answers(answers) if answers else {}


def _source(project: str, answers: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    if not answers:
        return "the answers given"
    return f"{project}/{ANSWERS}{' and the answers given' if given else ''}"


def _value(name: str, text: str, rubric: Mapping[str, Any]) -> Any:
    if name in LISTS:
        return _names(name, text, rubric[name])
    question = rubric["questions"].get(name)
    if question is None:
        known = ", ".join([*rubric["questions"], *LISTS])
        raise UsageError(f"there is no question {name}", f"one of: {known}")
    last = len(question["choices"]) - 1
    if not text.isdigit() or int(text) > last:
        choices = "; ".join(f"{number} {choice}" for number, choice in enumerate(question["choices"]))
        raise UsageError(f"{name} is answered 0 to {last}, found {text!r}", choices)
    return int(text)


def _names(name: str, text: str, known: Mapping[str, Any]) -> list[str]:
    found = [word.strip() for word in text.strip("[]").split(",") if word.strip()]
    strangers = [word for word in found if word not in known]
    if strangers:
        raise UsageError(f"{name} has no {strangers[0]}", f"one of: {', '.join(known)}")
    return found
