"""Everything on file about one release, read once: what approve and gate both judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from roadworthy.adapters.filing import Bundle, read_bundle, read_file, read_tree
from roadworthy.commands.clock import moment
from roadworthy.commands.committed import HELD, Committed, at_commit, open_head, read
from roadworthy.commands.filed import filed, tampered, verified
from roadworthy.commands.packs import open_bench
from roadworthy.core.approval.approvals import Approval, Demand
from roadworthy.core.approval.duties import Commit
from roadworthy.core.approval.evidence import THRESHOLDS, Evidence, Origin
from roadworthy.core.approval.people import Person, may_gate, people
from roadworthy.core.approval.pickles import pickle_in
from roadworthy.core.approval.signatures import GATE_NAMESPACE, Status
from roadworthy.core.approval.subject import LOCK, Entry, Shipped, entries, sha256
from roadworthy.core.approval.verdict import passed
from roadworthy.core.documents.parse import parsed
from roadworthy.core.documents.parts import mapping, part
from roadworthy.core.times import parse_time
from roadworthy.errors import Refused, UsageError
from roadworthy.facts.demanded import SIGNERS, Setting, demand, records_of, since_passed
from roadworthy.facts.project import ANSWERS, Tiers, tiers
from roadworthy.facts.records import APPROVALS

ROLES, RISK = "governance/roles.yaml", "governance/risk.yaml"
GATES, RELEASES = "governance/gates/", "governance/releases/"
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
    team = people(head.document(ROLES))
    since = since_passed(head.history, release, _passed(head, team, now))
    found, pack = _tiers(head), open_bench().pack
    setting = Setting(
        history=head.history,
        people=team,
        signers=head.held.get(SIGNERS, b""),
        tier=found.judged,
        rubric=pack.tiers,
        now=now,
    )
    return Dossier(
        head=head,
        shipped=_shipped(head, recorded, bundle),
        evidence=evidence,
        demand=demand(setting, release, evidence.run, since=since, policy_pack=pack.digest),
        filed=filed(head, version, now),
        computed_tier=found.computed,
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


def _evidence(
    head: Committed, release: Mapping[str, Any], recorded: tuple[Entry, ...], bundle: Bundle
) -> Evidence:
    paths = records_of(release)
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
    held = read(head, {each.name for each in recorded} | {LOCK})
    return Shipped(
        bundle={path: sha256(data) for path, data in bundle.files.items()},
        head={path: sha256(data) for path, data in held.items()},
        odd=bundle.odd,
    )


def _tiers(head: Committed) -> Tiers:
    held = {**head.held, **read(head, (ANSWERS,))}
    risk, answers, lock = (mapping(parsed(path, held.get(path))) for path in (RISK, ANSWERS, LOCK))
    return tiers(risk, answers, lock, open_bench().pack.tiers)


def _passed(head: Committed, team: tuple[Person, ...], now: datetime) -> Iterator[Mapping[str, Any]]:
    """Every release that a gate let pass, by a verdict that it signed about these very bytes."""
    for path in (each for each in head.held if each.startswith(RELEASES) and each.endswith(".json")):
        release = mapping(head.document(path))
        gate = f"{GATES}{path.removeprefix(RELEASES)}"
        let = passed(head.document(gate))
        if let and let.about(release):
            signature, at = head.held.get(f"{gate}.sig"), parse_time(let.at) or now
            seal = verified(head.held[gate], signature, head, GATE_NAMESPACE, at)
            if seal.status is Status.VALID and may_gate(seal.principal, team):
                yield release


def _uncommitted(head: Committed) -> tuple[str, ...]:
    """Files that judge or are judged, and are not what HEAD holds. Decisions and verdicts are told apart."""
    disk = {path: data for folder in HELD for path, data in read_tree(head.project, folder).items()}
    names = (path for path in sorted({*disk, *head.held}) if not path.startswith((APPROVALS, GATES)))
    return tuple(path for path in names if disk.get(path) != head.held.get(path))
