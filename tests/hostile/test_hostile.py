"""Fifty inputs that want to hang, crash, write, execute, leak, or talk the judge into a pass.

Each case spoils a conforming project, and says what the report must mention. What is harmless may conform:
nothing in it is wrong, it only must not be obeyed.
"""

from __future__ import annotations

import json
import os
import pickle
import socket
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import yaml

from roadworthy.adapters import files
from roadworthy.adapters.policy import read_policy
from roadworthy.commands.judged import Ask
from roadworthy.core.documents.snapshot import MAX_FILES
from tests.hostile.world import (
    SECRET,
    World,
    everything,
    fingerprint,
    judge,
    make_base,
    make_world,
    most_seconds,
)

Spoil = Callable[[World], None]
BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
SYSTEM, GATES, RISK, ROLES = (
    "governance/system.yaml",
    "policy/gates.yaml",
    "governance/risk.yaml",
    "governance/roles.yaml",
)
WORKFLOW, ANSWERS, LOCK = ".github/workflows/ci.yml", ".copier-answers.yml", ".roadworthy/lock.yaml"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_base(tmp_path_factory.mktemp("base") / "credit-decision")
    assert judge(Ask(path=str(made))).exit_code == 0  # bounded is what input costs, not a first start
    return made


@pytest.fixture
def world(base: Path, tmp_path: Path) -> World:
    return make_world(base, tmp_path)


def wrote(name: str, content: str | bytes) -> Spoil:
    return lambda world: void(world.write(name, content))


def added(name: str, content: str | bytes) -> Spoil:
    return lambda world: world.append(name, content)


def void(*_: object) -> None:
    """Make an expression a statement."""


def fifo(name: str) -> Spoil:
    def spoil(world: World) -> None:
        place = world.project / name
        place.unlink(missing_ok=True)
        os.mkfifo(place)

    return spoil


def bound_socket(world: World) -> None:
    here = os.getcwd()
    os.chdir(world.project)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("s.sock")
    finally:
        os.chdir(here)


def sparse(name: str) -> Spoil:
    def spoil(world: World) -> None:
        with (world.project / name).open("r+b") as file:
            file.truncate(2 << 30)

    return spoil


def many_entries(world: World) -> None:
    folder = world.project / "many"
    folder.mkdir()
    for number in range(MAX_FILES + 10):
        (folder / f"f{number}").touch()


def deep_folders(world: World) -> None:
    (world.project / "n").mkdir()
    (world.project / "n" / ("x" * 255)).write_text("")
    handle = os.open(world.project, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)


def odd_names(world: World) -> None:
    for name in ("a\nb", "\x1b[31mred", "::error::x", "%0A", "<img onerror=x>", "=cmd()", "-rf", "a\u202eb"):
        (world.project / f"prompts{name.replace('/', '')}.ipynb").write_text("{}")
    (world.project / os.fsdecode(b"bad\xff.py")).write_text("")
    world.write(
        SYSTEM,
        'schema: system/v1\nsystem: "\x1b]0;::error::<script>alert(1)</script>|`@all`"\n'.replace(
            "\x1b", "\\e"
        ),
    )


def links(world: World) -> None:
    secret, home = world.outside / "secret", Path.home() / ".ssh"
    targets: list[str | Path] = ["/etc/passwd", secret, "/proc/self/environ", "/dev/zero", home]
    for number, target in enumerate(targets):
        world.link(f"governance/l{number}.yaml", target)
    world.link(SYSTEM, world.outside / "secret")


def loops(world: World) -> None:
    world.link("loop", "loop")
    world.link("up", "..")
    world.link("a", "b")
    world.link("b", "a")


def hard_link(world: World) -> None:
    (world.project / SYSTEM).unlink()
    os.link(world.outside / "secret", world.project / SYSTEM)


def colliding(world: World) -> None:
    world.write("LICENSE", "x")
    world.write("licen\u017fe", "y")


def folder_as_file(world: World) -> None:
    (world.project / SYSTEM).unlink()
    (world.project / SYSTEM).mkdir()


