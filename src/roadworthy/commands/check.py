"""Judge a project: look, collect facts, ask, apply waivers. Nothing of the project is run or believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from roadworthy import __version__
from roadworthy.adapters.shapes import misshapen
from roadworthy.commands.clock import moment
from roadworthy.commands.extensions import facts_of
from roadworthy.commands.packs import Bench, keep_compiled, open_bench
from roadworthy.commands.target import Target, open_target
from roadworthy.commands.waivers import NO_WAIVERS, Granted, read_waivers
from roadworthy.core.approval.signatures import Signature
from roadworthy.core.documents.notes import Notes
from roadworthy.core.documents.snapshot import Snapshot, colliding
from roadworthy.core.expressions.cells import typed
from roadworthy.core.judging.evaluate import Situation
from roadworthy.core.judging.models import Control, Judged, Report, WaiverNote
from roadworthy.core.judging.waivers import Terms, apply_waivers, requests
from roadworthy.core.times import rfc3339
from roadworthy.core.values import replace
from roadworthy.facts.collect import Collection, collect
from roadworthy.facts.project import LOCK
from roadworthy.facts.releases import serving
from roadworthy.facts.sources import Sources

# Files by which a project would like to configure who judges it.
SILENCERS = (
    ".roadworthy.yaml",
    ".roadworthy.toml",
    "roadworthy.toml",
    ".checkov.yaml",
    "zizmor.yml",
    ".repolinter.json",
)
MOST_NOTICES = 50
# What one judgement of this process noted of a file, the next need not find out.
NOTES = Notes()


def check(
    path: str = ".",
    *,
    as_of: str | None = None,
    for_release: str | None = None,
    controls: Sequence[str] = (),
    policy: str | None = None,
    waivers: str | None = None,
    revision: str | None = None,
    notes: Notes = NOTES,
    told: Notes | None = None,
) -> Report:
    """Return the judgement of a folder, a repository at a revision, or an archive.

    `told` keeps what git says and what checks come to: it is much, so only who keeps it on disk gives one.
    """
    bench = open_bench(policy)
    selected = bench.controls(tuple(controls))
    clock = moment(as_of)
    granted = read_waivers(waivers, path, bench, clock) if waivers else NO_WAIVERS
    target = open_target(path, revision, told)
    collection = Collection(sources_of(target, bench, clock, for_release or "", notes))
    return _judge(collection, bench, selected, granted, told)


def judge_target(target: Target, bench: Bench, as_of: datetime) -> Report:
    """Return the judgement of what was opened already, without waivers."""
    return _judge(Collection(sources_of(target, bench, as_of)), bench, bench.controls(), NO_WAIVERS)


def sources_of(
    target: Target, bench: Bench, as_of: datetime, for_release: str = "", notes: Notes = NOTES
) -> Sources:
    """Return everything that a judgement of this target may read."""
    from roadworthy.commands.forges import forge
    from roadworthy.commands.surroundings import released, tracked

    snapshot = replace(target.snapshot, notes=notes)
    return Sources(
        snapshot=snapshot,
        pack=bench.pack,
        as_of=as_of,
        shape=misshapen,
        for_release=for_release,
        history=target.history,
        blobs=target.past,
        verify=partial(_verify, notes),
        released=lambda: released(snapshot),
        tracked=tracked,
        forge=lambda: forge(target.place),
        extra={
            each.root: partial(facts_of, each, snapshot, bench.schema.root.fields[each.root])
            for each in bench.extensions
        },
    )


def _verify(notes: Notes, *asked: Any) -> Signature:
    from roadworthy.adapters.signing import verify

    return partial(verify, once=partial(notes.once, "signature"))(*asked)


def _judge(
    collection: Collection,
    bench: Bench,
    controls: Sequence[Control],
    granted: Granted,
    told: Notes | None = None,
) -> Report:
    snapshot = collection.sources.snapshot
    # Of a picture that is not whole, only so much is said: that it is not.
    controls = () if snapshot.incomplete else controls
    collected = collect(collection, bench.roots(controls, snapshot.notes))
    found = typed(collected, snapshot.paths, bench.schema.root, bench.memo)
    facts, situation = found.values, _situation(found.values, bench, collection.sources)
    judged = bench.judge(controls, found, situation, snapshot.paths, told)
    judged, notes = _excused(judged, granted, facts, situation, collection)
    keep_compiled(bench)
    asked = requests(facts["records"]["waivers"]) if "records" in facts else ()
    return _report(collection, bench, facts, judged, (*notes, *asked))


def _situation(facts: Mapping[str, Any], bench: Bench, sources: Sources) -> Situation:
    project = facts["project"]
    return Situation(
        kind=project["kind"],
        mode=project["mode"],
        tier=project["tier"],
        tiers=tuple(bench.pack.tiers["tiers"]),
        as_of=sources.as_of.date(),
        released=project["released"],
        for_release=sources.for_release,
    )


def _excused(
    judged: Sequence[Judged],
    granted: Granted,
    facts: Mapping[str, Any],
    situation: Situation,
    collection: Collection,
) -> tuple[tuple[Judged, ...], tuple[WaiverNote, ...]]:
    if not granted.waivers:
        return tuple(judged), ()
    version, subject = serving(collection.shelf)
    terms = Terms(
        system=facts["project"]["name"],
        tier=situation.tier,
        most_days=facts["tier"]["waiver_days"],
        as_of=situation.as_of,
        people=granted.people,
        version=version,
        subject_digest=subject,
        files=frozenset(collection.sources.snapshot.paths),
    )
    return apply_waivers(judged, granted.waivers, terms)


def _report(
    collection: Collection,
    bench: Bench,
    facts: Mapping[str, Any],
    judged: tuple[Judged, ...],
    waivers: tuple[WaiverNote, ...],
) -> Report:
    sources, project = collection.sources, facts["project"]
    names = ("name", "package", "kind", "mode", "tier", "claimed_tier", "computed_tier", "released")
    return Report(
        project={name: project[name] for name in names},
        pack={"id": bench.pack.id, "version": bench.pack.version, "digest": bench.pack.digest},
        tool=__version__,
        as_of=rfc3339(sources.as_of),
        source=sources.snapshot.source,
        judged=judged,
        waivers=waivers,
        notices=(*bench.pack.notes, *bench.strangers, *_notices(sources.snapshot)),
        incomplete=sources.snapshot.incomplete,
        for_release=sources.for_release,
        unknown_blocks=facts["tier"]["unknown_blocks"],
    )


def _notices(snapshot: Snapshot) -> tuple[str, ...]:
    found = tuple(_all_notices(snapshot))
    more = (f"and {len(found) - MOST_NOTICES} more",) if len(found) > MOST_NOTICES else ()
    return (*found[:MOST_NOTICES], *more)


def _all_notices(snapshot: Snapshot) -> Iterator[str]:
    if LOCK not in snapshot.sizes:
        yield f"no {LOCK}: not made by Roadworthy, or left it; what it does not say counts as tier critical"
    for path, reason in sorted(snapshot.refused.items()):
        yield f"not read, {reason}: {path}"
    for one, other in colliding(snapshot.paths):
        yield f"one file on some systems: {one} and {other}"
    for path in snapshot.paths:
        if path.rpartition("/")[2] in SILENCERS:
            yield f"present and ignored, a project does not configure its own judge: {path}"
