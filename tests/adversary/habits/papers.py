"""Papers and policies, written by people: reformatted, commented, reordered, tightened."""

from __future__ import annotations

import yaml

from tests.adversary.patch import Habit, Hand, append, put, write
from tests.adversary.scene import Scene

SYSTEM, RISK, CARD = "governance/system.yaml", "governance/risk.yaml", "governance/card.yaml"
MONITORING, BUDGETS, ROLLOUT = "policy/monitoring.yaml", "policy/budgets.yaml", "policy/rollout.yaml"
RETRAINING, GATES = "policy/retraining.yaml", "policy/gates.yaml"
ENVELOPE = "governance/envelope.yaml"
ENVELOPED = {
    "schema": "envelope/v1",
    "allowed_changes": ["data_refresh"],
    "metric_bounds": {"max_loss": 0.01, "max_slice_loss": 0.02},
    "protocol": "Retrain, compare with the release that serves, ask the gate.",
    "impact_note": "The same people, the same attributes, the same cutoff.",
    "max_promotions": 4,
    "expires_at": "2027-03-01",
    "author": "dev@rehearsal.example",
    "approved_by": [f"{who}@rehearsal.example" for who in ("validator", "risk", "exec")],
}


def _reformatted(name: str) -> Hand:
    """As an editor's plug-in writes it: block style, sorted keys, no comments."""
    return lambda scene: scene.write(name, yaml.safe_dump(scene.read(name), sort_keys=True, indent=4))


def _flow(name: str) -> Hand:
    return lambda scene: scene.write(
        name, yaml.safe_dump(scene.read(name), default_flow_style=True, width=100)
    )


def _windows(scene: Scene) -> None:
    scene.write(SYSTEM, scene.text(SYSTEM).replace("\n", "\r\n"))


HABITS = (
    Habit("the README rewritten", write("README.md", "# Credit decision\n\nWhat it is, and whom to ask.\n")),
    Habit("the README longer", append("README.md", "\n## Notes\n\nSee the wiki. TODO: pictures.\n")),
    Habit("the system record reformatted", _reformatted(SYSTEM)),
    Habit("the risk record reformatted", _reformatted(RISK)),
    Habit("the card's words reformatted", _reformatted(CARD)),
    Habit("monitoring reformatted", _reformatted(MONITORING)),
    Habit("budgets in flow style", _flow(BUDGETS)),
    Habit("rollout in flow style", _flow(ROLLOUT)),
    Habit("comments in a policy", append(MONITORING, "\n# Agreed with support on Tuesday.\n")),
    Habit("comments in a paper", append(RISK, "\n# Discussed in the risk forum.\n")),
    Habit("line ends of another system", _windows),
    Habit("white space at the end", append(SYSTEM, "\n\n\n")),
    Habit(
        "better words for the purpose", put(SYSTEM, "users", "Loan officers in branches and on the phone.")
    ),
    Habit(
        "a harm said more clearly",
        put(RISK, "harms.wrong.harm", "A sound loan is refused, or a bad one made."),
    ),
    Habit(
        "a reason said more clearly", put(RISK, "answers.scale.reason", "Forty thousand applications a year.")
    ),
    Habit("an earlier review", put(RISK, "review.next_review", "2027-02-01")),
    Habit(
        "a limit of the card said better", put(CARD, "limits.known_limitations", "It never saw a recession.")
    ),
    Habit("a narrow envelope", lambda scene: scene.write(ENVELOPE, ENVELOPED)),
    Habit("a trigger of all looks", put(RETRAINING, "triggers.0.windows", 3)),
    Habit("no pause", put(RETRAINING, "cool_down_days", 0)),
    Habit("as many rows as are compared", put(MONITORING, "window.min_rows", 1000)),
    Habit("a shadow that may err a little", put(ROLLOUT, "shadow.max_error_rate", 0.01)),
    Habit("a gate tightened", put(GATES, "metrics.0.limit", 0.72)),
    Habit("the fairness limit tightened", put(GATES, "fairness.adverse_impact_ratio.limit", 0.85)),
    Habit("a larger smallest sample", put(GATES, "min_rows", 40)),
    Habit("an alarm sooner", put(MONITORING, "signals.0.investigate", 0.05)),
    Habit(
        "more people told",
        put(MONITORING, "actions.pause.recipients", ["support@loans.example", "dev@rehearsal.example"]),
    ),
    Habit("a look twice an hour", put(MONITORING, "cadence_hours", 0.5)),
    Habit("a smaller budget", put(BUDGETS, "monthly.training.limit", 10)),
    Habit("a longer shadow", put(ROLLOUT, "shadow.min_days", 42)),
    Habit("a larger canary", put(ROLLOUT, "canary.percent", 10)),
    Habit("a longer pause between trainings", put(RETRAINING, "cool_down_days", 60)),
    Habit(
        "a runbook with more to do",
        append("governance/runbooks/rollback.md", "\nThen tell the branch managers.\n"),
    ),
    Habit(
        "a runbook for something else",
        write("governance/runbooks/holidays.md", "# Holidays\n\nWho is on call.\n"),
    ),
    Habit("minutes of meetings", write("governance/minutes/2026-11.md", "# Minutes\n\nNothing to add.\n")),
    Habit("a picture in the docs", write("docs/flow.png", b"\x89PNG\r\n\x1a\n" + bytes(64))),
    Habit("a licence and a changelog", write("CHANGELOG.md", "# Changes\n\n- First release.\n")),
)