def git_elsewhere(world: World) -> None:
    elsewhere = world.outside / "repo"
    subprocess.run(("git", "init", "-q", str(elsewhere)), check=True)
    hostile_config(elsewhere / ".git" / "config", world)
    subprocess.run(("rm", "-rf", str(world.project / ".git")), check=True)
    world.write(".git", f"gitdir: {elsewhere}/.git\n")


def hostile_config(place: Path, world: World) -> None:
    run = f"touch {world.canary}"
    (world.outside / "more.cfg").write_text(f"[core]\n\tfsmonitor = {run}\n")
    place.write_text(
        place.read_text()
        + f'[core]\n\tfsmonitor = "{run};"\n\thooksPath = {world.outside}\n\tsshCommand = {run}\n'
        + f'[diff]\n\texternal = {run}\n[diff "x"]\n\ttextconv = {run}\n\tcommand = {run}\n'
        + f'[filter "x"]\n\tclean = {run}\n\tsmudge = {run}\n\tprocess = {run}\n\trequired = true\n'
        + f"[include]\n\tpath = {world.outside}/more.cfg\n[alias]\n\tlog = !{run}\n\tls-tree = !{run}\n"
        + f"[gpg]\n\tprogram = {run}\n[log]\n\tshowSignature = true\n[credential]\n\thelper = !{run}\n"
        + f'[remote "origin"]\n\turl = ext::{run}\n\tuploadpack = {run}\n\tpromisor = true\n'
    )
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (world.outside / hook).write_text(f"#!/bin/sh\n{run}\n")
        (world.outside / hook).chmod(0o755)


def git_config(world: World) -> None:
    world.write(".gitattributes", "* filter=x diff=x\n")
    hostile_config(world.project / ".git" / "config", world)


def embedded_bare(world: World) -> None:
    bare = world.project / "sub"
    subprocess.run(("git", "init", "-q", "--bare", str(bare)), check=True)
    hostile_config(bare / "config", world)


def submodule(world: World) -> None:
    world.write(
        ".gitmodules",
        f'[submodule "x"]\n\tpath = x\n\turl = ext::touch {world.canary}\n'
        f'[submodule "y"]\n\tpath = y\n\turl = "--upload-pack=touch {world.canary}"\n',
    )


def pointer(world: World) -> None:
    oid = f"oid sha256:{'0' * 64}\nsize 12\n"
    world.write(GATES, f"version https://git-lfs.github.com/spec/v1\n{oid}")


def hostile_answers(world: World) -> None:
    lines = (world.project / ANSWERS).read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("_commit:"))
    evil = "{{ ''.__class__.__mro__[1].__subclasses__() }}[[ ().__class__ ]]"
    text = text.replace(
        "_src_path: builtin", f'_src_path: "ext::touch {world.canary}"\n_commit: "--upload-pack=x"'
    )
    world.write(ANSWERS, text.replace("purpose: ", f'purpose: "{evil}"\nwas: '))


def template_hooks(world: World) -> None:
    world.write(
        "copier.yml", f"_tasks: ['touch {world.canary}']\n_jinja_extensions: [evil.Evil]\n_migrations: []\n"
    )
    world.write("evil.py", f"open({str(world.canary)!r}, 'w')\n")


def silencers(world: World) -> None:
    world.write(".checkov.yaml", "external-checks-dir: [evil]\n")
    world.write("evil/__init__.py", f"open({str(world.canary)!r}, 'w')\n")
    world.write("zizmor.yml", "rules: {}\n")
    world.write("roadworthy.toml", "[check]\nignore = ['*']\n")
    world.write(".roadworthy.yaml", "ignore: ['*']\n")
    world.append(
        "pyproject.toml", "\n[tool.repo-review]\nignore = ['*']\n[tool.roadworthy]\nignore = ['*']\n"
    )
    world.write(SYSTEM, "schema: system/v1\n")


