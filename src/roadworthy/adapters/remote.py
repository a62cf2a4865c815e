"""Asks a forge or a registry, read-only and not for long. A token goes to one host and into no message."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
    getproxies,
)

from roadworthy.core.documents.parse import ParseError, parse_json
from roadworthy.core.documents.remote import Answer

SECONDS = 10.0
SECONDS_IN_ALL = 30.0
MOST_BYTES = 4 << 20
OK = 200
LOOPBACK = ("127.0.0.1", "::1", "localhost")
AGENT = {"User-Agent": "roadworthy", "Accept": "application/json"}


def asker(
    api: str, headers: Mapping[str, str], *, seconds: float = SECONDS, most_bytes: int = MOST_BYTES
) -> Callable[[str], Answer]:
    """Return a function that gets one path of an interface; headers carry the token."""
    problem = unfit(api, headers)
    opener, end = _opener(api), time.monotonic() + SECONDS_IN_ALL

    def ask(path: str) -> Answer:
        if problem:
            return Answer(reason=problem)
        request = Request(api.rstrip("/") + path, headers={**AGENT, **headers}, method="GET")
        left = min(seconds, end - time.monotonic())
        if left <= 0:
            return Answer(reason=f"not asked: it took longer than {SECONDS_IN_ALL:g} seconds in all")
        return _in_time(lambda: _get(opener, request, left, most_bytes), left)

    return ask


def unfit(api: str, headers: Mapping[str, str]) -> str:
    """Return why an address may not be asked with these headers; empty when it may."""
    try:
        parts = urlsplit(api)
    except ValueError:
        return "the interface is named by no address"
    plain = parts.scheme == "http" and (parts.hostname in LOOPBACK or not headers)
    if parts.scheme != "https" and not plain:
        return "the interface is not reached over https, so no token goes there"
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        return "the interface is named by no plain address"
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        return "the token is not one line of printable characters"
    return ""


class _SameHost(HTTPRedirectHandler):
    """Follows a moved page only to where the token already is."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Return the request to follow, or none."""
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(api: str) -> OpenerDirector:
    """Plain http is for this machine alone, so it never goes through a proxy."""
    proxies = {
        name: url for name, url in getproxies().items() if name == "https" and api.startswith("https:")
    }
    return build_opener(ProxyHandler(proxies), _SameHost())


def _in_time(get: Callable[[], Answer], seconds: float) -> Answer:
    """A server that drips never meets the socket's own timeout, so the whole has one."""
    found: list[Answer] = []
    thread = threading.Thread(target=lambda: found.append(get()), daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else Answer(reason=f"no answer within {seconds:g} seconds")


def _get(opener: OpenerDirector, request: Request, seconds: float, most: int) -> Answer:
    try:
        with opener.open(request, timeout=seconds) as response:
            return _read(response, most)
    except HTTPError as error:
        with error:
            return Answer(status=error.code, reason=_refused(error.code))
    except URLError as error:
        return Answer(reason=f"not reached: {type(error.reason).__name__}")
    except (OSError, HTTPException, ValueError) as error:
        return Answer(reason=f"not reached: {type(error).__name__}")


def _refused(status: int) -> str:
    known = {
        401: "the token is not accepted",
        403: "the token does not permit it, or asked too often",
        404: "not found, or the token may not see it",
        429: "asked too often",
    }
    moved = "moved to another place, which is not followed" if 300 <= status < 400 else "refused"
    return f"{status}: {known.get(status, moved)}"


def _read(response: HTTPResponse, most: int) -> Answer:
    data = response.read(most + 1)
    if response.status != OK:
        return Answer(status=response.status, reason=_refused(response.status))
    if len(data) > most:
        return Answer(status=OK, reason=f"the answer is larger than {most:,} bytes")
    try:
        return Answer(status=OK, value=parse_json(data))
    except ParseError as error:
        return Answer(status=OK, reason=f"the answer is no JSON that can be used: {error}")
