"""From every release to every later one, and to this tree: no edit lost, nothing missing, a way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy.commands.check import check
from roadworthy.commands.source import open_source, project_of, releases
from roadworthy.commands.update import Wish, update
from roadworthy.core.judging.models import Verdict
from roadworthy.core.merging.report import CURRENT, UPDATED, Outlook
from roadworthy.core.templates.ownership import ownership_of
from roadworthy.core.templates.releases import DEVELOPMENT
from roadworthy.core.templates.source import OWNERSHIP
from roadworthy.core.templates.tree import File, Tree
from tests.template.matrix import SHAPES, TIERS, tier_answers
from tests.update.world import ANSWERS, commit_all, read_folder, repository

PAIRS = list(combinations([*releases("builtin"), DEVELOPMENT], 2))
CASES: list[Mapping[str, Any]] = [
    {},
    {"sample": False, "tracking": "server", "ci": "gitlab", "name": "churn"},
    *(tier_answers(tier, *SHAPES[number % 2]) for number, tier in enumerate(TIERS)),
]
OURS = b"# ours, and it stays\n"
# One of each: a document both sides edit, two files that are the team's, a record, a file nobody else knows.
TOP, END, SEEDED, RECORD, OWN = (
    "policy/gates.yaml",
    "README.md",
    ("src/{package}/model.py", "governance/roles.yaml"),
    "governance/incidents/2026-11-20.yaml",
    "notes/ours.md",
)


def test_there_is_history_to_update_from() -> None:
    assert ("0.1.0", DEVELOPMENT) in PAIRS
    assert len(PAIRS) == (len(releases("builtin")) + 1) * len(releases("builtin")) // 2


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("release", releases("builtin"))
def test_a_rehearsal_of_any_release_finds_its_verbs_after_an_update(release: str, tier: str) -> None:
    """The sample is the team's, so an update leaves it as it was: what it asks for must stay."""
    answers = tier_answers(tier, *SHAPES[0])
    old, new = (
        project_of(open_source("builtin", each), answers, folder="project").files
        for each in (release, DEVELOPMENT)
    )
    life = b"".join(file.data for path, file in old.items() if path.startswith("sample/")).decode()
    asked = set(re.findall(r'\bverb\(\s*"(\w+)"', life))
    (cli,) = (file.data.decode() for path, file in new.items() if path.endswith("/cli.py"))
    targets = dict(re.findall(r'^    "(\w+)": Verb\(\s*"[^"]*",\s*"([\w.]+):', cli, re.MULTILINE))
    assert len(asked) >= 9
    missing = {verb for verb in asked if not _ships(targets[verb], new)}
    assert missing <= {"score"}, "online projects have no verb for files"


def _ships(module: str, files: Tree) -> bool:
    return any(path.endswith(f"/{module.replace('.', '/')}.py") for path in files)


@pytest.mark.parametrize("shape", SHAPES, ids="-".join)
def test_a_tier_is_raised_and_lowered_by_answers(shape: tuple[str, str], tmp_path: Path) -> None:
    """What the higher tier asks for arrives, what the lower one does without goes; the team's own stays."""
    source, project = open_source("builtin", DEVELOPMENT), tmp_path / "project"
    low, critical = ({**TIERS["low"], **TIERS[tier]} for tier in ("low", "critical"))
    where = {"mode": shape[0], "ci": shape[1]}
    born = [project_of(source, {**where, **each}, folder="project").files for each in (low, critical)]
    repository(project, {"": edited(born[0])})
    for answers, fresh in ((critical, born[1]), (low, born[0])):
        report = update(Wish(project=project, to=DEVELOPMENT, answers=answers))
        assert (report.state, report.exit_code) == (UPDATED, 0)
        commit_all(project, "Change the tier")
        assert read_folder(project) == edited(fresh, {**born[1], **born[0]})


@pytest.mark.parametrize(
    "answers", CASES, ids=lambda each: "-".join(map(str, each.values()))[:40] or "defaults"
)
@pytest.mark.parametrize("pair", PAIRS, ids="->".join)
def test_from_one_release_to_a_later_one(
    pair: tuple[str, str], answers: Mapping[str, Any], tmp_path: Path, policy_of: Any
) -> None:
    (old, new), project = pair, tmp_path / "project"
    born = project_of(open_source("builtin", old), answers, folder="project").files
    mine = edited(born)
    repository(project, {"": mine})
    before, failed = read_folder(project), failing(project, policy_of(old))

    report = update(Wish(project=project, to=new))
    assert (report.state, report.exit_code, report.outlook.broken, report.outlook.unjudged) == (
        UPDATED,
        0,
        (),
        "",
    )
    commit_all(project, f"Update to {new}")
    recorded = yaml.safe_load(born[ANSWERS].data)
    fresh = project_of(
        open_source("builtin", new), {}, last=recorded, folder="project", operation="update"
    ).files
    assert read_folder(project) == edited(fresh, born)
    assert update(Wish(project=project, to=new)).state == CURRENT
    assert failing(project, policy_of(new)) - failed == set()

    back = update(Wish(project=project, back=True))
    assert (back.state, back.after, back.outlook) == (UPDATED, old, Outlook())
    assert read_folder(project) == before


@pytest.fixture(scope="module")
def policy_of(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A release's policy as a folder."""
    home = tmp_path_factory.mktemp("packs")

    def written(version: str) -> str:
        for path, data in open_source("builtin", version).pack.items():
            (home / version / path).parent.mkdir(parents=True, exist_ok=True)
            (home / version / path).write_bytes(data)
        return str(home / version)

    return written


def edited(files: Tree, born: Tree | None = None) -> dict[str, File]:
    """Return a render with a team's edits; what is the team's since `born` is as it was then."""
    born = born or files
    manifest = yaml.safe_load(open_source("builtin", DEVELOPMENT).tree[OWNERSHIP].data)
    package = next(path.split("/")[1] for path in born if path.startswith("src/"))
    seeded = {path: file for path, file in born.items() if ownership_of(path, manifest).kind == "seeded"}
    mine = {path.format(package=package) for path in SEEDED}
    assert mine <= seeded.keys()
    return {
        **files,
        **seeded,
        **{path: File(seeded[path].data + OURS) for path in mine},
        TOP: File(OURS + files[TOP].data),
        END: File(files[END].data + OURS),
        RECORD: File(b"schema: incident/v1\n"),
        OWN: File(OURS),
    }


def failing(project: Path, policy: str) -> set[str]:
    """Return the checks that fail or cannot be known; some do, because the record is made up."""
    report = check(str(project), policy=policy)
    assert len(report.judged) >= 40
    found = [each for judged in report.judged for each in judged.findings]
    return {
        f"{each.control}/{each.check}" for each in found if each.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
    }
