"""Open a policy pack: read, and held against its schema before a word of it is believed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from roadworthy.adapters.cel import Engine
from roadworthy.adapters.policy import read_policy
from roadworthy.adapters.shapes import misshapen
from roadworthy.core.fact_schema import FactSchema, parse_schema
from roadworthy.core.models import Control, Pack
from roadworthy.core.pack import load_pack
from roadworthy.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A pack ready to judge with: its fact types and an engine that knows them."""

    pack: Pack
    schema: FactSchema
    engine: Engine

    def controls(self, names: tuple[str, ...] = ()) -> tuple[Control, ...]:
        """Return the named controls, or all of them; a name that is none is an error."""
        known = {control.id: control for control in self.pack.controls}
        strangers = [name for name in names if name not in known]
        if strangers:
            raise UsageError(f"there is no control {strangers[0]}", f"one of: {', '.join(sorted(known))}")
        return tuple(known[name] for name in names) if names else self.pack.controls


@cache
def open_bench(policy: str | None = None) -> Bench:
    """Return the built-in pack, or the one in a folder, ready to judge with."""
    pack = load_pack(read_policy(policy), misshapen)
    schema = parse_schema(pack.fact_types)
    return Bench(pack=pack, schema=schema, engine=Engine(tuple(schema.root.fields)))
