"""What the project is and what that obliges it to: by the reviewer's rubric, never less than it claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from roadworthy.core.documents.parts import mapping
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.packs.strictness import looser
from roadworthy.core.packs.tiers import PROHIBITED, assess, highest, obligations, risk_answers
from roadworthy.core.values import frozen
from roadworthy.facts.documents import value_of

# The questions of the rubric that are answered by a list of names.
LISTS = ("circumstances", "prohibited")
ANSWERS, LOCK = ".copier-answers.yml", ".roadworthy/lock.yaml"
KINDS, MODES = ("trained", "llm"), ("online", "batch")
Rubric = Mapping[str, Any]


def read_mapping(snapshot: Snapshot, path: str) -> Mapping[str, Any]:
    """Return a parsed file that should hold a mapping; empty when it holds none that can be read."""
    return mapping(snapshot.document(path))


@frozen
class Tiers:
    """What is answered and claimed, what answers come to, and the tier to judge by: never below either."""

    given: tuple[Mapping[str, Any], ...]
    claims: tuple[str, ...]
    computed: str
    judged: str


def tiers(risk: Rubric, answers: Rubric, lock: Rubric, rubric: Rubric) -> Tiers:
    """Return the tiers that the risk record, the template's answers and the lock of a project come to."""
    said = (risk_answers(risk), *((flat_answers(answers),) if answers else ()))
    given = tuple(_known(each, rubric) for each in said)
    computed = highest([assess(each, rubric).name for each in given], rubric)
    claims = tuple(_claims((lock.get("tier"), risk.get("tier")), rubric))
    return Tiers(given=given, claims=claims, computed=computed, judged=highest([computed, *claims], rubric))


def project_facts(snapshot: Snapshot, documents: Mapping[str, Any], rubric: Rubric) -> dict[str, Any]:
    """Return the facts under `project`, except whether it is released."""
    answers, lock = read_mapping(snapshot, ANSWERS), read_mapping(snapshot, LOCK)
    system, risk = value_of(documents, "system"), value_of(documents, "risk")
    found = tiers(risk, answers, lock, rubric)
    tier, order = found.judged, list(rubric["tiers"])
    return {
        "name": _first(answers.get("name"), system.get("system")),
        "package": _package(answers, system),
        "kind": _agreed((system.get("kind"), lock.get("kind"), answers.get("kind")), KINDS),
        "mode": _agreed((system.get("mode"), lock.get("mode"), answers.get("mode")), MODES),
        "tier": tier,
        "tier_rank": order.index(tier),
        "claimed_tier": highest(found.claims, rubric) if found.claims else "",
        "claimed_rank": min(map(order.index, found.claims), default=-1),
        "computed_tier": found.computed,
        "computed_rank": order.index(found.computed),
        "circumstances": sorted({name for each in found.given for name in each["circumstances"]}),
        "prohibited": sorted({ref for each in found.given for ref, _ in assess(each, rubric).prohibited}),
        "loosened": list(_loosened(lock.get("obligations"), duties(tier, rubric))),
        "tracking": _first(answers.get("tracking")),
        "has_policy": bool(lock),
    }


def duties(tier: str, rubric: Rubric) -> dict[str, Any]:
    """Return the obligations to judge by; a prohibited system is held to the highest there are."""
    return obligations("critical" if tier == PROHIBITED else tier, rubric)


def flat_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answers file, where the rubric's questions stand flat, answers to them."""
    return risk_answers({"answers": answers, **{name: answers.get(name) for name in LISTS}})


def _known(answers: Mapping[str, Any], rubric: Rubric) -> dict[str, Any]:
    """Keep the names that the rubric has; one it has not cannot be weighed."""
    lists = {
        name: sorted(each for each in answers.get(name, ()) if isinstance(each, str) and each in rubric[name])
        for name in LISTS
    }
    return {**answers, **lists}


def _claims(names: Iterable[Any], rubric: Rubric) -> list[str]:
    return [name for name in names if isinstance(name, str) and name in rubric["tiers"]]


def _agreed(said: Sequence[Any], allowed: Sequence[str]) -> str:
    """What several files say alike; nothing when they differ, so that one of them cannot dodge a question."""
    known = {str(word) for word in said if word}
    return str(known.pop()) if len(known) == 1 and known <= set(allowed) else ""


def _first(*said: Any) -> str:
    return next((word for word in said if isinstance(word, str) and word), "")


def _package(answers: Mapping[str, Any], system: Mapping[str, Any]) -> str:
    named = _first(answers.get("package"))
    return named or _first(answers.get("name"), system.get("system")).replace("-", "_")


def _loosened(recorded: Any, demanded: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(recorded, Mapping):
        return
    for name, demand in demanded.items():
        value = recorded.get(name)
        if value != demand and looser(name, value, demand):
            yield f"{name}: {'nothing' if value is None else value} recorded, {demand} demanded"
