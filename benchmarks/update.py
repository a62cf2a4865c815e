"""`roadworthy update` beside `copier update` and `cruft update`: one template, alternating, in one run.

    python -m venv /path/to/cruft && /path/to/cruft/bin/pip install cruft==2.16.0
    python benchmarks/update.py --cruft /path/to/cruft/bin/cruft [--rounds 5] [--projects 1000]

The template: 60 files, 30 of them rendered, 40 lines each; its second release edits 10, adds 2, deletes 1.
The project edited 6 files. `first` has never seen the project; without it the releases were rendered before,
as by a dry run. `current` has nothing to do. Then many projects with answers of their own, planned in two
processes from bare repositories, nothing remembered between them but the compiled template.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.git.merge import scratch
from roadworthy.commands.merging import Request, plan_merge
from roadworthy.commands.recorded import recorded
from roadworthy.commands.rendering import render_base, render_side
from roadworthy.core.templates.tree import File, Tree
from tests.update.world import ANSWERS, ANSWERS_JINJA, NEW, OLD, repository

BIN = Path(sys.executable).parent
COPIER_YML = b"_subdirectory: template\n_templates_suffix: .jinja\nname: {type: str, default: demo}\n"
IDENTITY = {
    f"GIT_{who}_{what}": "bench@tests.example"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}
Times = tuple[float, float]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cruft", help="the cruft command")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--projects", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="roadworthy-benchmark-") as place:
        os.environ["ROADWORTHY_TRUSTED_SOURCES"] = place
        one = _one_project(Path(place), args.cruft, args.rounds)
        _many_projects(Path(place), args.projects, one)


def tree(release: str, name: str = "{{ name }}", suffix: str = ".jinja") -> dict[str, File]:
    """Return the template's files, or with a name and no suffix what they render to."""
    files = {}
    for number in range(60):
        who = f"for {name}" if number < 30 else "for all"
        lines = [f"file {number} line {line} {who if line % 10 == 0 else ''}".rstrip() for line in range(40)]
        if release == NEW and number % 6 == 0:
            lines[5] = f"file {number} policy"
        files[f"folder{number % 5}/file{number}.txt{suffix if number < 30 else ''}"] = File(_text(lines))
    if release == NEW:
        files |= {f"added{number}.txt": File(_text([f"added {number}"] * 40)) for number in range(2)}
        del files["folder4/file59.txt"]
    return files


def edited(files: Tree) -> dict[str, File]:
    """Return a project's files with six edits of its own."""
    chosen = sorted(files)[::10][:6]
    assert len(chosen) == 6
    return {**files, **{path: File(files[path].data.replace(b"line 30", b"edited 30")) for path in chosen}}


