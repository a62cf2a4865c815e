"""Releases, who approved them and what serves: judged with the same rules as the gate's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import takewhile
from typing import Any

from roadworthy.core.approval.approvals import Approval, Demand, counted, judge_approvals
from roadworthy.core.approval.duties import judge_builders
from roadworthy.core.approval.people import Person, may_gate, people
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.signatures import APPROVAL_NAMESPACE, GATE_NAMESPACE, Signature, Status
from roadworthy.core.approval.subject import Entry, entries, fits, subject_digest
from roadworthy.core.approval.verdict import passed
from roadworthy.core.documents.parse import parsed
from roadworthy.core.documents.parts import mapping, part, rows
from roadworthy.core.times import parse_time
from roadworthy.core.values import frozen, replace
from roadworthy.facts.boms import FOLDER, bom_ok
from roadworthy.facts.demanded import SIGNERS, Setting, approval, demand, since_passed
from roadworthy.facts.lineage import model_digest
from roadworthy.facts.past import COMMITTED, Past
from roadworthy.facts.records import FALLBACK, Record, Shelf
from roadworthy.facts.sources import Sources

Facts = Mapping[str, Any]


@frozen
class Deck:
    """Everything that releases are judged by."""

    sources: Sources
    shelf: Shelf
    past: Past
    documents: Facts
    project: Facts

    @cached_property
    def signers(self) -> bytes:
        """Return the keys that count."""
        return self.sources.snapshot.data(SIGNERS) or b""

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Return who is who."""
        return people(self.documents["roles"].get("value"))

    @cached_property
    def gate_signatures(self) -> dict[str, Signature]:
        """Return how the signature of each gate verdict fares, by path."""
        return {gate.path: self._own(self.signature(gate, GATE_NAMESPACE)) for gate in self.shelf.of("gates")}

    def _own(self, seal: Signature) -> Signature:
        """A gate's seal; a person's key does not speak for the gate, whatever the file of keys lets it do."""
        return seal if may_gate(seal.principal, self.people) else replace(seal, status=Status.INVALID)

    @cached_property
    def approvals(self) -> tuple[Approval, ...]:
        """Return every approval on file, with what git and its signature say."""
        return tuple(self._approval(record) for record in self.shelf.of("approvals"))

    def signature(self, record: Record, namespace: str) -> Signature:
        """Verify the file beside a record, at the time the record says it was made."""
        sealed = self.sources.snapshot.data(f"{record.path}.sig")
        made = parse_time(record.base["at"]) or self.sources.as_of
        return self.sources.verify(record.data, sealed, self.signers, namespace, made)

    def _approval(self, record: Record) -> Approval:
        files = (record.data, self.sources.snapshot.data(f"{record.path}.sig"))
        signature = self.signature(record, APPROVAL_NAMESPACE)
        revoked = "a revocation is on record" if record.stem in self.shelf.revoked else ""
        return approval(record.path, record.value, files, self.shelf.history, signature, revoked)

    def gate_of(self, release: Record) -> Record | None:
        """Return the verdict that lets a release ship: signed by the gate, passed, about these very bytes."""
        return next((gate for gate in self.shelf.of("gates") if self._lets(gate, release)), None)

    def passes(self, gate: Record) -> bool:
        """Return whether a verdict is the gate's own, and lets its release pass."""
        return self.gate_signatures[gate.path].status is Status.VALID and passed(gate.value) is not None

    def lets(self, data: bytes, seal: bytes | None, record: Record) -> bool:
        """Return whether a verdict that was kept is the gate's own, and let pass what a record is about."""
        let = passed(parsed("gate.json", data))
        if let is None or not let.about(record.value) or let.ended(record.base["at"]):
            return False
        at = parse_time(let.at) or self.sources.as_of
        found = self._own(self.sources.verify(data, seal, self.signers, GATE_NAMESPACE, at))
        return found.status is Status.VALID

    def _lets(self, gate: Record, release: Record) -> bool:
        let = passed(gate.value)
        return let is not None and let.about(release.value) and self.passes(gate)

    @cached_property
    def setting(self) -> Setting:
        """Return what every release is judged with."""
        return Setting(
            history=self.shelf.history,
            people=self.people,
            signers=self.signers,
            tier=str(self.project["tier"]),
            rubric=self.sources.pack.tiers,
            now=self.sources.as_of,
        )


def gate_details(gate: Record) -> Mapping[str, Any]:
    """Return the part of a gate verdict that is Roadworthy's own."""
    return mapping(gate.mapping("predicate").get("roadworthy"))


def demanded(deck: Deck, release: Record) -> Demand:
    """Return what a release must be approved as; the same question that the gate asks."""
    run = deck.shelf.find("runs", "run_id", release.text("run_id"))
    return demand(
        deck.setting,
        release.value,
        run.value if run else {},
        since=_since(deck, release),
        policy_pack=_policy_seen(deck, release),
    )


def _since(deck: Deck, release: Record) -> frozenset[str]:
    """The commits that the gate looked at: up to its verdict; before one, all there are."""
    gate, history = deck.gate_of(release), deck.shelf.history
    judged = history.touched.get(gate.path, ()) if gate else ()
    passed = (other.value for other in deck.shelf.of("releases") if deck.gate_of(other))
    return since_passed(history, release.value, passed, judged[0].commit.sha if judged else "")


def _policy_seen(deck: Deck, release: Record) -> str:
    """The policy the gate let it pass under; before a gate has spoken, the policy that judges now."""
    gate = deck.gate_of(release)
    policy = mapping(gate.mapping("predicate").get("policy")) if gate else {}
    digest = part(policy, "digest").get("sha256")
    return f"sha256:{digest}" if digest else deck.sources.pack.digest