def own_waivers(world: World) -> None:
    whole = {
        "schema": "waiver/v1",
        "control": "GOV-01",
        "scope": {"system": "credit-decision"},
        "reason": "We know about this and we have decided to live with it for now.",
        "requested_by": "amy@x.example",
        "approved_by": "amy@x.example",
        "issued_at": "2026-11-01",
        "expires_at": "2026-11-30",
        "compensating_controls": [{"control": "MON-01"}],
    }
    for number in range(2_100):
        world.write(f"governance/waivers/w{number}.yaml", yaml.safe_dump({**whole, "id": f"w{number}"}))
    world.write(SYSTEM, "schema: system/v1\n")


def forged_hashes(world: World) -> None:
    source = next((world.project / "src").glob("*/cli.py"))
    source.write_text(source.read_text() + "\nGATE = None\n")
    world.append(LOCK, "managed:\n  cli.py: 0000\nmanaged_ok: true\n")


def modules_in_the_way(world: World) -> None:
    for name in (
        "sitecustomize",
        "usercustomize",
        "yaml",
        "tomllib",
        "json",
        "conftest",
        "setup",
        "cel_expr_python",
    ):
        world.write(f"{name}.py", f"open({str(world.canary)!r}, 'w')\n")
    world.write("evil.pth", f"import os; open({str(world.canary)!r}, 'w')\n")
    world.write("evil-1.dist-info/entry_points.txt", "[roadworthy.extensions]\nevil = yaml:evil\n")


def backtracking(world: World) -> None:
    world.write("src/credit_decision/features.py", f"x = {'(' * 60}1{')' * 60}\n# {'a' * 200_000}!\n")
    world.write(".env", "AKIA" + "A" * 200_000 + "\n" + "ghp_" * 50_000)
    world.write("notes.md", "a" * 500_000 + "!" + " " * 100_000 + "\n")


def large_card(world: World) -> None:
    text = (world.project / "governance/card.yaml").read_text()
    world.write("governance/card.yaml", text + "words: " + "x" * (10 << 20) + "\n")
    world.write("governance/cards/1.md", "---\n" + "x: 1\n" * 10 + "---\n<script>alert(1)</script>")


class Evil:
    """Runs something when unpickled."""

    def __init__(self, canary: str) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


def pickles(world: World) -> None:
    world.write("model.pkl", pickle.dumps(Evil(str(world.canary))))
    world.write("model.joblib", pickle.dumps(Evil(str(world.canary))))
    world.write("weights.txt", pickle.dumps(Evil(str(world.canary)), protocol=0))


def notebooks(world: World) -> None:
    world.write("big.ipynb", json.dumps({"cells": [{"outputs": ["x" * 100] * 30_000}]}))


def endless_database(world: World) -> None:
    (world.project / "var").mkdir(exist_ok=True)
    with sqlite3.connect(world.project / "var" / "mlflow.db") as store:
        store.execute(
            "CREATE VIEW model_version_tags AS "
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
            "SELECT 'a' AS name, x AS version, 'k' AS key, 'v' AS value FROM c WHERE x < 0"
        )


def hostile_dates(world: World) -> None:
    world.write(
        "governance/drills/20990101T000000Z.json",
        json.dumps({"schema": "drill/v1", "at": "9999-12-31T23:59:59-23:59", "seconds": -1, "passed": True}),
    )


