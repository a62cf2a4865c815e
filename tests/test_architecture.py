"""The folders are the architecture: the import contracts fail on every way to break them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
SOURCE = HERE / "src" / "roadworthy"
LAYERS = (
    "cli",
    "arguments.one",
    "commands.one",
    "adapters.one",
    "facts.one",
    "render.one",
    "core.one",
    "errors",
)
BESIDE = ("adapters.one", "facts.one", "render.one")
IMPURE = ("os", "pathlib", "subprocess", "socket", "copier")
# Who may not import whom: nobody a layer above or beside, pure layers nothing that reaches the world.
WRONG = (
    *((low, high) for at, low in enumerate(LAYERS) for high in LAYERS[:at]),
    *((one, other) for one in BESIDE for other in BESIDE if one != other),
    ("adapters.one", "adapters.two"),
    *((pure, name) for pure in ("core.one", "render.one") for name in IMPURE),
)


def lint(folder: Path, modules: Mapping[str, str]) -> str:
    """Hold a small tree that has every layer against the real contracts; return what was said."""
    for name, text in {"adapters.two": "", **modules}.items():
        path = folder / "roadworthy" / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text, "utf-8")
    (folder / "roadworthy" / "__init__.py").touch()
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    command += ["--config", str(HERE / "pyproject.toml")]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def test_downwards_is_allowed(tmp_path: Path) -> None:
    downwards = {
        high: "".join(f"import roadworthy.{low}\n" for low in LAYERS[at + 1 :] if {high, low} - {*BESIDE})
        for at, high in enumerate(LAYERS)
    }
    said = lint(tmp_path, downwards)
    assert "Contracts: 3 kept, 0 broken" in said


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a tree that breaks every contract in every way."""
    outside = {name: name if name in IMPURE else f"roadworthy.{name}" for _, name in WRONG}
    modules = {
        layer: "".join(f"import {outside[name]}\n" for who, name in WRONG if who == layer) for layer in LAYERS
    }
    return " ".join(lint(tmp_path_factory.mktemp("broken"), modules).split())


@pytest.mark.parametrize(("who", "whom"), WRONG, ids=[" imports ".join(pair) for pair in WRONG])
def test_a_wrong_import_is_named(broken: str, who: str, whom: str) -> None:
    assert "Contracts: 0 kept, 3 broken" in broken
    assert f"roadworthy.{who} -> {whom if whom in IMPURE else f'roadworthy.{whom}'} (l" in broken


def test_only_the_command_line_exits() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 100
    found = {path.relative_to(SOURCE).as_posix() for path in files if any(_exits(path))}
    assert found == {"cli.py"}


def _exits(path: Path) -> Iterator[bool]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        name = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
        yield name in ("sys.exit", "SystemExit", "exit", "quit")
