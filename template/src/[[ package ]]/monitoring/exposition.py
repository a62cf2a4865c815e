"""The verdict as Prometheus text, for a collector that reads files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..serving.clock import parse
from .signals import LEVELS, Signal


def text(verdict: Mapping[str, Any], signals: Sequence[Signal]) -> str:
    """Level, signals, volume and time of one look."""
    lines = [
        _gauge("model_monitor_level", "0 ok, 1 investigate, 2 pause, 3 rollback"),
        f"model_monitor_level {LEVELS.index(verdict['level'])}",
        _gauge("model_monitor_predictions", "Answers in the window"),
        f"model_monitor_predictions {verdict['window']['rows']}",
        _gauge("model_monitor_labels_joined", "Answers whose outcome is known"),
        f"model_monitor_labels_joined {verdict['labels_joined']}",
        _gauge("model_monitor_last_run_timestamp_seconds", "When somebody last looked"),
        f"model_monitor_last_run_timestamp_seconds {parse(verdict['at']).timestamp():.0f}",
        _gauge("model_monitor_signal", "Measured value of a signal"),
        *(
            f"model_monitor_signal{_labels(each)} {each.value:.6g}"
            for each in signals
            if each.value is not None
        ),
        _gauge("model_monitor_signal_level", "Level of a signal, -1 when it cannot be known"),
        *(f"model_monitor_signal_level{_labels(each)} {_rank(each)}" for each in signals),
    ]
    return "\n".join(lines) + "\n"


def _gauge(name: str, about: str) -> str:
    return f"# HELP {name} {about}\n# TYPE {name} gauge"


def _labels(signal: Signal) -> str:
    plain = (
        str(each).replace("\\", "").replace('"', "").replace("\n", " ") for each in (signal.id, signal.group)
    )
    return '{{signal="{}",group="{}"}}'.format(*plain)


def _rank(signal: Signal) -> int:
    return LEVELS.index(signal.level) if signal.level in LEVELS else -1
