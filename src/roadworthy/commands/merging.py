"""The engine of every update: shape, merge in git's object database, resolve by keys, heal, guard, classify.

A request in, a plan out: nothing of the project is touched. `update` publishes the plan in a work tree, the
fleet as a commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from roadworthy.adapters.git.merge import (
    IGNORES,
    Scratch,
    ignored,
    merge_again,
    merge_trees,
    renames,
)
from roadworthy.core.merging.entries import LINK, STRUCTURED, Entries, Entry, TreeMerge, content, settled
from roadworthy.core.merging.plan import Sides, classify, may_rename, shape
from roadworthy.core.merging.state import (
    SUBMODULE,
    MergePlan,
    Request,
    State,
    guard_by_repetition,
    guard_by_side,
    guard_by_text,
    heal,
    outcome,
    show_refused,
    stage_entries,
)
from roadworthy.core.templates.tree import File
from roadworthy.core.values import replace
from roadworthy.errors import Refused

Key = TypeVar("Key", str, int)

__all__ = ["MergePlan", "Request", "plan_merge"]


def plan_merge(request: Request, repo: Scratch) -> MergePlan:
    """Return what merging `request.theirs` into a project would do; `repo` borrows its objects."""
    state = _resolved(repo, _merged(repo, request))
    state = heal(state) if request.heal else state
    state = _guarded(repo, state)
    return _finished(repo, state)


def _merged(repo: Scratch, request: Request) -> State:
    ours = repo.objects.entries(request.ours)
    sides = _sides(repo, request, ours)
    merge = _by_git(repo, request, sides, ours)
    found = renames(repo, request.label) if may_rename(sides.base, sides.theirs) else {}
    if sides.base.keys() - ours.keys():
        found |= renames(repo, "yours")
    pairs = {new: old for new, old in found.items() if new in merge.entries and old not in merge.entries}
    moved = frozenset(found) | frozenset(found.values())
    return State(request=request, sides=sides, ours=ours, merge=merge, renames=pairs, moved=moved)


def _by_git(repo: Scratch, request: Request, sides: Sides, ours: Entries) -> TreeMerge:
    """Let git merge what needs a merge."""
    base = {path: request.base_entries[path] for path in sides.base}
    theirs = {path: request.theirs_entries[path] for path in sides.theirs}
    known = settled(base, ours, theirs)
    base, mine, theirs = ({p: i for p, i in side.items() if p not in known} for side in (base, ours, theirs))
    if not (base or mine or theirs):
        return TreeMerge(tree="", entries=known, settled=known)
    there = {item.oid for item in ours.values()}
    news = [
        content(tree[path])
        for tree, side in ((sides.base, base), (sides.theirs, theirs))
        for path, item in side.items()
        if item.oid not in there
    ]
    left = mine if known else request.ours
    merge = merge_trees(repo, base=base, ours=left, theirs=theirs, contents=news, label=request.label)
    return replace(merge, entries={**known, **merge.entries}, settled=known)


def _sides(repo: Scratch, request: Request, ours: Entries) -> Sides:
    absent = (request.base.keys() | request.theirs.keys()) - ours.keys() - request.generated
    hidden = _hidden(repo, request, ours, absent) if absent else frozenset()
    return shape(
        request.base,
        request.theirs,
        ours,
        kind_of=request.kind_of,
        generated=request.generated,
        ignored=hidden,
    )


def _hidden(repo: Scratch, request: Request, ours: Entries, paths: Iterable[str]) -> frozenset[str]:
    """Return the paths that .gitignore files hide, those above the project too."""
    found = {
        path: item for path, item in ours.items() if path.rpartition("/")[2] == IGNORES and item.mode != LINK
    }
    blobs = _contents(repo, found.values())
    inner = {(request.prefix + path).rpartition("/")[0]: blobs[item.oid] for path, item in found.items()}
    whole = {request.prefix + path: path for path in paths}
    return frozenset(whole[path] for path in ignored(repo, whole, {**request.outer_ignores, **inner}))


def _resolved(repo: Scratch, state: State) -> State:
    """Resolve line conflicts of structured files whose keys do not conflict."""
    chosen = {path: stages for path, stages in state.merge.stages.items() if _resolvable(state, path, stages)}
    if not chosen:
        return state
    from roadworthy.core.merging.segments import resolve  # brings the parsers

    blobs = _contents(repo, (item for stages in chosen.values() for item in stages.values()))
    written: dict[str, File | None] = {}
    for path, stages in chosen.items():
        base = blobs[stages[1].oid] if 1 in stages else None
        text = resolve(path, base, blobs[stages[2].oid], blobs[stages[3].oid])
        if text is not None:
            written[path] = File(text, executable=state.merge.entries[path].mode == "100755")
    return replace(state, written=written, resolved=frozenset(written))


def _resolvable(state: State, path: str, stages: Mapping[int, Entry]) -> bool:
    plain = all(item.mode not in (LINK, SUBMODULE) for item in stages.values())
    return path.endswith(STRUCTURED) and plain and {2, 3} <= stages.keys() and path in state.merge.entries


def _guarded(repo: Scratch, state: State) -> State:
    state = guard_by_side(state)
    sides = (state.base, state.ours, state.theirs)
    needed = [item for path in state.mixed for side in sides if (item := state.at(side, path))]
    needed += [state.merge.entries[path] for path in state.mixed if path not in state.written]
    state = guard_by_text(state, _contents(repo, needed))
    if state.mixed - state.resolved - state.moved:
        second = merge_again(repo, state.merge, state.result, state.written, state.request.label)
        state = guard_by_repetition(state, second)
    return state


def _finished(repo: Scratch, state: State) -> MergePlan:
    _demand_apart(state)
    stages = {path: _files(repo, items) for path, items in stage_entries(state).items()}
    state = show_refused(state, stages)
    result = state.result
    changed = {path for path in result.keys() | state.ours.keys() if result.get(path) != state.ours.get(path)}
    plain = {path: result[path] for path in changed if path in result and path not in state.written}
    theirs = {
        path: state.sides.theirs[path] for path, item in plain.items() if state.theirs.get(path) == item
    }
    mixed = {path: item for path, item in plain.items() if path not in theirs}
    made: Mapping[str, File | None] = {**theirs, **_files(repo, mixed), **state.written}
    changes = {path: made.get(path) for path in sorted(changed)}
    created = (state.request.generated | changed) - state.ours.keys()
    return MergePlan(paths=classify(outcome(state)), changes=changes, created=created, stages=stages)


def _demand_apart(state: State) -> None:
    """Refuse to merge files with a submodule: git keeps no sides of it that a person could resolve."""
    for path, item in state.ours.items():
        if item.mode == SUBMODULE and (path in state.open or state.result.get(path) != item):
            hint = f"keep the submodule elsewhere, then update: git mv {path} OTHER && git commit"
            raise Refused(f"{path} is a submodule, and the release has files there", hint)


def _files(repo: Scratch, items: Mapping[Key, Entry]) -> dict[Key, File]:
    plain = {key: item for key, item in items.items() if item.mode != SUBMODULE}
    blobs = _contents(repo, plain.values())
    return {key: _file(item, blobs[item.oid]) for key, item in plain.items()}


def _file(item: Entry, data: bytes) -> File:
    if item.mode == LINK:
        return File(link=data.decode("utf-8", "surrogateescape"))
    return File(data, executable=item.mode == "100755")


def _contents(repo: Scratch, items: Iterable[Entry]) -> dict[str, bytes]:
    return repo.objects.blobs(item.oid for item in items if item.mode != SUBMODULE)