def releases(deck: Deck) -> list[dict[str, Any]]:
    """Return the facts under `records.releases`."""
    known = deck.shelf.of("releases")
    live = deck.shelf.live
    newest = known[-1].path if known else ""
    return [
        {
            **_release(deck, record),
            "latest": record.path == newest,
            "live": record.text("version") == live,
            "judged": record.text("version") == deck.shelf.judged,
        }
        for record in known
    ]


def _release(deck: Deck, record: Record) -> dict[str, Any]:
    subject = entries(record.value.get("subject")) or ()
    run = deck.shelf.find("runs", "run_id", record.text("run_id"))
    models = {entry.sha256 for entry in subject if entry.role == "model"}
    asked = demanded(deck, record)
    mine = [each for each in deck.approvals if each.record.get("version") in (record.text("version"), None)]
    return {
        **record.base,
        "version": record.text("version") if record.text("version") == record.stem else "",
        "served": served(deck.shelf, record.text("version")),
        "digest_ok": bool(subject) and record.text("subject_digest") == subject_digest(subject),
        "roles": sorted({entry.role for entry in subject if _is_that(entry, record, deck)}),
        "files_ok": _files_ok(deck, record),
        "run_known": run is not None and model_digest(run) in models and record.follows(run),
        "evaluation_passed": _evaluated(deck.shelf, record, models),
        "gated": deck.gate_of(record) is not None,
        "approvers": sorted(
            {each.identity for each in counted(mine, asked) if each.record["decision"] == "approve"}
        ),
        "refusals": [{"code": each.code, "message": each.message} for each in _refusals(mine, asked)],
        "dirty": run is None or run.mapping("code").get("dirty") is not False,
        "rollback_to": str(record.value.get("rollback_to") or ""),
        "rollback_ok": _rollback_ok(deck, record),
        "bom_ok": bom_ok(
            deck.sources.snapshot.data(f"{FOLDER}{record.stem}.json"),
            record.text("commit"),
            models,
            deck.past,
        ),
        "change_type": record.text("change_type"),
    }


def _is_that(entry: Entry, record: Record, deck: Deck) -> bool:
    """Whether an entry is what its role says: of the right kind; a record is this release's own."""
    own = {
        "eval_report": f"governance/evaluations/{record.text('run_id')}.json",
        "card": f"governance/cards/{record.text('version')}.md",
        "bom": f"{FOLDER}{record.text('version')}.json",
        "data": entry.name,
    }
    if entry.role not in own:
        return fits(entry)
    same = deck.sources.snapshot.digest(entry.name) == entry.sha256
    return fits(entry) and entry.name == own[entry.role] and same


def _refusals(filed: Sequence[Approval], asked: Demand) -> tuple[Refusal, ...]:
    unnamed = judge_builders(asked.builders, unknown_blocks=asked.obligations["unknown_blocks"])
    return (*judge_approvals(filed, asked), *unnamed)


def _files_ok(deck: Deck, record: Record) -> bool | None:
    """Whether subject files that git has at the release's commit have those very bytes there."""
    commit = record.text("commit")
    rows = [each for each in entries(record.value.get("subject")) or () if each.name.startswith(COMMITTED)]
    if not deck.past.tells(commit, *(entry.name for entry in rows)):
        return None
    found = [(deck.past.digest(commit, entry.name), entry.sha256) for entry in rows]
    return bool(found) and all(was == now for was, now in found)


def _evaluated(shelf: Shelf, record: Record, models: set[str]) -> bool:
    report = shelf.find("evaluations", "run_id", record.text("run_id"))
    return report is not None and report.value.get("passed") is True and report.text("model_sha256") in models


def _rollback_ok(deck: Deck, record: Record) -> bool:
    """Whether going back leads to what served and still stands; at first, to a drilled fallback."""
    target = str(record.value.get("rollback_to") or "")
    if not target or target == FALLBACK:
        before = takewhile(lambda each: each is not record, deck.shelf.of("releases"))
        first = not any(served(deck.shelf, each.text("version")) for each in before)
        return first and any(
            d.text("to") == FALLBACK and d.value.get("passed") is True for d in deck.shelf.of("drills")
        )
    goal = deck.shelf.find("releases", "version", target)
    return goal is not None and goal is not record and standing(deck, goal)


def standing(deck: Deck, record: Record) -> bool:
    """Whether a release served before, and its gate verdict is not over at the clock of this judgement."""
    gate = deck.gate_of(record)
    ends = parse_time(gate_details(gate).get("expires_at")) if gate else None
    revoked = gate is not None and _revoked(gate, deck.shelf)
    return (
        served(deck.shelf, record.text("version"))
        and ends is not None
        and ends > deck.sources.as_of
        and not revoked
    )


def _revoked(gate: Record, shelf: Shelf) -> bool:
    return any(each.get("id") in shelf.revoked for each in rows(gate_details(gate).get("approvals")))


def served(shelf: Shelf, version: str) -> bool:
    """Return whether a version was ever promoted."""
    return any(
        d.text("version") == version and d.text("action") in ("promote", "rollback")
        for d in shelf.of("deployments")
    )


def serving(shelf: Shelf) -> tuple[str, str]:
    """Return the version that is to ship, else the one that serves, and the digest of its subject."""
    release = shelf.find("releases", "version", shelf.judged)
    return shelf.judged, subject_digest(entries(release.value.get("subject")) or ()) if release else ""
