"""Applicants for the rehearsal: real rows of the study that no model was trained on, asked one by one."""

from __future__ import annotations

import csv
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from batch import Job
from rehearsal import CLONE, LOOK, Rehearsal, environment, stop

CLIENTS = 4
LATER = (
    "from {package}.data import FIRST_EXTRACT, study;"
    "study().iloc[FIRST_EXTRACT:].to_csv('var/later.csv', index=False)"
)
Row = dict[str, str]


def later_applicants(rehearsal: Rehearsal) -> list[Row]:
    """The applicants of a later day, who come after the first extract."""
    code = LATER.format(package=rehearsal.package)
    subprocess.run([sys.executable, "-c", code], cwd=CLONE, env=environment(), check=True)
    with (CLONE / "var" / "later.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def strained(row: Row) -> Row:
    """The same applicant in a worse year: higher obligations, late payments on file."""
    burden, late = min(95.0, float(row["obrat"]) * 1.6 + 10), min(6, int(float(row["cons"])) + 2)
    return row | {"obrat": f"{burden:.1f}", "cons": str(late)}


@dataclass
class Server:
    """The service of the clone, on a port of its own."""

    story: Rehearsal
    port: int
    process: subprocess.Popen[bytes]
    inputs: tuple[str, ...] = ()
    canaries = True

    def ask(self, rows: Sequence[Row], tag: str) -> list[dict[str, Any]]:
        """Ask for every applicant on one connection; any answer but a decision ends the rehearsal."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        answers = []
        for row in rows:
            status, said = post(line, self.body(row, tag))
            if status != 200:
                stop(f"the service answered {status}: {said}", LOOK)
            answers.append(said)
        line.close()
        return answers

    def body(self, row: Row, tag: str) -> bytes:
        """A request about one applicant; the same applicant under another tag is another entity."""
        name = f"{tag}-{row['application']}"
        inputs = {key: number(row[key]) for key in self.inputs}
        return json.dumps({"id": name, "entity": name, "inputs": inputs}).encode()

    def get(self, address: str) -> dict[str, Any]:
        """One GET; nothing while the service does not answer."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", address)
            value = json.loads(line.getresponse().read())
            return value if isinstance(value, dict) else {}
        except (OSError, http.client.HTTPException):
            return {}
        finally:
            line.close()

    def follow(self, key: str, value: object) -> None:
        """Wait until the service follows the pointer."""
        self.until(lambda: self.get("/model").get(key) == value, f"{key} = {value}")
        self.inputs = tuple(self.get("/model")["inputs"])

    def roll_back(self, rows: Sequence[Row], reason: str) -> str:
        """Go back while clients keep asking; none may hear anything but an answer."""
        load = Load(self, rows)
        with load.running():
            begun = time.monotonic()
            said = self.story.verb("rollback", "--reason", reason)
        if load.failed or said["live"] != "1" or load.heard[-1][1] != "1":
            stop(f"{len(load.failed)} requests failed under the rollback, live is {said['live']}", LOOK)
        late = f"last answer of release 2 after {load.stale_ms('2', begun):.0f} ms"
        return f"rolled back under load: {late}, 0 of {len(load.heard)} requests failed"

    def until(self, reached: Callable[[], bool], what: str) -> None:
        """Wait for something of the service."""
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            if reached():
                return
            time.sleep(0.02)
        stop(f"the service never got to {what}", f"cd {CLONE} && make serve")


@contextmanager
def opened(story: Rehearsal) -> Iterator[Server | Job]:
    """The desk of this project's mode: the service, stopped at the end, or files."""
    if story.mode == "batch":
        yield Job(story)
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", story.package, "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=CLONE, env=environment(), stdout=subprocess.DEVNULL)
    server = Server(story, port, process)
    try:
        server.until(lambda: server.get("/ready").get("ready") is True, "ready")
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


@dataclass
class Load:
    """Clients that never pause, and what they heard: when, and from which release."""

    server: Server
    rows: Sequence[Row]
    heard: list[tuple[float, str | None]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask from all sides until the block ends."""
        clients = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(0.3)
        try:
            yield
            time.sleep(0.3)
        finally:
            self.done.set()
            for client in clients:
                client.join()

    def stale_ms(self, version: str, since: float) -> float:
        """How long after a moment a release still answered."""
        return max((when - since for when, who in self.heard if who == version), default=0.0) * 1000

    def _client(self, number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        round_ = 0
        while not self.done.is_set():
            row = self.rows[(number + CLIENTS * round_) % len(self.rows)]
            round_ += 1
            try:
                status, said = post(line, self.server.body(row, f"load{number}.{round_}"))
            except (OSError, http.client.HTTPException, ValueError) as error:
                status, said = 0, {"error": str(error)}
                line.close()
            if status == 200:
                self.heard.append((time.monotonic(), said["version"]))
            else:
                self.failed.append(f"{status}: {said}")
        line.close()


def number(text: str) -> float | int | None:
    """A cell as the request wants it: whole where it is whole, nothing where it is empty."""
    value = float(text) if text else None
    return int(value) if value is not None and value.is_integer() else value


def post(line: http.client.HTTPConnection, body: bytes) -> tuple[int, dict[str, Any]]:
    """One question and its answer."""
    line.request("POST", "/predict", body)
    answer = line.getresponse()
    return answer.status, json.loads(answer.read())
