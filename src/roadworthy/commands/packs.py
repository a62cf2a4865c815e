"""Open a policy pack: read, and held against its schema before a word of it is believed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadworthy.adapters.cel import Engine
from roadworthy.adapters.memory import recall, remember, state_of
from roadworthy.adapters.policy import BUILT_IN as CARRIED
from roadworthy.adapters.policy import already_read, read_policy
from roadworthy.adapters.shapes import misshapen
from roadworthy.commands.extensions import allowed_extensions
from roadworthy.core.documents.notes import Notes
from roadworthy.core.expressions.cells import CLOCK, Facts, reads
from roadworthy.core.expressions.fact_schema import FactSchema, parse_schema
from roadworthy.core.judging.evaluate import Situation, judge, judge_check
from roadworthy.core.judging.models import Check, Control, Finding, Judged, Pack, from_row, to_row
from roadworthy.core.memo import Memo, identity
from roadworthy.core.packs.extension import Extension, extended
from roadworthy.core.packs.pack import LINT, Parsed, Tree, pack_digest, pack_of, parse_pack
from roadworthy.core.values import field, frozen
from roadworthy.errors import UsageError

if TYPE_CHECKING:
    from roadworthy.core.templates.source import Source

BUILT_IN = "builtin"


@frozen
class Bench:
    """A pack ready to judge with: its fact types, an engine that knows them, and what was added to it."""

    pack: Pack
    schema: FactSchema
    engine: Engine
    memo: Memo = field(default_factory=Memo)
    extensions: tuple[Extension, ...] = ()
    strangers: tuple[str, ...] = ()

    def reads(self, kept: Notes) -> Mapping[str, Sequence[str]]:
        """Return the cells of facts that each check of the pack may read, by `CONTROL/check`."""
        return self.memo.once("reads", lambda: kept.once("reads", self.pack.digest, self._reads))

    def _reads(self) -> dict[str, list[str]]:
        asked = ((control.id, check) for control in self.pack.controls for check in control.checks)
        return {f"{control}/{check.id}": sorted(reads(check, self.schema)) for control, check in asked}

    def roots(self, controls: Sequence[Control], kept: Notes) -> frozenset[str]:
        """Return the roots of facts that controls may read."""
        known = self.reads(kept)
        asked = (known[f"{control.id}/{check.id}"] for control in controls for check in control.checks)
        return frozenset(cell.partition(".")[0] for cells in asked for cell in cells)

    def judge(
        self,
        controls: Sequence[Control],
        facts: Facts,
        situation: Situation,
        paths: Sequence[str],
        kept: Notes | None = None,
    ) -> tuple[Judged, ...]:
        """Return what controls come to, of these facts alone: the same were perhaps judged before.

        `kept` keeps that for another process, but for what the time of day decides.
        """
        asker = self.engine.bind(facts, self.schema, misshapen, paths)
        about, known = (repr(situation), facts.problem), self.reads(kept or Notes())

        def find(control: Control, check: Check) -> Finding:
            cells = known[f"{control.id}/{check.id}"]
            key = (control.id, check.id, about, tuple(map(facts.cells.get, cells)))
            ask = partial(judge_check, control, check, situation, asker)
            if kept is None or CLOCK in cells:
                return self.memo.once(key, ask)
            name = identity((self.pack.digest, key))
            if not isinstance(name, bytes):
                return ask()
            return from_row(kept.once("finding", name.hex(), lambda: to_row(ask())))

        return judge(controls, find)

    def controls(self, names: tuple[str, ...] = ()) -> tuple[Control, ...]:
        """Return the named controls, or all of them; a name that is none is an error."""
        known = {control.id: control for control in self.pack.controls}
        strangers = [name for name in names if name not in known]
        if strangers:
            raise UsageError(f"there is no control {strangers[0]}", f"one of: {', '.join(sorted(known))}")
        return tuple(known[name] for name in names) if names else self.pack.controls


def open_bench(policy: str | None = None) -> Bench:
    """Return the named pack (a folder, or a platform), else the one that the reviewer's environment names.

    Without either it is the built-in one. A project names none: it would choose its own judge.
    """
    return _opened(chosen(policy))


def chosen(policy: str | None) -> str | None:
    """Return the name of the pack to judge by; None is the built-in one."""
    return policy or os.environ.get("ROADWORTHY_POLICY") or None


def read_pack(policy: str | None) -> Pack:
    """Return a pack as it is written, with the cases of its controls: to be proved, not to judge by."""
    tree = extended(whole_policy(policy), allowed_extensions()[0])
    return pack_of(parse_pack(tree, misshapen), pack_digest(tree))


@cache
def _opened(policy: str | None) -> Bench:
    return _bench(lambda: whole_policy(policy), state_of(CARRIED) if policy is None else "")


def bench_of(source: Source) -> Bench:
    """Return the pack of a release, ready to judge with; the same pack is opened once."""
    return _bench_once(frozenset(source.pack.items()))


@cache
def _bench_once(files: frozenset[tuple[str, bytes]]) -> Bench:
    return _bench(lambda: _whole(dict(files)))


def _bench(read: Callable[[], Tree], state: str = "") -> Bench:
    """`state` says how the files of a pack are: its digest is known as long as they are so."""
    extensions, strangers = allowed_extensions()
    tree = cache(lambda: extended(read(), extensions))
    digest = recall("policy", state) if state and not extensions else pack_digest(tree())
    if digest is None:
        digest = pack_digest(tree())
        remember("policy", state, digest)
    pack = pack_of(_parsed(tree, digest), digest)
    schema = parse_schema(pack.fact_types)
    engine = Engine(tuple(schema.root.fields))
    engine.load(recall("compiled", digest) or {})
    return Bench(pack=pack, schema=schema, engine=engine, extensions=extensions, strangers=strangers)


def whole_policy(policy: str | None = None, above: tuple[str, ...] = ()) -> Tree:
    """Return the files of a pack, those of the pack that it extends included."""
    if policy is None:
        return read_policy()
    from roadworthy.adapters.git.sources import is_address
    from roadworthy.core.templates.source import PLATFORM

    if is_address(policy) or (Path(policy) / PLATFORM).is_file():
        from roadworthy.commands.source import open_source

        return _whole(open_source(policy).pack, above)
    return _whole(read_policy(policy), above)


def _whole(tree: Tree, above: tuple[str, ...] = ()) -> Tree:
    from roadworthy.core.packs.overlay import compose, extends

    base = extends(tree)
    if not base:
        return tree
    if base in above:
        raise UsageError(f"the packs {', '.join(above)} extend each other in a circle", LINT)
    return compose(whole_policy(None if base == BUILT_IN else base, (*above, base)), tree, misshapen)


def keep_compiled(bench: Bench) -> None:
    """Remember what the engine compiled, so that the next process need not."""
    if bench.engine.grown:
        remember("compiled", bench.pack.digest, bench.engine.dump())


def _parsed(tree: Callable[[], Tree], digest: str) -> Parsed:
    """Parsing YAML is most of the work of opening a pack, and the same bytes parse the same."""
    known: Parsed | None = already_read(digest) or recall("pack", digest)
    if known is None:
        known = proved(tree())
        remember("pack", digest, known)
    return known


def proved(tree: Tree) -> Parsed:
    """Return what judges of a pack whose every expression has the right type over its fact schema.

    The engine would not notice: to it a field that nobody ever fills is just missing. A judgement needs
    neither the cases of a control, which are half of a pack, nor whose a generated file is.
    """
    from roadworthy.core.packs.lint import mistyped

    parsed = parse_pack(tree, misshapen)
    pack = pack_of(parsed, "")
    schema = parse_schema(pack.fact_types)
    for control in pack.controls:
        for check in control.checks:
            for where, problem in mistyped(check, schema):
                raise UsageError(f"policy/controls/{control.id}.yaml {check.id} {where}: {problem}", LINT)
    return {path: _bare(path, value) for path, value in parsed.items() if path != "ownership.yaml"}


def _bare(path: str, value: Any) -> Any:
    return {k: v for k, v in value.items() if k != "cases"} if path.startswith("controls/") else value
