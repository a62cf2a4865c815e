"""Counters of one server for Prometheus; with several workers they are summed over processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Meters:
    """What a server counts about its own answers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        answers = ("route", "version", "decision")
        self.answers = Counter("predictions", "Answers given", answers, registry=self.registry)
        self.errors = Counter(
            "prediction_errors", "Answers that a model failed to give", registry=self.registry
        )
        self.refusals = Counter("requests_refused", "Requests outside the contract", registry=self.registry)
        self.seconds = Histogram(
            "prediction_seconds", "Time per answer", buckets=_BUCKETS, registry=self.registry
        )
        problem = "1 while the pointer names a release that cannot be loaded"
        self.problem = Gauge("routes_problem", problem, multiprocess_mode="max", registry=self.registry)

    def count(self, line: Mapping[str, Any]) -> None:
        """Count one captured line."""
        if line["route"] == "refused":
            self.refusals.inc()
            return
        self.answers.labels(line["route"], line["version"] or "none", line["decision"]).inc()
        self.seconds.observe(line["ms"] / 1000)
        if line["error"]:
            self.errors.inc()

    def text(self) -> bytes:
        """The exposition text, of all workers when there are several."""
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            return generate_latest(self.registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)
