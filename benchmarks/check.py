"""`roadworthy check` beside the checkers people know: the same projects, alternating, in one run.

    python benchmarks/check.py [--tools build/benchmark-tools] [--rounds 5] [--projects 120]

The peers of `benchmarks/peers.txt`, and this tree as a wheel, are installed into environments below the named
folder, unless they are there. `cold` has no memory on disk: the first check of all. Then many generated
projects, no two alike, are judged in one process. Prints Markdown; ratios first, medians, CPU with children.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OURS, COLD = "roadworthy check", "roadworthy check, cold"
# What a checker may exit with after it looked: clean, or findings.
LOOKED = {"zizmor": {0, 10, 11, 12, 13, 14}, "repo-review": {0, 2, 3}}
RUBRIC = ("impact", "autonomy", "reversibility", "regulatory", "scale")
IDENTITY = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
Times = tuple[float, float]


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tools", type=Path, default=ROOT / "build" / "benchmark-tools")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--projects", type=int, default=120)
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.judge:
        print(json.dumps(judged_here(args.judge)))
        return
    install(args.tools)
    with tempfile.TemporaryDirectory(prefix="roadworthy-benchmark-") as place:
        os.environ |= {"HOME": place, "XDG_CACHE_HOME": f"{place}/cache", "LC_ALL": "C.UTF-8"}
        os.environ |= dict.fromkeys(IDENTITY, "bench@tests.example")
        compare(args.tools, few(Path(place) / "few"), args.rounds)
        fleet(args.tools, many(Path(place) / "many", args.projects))


def install(tools: Path) -> None:
    """Make the environments that are not there: the peers demand other versions of what we share."""
    for name, what in (("ours", (str(ROOT),)), ("peers", ("-r", str(ROOT / "benchmarks" / "peers.txt")))):
        python = tools / name / "bin" / "python"
        if not python.is_file():
            subprocess.run((sys.executable, "-m", "venv", str(tools / name)), check=True)
            subprocess.run((str(python), "-m", "pip", "install", "-q", *what), check=True)


def few(root: Path) -> dict[str, Path]:
    """Return a light project and a heavy one as they are born, and one with the records of a release."""
    light = {**dict.fromkeys(RUBRIC, 0), "circumstances": [], "mode": "batch"}
    return {
        "low, batch, born": born(root / "light", light),
        "critical, online, born": born(root / "heavy", {}),
        "critical, online, with the records of a release": lived(root / "lived"),
    }


def born(place: Path, given: Mapping[str, Any]) -> Path:
    """Make a project of the newest release that is carried."""
    from roadworthy.commands.new import Request, new_project

    place.parent.mkdir(parents=True, exist_ok=True)
    new_project(Request(destination=place, given=dict(given), source="builtin", release=None), print)
    return place


def lived(place: Path) -> Path:
    """Make a project that was trained, approved, gated and deployed, as the adversary's tests do."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from tests.adversary import lived as life

    life.make_project = born
    place.mkdir()
    made = life.make_lived(place).path
    assert len(list(made.glob("governance/*/*.json"))) > 5
    return made


def many(root: Path, count: int) -> Path:
    """Make projects of every tier and mode, no two with the same answers."""
    kinds = itertools.cycle(
        itertools.product(range(4), ("online", "batch"), ("github", "gitlab"), (True, False))
    )
    for number, (risk, mode, ci, sample) in zip(range(count), kinds, strict=False):
        own = {"name": f"project-{number}", "owner_model": f"owner{number}@loans.example"}
        other = {"circumstances": [], "mode": mode, "ci": ci, "sample": sample}
        born(root / f"project-{number}", {**dict.fromkeys(RUBRIC, risk), **own, **other})
    return root


def compare(tools: Path, projects: Mapping[str, Path], rounds: int) -> None:
    """Run everybody on every project in turn, and print what each took."""
    times: dict[str, dict[str, list[Times]]] = {project: {} for project in projects}
    for number in range(-1, rounds):  # the first round only warms the caches
        for project, place in projects.items():
            for name, command in commands(tools, place):
                spent = timed(name, command, place)
                times[project].setdefault(name, []).extend([spent] if number >= 0 else [])
    for project, runs in times.items():
        show(project, runs, rounds)


