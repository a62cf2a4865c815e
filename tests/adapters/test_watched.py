"""How long a git may take, where only `ps` tells what it does."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from roadworthy.adapters.git import watched


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("S+     0:01.25\n", (True, 1.25)),
        ("Ss     75:00.50", (True, 4500.5)),
        ("R+   00:00:02\n", (False, 2.0)),
        ("D    1-02:03:04", (False, 93784.0)),
        ("U      0:00.00", (False, 0.0)),
        ("", None),
        ("S+", None),
        ("S+ 0:01,25", None),
        ("ps: unknown option", None),
    ],
)
def test_what_ps_says_on_macos_and_on_linux_is_read(line: str, found: tuple[bool, float] | None) -> None:
    assert watched.read_ps(line) == found


def test_a_git_that_waits_is_not_taken_for_one_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk is no bomb: without /proc, two seconds of waiting were charged as two of work."""
    monkeypatch.setattr(watched, "_by_proc", without_proc)
    (tmp_path / "objects/ab").mkdir(parents=True)
    (tmp_path / "objects/ab/c").write_text("a little")
    waits = "import time; time.sleep(1.2); print('done')"
    assert heard(waits, tmp_path).strip() == b"done"
    with pytest.raises(watched.Overdone, match="no file"):
        heard("import time; time.sleep(20)", tmp_path)
    with pytest.raises(watched.Overdone, match="longer than"):
        heard("while True: pass", tmp_path)


def without_proc(number: int) -> tuple[bool, float]:
    raise FileNotFoundError(number)


def heard(code: str, repository: Path) -> bytes:
    command = (sys.executable, "-c", code)
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            return watched.watched(process, None, repository, 1000)[0]
        finally:
            process.kill()
            assert time.monotonic() - started < 15
