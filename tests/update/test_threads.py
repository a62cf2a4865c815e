"""The oracle of real upgrades: silent for our engine, loud for others that overwrite, or do nothing."""

from __future__ import annotations

import pytest

from roadworthy.core.templates.tree import File, Tree
from tests.update.engines import roadworthy_in
from tests.update.local_edits import IGNORED, edited
from tests.update.oracle import Result
from tests.update.promises import place, trusted
from tests.update.situations import text
from tests.update.threads import Thread, Upgrade, judge_upgrade, threads
from tests.update.world import ANSWERS, NEW, Case, build


def page(name: str, *changes: tuple[int, str]) -> File:
    """Return a text unlike all others: of equal files nobody can say which one was renamed."""
    return File(text(*changes).data.replace(b"line", f"{name} line".encode()))


OLD = {
    **{f"docs/{name}.md": page(name) for name in "abcdef"},
    "src/m.py": File(b"import os\n\n\ndef main():\n    return os.name\n"),
    "ci.yml": File(b"jobs:\n  test:\n    run: make\n    image: one\n"),
    "settings.json": File(b'{\n  "one": "1",\n  "two": "2"\n}\n'),
    "old.txt": text(),
    "logo.png": File(b"\x89PNG\0"),
}
RELEASE = {
    **{path: file for path, file in OLD.items() if path != "old.txt"},
    "docs/a.md": page("a", (3, "changed there")),
    "docs/b.md": page("b", (5, "")),
    "ci.yml": File(b"jobs:\n  test:\n    run: make\n    image: two\n"),
    "new.txt": text((9, "renamed and changed")),
    "added.txt": File(b"added\n"),
}


def upgrade(seed: int) -> Upgrade:
    """Return a project of its own, between two releases."""
    edits = edited(OLD, RELEASE, str(seed), ANSWERS)
    return Upgrade(old=OLD, mine=edits.tree, new=RELEASE, renamed=edits.renamed)


def broken(upgrade: Upgrade, after: Tree, reported: frozenset[str] = frozenset()) -> set[str]:
    lines = judge_upgrade(upgrade, Result(before=upgrade.mine, after=after, reported=reported)).broken
    return {line[:2] for line in lines}


@pytest.mark.parametrize("seed", range(8))
def test_our_engine_breaks_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", trusted())
    made = upgrade(seed)
    with place() as root:
        world = build(root, Case(old=OLD, new=RELEASE, mine=made.mine, untracked=IGNORED))
        result, report = roadworthy_in(world.project, NEW)
    after = {path: file for path, file in result.after.items() if path not in {ANSWERS, *IGNORED}}
    assert report is not None
    assert broken(made, after, result.reported) == set()
    assert {path: result.after[path].data for path in IGNORED} == IGNORED


def test_an_engine_that_overwrites_is_caught() -> None:
    assert {"P1", "P4"} <= broken(upgrade(1), RELEASE)


def test_an_engine_that_does_nothing_is_caught() -> None:
    assert broken(upgrade(1), upgrade(1).mine) == {"P6"}


def test_an_ignored_file_is_its_bytes() -> None:
    made = Upgrade(old={}, mine={}, new={}, untracked={"kept.db": b"1"})
    assert broken(made, {"kept.db": File(b"2")}) == {"P5"}
    assert broken(made, {"kept.db": File(b"1")}) == set()


def test_an_edit_between_other_neighbours_is_misplaced() -> None:
    token = b"mine-0123456789"
    old, new = text(), text((20, "changed there"))
    mine = File(old.data.replace(b"line 4\n", b"line 4\n%s\n" % token))
    there = File(new.data.replace(b"line 14\n", b"line 14\n%s\n" % token))
    made = Upgrade(old={"a": old}, mine={"a": mine}, new={"a": new})
    assert broken(made, {"a": there}) == {"P2"}


def test_a_reported_file_must_still_hold_every_edit() -> None:
    mine = File(text().data + b"mine-0123456789\n")
    made = Upgrade(old={"a": text()}, mine={"a": mine}, new={"a": text((1, "x"))})
    assert broken(made, made.new, frozenset({"a"})) == {"P1"}


def test_a_file_is_followed_through_both_renames() -> None:
    made = Upgrade(old={"a": text()}, mine={"b": text()}, new={"c": text((1, "x"))}, renamed={"a": "b"})
    assert threads(made) == [Thread(old="a", mine="b", new="c")]
