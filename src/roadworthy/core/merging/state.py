"""A merge on its way: what was asked, what git made of it, what was decided on top, what was not believed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from roadworthy.core.merging.entries import LINK, Entries, Entry, TreeMerge, entries, entry
from roadworthy.core.merging.guards import foreign, merged_text, one_sided
from roadworthy.core.merging.plan import Fate, KindOf, Outcome, PathPlan, Sides
from roadworthy.core.templates.tree import File, Tree
from roadworthy.core.values import field, frozen, replace

SUBMODULE = "160000"
BINARY = "CONFLICT (binary)"
USUAL = ("", "CONFLICT (contents)", "CONFLICT (modify/delete)")
REASONS = {
    frozenset({1, 2, 3}): "both sides changed the same lines",
    frozenset({1, 2}): "you changed it, the release removes it",
    frozenset({1, 3}): "you deleted it, the release changes it",
    frozenset({2, 3}): "both sides added it",
}


def _everything_merged(path: str) -> str:
    return "merged"


@frozen
class Request:
    """What to merge: the project's tree (by object name), base and target.

    `generated` paths are written by the engine and never merged; `outer_ignores` are the contents of the
    .gitignore files above the project's folder (which `prefix` leads to), by folder.
    """

    ours: str
    base: Tree
    theirs: Tree
    kind_of: KindOf = _everything_merged
    generated: frozenset[str] = frozenset()
    heal: bool = False
    label: str = "release"
    algorithm: str = "sha1"
    prefix: str = ""
    outer_ignores: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def base_entries(self) -> dict[str, Entry]:
        """Return the base's entries."""
        return entries(self.base, self.algorithm)

    @cached_property
    def theirs_entries(self) -> dict[str, Entry]:
        """Return the target's entries."""
        return entries(self.theirs, self.algorithm, self.base, self.base_entries)


@frozen
class MergePlan:
    """What became of every path; `changes` is what the project's tree is to receive (None removes).

    `created` are the paths the project's commit does not have yet, generated ones too. `stages` holds what
    git's index keeps for a conflicted path: 1 the base, 2 yours, 3 the release's.
    """

    paths: tuple[PathPlan, ...]
    changes: Mapping[str, File | None]
    created: frozenset[str] = frozenset()
    stages: Mapping[str, Mapping[int, File]] = field(default_factory=dict)

    @property
    def conflicts(self) -> tuple[PathPlan, ...]:
        """Return the paths a person must decide."""
        return tuple(path for path in self.paths if path.fate is Fate.CONFLICT)


@frozen
class State:
    """What git made of a merge, and what was decided on top of it."""

    request: Request
    sides: Sides
    ours: Entries
    merge: TreeMerge
    renames: Mapping[str, str] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()
    written: Mapping[str, File | None] = field(default_factory=dict)
    resolved: frozenset[str] = frozenset()
    healed: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def base(self) -> dict[str, Entry]:
        """Return the base's entries, as the merge saw them."""
        return {path: self.request.base_entries[path] for path in self.sides.base}

    @cached_property
    def theirs(self) -> dict[str, Entry]:
        """Return the release's entries, as the merge saw them."""
        return {path: self.request.theirs_entries[path] for path in self.sides.theirs}

    @cached_property
    def result(self) -> dict[str, Entry]:
        """Return the entries of the result so far."""
        algorithm = self.request.algorithm
        made = {path: entry(file, algorithm) for path, file in self.written.items() if file}
        return {path: item for path, item in self.merge.entries.items() if path not in self.written} | made

    @cached_property
    def open(self) -> frozenset[str]:
        """Return the paths that are conflicts so far."""
        return frozenset(self.merge.stages.keys() - self.resolved - self.healed) | self.refused.keys()

    @cached_property
    def mixed(self) -> frozenset[str]:
        """Return the paths that both sides changed, each in its way: their merges need believing."""
        aside = self.open | self.healed
        return frozenset(
            path for path, item in self.result.items() if path not in aside and not self._plain(path, item)
        )

    def _plain(self, path: str, item: Entry) -> bool:
        """Say whether a result is what both sides have, or what the only side that changed it has."""
        base, ours, theirs = (self.at(side, path) for side in (self.base, self.ours, self.theirs))
        return (item == ours and theirs in (ours, base)) or (item == theirs and ours == base)

    def old(self, path: str) -> str:
        """Return the name a path had at the base."""
        return self.renames.get(path, path)

    def at(self, side: Entries, path: str) -> Entry | None:
        """Return a side's entry for a path, under its new or its old name."""
        return side.get(path) or side.get(self.old(path))


