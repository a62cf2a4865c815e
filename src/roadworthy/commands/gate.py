"""Let a release ship, or say everything that stands against it; either way in one signed verdict file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from roadworthy import __version__
from roadworthy.adapters.filing import add, list_files, read_file, replace
from roadworthy.adapters.signing import sign, verify
from roadworthy.commands.clock import moment
from roadworthy.commands.controls import Controls, judge_controls
from roadworthy.commands.dossier import Dossier, open_dossier
from roadworthy.commands.keys import signing_key
from roadworthy.core.approval.approvals import counted, judge_approvals, terse
from roadworthy.core.approval.duties import judge_builders
from roadworthy.core.approval.evidence import judge_evidence, judge_tier
from roadworthy.core.approval.people import judge_people, may_gate
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.signatures import GATE_NAMESPACE, Signature, Status, signer_line
from roadworthy.core.approval.subject import actual, judge_subject, sha256
from roadworthy.core.approval.verdict import Findings, Gated, Verified, as_bytes, judge_verdict, statement
from roadworthy.core.documents.parse import parsed
from roadworthy.core.documents.parts import mapping
from roadworthy.errors import Refused, UsageError
from roadworthy.facts.decided import DEPLOYMENTS
from roadworthy.facts.demanded import SIGNERS


def gate(project: str, version: str, *, key: str | None = None, as_of: str | None = None) -> Gated:
    """Judge a release and write its verdict; every refusal is listed, not only the first."""
    dossier = open_dossier(Path(project), version, as_of)
    secret = signing_key(Path(project), key)
    found = findings(dossier, judge_controls(Path(project), version, as_of))
    verdict = statement(dossier.demand, actual(dossier.evidence.subject, dossier.shipped), found, __version__)
    return _write(dossier, verdict, found.refusals, secret)


def findings(dossier: Dossier, controls: Controls) -> Findings:
    """Return what a release comes to: pure, but for what was read before."""
    against = (*judge_release(dossier), *controls.refusals)
    refusals = tuple(each.about(dossier.demand.version) for each in against)
    good = counted(dossier.filed, dossier.demand)
    return Findings(
        approvals=tuple(each for each in good if each.record["decision"] == "approve"),
        controls=controls.verdicts,
        refusals=refusals,
        notes=tuple(_notes(dossier)),
    )


def judge_release(dossier: Dossier) -> tuple[Refusal, ...]:
    """Return everything that stands against a release, apart from the policy's controls."""
    demand, release = dossier.demand, dossier.evidence.release
    return (
        *judge_subject(dossier.evidence.subject, str(release.get("subject_digest")), dossier.shipped),
        *judge_tier(release.get("tier"), dossier.computed_tier, demand.tier),
        *judge_evidence(dossier.evidence, light=demand.light),
        *judge_people(demand.people),
        *judge_builders(demand.builders, unknown_blocks=demand.obligations["unknown_blocks"]),
        *judge_approvals(dossier.filed, demand),
        *terse(dossier.filed, demand),
    )


def _notes(dossier: Dossier) -> Iterator[str]:
    demand = dossier.demand
    for approval in counted(dossier.filed, demand):
        if approval.identity in demand.builders.people:
            yield f"self-approval: {approval.identity} built it and approved it, alone, at tier {demand.tier}"
    if demand.light and dossier.evidence.run.get("code", {}).get("dirty") is not False:
        yield "the run was made from a tree with uncommitted changes, allowed at this tier"
    for commit in dossier.keys_changed:
        yield f"roles or keys changed in {commit.sha[:12]} by {commit.author}: was that reviewed?"
    for who in demand.builders.unknown:
        yield f"unknown builder: {who}"


def _write(dossier: Dossier, verdict: Mapping[str, Any], refusals: tuple[Refusal, ...], key: str) -> Gated:
    data, path = as_bytes(verdict), f"governance/gates/{dossier.demand.version}.json"
    signature = sign(key, GATE_NAMESPACE, data)
    allowed = dossier.head.held.get(SIGNERS, b"")
    _known_gate(dossier, verify(data, signature, allowed, GATE_NAMESPACE, dossier.demand.now))
    _keep(dossier.head.project, path)
    replace(dossier.head.project / f"{path}.sig", signature)
    replace(dossier.head.project / path, data)
    return Gated(path=path, verdict=verdict, refusals=refusals)


def _keep(project: Path, path: str) -> None:
    """A verdict that a deployment names stays on file beside it when the next one takes its place."""
    here, seal = read_file(project / path), read_file(project / f"{path}.sig")
    named, folder = sha256(here or b""), project / DEPLOYMENTS
    records = (read_file(folder / name) or b"" for name in list_files(folder) if name.endswith(".json"))
    if here is None or seal is None or not any(named.encode() in record for record in records):
        return
    for end, data in ((".sig", seal), ("", here)):
        if not (folder / f"{named}.verdict{end}").exists():
            add(folder / f"{named}.verdict{end}", data)


def _known_gate(dossier: Dossier, seal: Signature) -> None:
    """A verdict nobody can verify is none; and a person's key must not be able to speak as the gate."""
    if seal.status is not Status.VALID:
        line = signer_line("gate", GATE_NAMESPACE, seal.key)
        raise UsageError(f"the gate's key is not in {SIGNERS} of HEAD", f"have this line committed: {line}")
    if not may_gate(seal.principal, dossier.demand.people):
        said = f"the gate's key belongs to {seal.principal}, who is a person in governance/roles.yaml"
        raise UsageError(said, "give the gate a key and an identity of its own")


def verify_verdict(
    file: str, *, project: str, signers: str | None = None, as_of: str | None = None
) -> Verified:
    """Verify a verdict file alone: its signature against the allowed signers, its result, its end."""
    path, now = Path(file), moment(as_of)
    trusted = Path(signers) if signers else Path(project) / SIGNERS
    data, allowed = read_file(path), read_file(trusted)
    if data is None or allowed is None:
        missing = path if data is None else trusted
        raise Refused(f"{missing} cannot be read", "name the verdict, and --signers FILE if it is elsewhere")
    said = parsed(path.name, data)
    seal = verify(data, read_file(path.with_name(f"{path.name}.sig")), allowed, GATE_NAMESPACE, now)
    return Verified(
        path=file,
        verdict=mapping(said),
        sealed_by=seal.principal or "",
        refusals=tuple(judge_verdict(said, seal, now)),
    )
