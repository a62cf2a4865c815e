"""`policy`: test, lint, compare and document a policy pack before it judges anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from roadworthy.adapters.pages import read_pages, unexpected_pages, write_pages
from roadworthy.adapters.shapes import misshapen
from roadworthy.commands.packs import Bench, chosen, open_bench, read_pack
from roadworthy.core.expressions.cells import typed
from roadworthy.core.expressions.fact_schema import parse_schema
from roadworthy.core.judging.evaluate import Situation, judge_check
from roadworthy.core.judging.models import Check, Control, Lifecycle, Verdict
from roadworthy.core.packs.cases import Proof, prove
from roadworthy.core.packs.diff import Compared, diff
from roadworthy.core.packs.lint import Linted, lint
from roadworthy.core.times import parse_day
from roadworthy.core.values import replace
from roadworthy.errors import Refused
from roadworthy.render.policy import Documented, pages


def prove_pack(pack: str | None = None, controls: tuple[str, ...] = ()) -> Proof:
    """Run the cases of a pack, and every mutant of its expressions against them."""
    bench = open_bench(pack)
    written = replace(bench, pack=read_pack(chosen(pack)))
    return prove(written.controls(controls), bench.schema, _Judge(bench))


def lint_pack(pack: str | None = None, today: str = "") -> Linted:
    """Hold a pack against its fact types, its frameworks and the rules of a provable control."""
    # Read, not opened: what would not load is what lint is asked about.
    read = read_pack(pack)
    return lint(read, parse_schema(read.fact_types), today or datetime.now(UTC).date().isoformat())


def compare_packs(old: str, new: str | None = None) -> Compared:
    """Say what changed from one pack to another; the second is the built-in one when it is not named."""
    before, after = open_bench(old).pack, open_bench(new).pack
    names = (f"{pack.id} {pack.version}" for pack in (before, after))
    return Compared(old=next(names), new=next(names), changes=diff(before, after))


def document_pack(folder: str, pack: str | None = None, *, check: bool = False) -> Documented:
    """Write the reference pages of a pack; with `check`, refuse when they are not as they would be."""
    wanted = pages(read_pack(chosen(pack)))
    names = tuple(wanted)
    there = read_pages(folder, names)
    changed = tuple(name for name in names if there.get(name) != wanted[name])
    strangers = unexpected_pages(folder, "controls", names)
    if check and (changed or strangers):
        worst = f"{folder}/{(*changed, *strangers)[0]}"
        raise Refused(f"{worst} is not as the pack has it", f"roadworthy policy docs {folder}")
    write_pages(folder, {name: wanted[name] for name in changed})
    return Documented(folder=folder, pages=len(wanted), changed=changed, strangers=strangers)


class _Judge:
    """Judges checks over the facts of cases, by the same engine and the same rules as a real judgement."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.tiers = tuple(bench.pack.tiers["tiers"])
        self.bound: dict[int, Any] = {}

    def __call__(self, control: Control, check: Check, facts: Mapping[str, Any]) -> str:
        project = facts["project"]
        situation = Situation(
            kind=project["kind"],
            mode=project["mode"],
            tier=project["tier"],
            tiers=self.tiers,
            as_of=(parse_day(facts["as_of"]) or datetime.now(UTC)).date(),
            for_release="case",
        )
        # A case is about the question, not about the day from which it binds.
        bare = replace(control, enforce_from={}, lifecycle=Lifecycle.STABLE)
        asked = replace(check, enforce_from={})
        finding = judge_check(bare, asked, situation, self.bound.get(id(facts)) or self._bind(facts))
        if finding.error:
            return f"error: {finding.reason}"
        if finding.verdict is Verdict.FAIL and not finding.message:
            return "fail without a message"
        return str(finding.verdict)

    def _bind(self, facts: Mapping[str, Any]) -> Any:
        bench = self.bench
        plain = typed(facts, (), bench.schema.root, bench.memo)
        bound = bench.engine.bind(plain, bench.schema, misshapen)
        self.bound[id(facts)] = bound
        return bound