def _text(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _template(root: Path) -> Path:
    fixed = {
        "copier.yml": File(COPIER_YML),
        "template/{{ _copier_conf.answers_file }}.jinja": File(ANSWERS_JINJA),
    }
    releases = {
        tag: {f"template/{path}": file for path, file in tree(tag).items()} | fixed for tag in (OLD, NEW)
    }
    repository(root / "template", releases)
    return root / "template"


def _answers(template: Path, name: str) -> File:
    return File(
        f"# Written by the template engine\n_commit: {OLD}\n_src_path: {template}\nname: {name}\n".encode()
    )


def _one_project(root: Path, cruft: str | None, rounds: int) -> dict[str, Times]:
    template = _template(root)
    files = edited(tree(OLD, "demo", ""))
    repository(root / "project", {"": {**files, ANSWERS: _answers(template, "demo")}})
    copier = (str(BIN / "copier"), "update", "--quiet", "--defaults", "--vcs-ref", NEW)
    commands = {
        "roadworthy update": ("project", (str(BIN / "roadworthy"), "update")),
        "roadworthy update, first": ("project", (str(BIN / "roadworthy"), "update")),
        "copier update": ("project", copier),
    }
    if cruft:
        _cruft_project(root, files)
        commands["cruft update"] = ("cruft", (cruft, "update", "-y", "--checkout", NEW))
    times: dict[str, list[Times]] = {}
    for number in range(-1, rounds):  # the first round only warms the caches
        for name, (source, command) in commands.items():
            os.environ["XDG_CACHE_HOME"] = str(root / f"cache-{number if name.endswith('first') else 'kept'}")
            for label, spent in _round(root / source, root / "copy", name, command).items():
                times.setdefault(label, []).extend([spent] if number >= 0 else [])
    return _print(times, {name: _processes(root, *rest) for name, rest in commands.items()}, rounds)


def _round(source: Path, copy: Path, name: str, command: tuple[str, ...]) -> dict[str, Times]:
    shutil.copytree(source, copy, symlinks=True)
    spent = {name: _timed(copy, command)}
    assert "policy" in (copy / "folder0/file0.txt").read_text(), f"{name} did not update"
    if not name.endswith("first"):
        who = isolated({"user.name": "B", "user.email": "b@tests.example"})
        git(copy, "add", "--all", env=who)
        git(copy, "commit", "-qm", "updated", env=who)
        spent[f"{name}, current"] = _timed(copy, command)
    shutil.rmtree(copy)
    return spent


def _processes(root: Path, source: str, command: tuple[str, ...]) -> int | None:
    """Count the programs that a command starts, if strace is there to count them."""
    if shutil.which("strace") is None:
        return None
    shutil.copytree(root / source, root / "copy", symlinks=True)
    log = root / "strace.txt"
    _timed(root / "copy", ("strace", "-f", "-qq", "-e", "trace=execve", "-o", str(log), *command))
    shutil.rmtree(root / "copy")
    return sum(line.endswith(" = 0") for line in log.read_text().splitlines()) - 1


def _cruft_project(root: Path, files: Tree) -> None:
    settings = {"cookiecutter.json": File(json.dumps({"project": "cruft", "name": "demo"}).encode())}
    made = {
        tag: settings
        | {
            f"{{{{cookiecutter.project}}}}/{path}": file
            for path, file in tree(tag, "{{cookiecutter.name}}", "").items()
        }
        for tag in (OLD, NEW)
    }
    repository(root / "cookie", made)
    context = {"cookiecutter": {"project": "cruft", "name": "demo", "_template": str(root / "cookie")}}
    commit = git(root / "cookie", "rev-parse", OLD, env=isolated()).decode().strip()
    state = {
        "template": str(root / "cookie"),
        "commit": commit,
        "checkout": None,
        "context": context,
        "directory": None,
    }
    repository(root / "cruft", {"": {**files, ".cruft.json": File(json.dumps(state).encode())}})


def _timed(folder: Path, command: tuple[str, ...]) -> Times:
    wall, cpu = time.perf_counter(), _cpu(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env={**os.environ, **IDENTITY}, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return time.perf_counter() - wall, _cpu(resource.RUSAGE_CHILDREN) - cpu


def _cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _print(times: dict[str, list[Times]], processes: dict[str, int | None], rounds: int) -> dict[str, Times]:
    medians = {
        n: (statistics.median(w for w, _ in each), statistics.median(c for _, c in each))
        for n, each in times.items()
    }
    print(f"60 files, 6 edited; median of {rounds}, alternating")
    print(f"{'':<28}{'CPU ms':>9}{'wall ms':>9}{'CPU x':>8}{'programs':>10}")
    for name, (wall, cpu) in sorted(medians.items(), key=lambda each: each[0].endswith("current")):
        ours = medians["roadworthy update, current" if name.endswith("current") else "roadworthy update"][1]
        started = processes.get(name) or "-"
        print(f"{name:<28}{cpu * 1000:>9.0f}{wall * 1000:>9.0f}{cpu / ours:>8.1f}{started:>10}")
    return medians


def _many_projects(root: Path, count: int, one: dict[str, Times]) -> None:
    fleet = root / "fleet"
    fleet.mkdir()
    git(root, "init", "-q", "--bare", "skeleton.git", env=isolated())
    for name in (f"team-{number}" for number in range(count)):
        files = edited(tree(OLD, name, ""))  # one at a time: a child's peak memory starts at its parent's
        shutil.copytree(root / "skeleton.git", fleet / name)
        _commit(fleet / name, {**files, ANSWERS: _answers(root / "template", name)})
    known = [
        (str(place), git(place, "rev-parse", "main^{tree}", env=isolated()).decode().strip())
        for place in sorted(fleet.iterdir())
    ]
    wall = time.perf_counter()
    with get_context("spawn").Pool(2) as pool:
        spent = pool.map(_plan, known, chunksize=25)
    wall = time.perf_counter() - wall
    cpu = statistics.median(each[0] for each in spent)
    memory = max(each[1] for each in spent) / 1024
    assert all(each[2] == 13 for each in spent), "each project receives 10 edits, 2 new files and 1 removal"
    print(
        f"\n{count} projects in 2 processes: {wall:.1f} s wall, {cpu * 1000:.1f} ms CPU each, {memory:.0f} MB"
    )
    print(f"copier update spends {one['copier update'][1] / cpu:.0f} times the CPU per project")


def _commit(folder: Path, files: Tree) -> None:
    parts = [b"commit refs/heads/main\ncommitter B <b@tests.example> 1700000000 +0000\ndata 0\n"]
    for path, file in files.items():
        parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(file.data), file.data))
    git(folder, "fast-import", "--quiet", input=b"".join(parts), env=isolated())


def _plan(project: tuple[str, str]) -> tuple[float, float, int]:
    """Plan one update, as a fleet does that knows each project's place and the tree of its last commit."""
    place, ours = project
    before = _cpu(resource.RUSAGE_SELF) + _cpu(resource.RUSAGE_CHILDREN)
    with scratch(Path(place, "objects")) as repo:
        answers = f"{ours}:{ANSWERS}"
        known = recorded(ANSWERS, repo.objects.blobs([answers])[answers], b"")
        base = render_base(known, "project")
        theirs = render_side(known, known.spec, NEW, folder="project")
        request = Request(
            ours=ours,
            base=base.files,
            theirs=theirs.files,
            generated=frozenset({ANSWERS}),
            label=theirs.label,
        )
        plan = plan_merge(request, repo)
    after = _cpu(resource.RUSAGE_SELF) + _cpu(resource.RUSAGE_CHILDREN)
    kilobytes = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / kilobytes
    return after - before, memory, len(plan.changes) - len(plan.stages)


if __name__ == "__main__":
    main()
