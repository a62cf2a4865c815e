"""The forge is read by a real client from a real server here; no other host is ever asked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roadworthy.adapters.config import read_configuration
from roadworthy.adapters.remote import asker, unfit
from roadworthy.commands.check import check
from roadworthy.commands.forges import forge, home_of
from roadworthy.errors import UsageError
from roadworthy.facts.forge import forge_facts
from tests.adapters.forge_server import FakeForge, Reply, serving

TOKEN = "token-that-nobody-may-see"
HUB = "/repos/acme/loans"
LAB = "/projects/acme%2Floans"
STRICT = {
    "reviews": 2,
    "code_owner_review": True,
    "dismiss_stale": True,
    "last_push_approval": True,
    "signatures": True,
    "environment_reviewers": True,
    "bypass": [],
}
VARIABLES = (
    "GITHUB_ACTIONS",
    "GITHUB_API_URL",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_TOKEN",
    "GITLAB_CI",
    "CI_SERVER_URL",
    "CI_PROJECT_PATH",
    "CI_API_V4_URL",
    "CI_JOB_TOKEN",
    "ROADWORTHY_FORGE_TOKEN",
    "ROADWORTHY_FORGE_HOSTS",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[FakeForge]:
    with serving() as fake:
        yield fake


def checkout(folder: Path, address: str = "https://forge.example/acme/loans.git") -> Path:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / ".git" / "config").write_text(
        f'[core]\n\tbare = false\n[remote "fork"]\n\turl = https://other.example/x/y\n'
        f'[remote "origin"]\n\turl = {address}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n'
    )
    return folder


# ---- what the forges say, in the shape they publish -----------------------------------------------

PULL_REQUEST = {
    "type": "pull_request",
    "parameters": {
        "required_approving_review_count": 2,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": True,
        "required_review_thread_resolution": False,
        "allowed_merge_methods": ["squash"],
    },
    "ruleset_source_type": "Repository",
    "ruleset_source": "acme/loans",
    "ruleset_id": 42,
}
STATUS_CHECKS = {
    "type": "required_status_checks",
    "parameters": {
        "required_status_checks": [{"context": "policy", "integration_id": 15368}, {"context": "test"}],
        "strict_required_status_checks_policy": True,
    },
    "ruleset_source_type": "Organization",
    "ruleset_source": "acme",
    "ruleset_id": 43,
}
SIGNATURES = {
    "type": "required_signatures",
    "ruleset_source_type": "Repository",
    "ruleset_source": "acme/loans",
    "ruleset_id": 42,
}
REVIEWERS = {
    "id": 3736,
    "node_id": "MDQ6R2F0ZTM3MzY=",
    "type": "required_reviewers",
    "prevent_self_review": True,
    "reviewers": [{"type": "Team", "reviewer": {"id": 1, "login": "risk"}}],
}
ACTOR = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
CLASSIC = {
    "enforce_admins": {"url": "https://forge.example/x", "enabled": True},
    "required_pull_request_reviews": {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "required_approving_review_count": 2,
        "require_last_push_approval": True,
        "bypass_pull_request_allowances": {"users": [], "teams": [], "apps": []},
    },
    "required_status_checks": {
        "contexts": ["policy"],
        "checks": [{"context": "policy", "app_id": None}],
        "contexts_url": "https://forge.example/x",
    },
    "required_signatures": {"url": "https://forge.example/x", "enabled": True},
    "allow_force_pushes": {"enabled": False},
}


def ruleset(number: int, **more: Any) -> dict[str, Any]:
    said = {"id": number, "name": f"rules {number}", "target": "branch", "source": "acme/loans"}
    return {**said, "source_type": "Repository", "enforcement": "active", **more}


def environment(*rules: Any, name: str = "production") -> dict[str, Any]:
    return {
        "id": 56780428,
        "node_id": "MDExOkVudmlyb25tZW50NTY3ODA0Mjg=",
        "name": name,
        "url": "https://forge.example/x",
        "html_url": "https://forge.example/x",
        "created_at": "2026-11-23T22:00:40Z",
        "updated_at": "2026-11-23T22:00:40Z",
        "protection_rules": list(rules),
        "deployment_branch_policy": None,
    }


def github() -> dict[str, Any]:
    return {
        HUB: {"default_branch": "main", "full_name": "acme/loans"},
        f"{HUB}/rules/branches/main": [PULL_REQUEST, STATUS_CHECKS, SIGNATURES],
        f"{HUB}/rulesets/42": ruleset(42, bypass_actors=[], current_user_can_bypass="never"),
        f"{HUB}/rulesets/43": ruleset(43, bypass_actors=[]),
        f"{HUB}/branches/main": {"name": "main", "protected": True, "protection": {"enabled": False}},
        f"{HUB}/environments": {"total_count": 1, "environments": [environment(REVIEWERS)]},
    }


def gitlab() -> dict[str, Any]:
    return {
        LAB: {
            "default_branch": "main",
            "only_allow_merge_if_pipeline_succeeds": True,
            "allow_merge_on_skipped_pipeline": False,
            "allow_pipeline_trigger_approve_deployment": False,
        },
        f"{LAB}/protected_branches": [
            {
                "id": 1,
                "name": "main",
                "push_access_levels": [{"id": 1, "access_level": 0, "access_level_description": "No one"}],
                "merge_access_levels": [
                    {"id": 1, "access_level": 40, "access_level_description": "Maintainers"}
                ],
                "allow_force_push": False,
                "code_owner_approval_required": True,
            }
        ],
        f"{LAB}/approvals": {
            "reset_approvals_on_push": True,
            "disable_overriding_approvers_per_merge_request": True,
            "merge_requests_author_approval": False,
            "merge_requests_disable_committers_approval": True,
        },
        f"{LAB}/approval_rules": [
            {
                "id": 1,
                "name": "reviewers",
                "rule_type": "regular",
                "eligible_approvers": [{"id": 5}, {"id": 6}],
                "approvals_required": 2,
                "applies_to_all_protected_branches": True,
                "protected_branches": [],
            }
        ],
        f"{LAB}/push_rule": {"id": 1, "reject_unsigned_commits": True},
        f"{LAB}/protected_environments/production": {
            "name": "production",
            "deploy_access_levels": [{"access_level": 40}],
            "required_approval_count": 0,
            "approval_rules": [{"id": 1, "required_approvals": 1, "access_level": 40}],
        },
        f"{LAB}/protected_environments": [],
    }


def on_github(
    patch: pytest.MonkeyPatch, server: FakeForge, folder: Path, token: str = TOKEN
) -> dict[str, Any]:
    patch.setenv("GITHUB_ACTIONS", "true")
    patch.setenv("GITHUB_API_URL", server.address)
    patch.setenv("GITHUB_SERVER_URL", "https://forge.example")
    patch.setenv("GITHUB_REPOSITORY", "acme/loans")
    patch.setenv("ROADWORTHY_FORGE_TOKEN", token)
    return forge_facts(forge(checkout(folder)))


def on_gitlab(patch: pytest.MonkeyPatch, server: FakeForge, folder: Path) -> dict[str, Any]:
    patch.setenv("GITLAB_CI", "true")
    patch.setenv("CI_API_V4_URL", server.address)
    patch.setenv("CI_SERVER_URL", "https://forge.example")
    patch.setenv("CI_PROJECT_PATH", "acme/loans")
    patch.setenv("ROADWORTHY_FORGE_TOKEN", TOKEN)
    return forge_facts(forge(checkout(folder, "https://gitlab-ci-token:x@forge.example/acme/loans.git")))


@pytest.fixture
def hub(server: FakeForge) -> FakeForge:
    server.replies = github()
    return server


@pytest.fixture
def lab(server: FakeForge) -> FakeForge:
    server.replies = gitlab()
    return server


# ---- GitHub ---------------------------------------------------------------------------------------


def test_github_rules_become_facts(hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = on_github(monkeypatch, hub, tmp_path)
    assert {name: facts[name] for name in STRICT} == STRICT
    assert facts["required_checks"] == ["policy", "test"]
    assert all(facts[f"{group}_known"] for group in ("rules", "strict", "bypass", "environment"))
    assert {method for method, _, _ in hub.asked} == {"GET"}
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for _, _, headers in hub.asked)


def test_a_bypass_list_that_is_not_shown_is_unknown(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.replies[f"{HUB}/rulesets/43"] = ruleset(43, current_user_can_bypass="never")
    facts = on_github(monkeypatch, hub, tmp_path)
    assert not facts["bypass_known"]
    assert "may change the ruleset" in facts["bypass_reason"]
    assert facts["bypass"]
    assert facts["rules_known"]


@pytest.mark.parametrize(
    ("more", "who"),
    [
        ({"bypass_actors": [ACTOR]}, "RepositoryRole 5"),
        ({"bypass_actors": [{"actor_id": None, "actor_type": "DeployKey"}]}, "DeployKey"),
        ({"current_user_can_bypass": "always"}, "the account of this token"),
        ({"current_user_can_bypass": "exempt"}, "the account of this token"),
    ],
)
def test_who_may_bypass_one_ruleset_is_named(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], who: str
) -> None:
    hub.replies[f"{HUB}/rulesets/43"] = ruleset(43, **more)
    facts = on_github(monkeypatch, hub, tmp_path)
    assert facts["bypass_known"]
    assert facts["bypass"] == [who]


def test_no_rules_are_known_to_be_none(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.replies[f"{HUB}/rules/branches/main"] = []
    facts = on_github(monkeypatch, hub, tmp_path)
    assert facts["rules_known"]
    assert (facts["reviews"], facts["required_checks"], facts["signatures"]) == (0, [], False)


def test_classic_protection_counts(hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.replies[f"{HUB}/rules/branches/main"] = []
    hub.replies[f"{HUB}/branches/main/protection"] = CLASSIC
    facts = on_github(monkeypatch, hub, tmp_path)
    assert {name: facts[name] for name in STRICT} == STRICT
    assert facts["required_checks"] == ["policy"]


@pytest.mark.parametrize(
    ("change", "who"),
    [
        ({"enforce_admins": {"enabled": False}}, "administrators"),
        ({"allow_force_pushes": {"enabled": True}}, "whoever may force a push"),
        (
            {
                "required_pull_request_reviews": {
                    "bypass_pull_request_allowances": {"users": [{"login": "ann"}]}
                }
            },
            "ann",
        ),
    ],
)
def test_classic_protection_says_who_may_bypass(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], who: str
) -> None:
    hub.replies[f"{HUB}/branches/main/protection"] = {**CLASSIC, **change}
    assert on_github(monkeypatch, hub, tmp_path)["bypass"] == [who]


@pytest.mark.parametrize("branch", [{"protection": {"enabled": True}}, {"name": "main"}, []])
def test_what_an_unread_protection_may_demand_is_unknown(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, branch: Any
) -> None:
    hub.replies[f"{HUB}/rules/branches/main"] = [PULL_REQUEST]
    hub.replies[f"{HUB}/branches/main"] = branch
    facts = on_github(monkeypatch, hub, tmp_path)
    assert facts["reviews"] == 2
    assert not facts["rules_known"]
    assert not facts["strict_known"]
    assert "classic protection" in facts["rules_reason"]


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [{**REVIEWERS, "prevent_self_review": False}],
        [{**REVIEWERS, "reviewers": []}],
        [{"id": 1, "node_id": "x", "type": "wait_timer", "wait_timer": 30}],
    ],
)
def test_an_environment_without_other_reviewers(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: list[Any]
) -> None:
    listed = [environment(*rules), environment(REVIEWERS, name="staging")]
    hub.replies[f"{HUB}/environments"] = {"total_count": 2, "environments": listed}
    facts = on_github(monkeypatch, hub, tmp_path)
    assert facts["environment_known"]
    assert facts["environment_reviewers"] is False


def test_environments_that_may_not_be_read_are_unknown(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.replies[f"{HUB}/environments"] = Reply(403, b"{}")
    facts = on_github(monkeypatch, hub, tmp_path)
    assert facts["available"]
    assert not facts["environment_known"]
    assert "403" in facts["environment_reason"]


def test_every_page_is_read(hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"type": "creation", "ruleset_source_type": "Repository", "ruleset_id": 42}
    hub.replies[f"{HUB}/rules/branches/main"] = [*[other] * 150, PULL_REQUEST]
    assert on_github(monkeypatch, hub, tmp_path)["reviews"] == 2


def test_values_of_a_wrong_type_satisfy_nobody(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"required_approving_review_count": "2", "require_code_owner_review": "true"}
    hub.replies[f"{HUB}/rules/branches/main"] = ["pull_request", None, {**PULL_REQUEST, "parameters": words}]
    facts = on_github(monkeypatch, hub, tmp_path)
    assert (facts["reviews"], facts["code_owner_review"], facts["dismiss_stale"]) == (0, False, False)


# ---- GitLab ---------------------------------------------------------------------------------------


def test_gitlab_rules_become_facts(lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = on_gitlab(monkeypatch, lab, tmp_path)
    assert {name: facts[name] for name in STRICT} == STRICT
    assert facts["required_checks"] == ["pipeline"]
    assert all(facts[f"{group}_known"] for group in ("rules", "strict", "bypass", "environment"))
    assert all(headers["Private-Token"] == TOKEN for _, _, headers in lab.asked)


@pytest.mark.parametrize(
    ("path", "change", "fact", "value"),
    [
        ("/approvals", {"merge_requests_author_approval": True}, "last_push_approval", False),
        ("/approvals", {"merge_requests_disable_committers_approval": False}, "last_push_approval", False),
        ("/approvals", {"reset_approvals_on_push": False}, "dismiss_stale", False),
        ("/push_rule", {"reject_unsigned_commits": False}, "signatures", False),
        ("", {"only_allow_merge_if_pipeline_succeeds": False}, "required_checks", []),
        ("", {"allow_merge_on_skipped_pipeline": True}, "required_checks", []),
        ("", {"allow_pipeline_trigger_approve_deployment": True}, "environment_reviewers", False),
        ("/protected_environments/production", {"approval_rules": []}, "environment_reviewers", False),
    ],
)
def test_a_weaker_gitlab_setting_is_seen(
    lab: FakeForge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    change: dict[str, Any],
    fact: str,
    value: Any,
) -> None:
    lab.replies[f"{LAB}{path}"].update(change)
    assert on_gitlab(monkeypatch, lab, tmp_path)[fact] == value


@pytest.mark.parametrize(
    ("change", "reviews"),
    [
        ({"eligible_approvers": [{"id": 5}]}, 0),
        ({"rule_type": "report_approver"}, 0),
        ({"applies_to_all_protected_branches": False, "protected_branches": [{"name": "release/*"}]}, 0),
        ({"applies_to_all_protected_branches": False, "protected_branches": [{"name": "ma*"}]}, 2),
        ({"rule_type": "any_approver", "eligible_approvers": []}, 2),
    ],
)
def test_only_a_rule_that_binds_the_default_branch_counts(
    lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reviews: int
) -> None:
    lab.replies[f"{LAB}/approval_rules"][0].update(change)
    assert on_gitlab(monkeypatch, lab, tmp_path)["reviews"] == reviews


@pytest.mark.parametrize(
    "level",
    [
        {"access_level": 40, "access_level_description": "Maintainers"},
        {"access_level": None, "user_id": 7, "access_level_description": "Ann"},
        {"access_level": 0, "deploy_key_id": 7, "access_level_description": "Deploy key"},
    ],
)
def test_whoever_may_push_bypasses_review(
    lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: dict[str, Any]
) -> None:
    lab.replies[f"{LAB}/protected_branches"][0]["push_access_levels"].append(level)
    facts = on_gitlab(monkeypatch, lab, tmp_path)
    assert facts["bypass"] == [f"push: {level['access_level_description']}"]


def test_whoever_may_change_the_approval_rules_bypasses_them(
    lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.replies[f"{LAB}/approvals"]["disable_overriding_approvers_per_merge_request"] = False
    assert "approval rules" in on_gitlab(monkeypatch, lab, tmp_path)["bypass"][0]


def test_an_unprotected_branch_is_bypassed_by_everybody(
    lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.replies[f"{LAB}/protected_branches"] = []
    facts = on_gitlab(monkeypatch, lab, tmp_path)
    assert facts["bypass"] == ["everybody: the branch is not protected"]
    assert facts["code_owner_review"] is False


def test_what_a_plan_does_not_have_is_unknown(
    lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("approvals", "approval_rules", "push_rule", "protected_environments/production"):
        del lab.replies[f"{LAB}/{path}"]
    del lab.replies[f"{LAB}/protected_environments"]
    del lab.replies[f"{LAB}/protected_branches"][0]["code_owner_approval_required"]
    facts = on_gitlab(monkeypatch, lab, tmp_path)
    assert facts["available"]
    assert not any(facts[f"{group}_known"] for group in ("rules", "strict", "bypass", "environment"))
    assert "the plan has none" in facts["rules_reason"]


def test_a_push_rule_that_was_never_made_and_an_environment_that_is_not_protected(
    lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.replies[f"{LAB}/push_rule"] = Reply(200, b"null")
    del lab.replies[f"{LAB}/protected_environments/production"]
    facts = on_gitlab(monkeypatch, lab, tmp_path)
    assert facts["strict_known"]
    assert facts["environment_known"]
    assert (facts["signatures"], facts["environment_reviewers"]) == (False, False)


# ---- whom the token may be shown to ---------------------------------------------------------------


def test_without_a_token_nobody_is_asked(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = on_github(monkeypatch, hub, tmp_path, token="")
    assert (facts["exists"], facts["available"]) == (True, False)
    assert facts["reason"] == "no token was given: ROADWORTHY_FORGE_TOKEN"
    assert not any(facts[f"{group}_known"] for group in ("rules", "strict", "bypass", "environment"))
    assert hub.asked == []


def test_the_jobs_own_github_token_is_enough_to_ask(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    assert on_github(monkeypatch, hub, tmp_path, token="")["available"]


def test_the_jobs_own_gitlab_token_is_not_enough(
    lab: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_gitlab(monkeypatch, lab, tmp_path)
    lab.asked.clear()
    monkeypatch.delenv("ROADWORTHY_FORGE_TOKEN")
    monkeypatch.setenv("CI_JOB_TOKEN", TOKEN)
    assert "own token may not" in forge(tmp_path).reason
    assert lab.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/acme/loans.git",
        "https://forge.example/acme/other.git",
        "https://forge.example.evil.example/acme/loans",
        "https://forge.example:8443/acme/loans",
        "https://forge.example@evil.example/acme/loans",
    ],
)
def test_a_job_asks_only_about_the_repository_it_runs_for(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    on_github(monkeypatch, hub, tmp_path)
    hub.asked.clear()
    found = forge(checkout(tmp_path, address))
    assert not found.available
    assert "the token stays here" in found.reason
    assert hub.asked == []


def test_a_job_that_judges_no_checkout_asks_nobody(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(monkeypatch, hub, tmp_path)
    hub.asked.clear()
    assert "no remote address" in forge(None).reason
    assert hub.asked == []


def test_the_remote_of_a_project_never_decides_where_a_users_token_goes(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_FORGE_TOKEN", TOKEN)
    monkeypatch.setenv("ROADWORTHY_FORGE_HOSTS", "forge.example")
    found = forge(checkout(tmp_path, f"{hub.address}/acme/loans"))
    assert "not one that you named" in found.reason
    assert hub.asked == []


def test_a_host_that_the_user_named_is_asked(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = hub.address.removeprefix("http://")
    monkeypatch.setenv("ROADWORTHY_FORGE_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_TOKEN", "of no job")
    monkeypatch.setenv("ROADWORTHY_FORGE_HOSTS", host)
    place = checkout(tmp_path, f"{hub.address}/acme/loans")
    assert "set GITHUB_API_URL or CI_API_V4_URL" in forge(place).reason
    monkeypatch.setenv("GITHUB_API_URL", hub.address)
    assert forge(place).available
    monkeypatch.delenv("ROADWORTHY_FORGE_TOKEN")
    assert "no token" in forge(place).reason


def test_hosts_are_read_from_the_users_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("ROADWORTHY_CONFIG", str(path))
    path.write_text('[forge]\nhosts = ["GitHub.com"]\n[sources]\ntrusted = ["gh:us/x"]\n')
    assert read_configuration().hosts == ("github.com",)
    assert read_configuration().trusted == ("gh:us/x",)
    for wrong in ('[forge]\nhosts = "github.com"\n', "[forge]\nhost = []\n", "forge = 1\n", "[forges]\n"):
        path.write_text(wrong)
        with pytest.raises(UsageError, match="expected only"):
            read_configuration()


@pytest.mark.parametrize(
    ("address", "host", "path"),
    [
        ("git@forge.example:acme/loans.git", "forge.example", "acme/loans"),
        ("ssh://git@forge.example:2222/acme/loans", "forge.example", "acme/loans"),
        ("https://user:word@Forge.example/acme/team/loans.git", "forge.example", "acme/team/loans"),
        ("https://forge.example:8443/acme/loans/", "forge.example:8443", "acme/loans"),
    ],
)
def test_a_remote_address_says_host_and_path(address: str, host: str, path: str) -> None:
    home = home_of(address)
    assert home
    assert (home.host, home.path) == (host, path)


@pytest.mark.parametrize(
    "address",
    [
        "/srv/git/loans.git",
        "file:///srv/git/loans",
        "https://forge.example/../admin",
        "https://forge.example/acme/loans?x=y@z",
        "https://forge.example/acme/../../user",
        "https://forge.example/loans",
        "https://forge.example:port/acme/loans",
        "ext::sh -c touch@x",
        "https://[forge/acme/loans",
    ],
)
def test_other_addresses_are_of_no_forge(address: str) -> None:
    assert home_of(address) is None or home_of(address) == home_of("https://forge.example/acme/loans")


def test_a_project_without_a_remote_has_no_forge(tmp_path: Path) -> None:
    assert not forge(tmp_path).exists
    assert not forge(None).exists
    assert forge(checkout(tmp_path)).exists


@pytest.mark.parametrize(
    "text",
    [
        '[Remote "origin"]\n\tURL = https://forge.example/acme/loans\n',
        '[remote "origin"] url = https://forge.example/acme/loans\n',
        '[remote "origin"]\r\n\turl = "https://forge.example/acme/loans"\r\n',
        "[branch]\n\turl = git@forge.example:acme/loans\n",
    ],
)
def test_no_spelling_hides_that_there_is_a_forge(tmp_path: Path, text: str) -> None:
    checkout(tmp_path)
    (tmp_path / ".git" / "config").write_text(text, newline="")
    assert forge(tmp_path).exists


# ---- servers that are not well --------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_refusal_is_a_reason(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    hub.replies[HUB] = Reply(status, json.dumps({"message": TOKEN}).encode())
    facts = on_github(monkeypatch, hub, tmp_path)
    assert not facts["available"]
    assert f"{status}: " in facts["reason"]
    assert TOKEN not in str(facts)


def test_rules_that_cannot_be_read_make_the_forge_unavailable(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.replies[f"{HUB}/rules/branches/main"] = {"message": "a mapping"}
    facts = on_github(monkeypatch, hub, tmp_path)
    assert not facts["available"]
    assert "no list" in facts["reason"]


def test_a_move_to_another_host_is_not_followed(server: FakeForge) -> None:
    with serving() as other:
        other.replies["/x"] = {"default_branch": "main"}
        server.replies["/x"] = Reply(302, b"", {"Location": f"{other.address}/x"})
        answer = asker(server.address, {"Authorization": TOKEN})("/x")
        assert answer.value is None
        assert "not followed" in answer.reason
        assert other.asked == []


def test_a_move_on_the_same_host_is_followed(server: FakeForge) -> None:
    server.replies["/new"] = {"moved": True}
    server.replies["/old"] = Reply(301, b"", {"Location": "/new"})
    assert asker(server.address, {})("/old").value == {"moved": True}


def test_a_circle_of_moves_ends(server: FakeForge) -> None:
    server.replies["/old"] = Reply(301, b"", {"Location": "/old"})
    assert "301" in asker(server.address, {})("/old").reason


def test_a_huge_answer_is_not_read_to_its_end(server: FakeForge) -> None:
    server.replies["/x"] = Reply(body=b"[" + b" " * 5000 + b"]")
    assert "larger than 1,000 bytes" in asker(server.address, {}, most_bytes=1000)("/x").reason
    assert asker(server.address, {}, most_bytes=10_000)("/x").value == []


def test_a_server_that_drips_is_left(server: FakeForge) -> None:
    server.replies["/x"] = Reply(body=b" " * 1000 + b"1", drip=0.05)
    start = time.monotonic()
    assert "no answer within 0.3 seconds" in asker(server.address, {}, seconds=0.3)("/x").reason
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": 1, "a": 2}', b"[" * 100_000, b"\xff", b"[NaN]"])
def test_what_is_no_json_is_no_answer(server: FakeForge, body: bytes) -> None:
    server.replies["/x"] = Reply(body=body)
    answer = asker(server.address, {})("/x")
    assert answer.value is None
    assert "no JSON" in answer.reason


def test_nobody_there() -> None:
    with serving() as gone:
        pass
    assert "not reached" in asker(gone.address, {})("/x").reason


@pytest.mark.parametrize(
    ("api", "token"),
    [
        ("http://forge.example", TOKEN),
        ("http://127.0.0.1.evil.example", TOKEN),
        ("ftp://127.0.0.1", TOKEN),
        ("file:///etc", TOKEN),
        ("https://user:word@forge.example", TOKEN),
        ("https://forge.example/?q", TOKEN),
        ("https://[forge", TOKEN),
        ("", TOKEN),
        ("https://forge.example", "one\r\nX-Other: two"),
        ("https://forge.example", "tokén"),
    ],
)
def test_an_unfit_address_or_token_is_not_used(api: str, token: str) -> None:
    reason = unfit(api, {"Authorization": token})
    assert reason
    assert token not in reason
    assert asker(api, {"Authorization": token})("/x").reason == reason


def test_https_and_this_machine_are_fit() -> None:
    for api in ("https://api.github.com", "https://forge.example:8443/api/v4", "http://127.0.0.1:80"):
        assert unfit(api, {"Authorization": TOKEN}) == ""


# ---- what the control makes of it ---------------------------------------------------------------------


def verdicts(folder: Path) -> dict[str, str]:
    report = check(str(folder), controls=["APPR-03"], for_release="1")
    return {each.check: str(each.verdict) for each in report.judged[0].findings}


ENFORCED = ("enforced", "enforced-on-all", "enforced-strict", "deploy-reviewed")


def test_a_forge_that_enforces_passes_at_the_highest_tier(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(monkeypatch, hub, tmp_path)
    assert {verdicts(tmp_path)[each] for each in ENFORCED} == {"pass"}
    hub.replies[f"{HUB}/rulesets/43"] = ruleset(43, bypass_actors=[ACTOR])
    hub.replies[f"{HUB}/environments"] = Reply(403, b"{}")
    found = verdicts(tmp_path)
    assert [found[each] for each in ENFORCED] == ["pass", "fail", "pass", "unknown"]


def test_a_forge_that_was_not_asked_is_never_green(
    hub: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(monkeypatch, hub, tmp_path, token="")
    assert {verdicts(tmp_path)[each] for each in ENFORCED} == {"unknown"}
