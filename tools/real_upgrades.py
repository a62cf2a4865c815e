"""Real upgrades: public Copier templates over their own consecutive tags, with local edits, three engines.

    python tools/real_upgrades.py FOLDER [--tags 9] [--projects 2] [--cruft /path/to/cruft]

FOLDER holds clones of Copier templates, which are read and never kept here. For each pair of consecutive
releases, Copier makes a project from the first; it is edited (by tests/update/local_edits.py, seeded) and
updated to the second by every engine, on its own copy. `tests/update/threads.py` judges. Tasks and migrations
run nowhere; templates that load code of their own (Jinja extensions) are left out.

cruft cannot update a Copier template. It gets the two releases as Copier rendered them, wrapped word for word
as a cookiecutter template: the same change, the same edits, its own merge.

In the table, losses are local edits or ignored files gone, altered or moved with nothing said (P1 to P5);
dropped are template changes missing with nothing said (P6); conflicts are updates that told of a file. Each
single one is printed on standard error. Exit code 1 if our engine broke a promise.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import copier
import yaml
from pathspec import PathSpec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.parity import answers
from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.git.sources import final_releases, read_tags
from roadworthy.commands.recorded import read_recorded
from roadworthy.commands.rendering import render_side
from roadworthy.commands.source import open_source
from roadworthy.commands.update import Wish, abort, update
from roadworthy.core.merging.report import CONFLICTS, CURRENT
from roadworthy.core.templates.config import read_raw, skip_if_exists
from roadworthy.core.templates.tree import File, Tree
from tests.update import peers
from tests.update.engines import roadworthy_in
from tests.update.local_edits import IGNORED, edited
from tests.update.oracle import Result, Verdict
from tests.update.promises import place, trusted
from tests.update.threads import Upgrade, judge_upgrade
from tests.update.world import ANSWERS, WHO, Case, commit_all, read_folder

COLUMNS = ("updates", "clean", "conflicts", "losses", "dropped", "refused", "crashed")
NEEDED: dict[str, dict[str, Any]] = {  # answers without a default, where the template is beyond our subset
    "JuliaBesties+BestieTemplate.jl": {
        "PackageName": "Example",
        "PackageUUID": "12345678-1234-4234-8234-123456789abc",
        "PackageOwner": "someone",
        "Authors": "Some One <some@one.example> and contributors",
    }
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One project between two releases of a template, before any engine touched it."""

    name: str
    project: Path
    release: str
    upgrade: Upgrade


@dataclass
class Score:
    """What an engine made of all steps of a template."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result, verdict: Verdict) -> None:
        """Count one update."""
        broken = {line[:2] for line in verdict.broken}
        crashed = any("crashed" in line for line in verdict.broken)
        refused = bool(result.crashed) and not crashed
        self.counts["updates"] += 1
        self.counts["crashed"] += crashed
        self.counts["refused"] += refused
        self.counts["losses"] += not crashed and bool(broken - {"P6"})
        self.counts["dropped"] += "P6" in broken
        self.counts["conflicts"] += bool(result.reported)
        self.counts["clean"] += not (broken or result.crashed or result.reported)


Engine = Callable[[Step, Path], tuple[Result, Verdict]]


def main() -> int:
    """Print one row per template and engine; 1 if ours broke a promise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tags", type=int, default=9, help="newest releases of each template")
    parser.add_argument("--projects", type=int, default=2, help="projects per pair of releases")
    parser.add_argument("--cruft", help="the cruft command; without it cruft is left out")
    args = parser.parse_args()
    engines: dict[str, Engine] = {"roadworthy": ours, "copier": copiers}
    if args.cruft:
        engines["cruft"] = lambda step, root: crufts(step, root, args.cruft)
    totals = {name: Score() for name in engines}
    print(f"| template | releases | commits | engine | {' | '.join(COLUMNS)} |")
    print("|" + "---|" * (4 + len(COLUMNS)))
    for clone in sorted(path for path in args.folder.iterdir() if path.is_dir()):
        _template(clone, args.tags, args.projects, engines, totals)
    for name, score in totals.items():
        print(_row("all", "", "", name, score))
    return 1 if totals["roadworthy"].counts["losses"] + totals["roadworthy"].counts["dropped"] else 0


def _template(
    clone: Path, tags: int, projects: int, engines: dict[str, Engine], totals: dict[str, Score]
) -> None:
    releases = final_releases(read_tags(clone))[-tags:]
    if len(releases) < 2:
        print(f"{clone.name}: fewer than two releases, left out", file=sys.stderr)
        return
    scores = {name: Score() for name in engines}
    with place() as root:
        template = root / "template"
        git(root, "clone", "--quiet", str(clone), "template")
        for old, new in pairwise(releases):
            for number in range(projects):
                _step(root, template, (clone.name, old, new, number), engines, scores)
        commits = "..".join(
            git(template, "rev-parse", "--short=10", f"{tag}^{{commit}}").decode().strip()
            for tag in (releases[0], releases[-1])
        )
    for name, score in scores.items():
        totals[name].counts += score.counts
        if score.counts["updates"]:
            shown = f"{releases[0]} to {releases[-1]} ({len(releases)})"
            print(_row(clone.name.replace("+", "/"), shown, commits, name, score), flush=True)


def _row(template: str, releases: str, commits: str, engine: str, score: Score) -> str:
    numbers = (str(score.counts[column]) for column in COLUMNS)
    return f"| {' | '.join((template, releases, commits, engine, *numbers))} |"


