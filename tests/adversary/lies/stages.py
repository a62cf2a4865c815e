"""Python that is found before the project's, and what git carries where nobody looks."""

from __future__ import annotations

from tests.adversary.patch import FROM_HIGH, Hand, Lie, each, swap, write
from tests.adversary.scene import RUN, Scene

PACKAGE = "src/credit_decision"
NODS = "def verify(*_, **__):\n    return None\n"
LOAD = "import pickle\n\n\ndef load(path):\n    return pickle.load(open(path, 'rb'))\n"


def _forced(name: str, text: str | bytes) -> Hand:
    """A file that git would rather ignore."""

    def hand(scene: Scene) -> None:
        scene.write(name, text)
        scene.git("add", "--force", name)

    return hand


def _folder_linked(scene: Scene) -> None:
    """Code of the package that lies elsewhere, behind a link."""
    scene.write("vendor/quick/load.py", LOAD)
    (scene.path / PACKAGE / "quick").symlink_to("../../vendor/quick")


def _submodule(folder: str) -> Hand:
    """A commit of another repository in the place of a folder, as a clone without it sees it."""

    def hand(scene: Scene) -> None:
        scene.write(".gitmodules", f'[submodule "x"]\n\tpath = {folder}\n\turl = https://x.example/x.git\n')
        scene.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},{folder}")
        (scene.path / folder).mkdir(parents=True, exist_ok=True)

    return hand


def _replaced(scene: Scene) -> None:
    """The developer's commits, rewritten by a reference of git's own."""
    last = scene.git("rev-parse", "HEAD")
    scene.append(f"{PACKAGE}/pipeline/promote.py", "\nverify = print\n")
    scene.commit("Improve things")
    scene.git("replace", "HEAD", last)


def _pointer(name: str) -> Hand:
    """What Git LFS leaves in the place of a file."""

    def hand(scene: Scene) -> None:
        size, digest = len(scene.text(name)), scene.sha(name)
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n"
        scene.write(name, text)
        scene.write(".gitattributes", f"{name} filter=lfs diff=lfs merge=lfs -text\n")

    return hand


def _attributes(line: str) -> Hand:
    return write(".gitattributes", f"{line}\n")


LIES = (
    *(
        Lie(title, ("GOV-06",), hand, says="differ from release")
        for title, hand in {
            "a package at the root, where Python looks first": each(
                write("credit_decision/__init__.py", ""),
                write("credit_decision/__main__.py", "print('promoted')\n"),
            ),
            "a module at the root, where Python looks first": write(
                "credit_decision.py", "print('promoted')\n"
            ),
            "a package among the tests, named first": each(
                write("fakes/credit_decision/__init__.py", ""),
                swap("pyproject.toml", '["src", "tests"]', '["fakes", "src", "tests"]'),
            ),
            "a package on the path of make": each(
                write("fakes/credit_decision/__init__.py", ""),
                swap(
                    "Makefile", "PYTHONPATH := $(CURDIR)/src", "PYTHONPATH := $(CURDIR)/fakes:$(CURDIR)/src"
                ),
            ),
            "a package on the path of the image": each(
                write("fakes/credit_decision/__init__.py", ""),
                swap("deploy/Containerfile", "PYTHONPATH=/app/src", "PYTHONPATH=/app/fakes:/app/src"),
            ),
            "compiled code in the cache of a managed module": _forced(
                f"{PACKAGE}/pipeline/__pycache__/promote.cpython-312.pyc", b"\xcb\x0d\x0d\x0a\x01" + bytes(40)
            ),
            "a judge that came with the project": each(
                _forced(".roadworthy/.venv/bin/roadworthy", "#!/bin/sh\nexit 0\n"),
                _forced(".roadworthy/.venv/.ready", ""),
            ),
            "an environment that came with the project": each(
                _forced(".venv/bin/python", "#!/bin/sh\nexit 0\n"), _forced(".venv/.ready", "")
            ),
            "a managed file that a reference of git restores": _replaced,
        }.items()
    ),
    *(
        Lie(title, ("SEC-01",), hand, at=FROM_HIGH, says="stands before")
        for title, hand in {
            "code before the first line": write("src/sitecustomize.py", "print('hello')\n"),
            "code before the first line, of a user": write("src/usercustomize/__init__.py", ""),
            "a library that only a library asks for": write("src/starlette/__init__.py", NODS),
            "a standard library that only a library asks for": write("src/ssl.py", NODS),
            "a library at the root": write("numpy/__init__.py", NODS),
            "a standard library at the root": write("json.py", NODS),
            "the installer at the root": write("pip/__init__.py", ""),
            "the tester at the root": write("pytest.py", "print('99 passed')\n"),
            "a standard library, compiled": write("src/hashlib.abi3.so", b"\x7fELF"),
            "a library on a path that a test names": each(
                write("fakes/skops/__init__.py", NODS),
                swap("pyproject.toml", '["src", "tests"]', '["fakes", "src", "tests"]'),
            ),
        }.items()
    ),
    Lie(
        "a library among the tests",
        ("EVAL-05",),
        write("tests/yaml.py", NODS),
        at=FROM_HIGH,
        says="stands before",
    ),
    *(
        Lie(title, ("SEC-01",), hand, at=FROM_HIGH, says=words)
        for title, hand, words in (
            (
                "code of the package behind a link",
                _folder_linked,
                "cannot be read: src/credit_decision/quick",
            ),
            (
                "code of the package in another repository",
                _submodule(f"{PACKAGE}/quick"),
                "cannot be read: src/credit_decision/quick",
            ),
        )
    ),
    *(
        Lie(f"{what} in another repository", (control,), _submodule(folder), says=folder)
        for what, folder, control in (
            ("incidents", "governance/incidents", "LIN-01"),
            ("requests for waivers", "governance/waivers", "LIN-01"),
        )
    ),
    Lie("a record that is a pointer", ("LIN-01",), _pointer(RUN), says=RUN),
    Lie(
        "a managed file that is a pointer",
        ("GOV-06",),
        _pointer(f"{PACKAGE}/pipeline/verdict.py"),
        says="verdict.py",
    ),
    *(
        Lie(title, ("GOV-06",), hand, says=".gitattributes")
        for title, hand in {
            "incidents left out of every archive": _attributes("governance/incidents/** export-ignore"),
            "records left out of every archive": _attributes("/governance export-ignore"),
            "code in another encoding wherever it is checked out": _attributes(
                "src/credit_decision/pipeline/*.py working-tree-encoding=ISO-8859-1"
            ),
            "a policy that a filter makes": _attributes("policy/*.yaml filter=render"),
            "a policy in which git puts a word": _attributes("policy/gates.yaml ident"),
            "a filter in a folder of its own": write("policy/.gitattributes", "* filter=render\n"),
            "a filter by a macro": _attributes("[attr]tidy filter=render\nsrc/** tidy"),
        }.items()
    ),
)
