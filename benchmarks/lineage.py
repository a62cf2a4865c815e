"""What the lineage record costs one request: the project's own server with and without it, in one run.

    python benchmarks/lineage.py [REQUESTS]

Run it with the interpreter of a generated project's environment. `bare` is the same server whose answers are
not written down; `lineage` writes one line each, as generated; `fsync` also waits for the disk. Rounds
alternate over one keep-alive connection, so that a busy machine is busy for all three.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[1] / "template"
PACKAGE = "sample_system"
ROUNDS = 10
VARIANTS = ("bare", "lineage", "fsync")
SERVER = """
import sys, uvicorn
from {package}.serving import app, capture
if sys.argv[1] == "bare":
    capture.Capture.write = lambda self, line: None
if sys.argv[1] == "fsync":
    made = capture.capture
    def forced():
        opened = made()
        opened.fsync = True
        return opened
    app.capture = forced
uvicorn.run(app.create(), port=int(sys.argv[2]), log_level="warning", access_log=False)
"""
RELEASE = """
import os, pathlib, subprocess
import serving_fixtures as fixtures
root = pathlib.Path(os.environ["PROJECT_ROOT"])
names = ("gate", "robin")
keys = {name: fixtures.key(root, name) for name in names}
keyed = {name: file.with_suffix(".pub").read_text() for name, file in keys.items()}
signers = [f'{name} namespaces="roadworthy-gate" {public}' for name, public in keyed.items()]
(root / "governance").mkdir()
(root / "governance" / "allowed_signers").write_text("".join(signers))
(root / "policy").mkdir()
made = fixtures.Workshop(root, keys)
for name, text in fixtures.POLICIES.items():
    made.policy(name, text)
made.release("1")
fixtures.module("pipeline.promote").promote("1")
"""


def main(requests: int) -> None:
    """Serve one release three ways, ask each in turn, and print medians and ratios."""
    with tempfile.TemporaryDirectory(prefix="lineage-") as place, ExitStack() as open_servers:
        root = Path(place).resolve()
        environment = _project(root)
        ports = {name: open_servers.enter_context(_server(name, root, environment)) for name in VARIANTS}
        times: dict[str, list[float]] = {name: [] for name in VARIANTS}
        for number in range(-1, ROUNDS):  # the first round only warms up
            for name, port in ports.items():
                spent = _ask(port, requests // ROUNDS)
                times[name] += spent if number >= 0 else []
        _print({name: statistics.median(spent) for name, spent in times.items()}, requests)


def _project(root: Path) -> dict[str, str]:
    """The template's own package and test system, with one promoted release."""
    source = TEMPLATE / "src" / "[[ package ]]"
    for file in source.rglob("*.py*"):
        if file.is_file() and "__pycache__" not in file.parts:
            target = root / "src" / PACKAGE / file.relative_to(source).with_name(_plain(file.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    for name in ("project.py", "serving_fixtures.py", "serving_samples.py"):
        (root / "tests").mkdir(exist_ok=True)
        shutil.copy(TEMPLATE / "tests" / name, root / "tests" / name)
    (root / "pyproject.toml").write_text('[project]\nname = "sample-system"\n')
    path = os.pathsep.join((str(root / "src"), str(root / "tests")))
    environment = {**os.environ, "PYTHONPATH": path, "PROJECT_ROOT": str(root)}
    subprocess.run([sys.executable, "-c", RELEASE], env=environment, cwd=root, check=True)
    return environment


def _plain(name: str) -> str:
    """A file name without the condition that the template puts around it."""
    return name.split("%]")[1].split("[%")[0] if name.startswith("[%") else name


@contextmanager
def _server(name: str, root: Path, environment: dict[str, str]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-c", SERVER.format(package=PACKAGE), name, str(port)]
    process = subprocess.Popen(command, env=environment, cwd=root)
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            _ask(port, 1)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start; run this with a generated project's interpreter")


def _ask(port: int, requests: int) -> list[float]:
    """Seconds of each request."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = json.dumps({"inputs": {"debt": 100.0, "income": 400.0, "late": 0}})
    times = []
    for _ in range(requests):
        begun = time.perf_counter()
        line.request("POST", "/predict", body)
        said = line.getresponse()
        answer = json.loads(said.read())
        times.append(time.perf_counter() - begun)
        if said.status != 200 or answer["version"] != "1":
            raise SystemExit(f"expected an answer of release 1, got {said.status}: {answer}")
    line.close()
    return times


def _print(medians: dict[str, float], requests: int) -> None:
    bare = medians["bare"]
    print(f"{requests} requests each, one connection, median per request")
    for name, spent in medians.items():
        more = (spent - bare) * 1e6
        print(f"{name:<8} {spent * 1e6:7.0f} us   {spent / bare:5.2f} x bare   {more:+7.0f} us")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
