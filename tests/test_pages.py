"""Every page that tells a reader what to type, walked: what it shows is what happens."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.printed import named
from tests.projects.making import REPOSITORY, make_project, project_python, tool_path
from tests.template.matrix import tier_answers
from tests.update.upstream import NEW_01, edit, release, tighten
from tests.walking import Aside, Walk

DOCS, PLANS = REPOSITORY / "docs", REPOSITORY / "tests" / "plans"
FILL = """
import sys
from pathlib import Path
sys.path.insert(0, "sample")
import rehearsal as r
r.CLONE = Path.cwd()
words = r._words({"review_days": 31})
people = {"exec@rehearsal": "eva@plans", "risk@rehearsal": "rui@plans"}
for old, new in people.items():
    words = {key: word.replace(old, new) for key, word in words.items()}
for file in ("system", "risk", "card", "roles"):
    r._fill(file, words)
"""
REHEARSE = 'import sys; sys.path.insert(0, "sample"); import rehearsal; rehearsal.prepare()'
SOME_ROWS = 'from credit_decision.data import load; load().head(200).to_csv("rows.csv")'
LOOKS = ("monitor", "trace", "retrain", "rollback")  # of the runbooks, all but a second release
COLLEAGUES = {"vera": "independent-validator", "eva": "accountable-executive", "dora": "developer"}
VALUES = """    ("burden", {"arrears": 500, "income": 1000}, 0.5),
    ("burden", {"arrears": 9000, "income": 1000}, 4),
    ("missed_before", {"missed": 2}, 2),
    ("contact", {"calls": 20}, 10),
"""


@dataclass(frozen=True)
class Page:
    """Where a page begins, what its reader does by themselves, and how many steps it has at least."""

    steps: int
    begin: Callable[[Walk], None]
    asides: Mapping[str, Aside] = field(default_factory=dict)


def unwatched(walk: Walk) -> None:
    """A project that fails one control, beside where the reader is."""
    serving = make_project(walk.folder / "credit-decision", {}) / "policy" / "serving.yaml"
    serving.write_text(serving.read_text().replace("retention_days: 365", "retention_days: 30"))


def planned(walk: Walk) -> None:
    """The reader's own project, its table outside of it; of the tests only those of features run."""
    walk.folder = make_project(walk.folder / "payment-plan", {"name": "payment-plan"})
    table = str(walk.folder.parent / "plans.csv")
    walk.run(f"{project_python()} {PLANS / 'table.py'} {table}")
    walk.environment |= {"PLANS_EXPORT": table, "PYTEST_ADDOPTS": "-k test_features"}


def described(walk: Walk) -> None:
    """Features, limits and the values of the features, for the table of the page."""
    shutil.copy(PLANS / "features.py", walk.folder / "src/payment_plan/features.py")
    for name in ("training.yaml", "gates.yaml"):
        shutil.copy(PLANS / name, walk.folder / "policy" / name)
    tests = walk.folder / "tests/test_features.py"
    tests.write_text(re.sub(r"(?s)(VALUES: [^\n]*\n).*?\n(\])", rf"\1{VALUES}\2", tests.read_text(), count=1))


def passed(walk: Walk) -> None:
    """A project whose words are said and whose run passed, by Dora; Vera and Eva have their keys."""
    walk.folder = make_project(walk.folder / "payment-plan", {"name": "payment-plan"})
    (walk.folder.parent / "fill.py").write_text(FILL)
    walk.run(f"{sys.executable} ../fill.py")
    for name, role in COLLEAGUES.items():
        walk.run(f"""ssh-keygen -q -t ed25519 -N '' -f ../{name}
echo "{name}@plans.example namespaces=\\"roadworthy-approval\\" $(cut -d' ' -f1,2 ../{name}.pub)" \\
    >> governance/allowed_signers
echo '  - {{identity: {name}@plans.example, name: {name.title()}, team: {role}, \
emails: [{name}@plans.example], handles: [], roles: [{role}]}}' >> governance/roles.yaml""")
    walk.run("git add -A && git commit --amend --reset-author -m 'Say what it is for' && make pipeline")
    walk.run("git add -A && git commit -m 'Record a run that passed'")


def handed_over(walk: Walk) -> None:
    """Rui reads on."""
    walk.run("git config user.email rui@plans.example")


def agreed(walk: Walk) -> None:
    """The two other approvers decide as the reader did."""
    for name in ("vera", "eva"):
        said = f'--statement "Looked at every slice myself." --identity {name}@plans.example --key ../{name}'
        walk.run(f"roadworthy approve 1 {said} && git add governance && git commit -m 'Decide on release 1'")


def to_leave(walk: Walk) -> None:
    """A project of the tier with the most to leave behind."""
    walk.folder = make_project(walk.folder / "project", tier_answers("critical", "batch", "github"))


