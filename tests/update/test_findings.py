"""What the random histories found, made small: each once broke a promise, and names the seed that drew it."""

from __future__ import annotations

import pytest

from roadworthy.core.templates.tree import File
from tests.update.promises import live, place, trusted
from tests.update.world import Case


def steps(*blocks: str) -> dict[str, File]:
    """Return a list of blocks without names: `c1` or, with another command, `c1=policy-1`."""
    rows = []
    for block in blocks:
        tag, _, run = block.partition("=")
        rows.append(f"  - run: {run or 'make'}\n    level: 1\n    tag: {tag}\n")
    return {"steps.yaml": File("".join(["steps:\n", *rows]).encode())}


def case(old: dict[str, File], new: dict[str, File], mine: dict[str, File]) -> Case:
    own = {"own/kept.txt": File(b"mine-own\n"), ".gitignore": File(b"*.log\n")}
    return Case(old=old, new=new, mine=mine | own)


FINDINGS = {
    "seed 10: a block moved here and removed there came back": (
        case(steps("s0", "s1=test", "s2=true"), steps("s0", "s2=true"), steps("s0", "s2=true", "s1=test")),
        {"steps.yaml"},
    ),
    "seed 9: a block moved here, moved and edited there, was there twice": (
        case(
            steps("c0", "c1", "c2", "c3", "c4"),
            steps("c0", "c2", "c1=policy-1", "c3", "c4"),
            steps("c0", "c2", "c3", "c1", "c4"),
        ),
        {"steps.yaml"},
    ),
    "seed 38: going back refused a file that meets a folder, instead of showing the conflict": (
        case(
            {"notes.txt": File(b"line 0\nno line 1\nno line 2\n")},
            {"moved/notes.txt": File(b"line 0\n")},
            {"notes.txt/inner.txt": File(b"mine-inner\n")},
        ),
        set(),
    ),
}


@pytest.mark.parametrize(("case", "reported"), FINDINGS.values(), ids=FINDINGS)
def test_a_finding_stays_fixed(case: Case, reported: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", trusted())
    with place() as root:
        result, verdict = live(root, case)
    assert verdict.broken == ()
    assert set(result.reported) == reported