CASES: dict[str, tuple[Spoil, str]] = {
    "01 alias bomb": (wrote(SYSTEM, BOMB), SYSTEM),
    "01 alias bomb in a workflow": (wrote(WORKFLOW, BOMB), WORKFLOW),
    "02 merge bomb": (
        wrote(
            SYSTEM,
            "a0: &a0 {k: 1}\n"
            + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 27)),
        ),
        SYSTEM,
    ),
    "03 cycle": (wrote(SYSTEM, "&a {x: *a}"), SYSTEM),
    "04 deep YAML": (wrote(WORKFLOW, "[" * 100_000), WORKFLOW),
    "05 deep TOML": (wrote("pyproject.toml", "a = " + "[" * 100_000), ""),
    "05 deep JSON": (wrote("governance/runs/x.json", "[" * 100_000), "governance/runs/x.json"),
    "06 python objects": (
        lambda world: void(
            world.write(SYSTEM, f"a: !!python/object/apply:os.system ['touch {world.canary}']")
        ),
        SYSTEM,
    ),
    "07 tags of others": (wrote("infra.yaml", "a: !Ref b\nc: !vault |\n  00ff\n"), ""),
    "08 double key YAML": (added(SYSTEM, "\nsystem: another\n"), SYSTEM),
    "08 double key JSON": (wrote("governance/runs/x.json", '{"run_id": "x", "run_id": "y"}'), "run_id"),
    "09 long numbers": (added(GATES, f"\nlong: {'59:' * 200_000}59\nlonger: {'9' * 300_000}\n"), ""),
    "10 no numbers": (added(GATES, "\nbad: .nan\n"), GATES),
    "10 large numbers": (added(GATES, "\nbad: 99999999999999999999\n"), ""),
    "11 two documents": (added(SYSTEM, "\n---\nsystem: another\n"), SYSTEM),
    "12 UTF-16": (wrote(SYSTEM, "schema: system/v1".encode("utf-16")), SYSTEM),
    "12 not UTF-8": (wrote(SYSTEM, b"\xff\xfe\xfa"), SYSTEM),
    "13 NUL in words": (wrote(RISK, 'schema: risk/v1\ntier: "low\\0 really"\nanswers: {}\n'), RISK),
    "14 half surrogates": (
        wrote("governance/runs/x.json", '{"run_id": "\\ud800"}'),
        "governance/runs/x.json",
    ),
    "15 empty": (wrote(SYSTEM, ""), SYSTEM),
    "16 another shape": (wrote(ROLES, "[1, 2, 3]"), ROLES),
    "16 another shape within": (wrote(ROLES, "schema: roles/v1\npeople: {a: 1}\n"), ROLES),
    "17 on stays text": (wrote(".github/workflows/x.yml", "on: push\njobs: {}\n"), ""),
    "18 odd keys": (wrote(SYSTEM, "? [a, b]\n: 1\n"), SYSTEM),
    "19 huge file": (sparse(SYSTEM), SYSTEM),
    "19 huge workflow": (sparse(WORKFLOW), WORKFLOW),
    "20 too many entries": (many_entries, "incomplete"),
    "21 long and deep names": (deep_folders, "too deep"),
    "22 odd names": (odd_names, "not UTF-8"),
    "23 pipe": (fifo(SYSTEM), SYSTEM),
    "23 pipe as a workflow": (fifo(WORKFLOW), WORKFLOW),
    "23 pipe as answers": (fifo(ANSWERS), ANSWERS),
    "23 socket": (bound_socket, "s.sock"),
    "24 links out": (links, SYSTEM),
    "25 link loops": (loops, "not followed"),
    "27 hard link out": (hard_link, SYSTEM),
    "28 colliding names": (colliding, "one file on some systems"),
    "29 folder as file": (folder_as_file, SYSTEM),
    "30 git elsewhere": (git_elsewhere, ""),
    "31 git configuration": (git_config, ""),
    "32 embedded bare repository": (embedded_bare, ""),
    "33 submodule": (submodule, ""),
    "34 LFS pointer": (pointer, GATES),
    "35 hostile answers": (hostile_answers, "ext::"),
    "36 template hooks": (template_hooks, ""),
    "37 configuration of judges": (silencers, "present and ignored"),
    "38 own waivers": (own_waivers, "request"),
    "39 forged hashes": (forged_hashes, "cli.py"),
    "40 modules in the way": (modules_in_the_way, ""),
    "41 text that backtracks": (backtracking, ""),
    "47 large card": (large_card, "governance/card.yaml"),
    "48 pickles": (pickles, "model.pkl"),
    "49 notebooks": (notebooks, ""),
    "50 times out of range": (hostile_dates, "governance/drills"),
    "50 an endless store": (endless_database, ""),
}
# Nothing in these is wrong, or the judge has no use for it.
HARMLESS = {
    *(
        "05 deep TOML",
        "07 tags of others",
        "09 long numbers",
        "10 large numbers",
        "17 on stays text",
        "23 socket",
    ),
    *("25 link loops", "28 colliding names", "30 git elsewhere", "31 git configuration", "33 submodule"),
    *("32 embedded bare repository", "36 template hooks", "40 modules in the way", "41 text that backtracks"),
    *("49 notebooks", "50 an endless store"),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_survives(name: str, world: World) -> None:
    spoil, says = CASES[name]
    spoil(world)
    before = fingerprint(world.project)
    seen = judge(Ask(path=str(world.project)))
    assert seen.cpu < most_seconds(), f"{seen.cpu:.1f} s of processor time"
    assert not world.canary.exists(), "something of the project was executed"
    assert fingerprint(world.project) == before, "something was written"
    assert "bug" not in seen.text
    assert says.casefold() in seen.text.casefold()
    assert seen.exit_code in ((0, 1, 3) if name in HARMLESS else (1, 3)), seen.text


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 50
    assert set(CASES) >= HARMLESS


@pytest.mark.parametrize("name", ["22 odd names", "24 links out", "27 hard link out", "35 hostile answers"])
def test_no_output_leaks_or_obeys(name: str, world: World) -> None:
    CASES[name][0](world)
    said = everything(world.project)
    assert SECRET not in said
    assert "root:" not in said
    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.strip().startswith(("::", "##["))]
    assert (
        "<script>" not in said.replace("\\u003c", "<") or '"' in said
    )  # JSON may quote it, nothing may print it
    assert "<img" not in everything_but_json(world.project)