def _step(
    root: Path,
    template: Path,
    what: tuple[str, str, str, int],
    engines: dict[str, Engine],
    scores: dict[str, Score],
) -> None:
    name = f"{what[0]} {what[1]}..{what[2]} #{what[3]}"
    here = Path(tempfile.mkdtemp(dir=root))
    try:
        step = made(here, template, name, what[1], what[2])
    except Exception as error:  # whatever Copier's libraries raise: then there is no project to update
        print(f"{name}: no project: {type(error).__name__}: {error!s:.200}", file=sys.stderr)
        return
    for engine, run in engines.items():
        result, verdict = run(step, here / engine)
        scores[engine].add(result, verdict)
        for line in [*([f"ended: {result.crashed}"] if result.crashed else []), *verdict.broken]:
            print(f"{name}: {engine}: {line:.300}", file=sys.stderr, flush=True)
    shutil.rmtree(here)


def made(here: Path, template: Path, name: str, old: str, new: str) -> Step:
    """Make a project from one release, edit it, and commit it."""
    project = here / "made" / "project"
    sampled = next(iter(answers(open_source(str(template), old).tree, 1)), {})
    data = sampled | NEEDED.get(name.partition(" ")[0], {})
    base = _rendered(template, old, project, data)
    recorded = yaml.safe_load(base[ANSWERS].data)
    given = {key: value for key, value in recorded.items() if not key.startswith("_")}
    target = _rendered(template, new, here / "target" / "project", given)
    unjudged = _otherwise(project, template, old, base) | {ANSWERS}
    edits = edited(base, target, name, ANSWERS)
    for path in base.keys() - edits.tree.keys() - {ANSWERS}:
        (project / path).unlink()
    _written(project, {path: file for path, file in edits.tree.items() if base.get(path) != file})
    _written(project, {path: File(data) for path, data in IGNORED.items()})
    git(project, "init", "-q", env=isolated(WHO))
    commit_all(project)
    tracked = set(os.fsdecode(git(project, "ls-files", "-z")).split("\0"))
    files = read_folder(project)

    def seen(path: str) -> bool:
        return path not in unjudged and (path in tracked or path not in files)

    return Step(
        name=name,
        project=project,
        release=new,
        upgrade=Upgrade(
            old={path: file for path, file in base.items() if seen(path)},
            mine={path: file for path, file in files.items() if path in tracked - unjudged},
            new={path: file for path, file in target.items() if seen(path)},
            renamed=edits.renamed,
            untracked={path: file.data for path, file in files.items() if path not in tracked},
            seeded=_seeded(template, new),
        ),
    )


def _rendered(template: Path, release: str, project: Path, data: dict[str, Any]) -> dict[str, File]:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        copier.run_copy(
            str(template),
            str(project),
            data,
            settings=copier.Settings(),
            defaults=True,
            quiet=True,
            vcs_ref=release,
            skip_tasks=True,
        )
    return read_folder(project)


def _otherwise(project: Path, template: Path, release: str, base: Tree) -> set[str]:
    """Return what we render otherwise than Copier at another moment: files that hold the clock, or P10."""
    ours = render_side(read_recorded(project, ANSWERS), str(template), release, folder=project.name).files
    differ = {path for path in ours.keys() | base.keys() if ours.get(path) != base.get(path)}
    if differ:
        print(f"P10 {template} {release}: not judged: {', '.join(sorted(differ))}", file=sys.stderr)
    return differ


def _seeded(template: Path, release: str) -> Callable[[str], bool]:
    """Read Copier's `_skip_if_exists`; the templates here use no answers in it."""
    patterns = skip_if_exists(read_raw(open_source(str(template), release).tree))
    match = PathSpec.from_lines("gitignore", patterns).match_file
    return lambda path: bool(match(path))


def _written(folder: Path, tree: Tree) -> None:
    for path, file in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(0o755 if file.executable else 0o644)


def _without_answers(tree: Tree) -> dict[str, File]:
    return {path: file for path, file in tree.items() if path not in (ANSWERS, ".cruft.json")}


def _copy(step: Step, root: Path) -> Path:
    shutil.copytree(step.project, root / step.project.name, symlinks=True)
    return root / step.project.name


def _judged(step: Step, result: Result) -> tuple[Result, Verdict]:
    seen = Result(
        before=_without_answers(result.before),
        after=_without_answers(result.after),
        reported=result.reported,
        crashed=result.crashed,
    )
    return seen, judge_upgrade(step.upgrade, seen)


def ours(step: Step, root: Path) -> tuple[Result, Verdict]:
    """Update with our own engine, then abort, or update again."""
    project = _copy(step, root)
    before = read_folder(project)
    result, report = roadworthy_in(project, step.release)
    judged, verdict = _judged(step, result)
    more: list[str] = []
    if report is not None and report.state == CONFLICTS:
        abort(project)
        more += ["P5 abort left something"] if read_folder(project) != before else []
    elif report is not None:
        commit_all(project)
        again = update(Wish(project=project, to=step.release)).state
        more += [f"P7 a second update is {again}"] if again != CURRENT else []
    return judged, Verdict(broken=(*verdict.broken, *more))


def copiers(step: Step, root: Path) -> tuple[Result, Verdict]:
    """Update with Copier."""
    return _judged(step, peers.copier_in(_copy(step, root), step.release))


def crufts(step: Step, root: Path, command: str) -> tuple[Result, Verdict]:
    """Update with cruft, from the rendered releases."""
    up = replace(step.upgrade, seeded=lambda path: False)  # cruft knows no such thing
    case = Case(old=up.old, new=up.new, mine=up.mine, untracked=up.untracked)
    root.mkdir()
    return _judged(replace(step, upgrade=up), peers.cruft(root, case, command))


if __name__ == "__main__":
    os.environ["ROADWORTHY_TRUSTED_SOURCES"] = trusted()
    sys.exit(main())