def heal(state: State) -> State:
    """Give managed files the release's content again, whatever became of them."""
    wanted = {path for path in state.theirs if state.request.kind_of(path) == "managed"}
    result = state.result
    healed = {path for path in wanted if path in state.open or result.get(path) != state.theirs[path]}
    files = {path: state.sides.theirs[path] for path in healed}
    return replace(state, written={**state.written, **files}, healed=frozenset(healed))


def guard_by_side(state: State) -> State:
    """Demand that one-sided changes and foreign files came through to the byte."""
    blocked = {path.rpartition("~")[0] for path in state.open}  # git puts a file aside that meets a folder
    aside = state.moved | state.open | state.healed | blocked
    sides = (state.base, state.ours, state.theirs, state.result, aside)
    return refuse(state, one_sided(*sides) | foreign(*sides))


def guard_by_text(state: State, blobs: Mapping[str, bytes]) -> State:
    """Demand that what lines merged cleanly means what both sides meant."""
    plain = (path for path in state.mixed if state.result[path].mode not in (LINK, SUBMODULE))
    return refuse(state, {path: reason for path in plain if (reason := _distrust(state, path, blobs))})


def _distrust(state: State, path: str, blobs: Mapping[str, bytes]) -> str:
    ours, theirs = state.at(state.ours, path), state.at(state.theirs, path)
    if ours is None or theirs is None:
        return "neither side has it"
    base, written = state.at(state.base, path), state.written.get(path)
    result = written.data if written else blobs[state.result[path].oid]
    return merged_text(path, blobs[base.oid] if base else None, blobs[ours.oid], blobs[theirs.oid], result)


def guard_by_repetition(state: State, second: TreeMerge) -> State:
    """Demand that merging the same release into the result (`second`) changes no merged file again."""
    settled = state.mixed - state.resolved - state.moved
    again = {
        path for path in settled if path in second.stages or second.entries.get(path) != state.result[path]
    }
    return refuse(state, dict.fromkeys(again, "a second merge would change it again"))


def refuse(state: State, refused: Mapping[str, str]) -> State:
    """Turn paths into conflicts, with the reason."""
    return replace(state, refused={**state.refused, **refused}) if refused else state


def stage_entries(state: State) -> dict[str, dict[int, Entry]]:
    """Return the index stages of every conflict, also of those git itself did not see."""
    return {
        path: dict(state.merge.stages.get(path) or _own_stages(state, path)) for path in sorted(state.open)
    }


def _own_stages(state: State, path: str) -> dict[int, Entry]:
    sides = (state.base, state.ours, state.theirs)
    found = {number: state.at(side, path) for number, side in enumerate(sides, 1)}
    return {number: item for number, item in found.items() if item is not None}


def show_refused(state: State, stages: Mapping[str, Mapping[int, File]]) -> State:
    """Show a disbelieved merge as a conflict over the whole file, which nobody can overlook."""
    shown = {
        path: _whole(stages[path].get(2), stages[path].get(3), state.request.label) for path in state.refused
    }
    return replace(state, written={**state.written, **shown})


def _whole(ours: File | None, theirs: File | None, label: str) -> File | None:
    if ours is None or theirs is None or ours.link is not None or theirs.link is not None:
        return ours or theirs
    parts = [side.data if side.data.endswith(b"\n") else side.data + b"\n" for side in (ours, theirs)]
    return ours._replace(data=b"<<<<<<< yours\n%s=======\n%s>>>>>>> %s\n" % (*parts, label.encode()))


def outcome(state: State) -> Outcome:
    """Return what the classification reads."""
    return Outcome(
        base=state.request.base_entries,
        ours=state.ours,
        theirs=state.request.theirs_entries,
        result=state.result,
        sides=state.sides,
        conflicts={path: _why(state, path) for path in state.open},
        renames=state.renames,
        healed=state.healed,
        resolved=state.resolved,
    )


def _why(state: State, path: str) -> str:
    if path in state.refused:
        return state.refused[path]
    kind, sentence = state.merge.messages.get(path, ("", ""))
    if kind == BINARY:
        return "both sides changed it, and it is no text"
    plain = REASONS.get(frozenset(state.merge.stages[path]))
    if plain and kind in USUAL:
        return plain
    return sentence.partition("): ")[2].rstrip(".") or sentence