def everything_but_json(project: Path) -> str:
    return "".join(judge(Ask(path=str(project), style=style)).text for style in ("text", "junit", "markdown"))


def test_26_files_swapped_while_it_looks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = files._descend

    def swap(*arguments: object) -> None:
        walk(*arguments)  # type: ignore[arg-type]
        if arguments[1] == "":
            world.link(SYSTEM, world.outside / "secret")

    monkeypatch.setattr(files, "_descend", swap)
    seen = judge(Ask(path=str(world.project)))
    assert seen.exit_code == 1
    assert SECRET not in seen.text


def test_37_a_silencer_changes_no_verdict(world: World) -> None:
    world.write(SYSTEM, "schema: system/v1\n")
    plain = judge(Ask(path=str(world.project), style="json", as_of="2026-11-20"))
    silencers(world)
    silenced = judge(Ask(path=str(world.project), style="json", as_of="2026-11-20"))
    assert json.loads(plain.text)["counts"] == json.loads(silenced.text)["counts"]


@pytest.mark.parametrize("how", [("-m", "roadworthy"), ("-c", "from roadworthy.cli import main; main()")])
def test_40_nothing_is_imported_from_what_is_judged(world: World, how: tuple[str, str]) -> None:
    modules_in_the_way(world)
    isolated = ("-I",) if how[0] == "-c" else ()
    done = subprocess.run(
        (sys.executable, *isolated, *how, "check", "."),
        cwd=world.project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not world.canary.exists()
    assert done.returncode in (0, 1)
    assert "controls" in done.stdout


def policy_with(place: Path, **checks: str) -> str:
    """Copy the built-in pack with one control whose checks are hostile."""
    for name, data in read_policy().items():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    control = {
        "id": "BAD-01",
        "title": "A rule that misbehaves",
        "intent": "It must not pass, whatever it does.",
        "severity": "low",
        "version": 1,
        "checks": [{"id": name, "grade": "derived", "expression": text} for name, text in checks.items()],
        "remediation": {"text": "write another", "effort": "minutes"},
        "cases": [{"name": "a", "expect": "pass"}, {"name": "b", "expect": "fail"}],
    }
    (place / "controls" / "BAD-01.yaml").write_text(yaml.safe_dump(control))
    return str(place)


def test_43_a_rule_that_counts_without_end(world: World, tmp_path: Path) -> None:
    for number in range(300):
        world.write(f"governance/runs/r{number}.json", "{}")
    runs = "records.runs"
    triple = f"{runs}.all(a, {runs}.all(b, {runs}.all(c, a.run_id == b.run_id && c.run_id == '')))"
    policy = policy_with(tmp_path / "policy", triple=triple)
    seen = judge(Ask(path=str(world.project), policy=policy, controls=("BAD-01",)))
    assert seen.exit_code == 3
    assert "budget" in seen.text
    assert seen.cpu < most_seconds()


@pytest.mark.parametrize("answer", ["project.name", "1 + 1", "project.nothing == ''", "records.runs", "null"])
def test_44_a_rule_that_answers_no_question_does_not_load(world: World, tmp_path: Path, answer: str) -> None:
    seen = judge(Ask(path=str(world.project), policy=policy_with(tmp_path / "policy", bad=answer)))
    assert seen.exit_code == 2
    assert "policy/controls/BAD-01.yaml bad expression" in seen.text


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "http://127.0.0.1:9/x"])
def test_42_schemas_that_fetch(world: World, tmp_path: Path, uri: str) -> None:
    policy = Path(policy_with(tmp_path / "policy", one="true"))
    (policy / "schemas" / "system.v1.json").write_text(json.dumps({"$ref": uri}))
    seen = judge(Ask(path=str(world.project), policy=str(policy)))
    assert seen.exit_code == 2
    assert "root:" not in seen.text


