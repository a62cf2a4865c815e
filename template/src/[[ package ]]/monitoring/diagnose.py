"""Which kind of drift: the pipeline broke, the inputs moved, or the world answers differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .signals import Signal

PIPELINE = frozenset({"nulls", "refused", "input_age_hours", "errors"})
DATA = frozenset({"input_psi", "input_shape", "novel"})
TRUTH = frozenset({"calibration_gap"})
LOSS = frozenset({"auc_loss", "accuracy_loss", "brier_loss"})
AFTER_MENDING = "it may follow from the broken feed: mend that, then look again"


@dataclass(frozen=True)
class Kind:
    """One kind of drift that was found, why, and what to do first."""

    kind: str
    why: str
    first: str


def diagnose(signals: Sequence[Signal]) -> list[Kind]:
    """The kinds of drift that these signals speak for; none when nothing is alarmed."""
    broken, moved, truth, loss = (_alarmed(signals, names) for names in (PIPELINE, DATA, TRUTH, LOSS))
    found = []
    if broken:
        found.append(
            Kind("pipeline", _names(broken), "mend the feed that fills these inputs; do not retrain on it")
        )
    if moved:
        found.append(Kind("data", _names(moved), AFTER_MENDING if broken else _when_moved(loss, signals)))
    if truth or (loss and not moved and not broken):
        why = _names([*truth, *loss]) + ("" if moved else "; the inputs look as they did")
        found.append(
            Kind(
                "concept", why, "the world answers differently: retrain on new outcomes, roll back meanwhile"
            )
        )
    return found


def _when_moved(loss: Sequence[Signal], signals: Sequence[Signal]) -> str:
    if loss:
        return "the model is asked outside what it knows, and it shows: retrain on rows like these"
    if any(each.group == "performance" and each.value is not None for each in signals):
        return "performance holds where outcomes are known: find out who is asking now"
    return "outcomes are not known yet: find out who is asking now"


def _alarmed(signals: Sequence[Signal], measures: frozenset[str]) -> list[Signal]:
    return [each for each in signals if each.measure in measures and each.alarmed]


def _names(signals: Sequence[Signal]) -> str:
    return ", ".join(f"{each.id} ({each.about})" if each.about else each.id for each in signals)
