"""What may change without asking again, and how fast: envelopes that bound nothing, stages skipped."""

from __future__ import annotations

from tests.adversary.habits.papers import ENVELOPE, ENVELOPED
from tests.adversary.patch import Hand, Lie, each, write
from tests.adversary.scene import DEPLOYMENT, Scene

RISK = "risk@rehearsal.example"


def _enveloped(**more: object) -> Hand:
    return lambda scene: scene.write(ENVELOPE, {**ENVELOPED, **more})


def _moved(action: str, at: str) -> Hand:
    """A move of a second release."""
    stamp = at.replace("-", "").replace(":", "")

    def hand(scene: Scene) -> None:
        record = {**scene.read(DEPLOYMENT), "version": "2", "action": action, "at": at, "as_of": at}
        scene.write(f"governance/deployments/{stamp}-{action}-2.json", record)

    return hand


OF_NOTHING: dict[str, dict[str, object]] = {
    "that bounds no loss": {"metric_bounds": {"max_loss": 1.0, "max_slice_loss": 1.0}},
    "of fewer promotions than none": {"max_promotions": -1},
    "that names no change": {"allowed_changes": []},
    "that one person approved three times": {"approved_by": [RISK] * 3},
    "that its author approved, in capitals": {"author": RISK.upper()},
    "that is over": {"expires_at": "2026-11-20"},
    "in keywords": {"protocol": "TBD", "impact_note": "TBD"},
}
LIES = (
    *(Lie(f"an envelope {title}", ("APPR-04",), _enveloped(**more)) for title, more in OF_NOTHING.items()),
    Lie("an envelope of one line", ("APPR-04",), write(ENVELOPE, "schema: envelope/v1\n")),
    Lie("a second promotion at once", ("REL-02",), _moved("promote", "2026-11-20T11:10:00Z")),
    Lie(
        "a shadow of five minutes",
        ("REL-02",),
        each(_moved("shadow", "2026-11-20T11:05:00Z"), _moved("promote", "2026-11-20T11:10:00Z")),
    ),
    Lie("a promotion before the first", ("REL-02",), _moved("promote", "2026-01-01T11:10:00Z")),
)