def test_45_what_lies_in_the_project_is_no_plug_in(world: World) -> None:
    modules_in_the_way(world)
    seen = judge(Ask(path=str(world.project)))
    assert not world.canary.exists()
    assert seen.exit_code in (0, 1)


def evil_tar(place: Path) -> Path:
    with tarfile.open(place, "w:gz") as archive:
        link = tarfile.TarInfo("p/out")
        link.type, link.linkname = tarfile.SYMTYPE, str(place.parent)
        archive.addfile(link)
        for name in ("p/out/written", "../written", "/tmp/written-by-tar", "p/governance/system.yaml"):
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, BytesIO(b"evil"))
        bomb = tarfile.TarInfo("p/bomb")
        bomb.size = 300 << 20
        archive.addfile(bomb, _Zeros(bomb.size))  # type: ignore[arg-type]
    return place


class _Zeros:
    """A long file of zeros."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


def evil_zip(place: Path) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("../written", "/tmp/written-by-zip", "p/governance/system.yaml"):
            archive.writestr(name, "evil")
        archive.writestr("p/bomb", bytes(100 << 20))
    return place


@pytest.mark.parametrize("make", [evil_tar, evil_zip])
def test_46_archives(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    (tmp_path / "in").mkdir()
    place = make(tmp_path / "in" / "a")
    seen = judge(Ask(path=str(place)))
    assert seen.exit_code in (1, 3)
    assert seen.cpu < most_seconds()
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a", "in"]
    assert not Path("/tmp/written-by-tar").exists()
    assert not Path("/tmp/written-by-zip").exists()


@pytest.mark.parametrize("as_of", ["1970-01-01", "0001-01-01", "9999-12-31"])
def test_50_clocks(world: World, as_of: str) -> None:
    seen = judge(Ask(path=str(world.project), as_of=as_of))
    assert seen.exit_code in (0, 1, 3)
    assert as_of in seen.text


@pytest.mark.parametrize("as_of", ["yesterday", "2026-13-01", "", "--help", "2026-11-20T09:00:00"])
def test_50_a_clock_that_is_none_is_a_usage_error(world: World, as_of: str) -> None:
    assert judge(Ask(path=str(world.project), as_of=as_of)).exit_code == 2


def test_a_bare_repository_with_hostile_configuration_executes_nothing(world: World) -> None:
    bare = world.outside / "bare.git"
    subprocess.run(("git", "clone", "-q", "--bare", str(world.project), str(bare)), check=True)
    hostile_config(bare / "config", world)
    seen = judge(Ask(path=str(bare)))
    assert not world.canary.exists()
    assert seen.exit_code in (0, 1)
    assert "controls" in seen.text
