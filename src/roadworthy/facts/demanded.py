"""What a release must be approved as: one question, that the gate asks of HEAD and a check of the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from roadworthy.core.approval.approvals import Approval, Demand
from roadworthy.core.approval.duties import Commit, builders, submitter
from roadworthy.core.approval.people import Person
from roadworthy.core.approval.signatures import Signature, shared_keys
from roadworthy.core.approval.subject import IN_GIT, entries, sha256, subject_digest
from roadworthy.core.packs.tiers import PROHIBITED, highest
from roadworthy.core.times import parse_time
from roadworthy.core.values import frozen
from roadworthy.facts.history import History
from roadworthy.facts.project import duties
from roadworthy.facts.records import APPROVALS

# What a release is made from, besides the files its subject names.
MADE_FROM = ("src/", "policy/")
SIGNERS = "governance/allowed_signers"


@frozen
class Setting:
    """What every release is judged with: the project's past, people, keys and tier, the policy, the clock."""

    history: History
    people: tuple[Person, ...]
    signers: bytes
    tier: str
    rubric: Mapping[str, Any]
    now: datetime


def approval(
    path: str,
    record: Mapping[str, Any],
    files: tuple[bytes, bytes | None],
    history: History,
    signature: Signature,
    revoked: str,
    folder: str = APPROVALS,
) -> Approval:
    """Return one approval as filed; `files` are its own bytes and those of the signature beside it."""
    both = tuple(zip((path, f"{path}.sig"), files, strict=True))
    return Approval(
        id=path.removeprefix(folder).removesuffix(".yaml"),
        path=path,
        record=record,
        sha256=sha256(files[0]),
        signature=signature,
        committed=not history.available or all(each in history.tree for each, _ in both),
        edited=any(history.added_once(each, data) is False for each, data in both),
        revoked=revoked,
    )


def records_of(release: Mapping[str, Any]) -> dict[str, str]:
    """Return the paths of a release's own records, by kind."""
    run_id = release.get("run_id")
    return {
        "release": f"governance/releases/{release.get('version')}.json",
        "run": f"governance/runs/{run_id}.json",
        "evaluation": f"governance/evaluations/{run_id}.json",
    }


def since_passed(
    history: History, release: Mapping[str, Any], passed: Iterable[Mapping[str, Any]], until: str = ""
) -> frozenset[str]:
    """Return the commits up to one (else the newest) that no earlier release which passed the gate held."""
    span = history.ancestors(until) if until else frozenset(history.by_sha)
    mine = parse_time(release.get("created_at"))
    for other in passed:
        made = parse_time(other.get("created_at"))
        if made and mine and made < mine:
            span -= history.ancestors(str(other.get("commit")))
    return span


def builds(history: History, release: Mapping[str, Any], since: frozenset[str]) -> tuple[Commit, ...]:
    """Return those commits that touched what a release is made from, its subject or its records."""
    named = (each.name for each in entries(release.get("subject")) or () if each.role in IN_GIT)
    return history.commits(since, *MADE_FROM, *named, *records_of(release).values())


def demand(
    setting: Setting,
    release: Mapping[str, Any],
    run: Mapping[str, Any],
    *,
    since: frozenset[str],
    policy_pack: str,
) -> Demand:
    """Return what a release must be approved as; never at a lower tier than it was registered at."""
    recorded = str(release.get("tier"))
    known = [recorded] if recorded in setting.rubric["tiers"] else []
    tier = highest([setting.tier, *known], setting.rubric)
    return Demand(
        system=str(release.get("system")),
        version=str(release.get("version")),
        subject_digest=subject_digest(entries(release.get("subject")) or ()),
        commit=str(release.get("commit")),
        run_id=str(release.get("run_id")),
        # A prohibited system is refused whatever its approvals; they are still judged, as strictly as can be.
        tier="critical" if tier == PROHIBITED else tier,
        obligations=duties(tier, setting.rubric),
        policy_pack=policy_pack,
        people=setting.people,
        builders=builders(builds(setting.history, release, since), submitter(run), setting.people),
        shared_keys=shared_keys(setting.signers.decode(errors="replace")),
        now=setting.now,
    )
