"""Everything on file about one release, read once: what approve and gate both judge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from roadworthy.adapters.filing import Bundle, read_bundle, read_file, read_tree
from roadworthy.commands.clock import moment
from roadworthy.commands.committed import HELD, Committed, at_commit, open_head, read
from roadworthy.commands.filed import FOLDER, SIGNERS, filed, tampered, verified
from roadworthy.commands.packs import open_bench
from roadworthy.core.approval.approvals import Approval, Demand
from roadworthy.core.approval.duties import Commit, builders, submitter
from roadworthy.core.approval.evidence import THRESHOLDS, Evidence, Origin
from roadworthy.core.approval.people import people
from roadworthy.core.approval.pickles import pickle_in
from roadworthy.core.approval.signatures import GATE_NAMESPACE, Status, shared_keys
from roadworthy.core.approval.subject import IN_GIT, Entry, Shipped, entries, sha256, subject_digest
from roadworthy.core.approval.verdict import passed
from roadworthy.core.documents.parse import parsed
from roadworthy.core.documents.parts import part
from roadworthy.core.packs.tiers import PROHIBITED, assess, highest, obligations, risk_answers
from roadworthy.core.times import parse_time
from roadworthy.errors import Refused, UsageError

ROLES, RISK = "governance/roles.yaml", "governance/risk.yaml"
GATES = "governance/gates/"
WORDS = ("governance/system.yaml", RISK, "governance/card.yaml", ROLES)
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """One release: the facts to judge it by."""

    head: Committed
    shipped: Shipped
    evidence: Evidence
    demand: Demand
    filed: tuple[Approval, ...]
    computed_tier: str
    keys_changed: tuple[Commit, ...]


def open_dossier(project: Path, version: str, as_of: str | None = None) -> Dossier:
    """Read everything about a release; raises when there is none, or no history to judge it by."""
    now, head = moment(as_of), open_head(project)
    release = _release(head, version)
    recorded = entries(release.get("subject")) or ()
    bundle = read_bundle(project / "var" / "releases" / version)
    evidence = _evidence(head, release, recorded, bundle)
    since = _since_last_approved(head, version, now)
    computed, tier = _tiers(head, release)
    return Dossier(
        head=head,
        shipped=_shipped(head, recorded, bundle),
        evidence=evidence,
        demand=_demand(head, release, recorded, evidence.run, since, tier, now),
        filed=filed(head, version, now),
        computed_tier=computed,
        keys_changed=head.history.commits(since, ROLES, SIGNERS),
    )


def _release(head: Committed, version: str) -> Mapping[str, Any]:
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is no version", "name a release, such as 1: ls governance/releases")
    path = f"governance/releases/{version}.json"
    found = parsed(path, head.held.get(path) or read_file(head.project / path))
    if not isinstance(found, dict) or found.get("schema") != "release/v1" or found.get("version") != version:
        raise Refused(
            f"{path} is missing, or not the release/v1 record of version {version}", "make register"
        )
    return found


def _records(release: Mapping[str, Any]) -> dict[str, str]:
    run_id = release.get("run_id")
    return {
        "release": f"governance/releases/{release['version']}.json",
        "run": f"governance/runs/{run_id}.json",
        "evaluation": f"governance/evaluations/{run_id}.json",
    }


def _evidence(
    head: Committed, release: Mapping[str, Any], recorded: tuple[Entry, ...], bundle: Bundle
) -> Evidence:
    paths = _records(release)
    run, report = (_record(head, paths[kind], kind, release) for kind in ("run", "evaluation"))
    edited, deleted = tampered(head, *paths.values())
    return Evidence(
        release=release,
        subject=recorded,
        run=run,
        evaluation=report,
        origin=_origin(head, run),
        commit_in_history=head.has(str(release.get("commit"))),
        words={path: head.document(path) for path in WORDS},
        records={paths["release"]: release, paths["run"]: run, paths["evaluation"]: report},
        uncommitted=_uncommitted(head),
        edited=edited,
        deleted=deleted,
        pickles=tuple((path, what) for path, data in bundle.files.items() if (what := pickle_in(data))),
    )


def _record(head: Committed, path: str, kind: str, release: Mapping[str, Any]) -> Mapping[str, Any]:
    found = head.document(path)
    mine = isinstance(found, dict) and found.get("schema") == f"{kind}/v1"
    return found if mine and found.get("run_id") == release.get("run_id") else {}


def _origin(head: Committed, run: Mapping[str, Any]) -> Origin:
    commit = str(part(run, "code").get("commit"))
    thresholds = at_commit(head, commit, THRESHOLDS)
    return Origin(
        in_history=head.has(commit),
        committed_at=head.history.by_sha[commit].at if head.has(commit) else None,
        thresholds_sha256=sha256(thresholds) if thresholds is not None else "",
    )


def _shipped(head: Committed, recorded: tuple[Entry, ...], bundle: Bundle) -> Shipped:
    held = read(head, {each.name for each in recorded} | {".roadworthy/lock.yaml"})
    return Shipped(
        bundle={path: sha256(data) for path, data in bundle.files.items()},
        head={path: sha256(data) for path, data in held.items()},
        odd=bundle.odd,
    )


def _demand(
    head: Committed,
    release: Mapping[str, Any],
    recorded: tuple[Entry, ...],
    run: Mapping[str, Any],
    since: frozenset[str],
    tier: str,
    now: datetime,
) -> Demand:
    team, pack = people(head.document(ROLES)), open_bench().pack
    named = (each.name for each in recorded if each.role in IN_GIT)
    built = head.history.commits(since, "src/", "policy/", *named, *_records(release).values())
    return Demand(
        system=str(release.get("system")),
        version=str(release.get("version")),
        subject_digest=subject_digest(recorded),
        commit=str(release.get("commit")),
        run_id=str(release.get("run_id")),
        tier=tier,
        obligations=obligations(tier, pack.tiers),
        policy_pack=pack.digest,
        people=team,
        builders=builders(built, submitter(run), team),
        shared_keys=shared_keys(head.held.get(SIGNERS, b"").decode(errors="replace")),
        now=now,
    )


def _tiers(head: Committed, release: Mapping[str, Any]) -> tuple[str, str]:
    """The tier that the answers give, and the one to judge by: never lower than recorded, never below it."""
    answers, book = risk_answers(head.document(RISK)), open_bench().pack.tiers
    computed = assess(answers, book).name
    tier = highest([computed, *([release["tier"]] if release.get("tier") in book["tiers"] else [])], book)
    # A prohibited system is refused whatever its approvals; they are still judged, as strictly as there is.
    return computed, "critical" if tier == PROHIBITED else tier


def _since_last_approved(head: Committed, version: str, now: datetime) -> frozenset[str]:
    """The commits since the newest other release that a gate let pass; only a verdict it signed counts."""
    known = []
    for path in (each for each in head.held if each.startswith(GATES) and each.endswith(".json")):
        let = passed(head.document(path))
        if let and let.version != version:
            signature, at = head.held.get(f"{path}.sig"), parse_time(let.at) or now
            if verified(head.held[path], signature, head, GATE_NAMESPACE, at).status is Status.VALID:
                known.append(let)
    newest = sorted(known, key=lambda each: each.at, reverse=True)
    last = next((each.commit for each in newest if head.has(each.commit)), "")
    return frozenset(head.history.by_sha) - head.history.ancestors(last)


def _uncommitted(head: Committed) -> tuple[str, ...]:
    """Files that judge or are judged, and are not what HEAD holds. Decisions and verdicts are told apart."""
    disk = {path: data for folder in HELD for path, data in read_tree(head.project, folder).items()}
    names = (path for path in sorted({*disk, *head.held}) if not path.startswith((FOLDER, GATES)))
    return tuple(path for path in names if disk.get(path) != head.held.get(path))
