"""`roadworthy platform`: a platform team's own template and policy, in a repository that is theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from roadworthy.adapters import workplace
from roadworthy.adapters.scaffold import read_scaffold
from roadworthy.commands.placing import place
from roadworthy.commands.source import open_source
from roadworthy.core.documents.parse import ParseError, parse_yaml
from roadworthy.core.packs.questions import with_policy
from roadworthy.core.templates.made import Platform
from roadworthy.core.templates.platform import platform_tree
from roadworthy.core.templates.source import BUILTIN, PLATFORM, PLATFORM_POLICY
from roadworthy.errors import Refused, UsageError


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for."""

    destination: Path
    source: str = BUILTIN
    release: str | None = None
    name: str | None = None
    ci: str = "github"


def init_platform(request: Request) -> Platform:
    """Make a repository that holds a release's template and pack, and tests of its own; all or nothing."""
    workplace.demand_free(request.destination)
    source = open_source(request.source, request.release)
    if source.commit is None and source.spec != BUILTIN:
        raise UsageError(f"{source.spec} as it is now is no release", "name one with --release")
    name = request.name or "-".join(re.findall(r"[a-z0-9]+", request.destination.absolute().name.lower()))
    own = platform_tree(source, name)
    start = read_scaffold(request.ci, {"name": name, "release": source.release})
    message = f"Make {name} from {source.spec} {source.release}"
    commit, notes = place(request.destination, {**own, **start}, message)
    return Platform(
        destination=str(request.destination),
        name=name,
        source=source.spec,
        release=source.release,
        files=len(own) + len(start),
        commit=commit,
        notes=notes,
    )


def demand_platform(folder: Path) -> None:
    """Refuse a folder that is not a platform's repository."""
    if not (folder / PLATFORM).is_file():
        hint = "name the folder that `roadworthy platform init` made; for a project: roadworthy update"
        raise Refused(f"{folder} is no platform's repository: it has no {PLATFORM}", hint)


def generate(folder: Path, *, check: bool = False) -> bool:
    """Carry the policy into `copier.yml`; say whether it had to change. With `check`, refuse instead."""
    demand_platform(folder)
    place_of = folder / "copier.yml"
    policy = [_mapping(folder / PLATFORM_POLICY / f"{name}.yaml") for name in ("tiers", "ownership")]
    _mapping(place_of)
    before = place_of.read_text("utf-8")
    after = with_policy(before, *policy)
    if check and after != before:
        raise Refused(
            "copier.yml is not what the policy makes of it", f"roadworthy platform generate {folder}"
        )
    if after != before:
        place_of.write_text(after, "utf-8")
    return after != before


def _mapping(path: Path) -> dict[str, object]:
    hint = "repair it; of a conflict in a generated block of copier.yml take either side"
    try:
        value = parse_yaml(path.read_bytes())
    except (OSError, ParseError) as error:
        raise UsageError(f"{path}: {error}", hint) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path}: expected a mapping", hint)
    return value