def behind(walk: Walk) -> None:
    """A project of a platform that has released since; both set a budget. Its own tests are run elsewhere."""
    acme, budget = walk.folder / "acme", "storage: {limit: 20,"
    walk.run(f"export ROADWORTHY_TRUSTED_SOURCES={acme} PYTEST_ADDOPTS=--help")
    walk.run("roadworthy platform init acme && git -C acme tag -a v1.0.0 -m one")
    walk.run("roadworthy new credit --source acme --defaults --data name=credit-decision")
    edit(walk.folder / "credit/policy/budgets.yaml", budget, "storage: {limit: 35,")
    edit(acme / "template/policy/budgets.yaml.jinja", budget, "storage: {limit: 25,")
    (acme / "policy/controls/NEW-01.yaml").write_text(NEW_01.format(since="enforce_from: 2027-03-01\n"))
    tighten(acme, "critical", "drill_days", 14)
    walk.run("git -C credit commit -qam 'Store more' && roadworthy platform generate acme")
    release(acme, "v1.1.0")
    walk.folder /= "credit"


def resolved(walk: Walk) -> None:
    """The reader takes their own number."""
    walk.run("git checkout --ours policy/budgets.yaml")


def as_before(walk: Walk) -> None:
    """What the table names is tried."""
    moves = [
        each for each in named((DOCS / ADOPT).read_text()) if re.search(r"--(back|heal|to|answers) ?", each)
    ]
    assert len(moves) > 4
    for move in (each for each in moves if "size" not in each):  # the template asks no `size`
        walk.run(f"{move} --dry-run || test $? = 1")  # going back meets the conflict again


ADOPT = "how-to/adopt-a-new-release.md"
PAGES = {
    ADOPT: Page(5, behind, {"$ git": resolved, "Other moves": as_before}),
    "how-to/approve-a-release.md": Page(8, passed, {"2. Approve": handed_over, "3. The gate": agreed}),
    "how-to/grant-a-waiver.md": Page(4, unwatched),
    "how-to/leave.md": Page(1, to_leave),
    "how-to/use-your-own-data.md": Page(6, planned, {"4. Features, model, gates": described}),
}


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A reader with a home and a folder of their own, who trusts this tree."""
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(REPOSITORY))
    monkeypatch.setenv("PATH", tool_path())
    home, work = tmp_path / "home", tmp_path / "work"
    (home / ".ssh").mkdir(parents=True)
    (home / ".gitconfig").write_text("[user]\nname = Dora\nemail = dora@plans.example\n")
    work.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "XDG_"))}
    return Walk(work, kept | {"HOME": str(home), "VENV": str(project_python().parents[1])})


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_true(name: str, walk: Walk) -> None:
    PAGES[name].begin(walk)
    text = (DOCS / name).read_text().replace("https://git.example/platform/acme.git", "…")
    assert walk.page(text, PAGES[name].asides) >= PAGES[name].steps


def signing(who: str, key: str) -> Aside:
    """Another person of the rehearsal sits down."""
    script = (
        f"git config user.email {who}@rehearsal.example && git config user.signingkey $PWD/var/keys/{key}\n"
        f"export ROADWORTHY_KEY=$PWD/var/keys/{key}"
    )

    def sit(walk: Walk) -> None:
        walk.run(script)

    return sit


def test_what_a_project_says_of_a_release_is_true(walk: Walk) -> None:
    """Its README from a run to a rollback, then its runbooks, by the sample's people in a batch project."""
    walk.folder = make_project(walk.folder / "credit", tier_answers("moderate", "batch", "gitlab"))
    walk.run(f"{project_python()} -c '{REHEARSE}'\ncd var/life")
    release = (walk.folder / "README.md").read_text().partition("## A release")[2]
    people = {"make approve": signing("approver", "approver"), "make gate": signing("dev", "gate")}
    assert walk.page(release, people) == 3
    walk.run("make promote VERSION=1")
    walk.run(f"PYTHONPATH=src {project_python()} -c '{SOME_ROWS}'\nmake score IN=rows.csv OUT=scores.csv")
    answered = (walk.folder / "scores.csv").read_text().splitlines()[1].split(",")[1]
    for name in ("retraining", "rollback", "incident"):
        walk.run("make promote VERSION=1 || true")  # what the page before took back
        page = (walk.folder / f"governance/runbooks/{name}.md").read_text()
        for command in (each for each in named(page) if each.split()[1] in LOOKS):
            walk.run(command.replace("...", answered))
        walk.page(page, {})
    walk.run("git add governance/incidents && git commit -m 'Record the incident'")
    walk.run("roadworthy check --control INC-01")
