"""Locks, images, notebooks, and what should not be in a repository: by structure, not by name."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.facts.requirements import lock, requirements, secrets_in
from roadworthy.facts.shell import commands
from tests.credentials import CREDENTIALS
from tests.facts.snapshots import snapshot

HASH = " \\\n    --hash=sha256:" + "a" * 64
LOCK = (
    f"# made by uv\n--require-hashes\nnumpy==2.0{HASH}{HASH}\nbar[x,y]==1.2 ; python_version < '3.12'{HASH}\n"
)
DIGEST = "@sha256:" + "b" * 64


def facts(**files: str | bytes) -> dict[str, Any]:
    return requirements(snapshot({name.replace("__", "/"): text for name, text in files.items()}))


def test_a_whole_lock() -> None:
    assert lock("r", LOCK) == {"path": "r", "count": 2, "unhashed": [], "unpinned": [], "addresses": []}


FAULTS = [
    ("numpy==2.0\n", "unhashed", "numpy"),
    (f"numpy>=2.0{HASH}\n", "unpinned", "numpy"),
    (f"numpy==2.*{HASH}\n", "unpinned", "numpy"),
    (f"numpy{HASH}\n", "unpinned", "numpy"),
    ("numpy==2.0 --hash=sha256:abc\n", "unhashed", "numpy"),
    ("numpy==2.0 --hash=md5:" + "a" * 64 + "\n", "unhashed", "numpy"),
    ("numpy==2.0 # --hash=sha256:" + "a" * 64 + "\n", "unhashed", "numpy"),
    ("--index-url https://x\n", "addresses", "--index-url https://x"),
    ("--extra-index-url=https://x\n", "addresses", "--extra-index-url=https://x"),
    ("-r other.txt\n", "addresses", "-r other.txt"),
    ("-e .\n", "addresses", "-e ."),
    ("./wheels/x.whl\n", "addresses", "./wheels/x.whl"),
    ("x @ https://x/y.whl\n", "addresses", "x @ https://x/y.whl"),
    ("git+https://x/y\n", "addresses", "git+https://x/y"),
]


@pytest.mark.parametrize(("line", "where", "what"), FAULTS, ids=[fault[0][:30] for fault in FAULTS])
def test_each_fault_of_a_lock_is_named(line: str, where: str, what: str) -> None:
    found = lock("r", LOCK + line)
    assert found[where] == [what]


def test_locks_are_found_by_path() -> None:
    found = facts(
        **{"requirements/serve.txt": LOCK, "requirements-dev.txt": LOCK, "docs/requirements.txt": "x\n"}
    )
    assert [each["path"] for each in found["locks"]] == ["requirements-dev.txt", "requirements/serve.txt"]
    assert found["available"]


def test_a_lock_that_cannot_be_read_is_not_available() -> None:
    assert not facts(**{"requirements/a.txt": b"\xff\xfe"})["available"]
    assert not requirements(snapshot({}, {"requirements/a.txt": "a symbolic link"}))["available"]


def test_base_images_by_digest_and_own_stages() -> None:
    text = (
        f"FROM --platform=linux/amd64 python:3.12{DIGEST} AS build\nFROM build\n"
        f"FROM python:3.12\nfrom ${{BASE}}\nFROM scratch\n"
    )
    found = facts(**{"deploy/Containerfile": text})["images"]
    assert [(each["image"], each["pinned"]) for each in found] == [
        (f"python:3.12{DIGEST}", True),
        ("python:3.12", False),
        ("${BASE}", False),
    ]


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("papermill a.ipynb b.ipynb", True),
        ("jupyter nbconvert --to notebook --execute a.ipynb", True),
        ("jupyter execute a.ipynb", True),
        ("python -m papermill a.ipynb", True),
        ("ipython a.ipynb", True),
        ("jupyter nbconvert --to html a.ipynb", False),
        ("echo papermill a.ipynb", False),
        ("ls notebooks", False),
        ("rm -f a.ipynb", False),
    ],
)
def test_running_a_notebook_is_told_from_having_one(line: str, runs: bool) -> None:
    from roadworthy.facts.requirements import runs_notebook

    assert any(runs_notebook(command) for command in commands(line)) is runs


def test_notebooks_are_found_where_things_run() -> None:
    found = facts(
        Makefile="train:\n\tpapermill train.ipynb out.ipynb\n",
        **{
            ".github/workflows/a.yml": "jobs:\n  a:\n    steps:\n      - run: jupyter execute b.ipynb\n",
            "README.md": "papermill x.ipynb",
        },
    )
    assert [place.split(" ")[0] for place in found["notebooks"]] == [
        "Makefile:2",
        ".github/workflows/a.yml:4",
    ]


@pytest.mark.parametrize("data", CREDENTIALS)
def test_a_live_credential_is_found_with_its_line(data: bytes) -> None:
    assert [line for line, _ in secrets_in(b"x\n" + data + b"\n")] == [2]


@pytest.mark.parametrize(
    "data",
    [
        b"entry: -----BEGIN [A-Z ]*PRIVATE KEY-----",
        b"AKIA",
        b"sk-learn",
        b"ssh-ed25519 AAAAC3Nza",
        b"task-" + b"a" * 40,
    ],
)
def test_what_only_looks_like_one_is_not(data: bytes) -> None:
    assert list(secrets_in(data)) == []


def test_objects_and_tables_in_git() -> None:
    found = facts(
        **{
            "m.pkl": b"x",
            "var.bin": b"\x80\x04\x95",
            "a.dat": b"text",
            "data/all.csv": b"x" * 5000,
            "tests/a.csv": b"x" * 5000,
            "small.csv": b"x",
        }
    )
    assert found["pickles"] == ["m.pkl", "var.bin"]
    assert found["data_files"] == ["data/all.csv"]
