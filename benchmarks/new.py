"""`roadworthy new --defaults` beside `copier copy --defaults` of the same template, alternating, in one run.

    python benchmarks/new.py [ROUNDS]

Both make the same files from the same folder; roadworthy also checks them, makes a repository and commits.
`copier + git` adds those git commands to Copier's time. Prints wall and CPU medians and the ratios.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from roadworthy.adapters.workplace import write_tree
from roadworthy.commands.source import open_source

BIN = Path(sys.executable).parent
GIT = ("init -q -b main", "add -A", "-c user.name=A -c user.email=a@b.example commit -q -m first")

Times = tuple[float, float]


def main(rounds: int) -> None:
    """Run every contender `rounds` times, in turn, and print the medians."""
    with tempfile.TemporaryDirectory(prefix="roadworthy-benchmark-") as place:
        root = Path(place)
        write_tree(root / "template", open_source().tree)
        times: dict[str, list[Times]] = {"copier copy": [], "copier copy + git": [], "roadworthy new": []}
        for number in range(-1, rounds):  # the first round only warms the caches
            for name in times:
                spent = _timed(name, root, root / f"{name.replace(' ', '-')}-{number}")
                times[name] += [spent] if number >= 0 else []
    _print(times, rounds)


def _timed(name: str, root: Path, destination: Path) -> Times:
    wall, cpu = time.perf_counter(), _cpu()
    for command in _commands(name, root, destination):
        subprocess.run(command, check=True, capture_output=True, env=_environment(root))
    spent = (time.perf_counter() - wall, _cpu() - cpu)
    made = sum(1 for path in destination.rglob("*") if path.is_file() and ".git/" not in str(path))
    assert made > 10, f"{name} made {made} files"
    shutil.rmtree(destination)
    return spent


def _commands(name: str, root: Path, destination: Path) -> list[Sequence[str]]:
    template, made = str(root / "template"), str(destination)
    if name == "roadworthy new":
        return [(str(BIN / "roadworthy"), "new", made, "--defaults", "--source", template)]
    copy = (str(BIN / "copier"), "copy", "--quiet", "--defaults", template, made)
    committed = [("git", "-C", made, *line.split()) for line in GIT]
    return [copy, *committed] if name.endswith("git") else [copy]


def _environment(root: Path) -> dict[str, str]:
    identity = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b.example"}
    return {"PATH": os.environ["PATH"], "HOME": str(root), "LC_ALL": "C.UTF-8", **identity}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _print(times: dict[str, list[Times]], rounds: int) -> None:
    print(f"medians of {rounds} rounds, seconds")
    print(f"{'':20}{'wall':>8}{'CPU':>8}")
    medians = {
        name: [statistics.median(each) for each in zip(*spent, strict=True)] for name, spent in times.items()
    }
    for name, (wall, cpu) in medians.items():
        print(f"{name:20}{wall:8.3f}{cpu:8.3f}")
    ours = medians["roadworthy new"]
    for name in ("copier copy", "copier copy + git"):
        wall, cpu = (theirs / own for theirs, own in zip(medians[name], ours, strict=True))
        print(f"roadworthy new takes 1/{wall:.1f} of the wall time and 1/{cpu:.1f} of the CPU time of {name}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
