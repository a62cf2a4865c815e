"""What git is not asked about: the plan is the same as if it had been."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.git.merge import scratch
from roadworthy.adapters.git.pack import Pack
from roadworthy.commands import merging
from roadworthy.core.merging.entries import content, entries
from roadworthy.core.templates.tree import File, Tree

PATHS = ("a", "a/in", "b", "b/in", "c.yaml", "d/e", "d/f", "d", "a~yours", "b~release")
BODIES = [
    b"%s\n" % b"\n".join(b"line %d" % n for n in range(9)).replace(b"line %d" % k, b"new") for k in range(10)
]
FILES = st.builds(File, st.sampled_from(BODIES), st.booleans()) | st.just(File(link="a"))


def apart(paths: dict[str, File]) -> bool:
    """Say whether no file is a folder too."""
    return not any(other.startswith(f"{path}/") for path in paths for other in paths)


TREES = st.dictionaries(st.sampled_from(PATHS), FILES, max_size=8).filter(apart)


@st.composite
def sides(draw: st.DrawFn) -> tuple[Tree, Tree, Tree]:
    """Return a base, and two trees that mostly are it."""
    base = draw(TREES)
    edits = st.dictionaries(st.sampled_from(PATHS), st.none() | FILES, max_size=3)
    changed = st.builds(lambda e: {p: f for p, f in {**base, **e}.items() if f is not None}, edits).filter(
        apart
    )
    return base, draw(changed), draw(changed)


@settings(max_examples=40, deadline=None)
@given(sides())
def test_what_needs_no_merge_is_merged_the_same(
    tmp_path_factory: pytest.TempPathFactory, trees: tuple[Tree, Tree, Tree]
) -> None:
    base, mine, theirs = trees
    place = tmp_path_factory.mktemp("project")
    ours = stored(place, mine)
    with scratch(place / "objects") as repo:
        quick = merging.plan_merge(merging.Request(ours=ours, base=base, theirs=theirs), repo)
    with scratch(place / "objects") as repo, pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "settled", lambda *_: {})
        assert merging.plan_merge(merging.Request(ours=ours, base=base, theirs=theirs), repo) == quick


def stored(place: Path, tree: Tree) -> str:
    """Return the name of a tree in a new bare repository."""
    git(place, "init", "-q", "--bare", env=isolated())
    pack = Pack("sha1")
    for file in tree.values():
        pack.add("blob", content(file))
    name = pack.add_tree(entries(tree))
    pack.save(place / "objects")
    return name
