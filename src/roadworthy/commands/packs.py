"""Open a policy pack: read, and held against its schema before a word of it is believed."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from roadworthy.adapters.cel import Engine
from roadworthy.adapters.memory import recall, remember
from roadworthy.adapters.policy import read_policy
from roadworthy.adapters.shapes import misshapen
from roadworthy.commands.extensions import allowed_extensions
from roadworthy.core.expressions.fact_schema import FactSchema, parse_schema
from roadworthy.core.judging.models import Control, Pack
from roadworthy.core.packs.extension import Extension, extended
from roadworthy.core.packs.pack import LINT, Parsed, Tree, pack_digest, pack_of, parse_pack
from roadworthy.core.values import frozen
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
    extensions: tuple[Extension, ...] = ()
    strangers: tuple[str, ...] = ()

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
    return _opened(policy or os.environ.get("ROADWORTHY_POLICY") or None)


@cache
def _opened(policy: str | None) -> Bench:
    return _bench(lambda: whole_policy(policy), "" if policy else BUILT_IN)


def bench_of(source: Source) -> Bench:
    """Return the pack of a release, ready to judge with; the same pack is opened once."""
    return _bench_once(frozenset(source.pack.items()))


@cache
def _bench_once(files: frozenset[tuple[str, bytes]]) -> Bench:
    return _bench(lambda: _whole(dict(files)))


def _bench(whole: Callable[[], Tree], name: str = "") -> Bench:
    extensions, strangers = allowed_extensions()
    parsed, digest = _parsed(lambda: extended(whole(), extensions), "" if extensions else name)
    pack = pack_of(parsed, digest)
    schema = parse_schema(pack.fact_types)
    engine = Engine(tuple(schema.root.fields))
    bench = Bench(pack=pack, schema=schema, engine=engine, extensions=extensions, strangers=strangers)
    bench.engine.load(recall("compiled", digest) or {})
    return bench


def whole_policy(policy: str | None = None, above: tuple[str, ...] = ()) -> Tree:
    """Return the files of a pack, those of the pack that it extends included."""
    if policy is None:
        return read_policy()
    from roadworthy.adapters.sources import is_address
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


def _parsed(whole: Callable[[], Tree], name: str) -> tuple[Parsed, str]:
    """Parsing YAML is most of the work of opening a pack, and the same bytes parse the same.

    The built-in pack has a name: it is part of the engine, whose state every key holds, and need not be read.
    """
    tree = {} if name else whole()
    key = name or pack_digest(tree)
    known = recall("pack", key)
    if known is None:
        tree = tree or whole()
        known = [_believed(parse_pack(tree, misshapen)), pack_digest(tree)]
        remember("pack", key, known)
    return known[0], known[1]


def _believed(parsed: Parsed) -> Parsed:
    """A pack whose every expression has the right type over the fact schema: the engine would not notice."""
    from roadworthy.core.packs.lint import mistyped

    pack = pack_of(parsed, "")
    schema = parse_schema(pack.fact_types)
    for control in pack.controls:
        for check in control.checks:
            for where, problem in mistyped(check, schema):
                raise UsageError(f"policy/controls/{control.id}.yaml {check.id} {where}: {problem}", LINT)
    return parsed
