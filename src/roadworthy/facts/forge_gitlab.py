"""What GitLab enforces on the default branch: protected branches, approvals, push rules, environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from roadworthy.core.documents.parts import count, mapping, rows, text
from roadworthy.core.documents.remote import Answer, Ask
from roadworthy.facts.forge_github import NOT_FOUND, pages
from roadworthy.facts.sources import Forge

NO_ONE = 0
# Other kinds of rule bind only some changes: those of code owners, those with a report.
BINDING = ("regular", "any_approver")
OVERRIDE = "whoever opens a merge request, by changing its approval rules"
Read = tuple[Any, str]


def headers(token: str) -> dict[str, str]:
    """Return what GitLab wants to be asked with."""
    return {"PRIVATE-TOKEN": token}


def read_gitlab(ask: Ask, project: str, environment: str) -> Forge:
    """Return what GitLab enforces on the default branch of `group/name`."""
    home = f"/projects/{quote(project, safe='')}"
    about = ask(home)
    branch = text(mapping(about.value).get("default_branch"))
    if not branch:
        return Forge(exists=True, reason=f"the project cannot be read: {about.reason or 'no default branch'}")
    protected = pages(ask, f"{home}/protected_branches")
    if protected.reason:
        return Forge(exists=True, reason=f"the protected branches cannot be read: {protected.reason}")
    matching = [each for each in rows(protected.value) if covers(each.get("name"), branch)]
    found = _facts(ask, home, about.value, branch, matching)
    found["environment_reviewers"] = _environment(ask, home, about.value, environment)
    return Forge(
        exists=True,
        available=True,
        rules={name: value for name, (value, _) in found.items()},
        unread={name: why for name, (_, why) in found.items() if why},
    )


def covers(pattern: Any, branch: str) -> bool:
    """Say whether a protected branch's name, in which only `*` is special, names a branch."""
    plain = str(pattern).replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(branch, plain)


def _facts(
    ask: Ask, home: str, about: Mapping[str, Any], branch: str, matching: Sequence[Mapping[str, Any]]
) -> dict[str, Read]:
    settings = _mapping(ask(f"{home}/approvals"), "the approval settings")
    return {
        "reviews": _reviews(ask, home, branch),
        "code_owner_review": _owners(matching),
        "dismiss_stale": _setting(settings, "reset_approvals_on_push"),
        "last_push_approval": _others_approve(settings),
        "required_checks": _checks(about),
        "signatures": _signatures(ask, home),
        "bypass": _bypass(matching, settings),
    }


def _mapping(answer: Answer, what: str) -> Read:
    if isinstance(answer.value, dict):
        return answer.value, ""
    return None, f"{what} cannot be read, or the plan has none: {answer.reason or 'no mapping'}"


def _setting(read: Read, name: str) -> Read:
    """A setting that is neither true nor false is not there."""
    settings, why = read
    value = settings.get(name) if settings is not None else None
    return (value, "") if isinstance(value, bool) else (None, why or f"the answer does not say {name}")


def _others_approve(settings: Read) -> Read:
    """Neither the author nor who committed may approve: so neither may who pushed last."""
    author, why = _setting(settings, "merge_requests_author_approval")
    committers, also = _setting(settings, "merge_requests_disable_committers_approval")
    if author is None or committers is None:
        return None, why or also
    return not author and committers, ""


def _reviews(ask: Ask, home: str, branch: str) -> Read:
    answer = pages(ask, f"{home}/approval_rules")
    if answer.reason:
        return None, f"the approval rules cannot be read, or the plan has none: {answer.reason}"
    rules = [each for each in rows(answer.value) if _binds(each, branch)]
    return max((count(each.get("approvals_required")) for each in rules), default=0), ""


def _binds(rule: Mapping[str, Any], branch: str) -> bool:
    """A rule that fewer people could meet than it demands is one that GitLab itself lets pass."""
    named = rows(rule.get("protected_branches"))
    here = rule.get("applies_to_all_protected_branches") is True or not named
    people = len(rows(rule.get("eligible_approvers")))
    enough = rule.get("rule_type") == "any_approver" or people >= count(rule.get("approvals_required"))
    return (
        rule.get("rule_type") in BINDING
        and enough
        and (here or any(covers(each.get("name"), branch) for each in named))
    )


def _owners(matching: Sequence[Mapping[str, Any]]) -> Read:
    said = [each.get("code_owner_approval_required") for each in matching]
    if matching and not any(isinstance(each, bool) for each in said):
        return None, "the plan has no approval by code owners"
    return any(each is True for each in said), ""


def _checks(about: Mapping[str, Any]) -> Read:
    """GitLab demands a pipeline, not its jobs; one that may be skipped demands nothing."""
    needed, skipped = (
        about.get("only_allow_merge_if_pipeline_succeeds"),
        about.get("allow_merge_on_skipped_pipeline"),
    )
    if not isinstance(needed, bool):
        return None, "the answer does not say only_allow_merge_if_pipeline_succeeds"
    return (["pipeline"] if needed and skipped is not True else []), ""


def _signatures(ask: Ask, home: str) -> Read:
    answer = ask(f"{home}/push_rule")
    if answer.status == 200 and answer.value is None and not answer.reason:
        return False, ""  # no push rule was ever made
    rule, why = _mapping(answer, "the push rules")
    return _setting((rule, why), "reject_unsigned_commits")


def _bypass(matching: Sequence[Mapping[str, Any]], settings: Read) -> Read:
    """Whoever may push, or force a push, needs no merge request; nor does who may change its rules."""
    if not matching:
        return ["everybody: the branch is not protected"], ""
    found = [who for each in matching for who in _pushers(each)]
    fixed, why = _setting(settings, "disable_overriding_approvers_per_merge_request")
    if fixed is False:
        found.append(OVERRIDE)
    return (None, why) if fixed is None and not found else (sorted(set(found)), "")


def _pushers(protected: Mapping[str, Any]) -> list[str]:
    levels = protected.get("push_access_levels")
    listed = [_named(each) for each in rows(levels) if each.get("access_level") != NO_ONE or _single(each)]
    unsaid = [] if isinstance(levels, list) else ["whom, is not known"]
    return [*listed, *unsaid]


def _single(level: Mapping[str, Any]) -> bool:
    return any(level.get(name) is not None for name in ("user_id", "group_id", "deploy_key_id"))


def _named(level: Mapping[str, Any]) -> str:
    return f"push: {level.get('access_level_description') or 'somebody'}"


def _environment(ask: Ask, home: str, about: Mapping[str, Any], name: str) -> Read:
    answer = ask(f"{home}/protected_environments/{quote(name, safe='')}")
    if answer.status == NOT_FOUND:
        listed = pages(ask, f"{home}/protected_environments")
        if not listed.reason:
            return False, ""
    found, why = _mapping(answer, "the protected environment")
    if found is None:
        return None, why
    trigger = about.get("allow_pipeline_trigger_approve_deployment")
    rules = [count(each.get("required_approvals")) for each in rows(found.get("approval_rules"))]
    needed = max([*rules, count(found.get("required_approval_count"))])
    if needed and not isinstance(trigger, bool):
        return None, "the answer does not say whether who triggered a deployment may approve it"
    return needed > 0 and trigger is False, ""
