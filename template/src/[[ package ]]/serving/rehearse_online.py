"""The drill's load: a real server, clients that never pause, and when the old release fell silent."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..pipeline.outcome import Refused
from .drill import Rehearsal, child_environment, package

CLIENTS = 4
AROUND = 0.4


@dataclass
class Load:
    """Clients on one keep-alive connection each; every answer is kept with its time."""

    port: int
    body: bytes
    answers: list[tuple[float, str | None]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask from all clients until the block ends."""
        threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _client(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        while not self._stop.is_set():
            try:
                line.request("POST", "/predict", self.body)
                heard = line.getresponse()
                said = json.loads(heard.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                line.close()
                continue
            if heard.status != 200:
                self.failures.append(f"{heard.status}: {said}")
            self.answers.append((time.monotonic(), said.get("version")))
        line.close()


def rehearse(version: str, flip: Callable[[], None]) -> Rehearsal:
    """Serve this release under load, flip, and say when it answered last."""
    with server() as port:
        load = Load(port, request_body(port))
        with load.running():
            time.sleep(AROUND)
            begun = time.monotonic()
            flip()
            time.sleep(AROUND)
    stale = [when for when, who in load.answers if who == version]
    last = max(stale, default=begun)
    switched = any(when > last and who != version for when, who in load.answers)
    late = round(max(0.0, last - begun) * 1000, 1)
    return Rehearsal(
        len(load.answers) + len(load.failures), len(load.failures), late, switched and bool(stale)
    )


def request_body(port: int) -> bytes:
    """A request inside the contract of the release that answers, as the server itself gives it."""
    return json.dumps({"inputs": ask(port, "/model")[1]["example"]}).encode()


@contextmanager
def server(workers: int = 1) -> Iterator[int]:
    """A server process of this project on a free port, ready to answer; stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", package(), "serve", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        command, env=child_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _await(process, port)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=10)


def ask(port: int, address: str) -> tuple[int, Mapping[str, Any]]:
    """One GET: status and JSON body."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", address)
        heard = line.getresponse()
        return heard.status, json.loads(heard.read())
    finally:
        line.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            if ask(port, "/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    process.terminate()
    said = process.communicate()[1].decode(errors="replace").strip().splitlines()
    raise Refused(
        f"the server did not get ready: {said[-1] if said else 'no word'}", "serve", "serve, and read on"
    )
