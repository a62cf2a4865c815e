"""The HTTP face: /predict, /health, /ready, /model, /metrics. Everything it decides is decided elsewhere."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response

from ..pipeline import settings
from . import request as requests
from .answer import Answerer, NotReady, said
from .capture import capture
from .live import Live
from .meters import Meters
from .request import Invalid


class TooLarge(Exception):  # noqa: N818 - an answer to the client, not a defect
    """A body over the policy's bound."""


@dataclass(frozen=True)
class Face:
    """What each address answers."""

    live: Live
    answerer: Answerer
    meters: Meters
    limit: int

    async def predict(self, incoming: Request) -> Response:
        """Score one request; the line is on disk before the answer leaves."""
        try:
            asked = requests.read(await _body(incoming, self.limit))
            return _json(said(self.answerer.answer(self.live.serving, asked)))
        except Invalid as invalid:
            return self._refused(invalid)
        except TooLarge:
            return _json({"detail": f"a body of at most {self.limit} bytes is read"}, 413)
        except NotReady:
            why = self.live.problem or "nothing was promoted"
            return _json({"detail": f"no verified release: {why}"}, 503)
        except OSError as error:
            return _json({"detail": f"not answered, because it cannot be captured: {error.strerror}"}, 503)

    async def health(self) -> Response:
        """Whether the process lives."""
        return _json({"status": "alive"})

    async def ready(self) -> Response:
        """Whether a verified release, or the safe answer, is in place."""
        good, live = self.live.serving.ready, self.live.serving.routes.live
        return _json({"ready": good, "live": live, "problem": self.live.problem}, 200 if good else 503)

    async def model(self) -> Response:
        """What is live: its lineage, and what a request to it must hold."""
        serving = self.live.serving
        champion, trial = serving.champion, serving.challenger
        taken = champion.fields if champion else {}
        return _json(
            {
                "live": serving.routes.live,
                "champion": champion.lineage if champion else None,
                "challenger": trial.lineage if trial else None,
                "stage": serving.routes.stage,
                "canary_percent": serving.routes.canary_percent,
                "problem": self.live.problem,
                "inputs": {name: each.expected for name, each in taken.items()},
                "example": {name: each.example for name, each in taken.items()},
            }
        )

    async def metrics(self) -> Response:
        """Counters for Prometheus."""
        return Response(self.meters.text(), media_type="text/plain; version=0.0.4")

    def _refused(self, invalid: Invalid) -> Response:
        name = uuid.uuid4().hex
        self.answerer.refused(name, str(invalid))
        return _json({"id": name, "detail": invalid.problems}, 422)


def create() -> FastAPI:
    """The application of this project, following var/routes.json."""
    face = _face()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        face.live.start()
        yield
        face.live.stop()

    app = FastAPI(title=settings.system(), lifespan=life, openapi_url=None)
    app.add_route("/predict", face.predict, methods=["POST"])
    for name in ("health", "ready", "model", "metrics"):
        app.add_api_route(f"/{name}", getattr(face, name))
    return app


def _face() -> Face:
    policy = settings.policy("serving")
    safe = str(settings.need(policy, "fallback.decision", "policy/serving.yaml"))
    meters = Meters()
    live = Live(lambda serving, problem: meters.problem.set(bool(problem)))
    limit = int(settings.need(policy, "max_body_bytes", "policy/serving.yaml"))
    return Face(live, Answerer(capture(), safe, meters.count), meters, limit)


async def _body(incoming: Request, limit: int) -> bytes:
    declared = incoming.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    body = b""
    async for chunk in incoming.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return body


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, media_type="application/json")
