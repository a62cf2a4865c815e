"""The command line: every verb is there, answers in text and JSON, and refuses without a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from conftest import Project
from project import PACKAGE, ROOT, module

COMMON = {
    "data", "train", "evaluate", "register", "promote", "monitor", "retrain", "rollback", "drill", "rebuild",
    "trace", "pipeline",
}  # fmt: skip


def main(*arguments: str) -> int:
    return int(module("cli").main(list(arguments)))


def test_every_verb_is_there_with_its_function() -> None:
    cli = module("cli")
    verbs = cli.available()
    assert verbs.keys() >= COMMON
    assert verbs.keys() & {"serve", "score"}
    for verb in verbs.values():
        where, function = verb.target.split(":")
        assert callable(getattr(module(where), function))


def test_a_verb_answers_in_words_and_in_json(ran: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("data") == 0
    assert "snapshot" in capsys.readouterr().out
    assert main("data", "--json") == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["verb"] == "data"
    assert answer["ok"] is True
    assert answer["manifest_sha256"]


def test_a_refusal_says_what_where_and_how_to_repair(
    ran: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.path("policy", "gates.yaml").write_text("schema: gates/v1\n")
    assert main("evaluate") == 1
    said = capsys.readouterr()
    assert not said.out
    assert all(word in said.err for word in ("refused:", "where:", "repair:"))
    assert main("evaluate", "--json") == 1
    assert json.loads(capsys.readouterr().out).keys() == {"verb", "ok", "refused", "where", "repair"}


PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def spoken(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The command line where Python knows ASCII only."""
    command, environment = (sys.executable, "-m", PACKAGE, *arguments), {**os.environ, **PLAIN}
    return subprocess.run(command, env=environment, capture_output=True, check=False)


def test_words_are_understood_and_shown_in_any_locale() -> None:
    done = spoken("rollback", "--to", "zurück", "--reason", "zu früh – ✓")
    assert done.returncode == 1, done.stderr
    assert b"refused: nothing serves" in done.stderr
    done = spoken("trace", "früher")
    assert (done.returncode, b"no prediction fr" in done.stderr) == (1, True)


def test_a_reader_who_stops_reading_is_no_defect() -> None:
    code = f"import sys; from {PACKAGE}.cli import _say; _say('x' * 10**6)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("verb", ["evaluate", "register", "promote", "rebuild"])
@pytest.mark.parametrize("name", ["", "../gates/1", "-", "1/2"])
def test_what_cannot_name_a_record_is_a_usage_error(verb: str, name: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(verb, "--", name)
    assert stopped.value.code == 2


def test_a_gate_that_says_no_ends_with_one(ran: Project, capsys: pytest.CaptureFixture[str]) -> None:
    ran.edit("policy/data.yaml", lambda value: value["rows"].update(min=10**6))
    assert main("data") == 1
    assert "FAIL" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["fly"], ["rebuild"], ["data", "--fast"]])
def test_wrong_usage_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(*arguments)
    assert ended.value.code == 2


def test_an_interrupt_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(verb: str, arguments: dict[str, Any]) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(module("cli"), "run", interrupted)
    assert main("data") == 130


def test_the_module_runs_and_asking_for_help_imports_nothing_heavy() -> None:
    check = f"import sys; from {PACKAGE}.cli import parser; parser(); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", check],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not {"'mlflow'", "'sklearn'", "'pandas'", "'fastapi'"} & set(done.stdout.strip("[]\n").split(", "))


def test_a_defect_is_no_traceback_and_no_refusal(
    ran: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(frame: Any) -> Any:
        raise ValueError("the contract is on fire")

    monkeypatch.setattr(module("pipeline.dataset"), "prepare", broken)
    assert main("data") == 3
    said = capsys.readouterr().err
    assert "a defect: ValueError: the contract is on fire" in said
    assert "Traceback" not in said
    assert "Traceback" in ran.path("var", "last-error.txt").read_text()


@pytest.mark.parametrize(
    ("body", "said", "line"),
    [
        ("    import os\n\n    return os.stat('/no/such/export.csv')", "FileNotFoundError", ":4"),
        ("    return 1 / 0", "ZeroDivisionError", ":2"),
        ("    return None", "gave a NoneType", ""),
    ],
)
def test_an_error_in_load_is_refused_with_its_line_in_data_py(
    ran: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    body: str, said: str, line: str,
) -> None:  # fmt: skip
    place = ran.path("src", PACKAGE, "data.py")
    scope: dict[str, Any] = {}
    exec(compile(f"def load():\n{body}\n", str(place), "exec"), scope)
    monkeypatch.setattr(module("data"), "load", scope["load"])
    assert main("data") == 1
    told = capsys.readouterr().err
    assert said in told
    assert f"where: src/{PACKAGE}/data.py{line}\n" in told
    assert "repair:" in told


def test_a_missing_package_of_the_loader_is_refused_with_the_way_out(
    ran: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module("data"), "load", lambda: __import__("no_such_driver"))
    assert main("data") == 1
    assert "needs the package no_such_driver" in capsys.readouterr().err
