"""What a merge may see, and the fate of every path."""

from __future__ import annotations

from roadworthy.core.merging.entries import Entry, entries, entry
from roadworthy.core.merging.plan import Fate, Outcome, Sides, classify, shape
from roadworthy.core.templates.tree import File

LONG = File(b"".join(b"line %d\n" % number for number in range(20)))
KINDS = {"seed.py": "seeded", "moved.py": "seeded", "rec.yaml": "record", "new-rec.yaml": "record"}


def kind_of(path: str) -> str:
    return KINDS.get(path, "merged")


def shaped(base: dict[str, File], theirs: dict[str, File], ours: dict[str, File]) -> Sides:
    return shape(base, theirs, entries(ours), kind_of=kind_of, generated={"answers"}, ignored={"hidden"})


def test_generated_and_ignored_files_are_not_merged() -> None:
    tree = {"answers": File(b"1"), "hidden": File(b"1"), "a": File(b"1")}
    sides = shaped(tree, tree, tree)
    assert set(sides.base) == set(sides.theirs) == {"a"}


def test_seeded_and_record_files_are_created_once() -> None:
    tree = {"seed.py": File(b"1"), "rec.yaml": File(b"1")}
    assert set(shaped(tree, tree, tree).theirs) == set()
    assert set(shaped({}, tree, {}).theirs) == set(tree)
    assert set(shaped({}, tree, tree).theirs) == set()
    assert set(shaped(tree, tree, {}).theirs) == set(), "deleted by the team: not created again"
    assert set(shaped(tree, {}, tree).base) == set(), "dropped by the template: the team keeps it"


def test_a_seeded_file_follows_a_rename_if_the_team_still_has_it() -> None:
    base, theirs = {"seed.py": LONG}, {"moved.py": File(LONG.data + b"more\n")}
    assert set(shaped(base, theirs, base).base) == {"seed.py"}
    assert set(shaped(base, theirs, {}).base) == set()
    assert set(shaped(base, {"moved.py": File(b"other\n")}, base).base) == set()


def test_the_fate_of_every_path() -> None:
    one, two, three, four = (entry(File(letter)) for letter in (b"1", b"2", b"3", b"4"))
    table: dict[str, tuple[Entry | None, Entry | None, Entry | None, Entry | None, Fate | None]] = {
        "same": (one, one, one, one, Fate.UNCHANGED),
        "synced": (one, one, two, two, Fate.SYNCED),
        "new": (None, None, two, two, Fate.SYNCED),
        "removed": (one, one, None, None, Fate.SYNCED),
        "kept": (one, two, one, two, Fate.KEPT),
        "kept-dropped": (one, two, None, two, Fate.KEPT),
        "merged": (one, two, three, four, Fate.MERGED),
        "deleted": (one, None, one, None, Fate.DELETED),
        "deleted-everywhere": (one, None, None, None, None),
        "both": (one, two, two, two, Fate.UNCHANGED),
    }
    sides = [{path: row[n] for path, row in table.items() if row[n]} for n in range(4)]
    base, ours, theirs, result = sides
    outcome = Outcome(
        base=base, ours=ours, theirs=theirs, result=result,  # type: ignore[arg-type]
        sides=Sides(base={}, theirs={}), conflicts={"clash": "why"}, renames={"to": "from"},
    )  # fmt: skip
    found = {plan.path: plan.fate for plan in classify(outcome)}
    assert found.pop("clash") is Fate.CONFLICT
    assert found == {path: row[4] for path, row in table.items() if row[4]}
