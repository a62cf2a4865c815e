"""From one request to one answer and one captured line. Knows nothing of HTTP or files of rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import part
from . import request as requests
from .capture import Capture
from .clock import moment
from .live import Serving
from .release import Release
from .request import Request

challenger = part("challenger")  # not in every tier

Line = dict[str, Any]
NOBODY = dict.fromkeys(
    (
        "model",
        "version",
        "approval_id",
        "code_rev",
        "data_sha256",
        "env_sha256",
        "model_sha256",
        "subject_digest",
    )
)


class NotReady(Exception):  # noqa: N818 - an answer to the client, not a defect
    """Nothing verified is loaded and the safe answer is not switched on."""


@dataclass(frozen=True)
class Answerer:
    """Answers requests: captures every one of them, falls back to the safe answer when a model breaks."""

    capture: Capture
    safe: str
    seen: Callable[[Line], None] = lambda line: None

    def answer(self, serving: Serving, asked: Request) -> Line:
        """The captured line of this request; raises Invalid or NotReady when there is none."""
        begun = time.perf_counter()
        if not serving.ready:
            raise NotReady
        line = (
            self._fallback(asked)
            if serving.champion is None
            else self._scored(serving, serving.champion, asked)
        )
        line["shadow"] = challenger.shadowed(serving, asked.inputs) if challenger else None
        return self._keep(line, begun)

    def refused(self, name: str, reason: str) -> Line:
        """Capture that a request was refused; its inputs are not kept."""
        line = _line(Request(name, name, {}), "refused", NOBODY)
        return self._keep({**line, "error": reason[:500], "shadow": None}, time.perf_counter())

    def _scored(self, serving: Serving, champion: Release, asked: Request) -> Line:
        canary = challenger.chosen(serving, asked.entity) if challenger else None
        release = canary or champion
        requests.check(asked.inputs, release.fields)
        line = _line(asked, "canary" if canary else "champion", release.lineage)
        try:
            line["score"], line["decision"] = release.judge(asked.inputs)
        except Exception as error:  # whatever breaks inside a model, a person gets the safe answer
            line.update(decision=self.safe, error=f"{type(error).__name__}: {error}"[:500])
        return line

    def _fallback(self, asked: Request) -> Line:
        return {**_line(asked, "fallback", NOBODY), "inputs": {}, "decision": self.safe}

    def _keep(self, line: Line, begun: float) -> Line:
        line["ms"] = round((time.perf_counter() - begun) * 1000, 3)
        self.capture.write(line)
        self.seen(line)
        return line


def said(line: Line) -> dict[str, Any]:
    """What the client hears of a captured line."""
    return {key: line[key] for key in ("id", "decision", "score", "version", "route")}


def _line(asked: Request, route: str, lineage: Mapping[str, Any]) -> Line:
    return {
        "id": asked.id,
        "ts": moment(),
        "route": route,
        "score": None,
        "decision": None,
        "inputs": asked.inputs,
        "observed_at": asked.observed_at,
        "error": None,
        **lineage,
    }
