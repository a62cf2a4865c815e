"""What GitHub enforces on the default branch: rulesets, classic protection, environments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from roadworthy.core.documents.parts import count, mapping, part, rows, text
from roadworthy.core.documents.remote import Answer, Ask
from roadworthy.facts.sources import Forge

VERSION = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
PAGE = 100
MOST_PAGES = 10
NOT_FOUND = 404
# The pull request rule of a ruleset, the same of classic protection, and what both are called here.
REVIEWS = (
    ("code_owner_review", "require_code_owner_review", "require_code_owner_reviews"),
    ("dismiss_stale", "dismiss_stale_reviews_on_push", "dismiss_stale_reviews"),
    ("last_push_approval", "require_last_push_approval", "require_last_push_approval"),
)


def headers(token: str) -> dict[str, str]:
    """Return what GitHub wants to be asked with."""
    return {**VERSION, "Authorization": f"Bearer {token}"}


def read_github(ask: Ask, repository: str, environment: str) -> Forge:
    """Return what GitHub enforces on the default branch of `owner/name`."""
    home = f"/repos/{quote(repository)}"
    about = ask(home)
    branch = text(mapping(about.value).get("default_branch"))
    if not branch:
        return Forge(
            exists=True, reason=f"the repository cannot be read: {about.reason or 'no default branch'}"
        )
    rules = pages(ask, f"{home}/rules/branches/{quote(branch, safe='')}")
    if rules.reason:
        return Forge(exists=True, reason=f"the rules of the branch cannot be read: {rules.reason}")
    return _read(ask, home, branch, rows(rules.value), environment)


def _read(ask: Ask, home: str, branch: str, rules: Sequence[Mapping[str, Any]], environment: str) -> Forge:
    classic = _classic(ask, home, branch)
    found, unread = _joined(demanded(rules), classic)
    found["bypass"], unread["bypass"] = _bypass(ask, home, rules, classic)
    found["environment_reviewers"], unread["environment_reviewers"] = _environment(ask, home, environment)
    return Forge(exists=True, available=True, rules=found, unread=unread)


def pages(ask: Ask, path: str, under: str = "") -> Answer:
    """Return every page of a list, or why not all of it is here."""
    found: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        answer = ask(f"{path}?per_page={PAGE}&page={page}")
        some = answer.value.get(under) if under and isinstance(answer.value, dict) else answer.value
        if answer.reason or not isinstance(some, list):
            return Answer(status=answer.status, reason=answer.reason or "the answer is no list")
        found += some
        if len(some) < PAGE:
            return Answer(status=answer.status, value=found)
    return Answer(reason=f"the list is longer than {PAGE * MOST_PAGES}")


def demanded(rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the rules of rulesets demand, taken together."""
    asked = [part(rule, "parameters") for rule in rules if rule.get("type") == "pull_request"]
    return {
        "reviews": max((count(each.get("required_approving_review_count")) for each in asked), default=0),
        **{name: any(each.get(key) is True for each in asked) for name, key, _ in REVIEWS},
        "required_checks": sorted(set(_checks(rules))),
        "signatures": any(rule.get("type") == "required_signatures" for rule in rules),
    }


def _checks(rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for rule in rules:
        if rule.get("type") == "required_status_checks":
            listed = rows(part(rule, "parameters").get("required_status_checks"))
            yield from (str(each["context"]) for each in listed if each.get("context"))


def _classic(ask: Ask, home: str, branch: str) -> Answer:
    """Return the classic protection: an empty mapping when there is none, a reason when unseen."""
    place = f"{home}/branches/{quote(branch, safe='')}"
    answer = ask(f"{place}/protection")
    if not answer.reason:
        return answer if isinstance(answer.value, dict) else Answer(reason="the answer is no mapping")
    said = part(ask(place).value, "protection").get("enabled")
    if said is False:
        return Answer(value={})
    return Answer(reason=f"the classic protection of the branch cannot be read: {answer.reason}")


def _joined(found: dict[str, Any], classic: Answer) -> tuple[dict[str, Any], dict[str, str]]:
    """Of two demands the stricter holds; what rulesets leave open, an unread protection may still demand."""
    if classic.reason:
        weak = [name for name, value in found.items() if not value]
        return {**found, **dict.fromkeys(weak)}, dict.fromkeys(weak, classic.reason)
    also = _of_classic(classic.value)
    both = {name: value or also[name] for name, value in found.items()}
    checks = sorted({*found["required_checks"], *also["required_checks"]})
    return {**both, "reviews": max(found["reviews"], also["reviews"]), "required_checks": checks}, {}


def _of_classic(classic: Mapping[str, Any]) -> dict[str, Any]:
    asked = part(classic, "required_pull_request_reviews")
    checks = part(classic, "required_status_checks")
    return {
        "reviews": count(asked.get("required_approving_review_count")),
        **{name: asked.get(key) is True for name, _, key in REVIEWS},
        "required_checks": [
            str(each["context"]) for each in rows(checks.get("checks")) if each.get("context")
        ],
        "signatures": part(classic, "required_signatures").get("enabled") is True,
    }


def _bypass(
    ask: Ask, home: str, rules: Sequence[Mapping[str, Any]], classic: Answer
) -> tuple[list[str] | None, str]:
    """Whoever may go around one of the rulesets or the protection. A list not shown is no empty one."""
    found = _around(classic.value) if classic.value else []
    hidden: list[str] = []
    for number in sorted({count(rule.get("ruleset_id")) for rule in rules}):
        answer = ask(f"{home}/rulesets/{number}")
        ruleset = mapping(answer.value)
        if isinstance(ruleset.get("bypass_actors"), list):
            found += [_actor(each) for each in ruleset["bypass_actors"]]
        elif ruleset.get("current_user_can_bypass") in ("always", "pull_requests_only", "exempt"):
            found.append("the account of this token")
        else:
            hidden.append(answer.reason or "shown only to a token that may change the ruleset")
    if found or not hidden:
        return found, ""
    return None, f"who may bypass the rules cannot be read: {hidden[0]}"


def _actor(actor: Any) -> str:
    kind, number = (mapping(actor).get(name) for name in ("actor_type", "actor_id"))
    return f"{kind} {number}" if number is not None else str(kind or "?")


def _around(classic: Mapping[str, Any]) -> list[str]:
    allowed = part(part(classic, "required_pull_request_reviews"), "bypass_pull_request_allowances")
    named = [
        str(each.get("login") or each.get("slug") or "somebody")
        for kind in ("users", "teams", "apps")
        for each in rows(allowed.get(kind))
    ]
    admins = part(classic, "enforce_admins").get("enabled") is not True and any(_of_classic(classic).values())
    forced = part(classic, "allow_force_pushes").get("enabled") is True
    return [
        *named,
        *(["administrators"] if admins else []),
        *(["whoever may force a push"] if forced else []),
    ]


def _environment(ask: Ask, home: str, name: str) -> tuple[bool | None, str]:
    answer = pages(ask, f"{home}/environments", "environments")
    if answer.reason:
        return None, f"the environments cannot be read: {answer.reason}"
    rules = [
        rule
        for each in rows(answer.value)
        if each.get("name") == name
        for rule in rows(each.get("protection_rules"))
    ]
    return any(_guards(rule) for rule in rules), ""


def _guards(rule: Mapping[str, Any]) -> bool:
    others = rule.get("prevent_self_review") is True and bool(rows(rule.get("reviewers")))
    return rule.get("type") == "required_reviewers" and others
