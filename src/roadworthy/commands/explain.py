"""`roadworthy explain`: a control or one of its checks, from the policy at hand, offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from roadworthy.commands.packs import open_bench
from roadworthy.core.judging.models import Control
from roadworthy.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A control, the check that was asked about (or none), and the frameworks it names."""

    control: Control
    check: str
    frameworks: Mapping[str, Mapping[str, Any]]


def explain(name: str, policy: str | None = None) -> Explained:
    """Return what a control id, or a finding such as `REL-03/rehearsed`, stands for."""
    wanted, _, check = name.partition("/")
    bench = open_bench(policy)
    (control,) = bench.controls((wanted.upper(),))
    known = [each.id for each in control.checks]
    if check and check not in known:
        raise UsageError(f"{control.id} has no check {check}", f"one of: {', '.join(known)}")
    return Explained(control=control, check=check, frameworks=bench.pack.frameworks)
