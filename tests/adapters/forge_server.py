"""A forge for tests: a real HTTP server on this machine that says what it is told to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """What is sent for one path: a status, bytes, headers, and how long to wait between bytes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0


@dataclass
class FakeForge:
    """Replies by path, and the requests that came."""

    address: str = ""
    replies: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def reply(self, target: str) -> Reply:
        """Return what a path is answered with; a list is served in pages."""
        parts, query = urlsplit(target), parse_qs(urlsplit(target).query)
        found = self.replies.get(parts.path, Reply(404, b'{"message": "Not Found"}'))
        if isinstance(found, Reply):
            return found
        if isinstance(found, list) and "page" in query:
            size, page = int(query["per_page"][0]), int(query["page"][0])
            found = found[size * (page - 1) : size * page]
        return Reply(body=json.dumps(found).encode())


@contextmanager
def serving() -> Iterator[FakeForge]:
    """Serve on a free port of the loopback interface until the end of the block."""
    fake = FakeForge()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append((self.command, self.path, dict(self.headers)))
            reply = fake.reply(self.path)
            with suppress(OSError):
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            if not reply.drip:
                self.wfile.write(reply.body)
                return
            for byte in reply.body:
                if fake.stop.wait(reply.drip):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fake.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        fake.stop.set()
        server.shutdown()
        server.server_close()
