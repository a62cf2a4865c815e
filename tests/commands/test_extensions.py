"""Extensions: what a reviewer allows counts, nothing else is ever imported, what misbehaves is unknown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

import roadworthy
from roadworthy.adapters.extensions import GROUP
from roadworthy.adapters.policy import read_policy
from roadworthy.adapters.shapes import misshapen
from tests.hostile.world import fingerprint, make_base
from tests.walking import blocks

TODAY = "2026-11-20"
PAGE = Path(__file__).parents[2] / "docs/how-to/add-facts-and-controls.md"
# What the page says to write is what is tried here.
WRITTEN = {Path(block.name).name: block.text for block in blocks(PAGE.read_text("utf-8")) if block.name}
FACTS: dict[str, Any] = yaml.safe_load(WRITTEN["facts.yaml"])
CONTROL: dict[str, Any] = yaml.safe_load(WRITTEN["ACME-01.yaml"])
HONEST = WRITTEN["__init__.py"]
BUILT_IN = sum(path.startswith("controls/") for path in read_policy())
LEAVES_A_TRACE = "import pathlib; pathlib.Path({trace!r}).touch()\n"


class Site:
    """An environment of its own, with roadworthy in it and room for a distribution beside it."""

    def __init__(self, place: Path) -> None:
        subprocess.run((sys.executable, "-m", "venv", "--without-pip", place), check=True)
        self.python = place / "bin" / "python"
        found = subprocess.run(
            (self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"),
            check=True,
            capture_output=True,
            text=True,
        )
        self.folder = Path(found.stdout.strip())
        source = Path(roadworthy.__file__).parents[1]
        (self.folder / "beside.pth").write_text(f"{sysconfig.get_path('purelib')}\n{source}\n")

    def run(self, *arguments: str, allowed: str = "", **more: Any) -> subprocess.CompletedProcess[str]:
        """Run roadworthy as its user does."""
        environment = {**os.environ, "ROADWORTHY_ALLOWED_EXTENSIONS": allowed, **more.pop("env", {})}
        return subprocess.run(
            (self.python, "-m", "roadworthy", *arguments),
            capture_output=True,
            text=True,
            env=environment,
            **more,
        )

    def judge(self, project: Path, allowed: str = "acme-roadworthy", **more: Any) -> dict[str, Any]:
        """Return the whole report."""
        done = self.run("check", str(project), "--json", "--as-of", TODAY, allowed=allowed, **more)
        assert done.returncode in (0, 1, 3), done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert report["exit_code"] == done.returncode
        return report


def lay(
    folder: Path,
    code: str = HONEST,
    *,
    name: str = "acme_roadworthy",
    root: str = "acme",
    facts: dict[str, Any] = FACTS,
    control: dict[str, Any] = CONTROL,
) -> None:
    """Lay a distribution into a folder, as an installer does."""
    package, about = folder / name, folder / f"{name}-1.2.0.dist-info"
    for each in (package / "controls", about):
        each.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    (package / "facts.yaml").write_text(yaml.safe_dump(facts))
    (package / "controls" / f"{control['id']}.yaml").write_text(yaml.safe_dump(control))
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{root} = {name}:collect\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = make_base(tmp_path_factory.mktemp("base") / "credit-decision")
    (place / "acme").mkdir()
    (place / "acme" / "plan.txt").write_text("signed by Amy\nseat 1\nseat 2\n")
    (place / "acme" / "other.md").write_text("not asked for\n")
    return place


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "env")


def acme(report: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in report["controls"] if each["id"] == "ACME-01")


def others(report: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["verdict"] for each in report["controls"] if each["id"] != "ACME-01"}


def test_an_allowed_one_is_asked_and_every_report_names_it(site: Site, project: Path) -> None:
    lay(site.folder)
    before = fingerprint(project)
    report = site.judge(project)
    assert (acme(report)["verdict"], acme(report)["extension"]) == ("pass", "acme-roadworthy 1.2.0")
    assert "extension acme-roadworthy 1.2.0 adds ACME-01" in report["notices"]
    assert len(report["controls"]) == BUILT_IN + 1
    assert report["exit_code"] == 0
    assert misshapen(json.loads(read_policy()["schemas/report.v1.json"]), report) == []
    assert fingerprint(project) == before


def test_a_control_of_it_fails_like_any_other(site: Site, project: Path) -> None:
    lay(site.folder, HONEST.replace('"seat "', '"sofa "'))
    report = site.judge(project)
    assert (acme(report)["verdict"], report["exit_code"]) == ("fail", 1)
    assert acme(report)["findings"][0]["found"] == "seats: 0"
    told = site.run("check", str(project), "--as-of", TODAY, allowed="Acme.Roadworthy==1.2.0")
    assert "FAIL    ACME-01" in told.stdout
    assert "(high, from acme-roadworthy 1.2.0)" in told.stdout
    assert "from acme-roadworthy 1.2.0" in site.run("explain", "ACME-01", allowed="acme-roadworthy").stdout


def test_its_controls_are_linted_and_proven_with_the_rest(site: Site) -> None:
    lay(site.folder)
    linted = site.run("policy", "lint", allowed="acme-roadworthy")
    assert (linted.returncode, linted.stdout.split()[:2]) == (0, [str(BUILT_IN + 1), "controls,"])
    proven = site.run("policy", "test", "--control", "ACME-01", allowed="acme-roadworthy")
    assert proven.returncode == 0, proven.stdout
    assert "0 survived" in proven.stdout


def test_an_expression_over_a_fact_that_it_did_not_declare_does_not_load(site: Site, project: Path) -> None:
    wrong = {**CONTROL, "checks": [{**CONTROL["checks"][0], "expression": "acme.chairs >= 2"}]}
    lay(site.folder, control=wrong)
    done = site.run("check", str(project), allowed="acme-roadworthy")
    assert (done.returncode, "unknown field chairs" in done.stderr) == (2, True)
    assert "unknown field chairs" in site.run("policy", "lint", allowed="acme-roadworthy").stdout


def test_one_that_is_not_allowed_is_listed_and_never_imported(
    site: Site, project: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "imported"
    lay(site.folder, LEAVES_A_TRACE.format(trace=str(trace)) + HONEST)
    for allowed in ("", "acme"):
        if allowed:
            lay(site.folder, name="acme", root="other", facts=renamed(), control=other_control())
        report = site.judge(project, allowed=allowed)
        assert (
            "installed and not allowed, so not loaded: extension acme-roadworthy 1.2.0" in report["notices"]
        )
        assert not [each for each in report["controls"] if each["id"] == "ACME-01"]
        assert not trace.exists()
    site.judge(project, allowed="acme\nacme-roadworthy")
    assert trace.exists(), "allowed, it would have left its trace: so the trace proves something"


def renamed(root: str = "other") -> dict[str, Any]:
    return {
        **FACTS,
        "facts": {name.replace("acme.", f"{root}."): each for name, each in FACTS["facts"].items()},
    }


def other_control() -> dict[str, Any]:
    text = yaml.safe_dump(CONTROL).replace("ACME-01", "OTHER-01").replace("acme.", "other.")
    found: dict[str, Any] = yaml.safe_load(text.replace("- acme\n", "- other\n"))
    return found


MISBEHAVES = {
    "hangs": ("import time\ndef collect(files): time.sleep(60)", "took longer than 5 s"),
    "hangs while it is imported": ("import time; time.sleep(60)", "took longer than 5 s"),
    "leaves a child that holds on": (
        "import os, time\ndef collect(files):\n    if os.fork() == 0: time.sleep(60)\n    os._exit(0)",
        "took longer than 5 s",
    ),
    "spins": ("def collect(files):\n    while True: pass", "SIGKILL|signal|longer"),
    "raises": ("def collect(files): raise LookupError('no plan')", "LookupError in collect .*: no plan"),
    "exits": ("import sys\ndef collect(files): sys.exit(0)", "SystemExit"),
    "leaves at once": ("import os\ndef collect(files): os._exit(0)", "ended with 0 and no answer"),
    "crashes": ("import os\ndef collect(files): os.abort()", "stopped by signal 6"),
    "shuts its mouth and stays": (
        "import os, time\ndef collect(files):\n    os.closerange(3, 99)\n    time.sleep(60)",
        "signal 9|no answer",
    ),
    "shuts its mouth": ("import os\ndef collect(files): os.closerange(3, 99)", "signal 9|no answer"),
    "does not import": ("import no_such_module", "no_such_module"),
    "has no such function": ("", "collect"),
    "eats memory": ("def collect(files): return {'note': 'x' * (3 << 30)}", "MemoryError|signal"),
    "says too much": ("def collect(files): return {'note': 'x' * 100_000}", "larger than 65,536"),
    "floods": ("def collect(files): return {'note': 'x' * 1_000_000}", "said more than"),
    "is no value": ("def collect(files): return {'seats': {1, 2}}", "not JSON serializable"),
    "is not a number": (
        "def collect(files): return {'signed': True, 'seats': float('nan')}",
        "cannot be read",
    ),
    "lies of a type": (
        "def collect(files): return {'signed': 'yes', 'seats': 2}",
        r"acme\.signed is not of type bool",
    ),
    "takes a truth for a number": (
        "def collect(files): return {'signed': True, 'seats': True}",
        r"acme\.seats is not of type int",
    ),
    "leaves a fact out": ("def collect(files): return {'signed': True}", r"acme\.seats is missing"),
    "says a fact it never declared": (
        "def collect(files): return {'signed': True, 'seats': 2, 'records': {}}",
        r"acme\.records is not declared",
    ),
    "vouches for itself": (
        "def collect(files): return {'signed': True, 'seats': 2, 'available': True}",
        r"acme\.available is not declared",
    ),
    "says nothing": ("def collect(files): return None", "acme is missing"),
    "says a list": ("def collect(files): return []", "acme is not of type map"),
    "digs": (
        "def collect(files):\n    deep = []\n    for _ in range(900): deep = [deep]\n"
        "    return {'note': deep}",
        "cannot be read",
    ),
    "forges the frame of its answer": (
        "import os\ndef collect(files):\n    for n in range(3, 64):\n"
        "        try: os.write(n, b'[' * 100_000)\n"
        "        except OSError: pass\n    os._exit(0)",
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", MISBEHAVES)
def test_one_that_misbehaves_is_unknown_and_changes_nothing_else(
    site: Site, project: Path, name: str
) -> None:
    code, reason = MISBEHAVES[name]
    lay(site.folder, code)
    began = time.monotonic()
    report = site.judge(project)
    (found,) = acme(report)["findings"]
    assert (found["verdict"], found["error"]) == ("unknown", False)
    assert found["reason"].startswith("extension acme-roadworthy 1.2.0: ")
    assert re.search(reason, found["reason"]), found["reason"]
    assert set(others(report).values()) <= {"pass", "pending", "not_applicable"}
    assert time.monotonic() - began < 30


def test_it_has_no_terminal_no_secrets_and_only_the_files_it_asked_for(site: Site, project: Path) -> None:
    spy = (
        "import os\ndef collect(files):\n    print('I was here'); os.write(2, b'me too')\n"
        "    open('mine', 'w').write('in an empty folder')\n"
        "    seen = [sorted(files), sorted(n for n in os.environ if 'TOKEN' in n or 'ROADWORTHY' in n)]\n"
        "    return {'signed': False, 'seats': 0, 'note': repr(seen)}"
    )
    told = {**CONTROL, "checks": [{**CONTROL["checks"][0], "actual": "acme.note"}]}
    lay(site.folder, spy, control=told)
    tokens = {"GITHUB_TOKEN": "ghp_x", "ROADWORTHY_KEY": "k"}
    done = site.run(
        "check", str(project), "--json", "--control", "ACME-01", allowed="acme-roadworthy", env=tokens
    )
    assert (done.stderr, "I was here" in done.stdout) == ("", False)
    (found,) = acme(json.loads(done.stdout))["findings"]
    assert "acme/plan.txt" in found["found"]
    assert "other.md" not in found["found"]
    assert "TOKEN" not in found["found"]
    assert "ROADWORTHY" not in found["found"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"root": "records", "facts": renamed("records")}, "its facts cannot be called 'records'"),
        ({"root": "files", "facts": renamed("files")}, "its facts cannot be called 'files'"),
        ({"root": "Odd.Name"}, "its facts cannot be called 'Odd.Name'"),
        ({"facts": renamed("records")}, "the fact records.note is not its own"),
        ({"facts": {**FACTS, "facts": {"acme.available": ["bool", "me"]}}}, "acme.available is not its own"),
        ({"facts": {**FACTS, "facts": {"acme.seats": "int"}}}, "not [type, meaning]"),
        ({"facts": {**FACTS, "facts": {"acme.seats": ["number", "x"]}}}, "unknown type"),
        ({"facts": {**FACTS, "tiers": {}}}, "expected facts.yaml with facts"),
        ({"facts": []}, "expected facts.yaml with facts"),
        ({"control": {**CONTROL, "id": "GOV-01"}}, "controls/GOV-01.yaml is there already"),
        ({"control": {**CONTROL, "unheard": 1}}, "unheard"),
    ],
)
def test_one_that_meets_what_is_built_in_is_refused(
    site: Site, project: Path, more: dict[str, Any], said: str
) -> None:
    lay(site.folder, **more)
    done = site.run("check", str(project), allowed="acme-roadworthy")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "next:" in done.stderr
    assert "bug" not in done.stderr


def test_one_whose_files_are_elsewhere_is_refused(site: Site, project: Path, tmp_path: Path) -> None:
    lay(site.folder)
    (site.folder / "acme_roadworthy").rename(tmp_path / "acme_roadworthy")
    (site.folder / "editable.pth").write_text(f"{tmp_path}\n")
    done = site.run("check", str(project), allowed="acme-roadworthy")
    assert (done.returncode, "no facts.yaml beside acme_roadworthy" in done.stderr) == (2, True)


def test_two_cannot_share_a_root(site: Site, project: Path) -> None:
    lay(site.folder)
    lay(site.folder, name="zed", control=other_control() | {"id": "ZED-01"})
    done = site.run("check", str(project), allowed="acme-roadworthy\nzed")
    assert (done.returncode, "extension zed 1.2.0: its facts cannot be called 'acme'" in done.stderr) == (
        2,
        True,
    )


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("acme-missing", "the extension acme-missing is allowed, but none is installed"),
        ("acme-roadworthy==1.3.0", "acme-roadworthy 1.3.0 is allowed, but 1.2.0 is installed"),
    ],
)
def test_one_that_is_allowed_and_not_there_is_missed_and_not_passed_over(
    site: Site, project: Path, allowed: str, said: str
) -> None:
    lay(site.folder)
    done = site.run("check", str(project), allowed=allowed)
    assert (done.returncode, said in done.stderr) == (2, True)


def test_the_configuration_file_allows_too(site: Site, project: Path, tmp_path: Path) -> None:
    lay(site.folder)
    config = tmp_path / "config.toml"
    config.write_text('[extensions]\nallowed = ["acme-roadworthy==1.2.0"]\n')
    assert acme(site.judge(project, allowed="", env={"ROADWORTHY_CONFIG": str(config)}))["verdict"] == "pass"


@pytest.mark.parametrize("named", ["acme_roadworthy", "evil"])
def test_a_project_that_ships_one_in_its_own_tree_has_no_effect(
    site: Site, project: Path, tmp_path: Path, named: str
) -> None:
    """Not even as the working folder, on PYTHONPATH, and under the name that the reviewer allows."""
    trace, copy = tmp_path / "ran", tmp_path / "credit-decision"
    subprocess.run(("cp", "-r", project, copy), check=True)
    lay(site.folder)
    lay(copy, LEAVES_A_TRACE.format(trace=str(trace)) + "def collect(files): return {}", name=named)
    (copy / ".roadworthy" / "config.toml").write_text('[extensions]\nallowed = ["evil"]\n')
    report = site.judge(copy, cwd=copy, env={"PYTHONPATH": str(copy)})
    assert acme(report)["verdict"] == "pass"
    assert not trace.exists()
    assert not [notice for notice in report["notices"] if "evil" in notice]
    alone = site.run("check", str(copy), cwd=copy, env={"PYTHONPATH": str(copy)}, allowed="evil")
    assert (alone.returncode, "none is installed" in alone.stderr) == (2, True)