def commands(tools: Path, project: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what each contender is called with; who is missing is said."""
    workflows = sorted(str(path) for path in (project / ".github" / "workflows").glob("*.yml"))
    assert workflows, f"{project} has no workflow for the peers to look at"
    own, schema = str(project), ("--builtin-schema", "vendor.github-workflows")
    wanted: dict[str, Sequence[str]] = {
        OURS: ("ours/bin/roadworthy", "check", own),
        COLD: ("ours/bin/roadworthy", "check", own),
        "zizmor": ("peers/bin/zizmor", "--offline", own),
        "repo-review": ("peers/bin/repo-review", "--format", "json", own),
        "check-jsonschema": ("peers/bin/check-jsonschema", *schema, *workflows),
        "checkov": ("peers/bin/checkov", "--framework", "github_actions", "--quiet", "--compact", "-d", own),
    }
    for name, (program, *rest) in wanted.items():
        if (tools / program).is_file():
            yield name, (str(tools / program), *rest)
        else:
            print(f"NOT MEASURED: {name}, because {tools / program} is missing")


def timed(name: str, command: Sequence[str], project: Path) -> Times:
    """Return the seconds on the wall and on the CPU that a command takes."""
    with tempfile.TemporaryDirectory() as nothing:
        env = {**os.environ, **({"XDG_CACHE_HOME": nothing} if name == COLD else {})}
        wall, cpu = time.perf_counter(), cpu_of(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
        spent = (time.perf_counter() - wall, cpu_of(resource.RUSAGE_CHILDREN) - cpu)
    looked = done.returncode in LOOKED.get(name, {0, 1}) and "Traceback" not in done.stderr
    assert looked, f"{name}: {done.returncode} {done.stdout}{done.stderr}"
    return spent


def cpu_of(who: int) -> float:
    """Return the CPU seconds that this process, or its children, have used."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def show(project: str, runs: Mapping[str, Sequence[Times]], rounds: int) -> None:
    """Print the medians of one project."""
    medians = {
        name: [statistics.median(each) for each in zip(*spent, strict=True)] for name, spent in runs.items()
    }
    ours = medians[OURS]
    print(f"\n{project}; medians of {rounds} rounds, in turn\n")
    print(f"| | wall, times {OURS} | CPU, times {OURS} | wall ms | CPU ms |\n|---|---:|---:|---:|---:|")
    for name, (wall, cpu) in medians.items():
        ratios = f"{wall / ours[0]:.2f} | {cpu / ours[1]:.2f}"
        print(f"| {name} | {ratios} | {wall * 1000:.0f} | {cpu * 1000:.0f} |")


def fleet(tools: Path, projects: Path) -> None:
    """Judge many projects in one process, and print how many a core judges in a second."""
    command = (str(tools / "ours/bin/python"), str(Path(__file__)), "--judge", str(projects))
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    what = f"{said['projects']} generated projects, no two alike, {said['controls']} controls each"
    print(f"\n{what}, in one process\n")
    print("| | projects per second and core | CPU ms each | of it git |\n|---|---:|---:|---:|")
    for name, (own, git) in said["passes"].items():
        print(f"| {name} | {1 / (own + git):.0f} | {(own + git) * 1000:.1f} | {git * 1000:.1f} |")


def judged_here(projects: Path) -> dict[str, Any]:
    """Judge every project of a folder twice in this process; the CPU seconds per project of both passes."""
    from roadworthy.commands.check import check

    places = sorted(str(each) for each in projects.iterdir())
    assert len(places) >= 100, "too few to say anything"
    passes, controls = {}, len(check(places.pop()).judged)
    for name in ("never seen before", "again"):
        own, git = cpu_of(resource.RUSAGE_SELF), cpu_of(resource.RUSAGE_CHILDREN)
        assert all(len(check(place).judged) == controls > 40 for place in places)
        spent = (cpu_of(resource.RUSAGE_SELF) - own, cpu_of(resource.RUSAGE_CHILDREN) - git)
        passes[name] = [each / len(places) for each in spent]
    return {"projects": len(places), "controls": controls, "passes": passes}


if __name__ == "__main__":
    main()
