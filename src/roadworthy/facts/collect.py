"""All facts of one project, collected as needed: what no selected control reads is not looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from roadworthy.core.approval.people import judge_people
from roadworthy.core.approval.subject import canonical, sha256
from roadworthy.core.approval.verdict import passed
from roadworthy.core.times import rfc3339
from roadworthy.facts import lineage, past, proofs
from roadworthy.facts.cards import cards
from roadworthy.facts.datasets import datasets
from roadworthy.facts.decided import approvals, deployments, gates
from roadworthy.facts.documents import documents, value_of, with_reviews
from roadworthy.facts.forge import forge_facts
from roadworthy.facts.history import ADD_ONLY, History, history_facts
from roadworthy.facts.llm import llm_facts
from roadworthy.facts.lowering import lowering
from roadworthy.facts.managed import managed_facts
from roadworthy.facts.project import duties, project_facts
from roadworthy.facts.records import Shelf, disordered, read_shelf
from roadworthy.facts.registry import registry_facts
from roadworthy.facts.releases import Deck, releases
from roadworthy.facts.sources import EMBEDDED, TESTED_BY, Sources
from roadworthy.facts.thresholds import loosened

LAW = "eu-ai-act"
Collector = Callable[["Collection"], Any]


class Collection:
    """The facts of one project; each part is made once, when something asks for it."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    @cached_property
    def documents(self) -> dict[str, Any]:
        return documents(self.sources)

    @cached_property
    def history(self) -> History:
        return self.sources.history()

    @cached_property
    def shelf(self) -> Shelf:
        return read_shelf(self.sources, self.history)

    @cached_property
    def past(self) -> past.Past:
        """Return what files were at the commits that records name."""
        return past.look_back(self.shelf, self.sources.blobs, self.sources.snapshot.notes)

    @cached_property
    def project(self) -> dict[str, Any]:
        facts = project_facts(self.sources.snapshot, self.documents, self.sources.pack.tiers)
        return {**facts, "released": self._released()}

    @cached_property
    def tier(self) -> dict[str, Any]:
        """Return the obligations to judge by."""
        return duties(str(self.project["tier"]), self.sources.pack.tiers)

    @cached_property
    def deck(self) -> Deck:
        """Return everything that releases are judged by."""
        return Deck(
            sources=self.sources,
            shelf=self.shelf,
            past=self.past,
            documents=self.documents,
            project=self.project,
        )

    @cached_property
    def imports(self) -> Any:
        """Return the facts under `imports`: Python decides, the data contract, and what configures tests."""
        package = str(self.project["package"])
        paths = self.sources.snapshot.paths
        also = (past.CONTRACT, *TESTED_BY, "Makefile", "deploy/Containerfile", ".gitmodules")
        ends = (".py", ".so", ".pyd", ".pyc")
        python = [
            path for path in paths if path.endswith(ends) or path in also or path.startswith("requirements/")
        ]
        return self._once(f"imports {package}", python, lambda: self._imports(package))

    @cached_property
    def code(self) -> dict[str, Any]:
        """Return the other facts that the files alone decide."""
        return self._once("code", self.sources.snapshot.paths, self._code)

    def _once(self, kind: str, paths: Iterable[str], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Found out once: a file that is refused, or that comes or goes, is a difference too."""
        snapshot = self.sources.snapshot
        return snapshot.once(f"{kind} {sha256(canonical(sorted(snapshot.refused.items())))}", paths, make)

    def _imports(self, package: str) -> dict[str, Any]:
        from roadworthy.facts.imports import imports

        return imports(self.sources.snapshot, package)

    def _code(self) -> dict[str, Any]:
        from roadworthy.facts.requirements import requirements
        from roadworthy.facts.runbooks import runbooks
        from roadworthy.facts.workflows import workflows

        snapshot = self.sources.snapshot
        return {
            "workflows": workflows(snapshot),
            "requirements": requirements(snapshot),
            "runbooks": runbooks(snapshot),
        }

    def records(self) -> dict[str, Any]:
        shelf, controls = self.shelf, {control.id: control for control in self.sources.pack.controls}
        named = {release.text("run_id") for release in shelf.of("releases")}
        contract_now = self.sources.snapshot.data(past.CONTRACT) or b""
        return {
            "invalid": list(shelf.invalid),
            "datasets": datasets(shelf, self.past, contract_now, named),
            "runs": lineage.runs(shelf, self.past, named),
            "evaluations": lineage.evaluations(shelf, self.past, named),
            "releases": releases(self.deck),
            "approvals": approvals(self.deck),
            "gates": gates(self.deck),
            "deployments": deployments(self.deck),
            "drills": proofs.drills(shelf),
            "rebuilds": proofs.rebuilds(shelf),
            "waivers": proofs.waivers(shelf, controls, self.sources, self.deck.people),
            "incidents": proofs.incidents(shelf),
            "monitoring": proofs.monitoring(shelf),
            "lowering": lowering(self.deck),
            "misdated": list(shelf.misdated),
            "disordered": disordered(shelf),
            "people_doubted": sorted({each.message for each in judge_people(self.deck.people)}),
        }

    def _released(self) -> bool:
        """A verdict that let a release pass, or traffic put on one: a mere claim of it counts."""
        return any(passed(gate.value) for gate in self.shelf.of("gates")) or bool(
            self.shelf.of("deployments")
        )


def _history(collection: Collection) -> dict[str, Any]:
    history, data = collection.history, collection.sources.snapshot.data
    present = {path: data(path) for path in history.touched if path.startswith(ADD_ONLY)}
    return history_facts(
        history, present, collection.past.lost, loosened(collection.deck) if history.available else ()
    )


def _registry(collection: Collection) -> dict[str, Any]:
    project = collection.project
    shared = project["tracking"] == "server"
    tracked = collection.sources.tracked(project["name"]) if shared else EMBEDDED
    return registry_facts(collection.deck, tracked)


def _documents(collection: Collection) -> dict[str, Any]:
    days = int(collection.tier["review_days"])
    return with_reviews(collection.documents, collection.history, collection.sources.as_of, days)


def _signatures(collection: Collection) -> dict[str, Any]:
    statuses = [approval.signature.status for approval in collection.deck.approvals]
    broken = "unavailable" in [str(status) for status in statuses]
    return {
        "available": not broken,
        "reason": "ssh-keygen did not run: install the OpenSSH client" if broken else "",
    }


def _cards(collection: Collection) -> dict[str, Any]:
    return cards(value_of(collection.documents, "card"), collection.shelf, collection.sources.snapshot)


def _llm(collection: Collection) -> dict[str, Any]:
    return llm_facts(
        collection.documents, collection.shelf, collection.sources.snapshot, collection.sources.days
    )


def _limits(collection: Collection) -> dict[str, Any]:
    """A prohibited system is held to the highest there are."""
    tiers = collection.sources.pack.tiers["limits"]
    return dict(tiers.get(collection.project["tier"], tiers["critical"]))


def _policy(collection: Collection) -> dict[str, Any]:
    pack = collection.sources.pack
    stale = pack.stale(collection.sources.as_of.date().isoformat())
    due = pack.frameworks.get(LAW, {}).get("review_by", "which is unsaid")
    reason = f"the map {LAW} is past its review date, {due}"
    current = LAW in pack.frameworks and LAW not in stale
    return {"stale_frameworks": list(stale), "law_current": current, "law_reason": "" if current else reason}


COLLECTORS: dict[str, Collector] = {
    "as_of": lambda collection: rfc3339(collection.sources.as_of),
    "project": lambda collection: collection.project,
    "tier": lambda collection: collection.tier,
    "policy": _policy,
    "documents": _documents,
    "limits": _limits,
    "records": Collection.records,
    "runbooks": lambda collection: collection.code["runbooks"],
    "llm": _llm,
    "cards": _cards,
    "managed": lambda collection: managed_facts(
        collection.sources.snapshot, collection.sources.released(), collection.history.tree
    ),
    "history": _history,
    "registry": _registry,
    "forge": lambda collection: forge_facts(collection.sources.forge()),
    "signatures": _signatures,
    "imports": lambda collection: collection.imports,
    "workflows": lambda collection: collection.code["workflows"],
    "requirements": lambda collection: collection.code["requirements"],
}


def collect(collection: Collection, wanted: frozenset[str]) -> dict[str, Any]:
    """Return the wanted roots of facts, as far as they are known."""
    always = {"as_of", "project", "tier"}
    facts: dict[str, Any] = {
        name: make(collection) for name, make in COLLECTORS.items() if name in wanted or name in always
    }
    # What extensions say comes last, and never in the place of what is known here.
    extra = collection.sources.extra.items()
    return facts | {name: make() for name, make in extra if name in wanted and name not in COLLECTORS}
