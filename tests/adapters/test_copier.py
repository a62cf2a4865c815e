"""What lies outside the renderer's subset goes to Copier: apart, offline, blind to the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy.adapters.git import git, isolated
from roadworthy.adapters.git.sources import read_folder
from roadworthy.adapters.workplace import write_tree
from roadworthy.commands.source import open_source, project_of
from roadworthy.errors import Unjudgeable, UsageError
from tests.copier_reference import by_copier, files, write_over

WHO = isolated({"user.name": "Robin", "user.email": "robin@tests.example"})
ANSWERS = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}"}
YIELD = {
    "copier.yml": "a: {type: int, default: 2}\n",
    "{% yield n from range(a) %}{{ n }}{% endyield %}.txt.jinja": "{{ n }} of {{ a }}\n",
    **ANSWERS,
}


def test_copier_renders_what_we_cannot(tmp_path: Path) -> None:
    tree = files(YIELD)
    expected = by_copier(tree, tmp_path, {"a": 3}, folder="project")
    made = project_of(open_source(str(tmp_path / "template")), {"a": 3})
    assert made.files == expected
    assert {"0.txt", "1.txt", "2.txt"} < made.files.keys()
    assert made.answers["a"] == 3
    assert made.notes == ("rendered by Copier itself, because the template uses yield in a path",)


def test_the_answers_file_names_the_source_and_not_the_temporary_copy(tmp_path: Path) -> None:
    repository = tmp_path / "r"
    write_tree(repository, files(YIELD))
    git(repository, "init", "-q", env=WHO)
    git(repository, "add", "-A", env=WHO)
    git(repository, "commit", "-qm", "1", env=WHO)
    git(repository, "tag", "v1.0", env=WHO)
    made = project_of(open_source(str(repository), "v1.0"), {})
    text = made.files[".copier-answers.yml"].data.decode()
    assert text == f"_commit: v1.0\n_src_path: {repository}\na: 2\n"


def test_recorded_answers_reach_copier(tmp_path: Path) -> None:
    write_tree(tmp_path / "template", files(YIELD))
    made = project_of(open_source(str(tmp_path / "template")), {}, last={"_src_path": "x", "a": 1})
    assert sorted(made.files) == [".copier-answers.yml", "0.txt"]


PRYING = {
    "a variable": "{{ '$SECRET_TOKEN' | expandvars }}",
    "the home": "{{ '~/token' | expanduser | realpath }}",
}


@pytest.mark.parametrize("text", PRYING.values(), ids=list(PRYING))
def test_a_template_sees_nothing_of_the_environment(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    write_tree(tmp_path / "template", files({"seen.jinja": text}))
    made = project_of(open_source(str(tmp_path / "template")), {})
    assert b"hunter2" not in made.files["seen"].data
    assert os.environ["HOME"].encode() not in made.files["seen"].data


def with_extension(place: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Return a template whose Jinja extension runs `body` when the process apart loads it."""
    template = place / "template"
    extension = "from jinja2.ext import Extension\nclass Mine(Extension):\n    def __init__(self, env):\n"
    extension += f"        super().__init__(env)\n        {body}\n"
    write_tree(
        template,
        files(
            {
                "copier.yml": "_jinja_extensions: [prying.Mine]\n",
                "x.jinja": "{{ found }}",
                "prying.py": extension,
            }
        ),
    )
    startup = f"import sys; sys.path.insert(0, {str(template)!r})\n"
    startup += "from roadworthy.adapters.copier import child; child()"
    real = subprocess.run

    def with_path(command: Any, **options: Any) -> Any:
        ours = command[:1] == (sys.executable,)
        return real((*command[:3], startup) if ours else command, **options)

    monkeypatch.setattr(subprocess, "run", with_path)
    return template


def test_code_of_an_untrusted_template_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched = tmp_path / "touched"
    template = with_extension(tmp_path, monkeypatch, f"open({str(touched)!r}, 'w')")
    with pytest.raises(UsageError, match="runs code of its own") as refused:
        project_of(open_source(str(template)), {})
    assert "[sources] trusted" in refused.value.hint
    assert not touched.exists()
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(template))
    project_of(open_source(str(template)), {})
    assert touched.exists()


def test_even_trusted_code_finds_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "import socket; socket.create_connection(('127.0.0.1', 1))"
    template = with_extension(tmp_path, monkeypatch, body)
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(template))
    with pytest.raises(Unjudgeable, match="no network while rendering"):
        project_of(open_source(str(template)), {})


def test_a_project_of_ours_is_updated_by_plain_copier(tmp_path: Path) -> None:
    repository, project = tmp_path / "r", tmp_path / "p"
    plain = {"copier.yml": "a: 1\nb: x\n", "f.txt.jinja": "{{ a }} {{ b }}\n", **ANSWERS}
    for tag, texts in {
        "v1.0": plain,
        "v2.0": {"f.txt.jinja": "two {{ a }} {{ b }}\n", "g.txt": "new\n"},
    }.items():
        write_over(repository, files(texts))
        git(tmp_path, "init", "-q", str(repository), env=WHO)
        git(repository, "add", "-A", env=WHO)
        git(repository, "commit", "-qm", tag, env=WHO)
        git(repository, "tag", tag, env=WHO)
    write_tree(project, project_of(open_source(str(repository), "v1.0"), {"b": "ours"}).files)
    git(project, "init", "-q", env=WHO)
    git(project, "add", "-A", env=WHO)
    git(project, "commit", "-qm", "made", env=WHO)
    copier = (str(Path(sys.executable).with_name("copier")), "update", "--defaults", "--quiet")
    subprocess.run(copier, cwd=project, check=True, capture_output=True)
    updated = {path: file.data for path, file in read_folder(project).items()}
    assert updated["f.txt"] == b"two 1 ours\n"
    assert updated["g.txt"] == b"new\n"
    assert yaml.safe_load(updated[".copier-answers.yml"])["_commit"] == "v2.0"
