"""Add-only records: parsed, held against their schemas, and found again in the history that added them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.documents.parts import part, rows, text
from roadworthy.core.documents.snapshot import Unreadable
from roadworthy.core.times import parse_day, parse_time, rfc3339
from roadworthy.core.values import field, frozen
from roadworthy.facts.documents import misfits
from roadworthy.facts.history import History
from roadworthy.facts.sources import Sources, submodules

# What lies in which folder, and when each kind says it was made.
FOLDERS = {
    "datasets": ("data", "dataset", ".json"),
    "runs": ("runs", "run", ".json"),
    "evaluations": ("evaluations", "evaluation", ".json"),
    "releases": ("releases", "release", ".json"),
    "approvals": ("approvals", "approval", ".yaml"),
    "lowerings": ("lowerings", "lowering", ".yaml"),
    "gates": ("gates", "gate", ".json"),
    "deployments": ("deployments", "deployment", ".json"),
    "drills": ("drills", "drill", ".json"),
    "rebuilds": ("rebuilds", "rebuild", ".json"),
    "waivers": ("waivers", "waiver", ".yaml"),
    "incidents": ("incidents", "incident", ".yaml"),
    "monitoring": ("monitoring", "monitor", ".json"),
}
REVOKED = ".revoked.yaml"
# Where people sign: decisions on releases, and agreements to a lower tier.
SIGNED = APPROVALS, LOWERINGS = "governance/approvals/", "governance/lowerings/"
TIMES = ("at", "created_at", "decided_at", "issued_at", "requested_on", "opened_at")
# Machines write JSON, people write YAML, which also takes longer to read.
ENDINGS = (".json", ".yaml", ".yml")
# Clocks of machines differ; of a day that is not over yet nobody has evidence.
SKEW = timedelta(hours=1)
# What moves the pointer, where to when no release is to answer, and when all moves have been made.
FALLBACK, END = "fallback", "~"
MOVES = ("promote", "rollback", FALLBACK)
MOST = {".json": 2_000, ".yaml": 500}


@frozen
class Record:
    """One record file: what it says, and what is known of the file."""

    kind: str
    path: str
    value: Mapping[str, Any]
    data: bytes
    problems: tuple[str, ...]
    base: Mapping[str, Any]

    @property
    def stem(self) -> str:
        """Return the file's name without its ending."""
        return self.path.rpartition("/")[2].rpartition(".")[0]

    def follows(self, other: Record) -> bool:
        """Whether it was made after another, as far as clocks agree; what has no time is malformed."""
        mine, its = (parse_time(each.base["at"]) for each in (self, other))
        return mine is None or its is None or mine + SKEW >= its

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Return a part that should be a mapping; empty when it is not."""
        return part(self.value, name)

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """Return a part that should be a list of mappings, without what is none."""
        return rows(self.value.get(name))

    def text(self, name: str) -> str:
        """Return a part that should be text; empty when it is not."""
        return text(self.value.get(name))


@frozen
class Shelf:
    """All records of a project, each kind in the order of its times, and the files that are none."""

    kinds: Mapping[str, tuple[Record, ...]]
    invalid: tuple[str, ...]
    revoked: frozenset[str]
    misdated: tuple[str, ...] = ()
    asked: str = ""
    history: History = field(default_factory=lambda: History(available=False))

    def of(self, kind: str) -> tuple[Record, ...]:
        """Return the records of one kind, oldest first."""
        return self.kinds[kind]

    def find(self, kind: str, name: str, value: Any) -> Record | None:
        """Return the record of a kind whose field has a value."""
        return next((record for record in self.of(kind) if value and record.value.get(name) == value), None)

    @property
    def newest_run(self) -> str:
        """Return the run of the newest release; empty when there is none."""
        return next((release.text("run_id") for release in reversed(self.of("releases"))), "")

    def live_at(self, moment: str) -> str:
        """Return the version that served then, by the deployments on record; empty when none did."""
        moves = [d for d in self.of("deployments") if d.text("action") in MOVES and d.base["at"] <= moment]
        version = moves[-1].text("version") if moves else ""
        return "" if version == FALLBACK else version

    @cached_property
    def live(self) -> str:
        """Return the version that serves now."""
        return self.live_at(END)

    @property
    def judged(self) -> str:
        """Return the version that is judged: the one asked about, else the one that serves."""
        return self.asked or self.live

    @property
    def judged_run(self) -> str:
        """Return the run of the version that is judged."""
        release = self.find("releases", "version", self.judged)
        return release.text("run_id") if release else ""


def read_shelf(sources: Sources, history: History) -> Shelf:
    """Return every record of the project."""
    invalid = [
        f"{path}: another repository, which is not looked into"
        for path in submodules(sources.snapshot)
        if path.startswith("governance")
    ]
    kinds = {kind: _kind(kind, sources, history, invalid) for kind in FOLDERS}
    signed = [path for folder in SIGNED for path in sources.snapshot.under(folder)]
    gone = (path.rpartition("/")[2] for path in signed if path.endswith(REVOKED))
    return Shelf(
        kinds=kinds,
        invalid=tuple(invalid),
        misdated=tuple(_misdated(kinds, history, sources)),
        asked=sources.for_release,
        revoked=frozenset(name.removesuffix(REVOKED) for name in gone),
        history=history,
    )


def _misdated(kinds: Mapping[str, tuple[Record, ...]], history: History, sources: Sources) -> Iterator[str]:
    """Records from a time after the commit that brought them; those not committed yet, from after now."""
    for record in (each for kind in kinds.values() for each in kind):
        made = parse_time(record.base["at"])
        known = history.touched.get(record.path)
        if made and made > (known[-1].at if known else sources.as_of) + SKEW:
            yield record.path


def disordered(shelf: Shelf) -> list[str]:
    """Return the records that are from before what they rest on."""
    return sorted(record.path for record, base in _resting(shelf) if base and not record.follows(base))


def _resting(shelf: Shelf) -> Iterator[tuple[Record, Record | None]]:
    """Every record with one that must have been there first."""
    for run in shelf.of("runs"):
        yield run, shelf.find("datasets", "manifest_sha256", part(run.value, "data").get("manifest_sha256"))
    for report in shelf.of("evaluations"):
        yield report, shelf.find("runs", "run_id", report.text("run_id"))
    for release in shelf.of("releases"):
        yield release, shelf.find("evaluations", "run_id", release.text("run_id"))
    about = {"drills": "from_version", "rebuilds": "version", "approvals": "version"}
    about |= {"deployments": "version", "monitoring": "version"}
    for kind, name in about.items():
        for record in shelf.of(kind):
            yield record, shelf.find("releases", "version", record.value.get(name))


def _kind(kind: str, sources: Sources, history: History, invalid: list[str]) -> tuple[Record, ...]:
    folder, schema, ending = FOLDERS[kind]
    found = []
    for path in _files(sources, f"governance/{folder}/", ending, invalid):
        record = _record(kind, schema, path, sources, history)
        if isinstance(record, str):
            invalid.append(f"{path}: {record}")
        else:
            invalid.extend(f"{path}: {problem}" for problem in record.problems[:1])
            found.append(record)
    return tuple(sorted(found, key=lambda record: (record.base["at"], record.path)))


def _files(sources: Sources, folder: str, ending: str, invalid: list[str]) -> Iterator[str]:
    under = sources.snapshot.under(folder)
    paths = [path for path in under if path.endswith(ending)]
    strays = (path for path in under if path.endswith(ENDINGS) and not path.endswith(ending))
    invalid.extend(f"{path}: not read, a record of this folder ends in {ending}" for path in strays)
    refused = [path for path in sources.snapshot.refused if path.startswith(folder)]
    invalid.extend(f"{path}: {sources.snapshot.refused[path]}" for path in refused)
    if len(paths) > MOST[ending]:
        invalid.append(f"{folder}: more than {MOST[ending]:,} records")
    yield from (path for path in paths[: MOST[ending]] if not path.endswith(REVOKED))


def _record(kind: str, schema: str, path: str, sources: Sources, history: History) -> Record | str:
    data = sources.snapshot.read(path)
    if isinstance(data, Unreadable):
        return data.reason
    found = sources.snapshot.once(
        f"record {schema} {sources.pack.digest}", [path], lambda: _read(path, data, schema, sources)
    )
    if isinstance(found, str):
        return found
    value, problems = found
    return Record(
        kind=kind,
        path=path,
        value=value,
        data=data,
        problems=tuple(problems),
        base={
            "path": path,
            "schema_ok": not problems,
            "added_once": history.added_once(path, data),
            **_when(value, sources),
            "by": _who(value),
        },
    )


def _read(path: str, data: bytes, schema: str, sources: Sources) -> tuple[dict[str, Any], list[str]] | str:
    """What a record says and what is wrong with it, or why it is none."""
    try:
        value = parse(path, data)
    except ParseError as error:
        return str(error)
    if not isinstance(value, dict):
        return "expected a mapping"
    problems = misfits(f"{schema}.v1.json", value, sources.pack.schemas, sources.shape)
    return value, [*problems, *_timeless(value)]


def _timeless(value: Mapping[str, Any]) -> Iterator[str]:
    """A schema knows the form of a time; how long ago the thirty-first of February was, nobody can tell."""
    said = {name: value[name] for name in TIMES if name in value}
    yield from (f"{name} is no time: {text(at)!r}" for name, at in said.items() if parse_day(str(at)) is None)


def _when(value: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    moment = next((parse_time(value[name]) for name in TIMES if name in value), None)
    verified = part(value, "predicate").get("timeVerified")
    moment = moment or (parse_time(verified) if verified else None)
    return {"at": rfc3339(moment) if moment else "", "age_days": sources.days(moment)}


def _who(value: Mapping[str, Any]) -> str:
    by = value.get("by") or value.get("submitter") or value.get("approver") or value.get("requested_by")
    if isinstance(by, Mapping):
        by = by.get("email") or by.get("identity")
    return text(by)
