"""`roadworthy new`: what it makes, what it refuses and how it says so, and that failure leaves nothing."""

from __future__ import annotations

import errno
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy import cli
from roadworthy.adapters import workplace
from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.git.sources import read_folder
from roadworthy.adapters.workplace import write_tree
from roadworthy.commands import new, placing
from roadworthy.commands.source import open_source, project_of
from roadworthy.errors import Refused
from tests.copier_reference import files

CHECKOUT = Path(__file__).resolve().parents[2]
WHO = isolated({"user.name": "Robin", "user.email": "robin@tests.example"})
PLAIN = {
    "copier.yml": "name: thing\nsize: {type: str, choices: [s, m], default: s}\n_exclude: [copier.yml]\n",
    "README.md.jinja": "{{ name }} {{ size }}\n",
    "{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
}
GOVERNED = {
    "copier.yml": "_subdirectory: template\nname: thing\n",
    "src/roadworthy/policy/tiers.yaml": (CHECKOUT / "src/roadworthy/policy/tiers.yaml").read_text("utf-8"),
    "template/.roadworthy/lock.yaml.jinja": "release: x\ntemplate_digest: x\npolicy_pack: x\n",
    "template/settings.yaml.jinja": "name: {{ name }}\n",
}

Say = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a small template beside it, away from the projects that are made."""
    write_tree(tmp_path / "plain", files(PLAIN))
    write_tree(tmp_path / "governed", files(GOVERNED))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["new", *arguments])
    return int(stopped.value.code or 0)


def test_the_default_project_is_made_committed_and_stamped(place: Path, capsys: Say) -> None:
    assert run("credit", "--defaults", "--source", str(CHECKOUT)) == 0
    source = open_source(str(CHECKOUT))
    made = read_folder(place / "credit")
    assert len(made) > 40
    assert made == project_of(source, {"name": "credit"}, folder="credit").files
    lock = yaml.safe_load(made[".roadworthy/lock.yaml"].data)
    assert (lock["release"], lock["tier"]) == (source.release, "critical")
    assert (lock["template_digest"], lock["policy_pack"]) == (source.template_digest, source.pack_digest)
    assert git(place / "credit", "status", "--porcelain") == b""
    log = git(place / "credit", "log", "--format=%an <%ae> %s").decode()
    assert log == f"Test Author <author@tests.example> Make credit from {CHECKOUT} {source.release}\n"
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"Made credit: {len(made)} files, tier critical, from {CHECKOUT}")
    assert said[-3:] == ["  cd credit", "  make life", "  make check"]
    assert os.listdir(place) == ["credit"]


@pytest.mark.parametrize(
    ("folder", "name", "told"),
    [
        ("Payment Plan", "payment-plan", False),
        ("test", "credit-decision", True),
        ("--", "credit-decision", True),
        ("2026", "credit-decision", True),
    ],
)
def test_a_project_that_nobody_named_is_called_like_its_folder_if_it_can_be(
    place: Path, capsys: Say, folder: str, name: str, told: bool
) -> None:
    assert run("--defaults", "--source", str(CHECKOUT), "--no-git", "--", folder) == 0
    assert yaml.safe_load((place / folder / ".copier-answers.yml").read_text())["name"] == name
    note = f"Note: it is named {name}, because it cannot be named {folder}; to name it: --data name=NAME."
    assert (note in capsys.readouterr().out.splitlines()) is told


def test_a_source_that_nobody_trusts_yet_is_pointed_out(
    place: Path, capsys: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    governed = str(place.parent / "governed")
    run("p", "--defaults", "--source", governed)
    assert (
        f'sources you trust; add it to [sources] trusted in roadworthy/config.toml: trusted = ["{governed}"]'
        in (capsys.readouterr().out)
    )
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", governed)
    run("q", "--defaults", "--source", governed)
    assert "trust" not in capsys.readouterr().out


def test_everything_is_tracked_so_the_commit_holds_what_was_made(place: Path) -> None:
    run("credit", "--defaults", "--source", str(CHECKOUT))
    tracked = git(place / "credit", "ls-files", "-z").decode().split("\0")
    assert sorted(filter(None, tracked)) == sorted(read_folder(place / "credit"))


def test_answers_come_from_a_file_and_the_command_line_wins(place: Path) -> None:
    (place.parent / "answers.yml").write_text("_src_path: ignored\nname: from-file\nsize: m\n")
    given = ("--data-file", str(place.parent / "answers.yml"), "--data", "name=a=b")
    assert run("p", "--defaults", "--source", str(place.parent / "plain"), *given) == 0
    assert (place / "p/README.md").read_text() == "a=b m\n"


def test_answers_are_understood_and_shown_in_any_locale(place: Path) -> None:
    """Python reads arguments as ASCII there, and would die of a letter in its own output."""
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "roadworthy", "new", "für", "--defaults", "--data", "name=schön"]
    source = ("--source", str(place.parent / "plain"))
    done = subprocess.run([*command, *source], env=plain, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii() or "Made für".encode() in done.stdout
    assert (place / "für/README.md").read_text("utf-8") == "schön s\n"


def test_the_machine_form_says_the_same(place: Path, capsys: Say) -> None:
    assert run("p", "--defaults", "--json", "--source", str(place.parent / "governed")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "new/v1"
    assert said["commit"] == git(place / "p", "rev-parse", "--short", "HEAD").decode().strip()
    assert [file["path"] for file in said["files"]] == [".roadworthy/lock.yaml", "settings.yaml"]
    assert said["next"] == ["cd p"]


def test_a_dry_run_lists_every_file_and_writes_nothing(place: Path, capsys: Say) -> None:
    assert run("p", "--defaults", "--dry-run", "--data", "name=q", "--source", str(CHECKOUT)) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = lines[: lines.index("")]
    assert sorted(read_made(place, "q")) == [line.split("  ")[0] for line in listed]
    width = max(len(line.split("  ")[0]) for line in listed)
    assert {line[width:].split()[0] for line in listed} <= {"managed", "merged", "seeded", "unclaimed"}
    assert lines[-1] == "Nothing was written to p."
    assert os.listdir(place) == ["q"]


def test_without_git_there_is_no_repository(place: Path) -> None:
    assert run("deep/er/p", "--defaults", "--no-git", "--source", str(place.parent / "plain")) == 0
    assert not (place / "deep/er/p/.git").exists()
    assert (place / "deep/er/p/README.md").exists()


def test_an_empty_folder_is_filled(place: Path) -> None:
    (place / "p").mkdir()
    assert run("p", "--defaults", "--source", str(place.parent / "plain")) == 0
    assert (place / "p/README.md").exists()


def test_new_folders_have_the_usual_permissions(place: Path) -> None:
    run("p", "--defaults", "--source", str(place.parent / "plain"))
    assert (place / "p").stat().st_mode == (place.parent / "here").stat().st_mode


REFUSED: dict[str, tuple[tuple[str, ...], int, str, str]] = {
    "not empty": (("full",), 1, "full is not empty", "name a new folder"),
    "a file": (("full/file",), 1, "full/file is a file", "name a new folder"),
    "the current folder": ((".",), 1, ". is the current folder", "cd .. && roadworthy new here"),
    "below a file": (("full/file/p",), 1, "cannot be written", "name another place"),
    "bad answer": (
        ("p", "--data", "size=xl"),
        2,
        "question size: 'xl' was not accepted: expected one of: s, m",
        "size=s",
    ),
    "unknown question": (("p", "--data", "siz=s"), 2, "siz is not a question", "did you mean size?"),
    "unlike any question": (
        ("p", "--data", "q=s"),
        2,
        "q is not a question",
        "its questions: name, size",
    ),
    "no value": (("p", "--data", "size"), 2, "expected KEY=VALUE", "--data name=my-model"),
    "no data file": (("p", "--data-file", "gone.yml"), 2, "--data-file gone.yml", "name a YAML file"),
    "broken data file": (
        ("p", "--data-file", "full/broken"),
        2,
        "--data-file full/broken: while parsing",
        "",
    ),
    "a data file that is a folder": (("p", "--data-file", "full"), 2, "--data-file full: Is a directory", ""),
    "neither yes nor no": (
        ("p", "--data", "sample=flase", "--source", str(CHECKOUT)),
        2,
        "--data sample=flase: expected yes or no",
        "",
    ),
    "no text": (("p", "--data", "name=\udcff"), 2, "expected UTF-8", ""),
    "a link": (("link",), 1, "link is a symbolic link", "name a new folder"),
    "a name too long": (("p" * 300,), 1, "cannot be written: File name too long", "name another place"),
    "no such repository": (
        ("p", "--source", "file:///no/where"),
        3,
        "there is no git repository at that address",
        "",
    ),
    "data file of a list": (("p", "--data-file", "full/file"), 2, "expected a mapping", ""),
    "no source": (("p", "--source", "gone"), 2, "the source gone is not a folder", "name builtin"),
    "no release": (("p", "--source", "builtin", "--release", "0.0.1"), 2, "no built-in release 0.0.1", ""),
}


@pytest.mark.parametrize(("arguments", "code", "said", "hint"), REFUSED.values(), ids=list(REFUSED))
def test_is_refused_in_one_line_with_the_next_step(
    arguments: tuple[str, ...], code: int, said: str, hint: str, place: Path, capsys: Say
) -> None:
    write_tree(place / "full", files({"file": "- a list", "broken": "a: [1\n"}))
    (place.parent / "real").mkdir()
    if arguments == ("link",):
        (place / "link").symlink_to(place.parent / "real")
    if arguments == (".",):
        os.chdir(place.parent)
        (place.parent / "empty" / "here").mkdir(parents=True)
        os.chdir(place.parent / "empty" / "here")
    source = () if "--source" in arguments else ("--source", str(place.parent / "plain"))
    assert run(*arguments, "--defaults", *source) == code
    out = capsys.readouterr()
    assert out.out == ""
    first, *rest = out.err.splitlines()
    assert said in first
    assert hint in "".join(rest)
    assert len(rest) <= 1
    assert sorted(os.listdir(place)) == ["full", "link"] if arguments == ("link",) else ["full"]


def test_nobody_is_asked_where_nobody_is(place: Path, capsys: Say) -> None:
    assert run("p") == 2
    assert "this is no terminal, so nobody can be asked\n  next: add --defaults" in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["[social_scoring]", "[face_scraping, social_scoring]"])
def test_a_prohibited_practice_ends_it_and_the_reason_is_said(place: Path, capsys: Say, answer: str) -> None:
    assert run("p", "--defaults", "--data", f"prohibited={answer}", "--source", str(CHECKOUT)) == 1
    said = capsys.readouterr().err
    assert "prohibited by the EU AI Act, so nothing was generated" in said
    assert "social scoring (Art. 5(1)(c))" in said
    assert os.listdir(place) == []


@pytest.mark.parametrize("answer", ["[", "none", "{a: b}", "[no_such_practice]"])
def test_a_malformed_practice_is_a_bad_answer(place: Path, capsys: Say, answer: str) -> None:
    assert run("p", "--defaults", "--data", f"prohibited={answer}", "--source", str(CHECKOUT)) == 2
    assert f"question prohibited: {answer!r} was not accepted" in capsys.readouterr().err


def test_the_rubrics_answers_may_be_given_as_text(place: Path, capsys: Say) -> None:
    light = [f"--data={name}=0" for name in ("impact", "autonomy", "reversibility", "regulatory", "scale")]
    given = (*light, "--data=circumstances=[]", "--data=prohibited=[]")
    assert run("p", "--defaults", "--source", str(CHECKOUT), *given) == 0
    assert "tier low" in capsys.readouterr().out


@pytest.mark.parametrize("question", ["tier", "obligations", "package"])
def test_what_is_computed_cannot_be_given(place: Path, capsys: Say, question: str) -> None:
    assert run("p", "--defaults", "--data", f"{question}=low", "--source", str(CHECKOUT)) == 2
    assert f"{question} is computed from the other answers" in capsys.readouterr().err
    assert os.listdir(place) == []


def test_a_render_that_does_not_parse_is_not_a_project(place: Path, capsys: Say) -> None:
    governed = str(place.parent / "governed")
    assert run("p", "--defaults", "--data", "name=[", "--source", governed) == 2
    assert "the template makes a broken settings.yaml" in capsys.readouterr().err
    (place.parent / "governed/template/.roadworthy/lock.yaml.jinja").unlink()
    assert run("p", "--defaults", "--source", governed) == 2
    assert "writes no .roadworthy/lock.yaml" in capsys.readouterr().err
    assert os.listdir(place) == []


def test_a_repository_inside_another_is_pointed_out_unless_it_is_ignored(place: Path, capsys: Say) -> None:
    git(place, "init", "-q", env=WHO)
    (place / ".gitignore").write_text("build/\n")
    plain = ("--defaults", "--source", str(place.parent / "plain"))
    run("p", *plain)
    assert f"Note: it is a repository inside that of {place}; " in capsys.readouterr().out
    run("build/p", *plain)
    run("q", *plain, "--no-git")
    run("../beside", *plain)
    assert "Note" not in capsys.readouterr().out


def test_git_missing_is_said_with_the_way_round_it(
    place: Path, capsys: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place))
    plain = ("--defaults", "--source", str(place.parent / "plain"))
    assert run("p", *plain) == 2
    assert "git was not found on PATH\n  next: install git, or add --no-git" in capsys.readouterr().err
    assert os.listdir(place) == []
    assert run("p", *plain, "--no-git") == 0


def test_without_an_identity_the_files_are_staged_and_the_way_out_is_said(
    place: Path, capsys: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    monkeypatch.delenv("GIT_AUTHOR_EMAIL")
    assert run("p", "--defaults", "--source", str(place.parent / "plain")) == 0
    assert "staged but not committed: git config --global user.name" in capsys.readouterr().out
    assert b"README.md" in git(place / "p", "diff", "--cached", "--name-only")


def test_the_users_git_configuration_breaks_nothing(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = tmp_path / "hooks" / "pre-commit"
    write_tree(tmp_path, files({"hooks/pre-commit": {"text": "#!/bin/sh\nexit 1\n", "executable": True}}))
    (tmp_path / "ignored").write_text("README.md\n")
    settings = {
        "user.name": "Ann O'Nym",
        "user.email": "ann@tests.example",
        "core.hooksPath": str(hook.parent),
        "core.excludesFile": str(tmp_path / "ignored"),
        "core.autocrlf": "true",
        "commit.gpgSign": "true",
        "gpg.program": "/bin/false",
        "init.templateDir": str(tmp_path / "gone"),
    }
    for key, value in settings.items():
        subprocess.run(["git", "config", "--file", str(tmp_path / "gitconfig"), key, value], check=True)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    monkeypatch.delenv("GIT_AUTHOR_EMAIL")
    assert run("p", "--defaults", "--source", str(place.parent / "plain")) == 0
    assert git(place / "p", "log", "--format=%an <%ae>") == b"Ann O'Nym <ann@tests.example>\n"
    assert b"README.md" in git(place / "p", "ls-files")


STEPS: dict[str, tuple[Any, str]] = {
    "rendering": (new, "project_of"),
    "checking": (new, "_demand_sound"),
    "describing": (new, "_described"),
    "writing": (workplace, "write_tree"),
    "committing": (placing, "_author"),
    "moving": (workplace, "put_in_place"),
}
# After the move the project is there, whole; everywhere else a failure leaves nothing.
FAILING = [
    (*STEPS[name], when)
    for name in STEPS
    for when in ("before", "after")
    if (name, when) != ("moving", "after")
]
FAILURES = [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device"), RuntimeError("a bug")]


@pytest.mark.parametrize("failure", FAILURES, ids=["interrupt", "full disk", "bug"])
@pytest.mark.parametrize(("module", "step", "when"), FAILING)
def test_a_failure_at_any_step_leaves_nothing(
    module: Any,
    step: str,
    when: str,
    failure: BaseException,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Say,
) -> None:
    real: Callable[..., Any] = getattr(module, step)

    def failing(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            real(*args, **kwargs)
        raise failure

    monkeypatch.setattr(module, step, failing)
    code = run("deep/p", "--defaults", "--source", str(place.parent / "plain"))
    assert code == (130 if isinstance(failure, KeyboardInterrupt) else code)
    assert code != 0
    assert "Traceback" not in capsys.readouterr().err
    assert os.listdir(place) == []


def test_two_that_are_one_file_on_this_disk_are_not_both_written(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"\./a and another file are one file on this disk"):
        write_tree(tmp_path, files({"a": "1", "./a": "2"}))


def test_ctrl_c_while_git_works_leaves_nothing(place: Path) -> None:
    slow = {"text": f"#!/bin/sh\ntouch {place.parent}/reached\nsleep 30\n", "executable": True}
    write_tree(place.parent / "bin", files({"git": slow}))
    command = [
        sys.executable,
        "-m",
        "roadworthy",
        "new",
        "p",
        "--defaults",
        "--source",
        str(place.parent / "plain"),
    ]
    environment = {**os.environ, "PATH": f"{place.parent}/bin:{os.environ['PATH']}"}
    process = subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        # Whoever runs the tests in the background of a shell has Ctrl-C ignored, and would hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for((place.parent / "reached").exists)
    assert os.listdir(place) != []
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == "roadworthy: interrupted; nothing half-done was left behind\n"
    assert os.listdir(place) == []


def test_a_person_is_asked_by_copier_and_the_result_is_the_same(place: Path) -> None:
    process, terminal = in_terminal(
        "new", "p", "--data", "name=given", "--source", str(place.parent / "plain")
    )
    said = talk(process, terminal, b"\x1b[B\r")  # the second choice
    assert process.returncode == 0, said
    assert "size" in said
    assert "name" not in said.split("Made")[0]
    assert (place / "p/README.md").read_text() == "given m\n"
    answers = yaml.safe_load((place / "p/.copier-answers.yml").read_text())
    assert answers == {"_src_path": str(place.parent / "plain"), "name": "given", "size": "m"}


def test_a_person_is_offered_the_name_of_the_folder(place: Path) -> None:
    process, terminal = in_terminal("new", "Payment Plan", "--source", str(place.parent / "governed"))
    said = talk(process, terminal, b"\r")
    assert process.returncode == 0, said
    assert (place / "Payment Plan/settings.yaml").read_text() == "name: payment-plan\n"


def test_a_prohibited_practice_ends_it_where_a_person_names_it(place: Path) -> None:
    asked = "prohibited:\n  type: str\n  multiselect: true\n  default: []\n  choices: [manipulation]\n"
    late = "  validator: '{% if prohibited %}no{% endif %}'\nlate: {type: str, default: x}\n"
    write_tree(
        place.parent / "lawful", files({**GOVERNED, "copier.yml": GOVERNED["copier.yml"] + asked + late})
    )
    given = ("--data", "name=given", "--source", str(place.parent / "lawful"))
    process, terminal = in_terminal("new", "p", *given)
    said = talk(process, terminal, b" \r")
    assert process.returncode == 1, said
    assert "nothing was generated: subliminal" in said
    assert "late" not in said
    assert os.listdir(place) == []


def test_ctrl_c_at_a_question_leaves_nothing(place: Path) -> None:
    process, terminal = in_terminal("new", "p", "--source", str(place.parent / "plain"))
    said = talk(process, terminal, b"\x03")
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert os.listdir(place) == []


def in_terminal(*arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start roadworthy on a terminal of its own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "roadworthy", *arguments]
    environment = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
    )
    os.close(theirs)
    return process, ours


def talk(process: subprocess.Popen[bytes], terminal: int, keys: bytes) -> str:
    """Press keys once a question is shown; return everything that was said."""
    said, pressed = b"", False
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if select.select([terminal], [], [], 0.2)[0]:
                said += os.read(terminal, 4096)
        except OSError:
            break
        if not pressed and "🎤".encode() in said:
            time.sleep(0.3)
            os.write(terminal, keys)
            pressed = True
    try:
        process.wait(timeout=10)
    finally:
        process.kill()
        os.close(terminal)
    return said.decode(errors="replace")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def read_made(place: Path, name: str) -> list[str]:
    run(name, "--defaults", "--no-git", "--source", str(CHECKOUT))
    return list(read_folder(place / name))
