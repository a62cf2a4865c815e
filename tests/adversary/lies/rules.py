"""Policies, budgets, owners and branch rules with their teeth drawn."""

from __future__ import annotations

from tests.adversary.patch import BOUND, Lie, append, drop, each, put, remove, swap, write

MONITORING, SERVING, ROLLOUT = "policy/monitoring.yaml", "policy/serving.yaml", "policy/rollout.yaml"
BUDGETS, RETRAINING, DATA = "policy/budgets.yaml", "policy/retraining.yaml", "policy/data.yaml"
TRAINING, RULES, OWNERS = "policy/training.yaml", ".github/rulesets/main.json", "CODEOWNERS"
ACTIONS = {"recipients": ["somebody"], "acknowledge_hours": 1, "do": "Look."}

LIES = (
    Lie("monitoring without signals", ("MON-01",), put(MONITORING, "signals", [])),
    Lie("an alarm to nobody", ("MON-01",), put(MONITORING, "actions.rollback.recipients", [])),
    Lie("an alarm to somebody", ("MON-01",), put(MONITORING, "actions.pause", ACTIONS)),
    Lie("a look once a year", ("MON-01",), put(MONITORING, "cadence_hours", 8760)),
    Lie(
        "alarms answered within a week",
        ("MON-01",),
        put(MONITORING, "actions.rollback.acknowledge_hours", 168),
    ),
    Lie("outcomes never joined", ("DATA-01",), put(MONITORING, "window.outcome_days", 0)),
    Lie("no monitoring plan", ("MON-01",), remove(MONITORING)),
    Lie("answers forgotten after a week", ("MON-02",), put(SERVING, "capture.retention_days", 7)),
    Lie("answers kept for ever", ("MON-02",), put(SERVING, "capture.retention_days", 36500)),
    Lie("no safe answer", ("REL-04",), put(SERVING, "fallback.decision", "")),
    Lie("a switch that nobody may flip", ("REL-04",), put(SERVING, "fallback.may_flip", [])),
    Lie("types from anywhere", ("SEC-01",), put(SERVING, "trusted_types", ["os.system"])),
    Lie("a shadow of an hour", ("REL-02",), put(ROLLOUT, "shadow.min_days", 0)),
    Lie("a canary of everybody", ("REL-02",), put(ROLLOUT, "canary.percent", 100)),
    Lie("a shadow of no answers", ("REL-02",), put(ROLLOUT, "shadow.min_samples", 0)),
    Lie("no budget", ("COST-01",), remove(BUDGETS)),
    Lie("a budget that is nobody's", ("COST-01",), drop(BUDGETS, "monthly.endpoint.owner")),
    Lie("an answer without a price limit", ("COST-01",), drop(BUDGETS, "per_answer.hard")),
    Lie(
        "retraining by the calendar",
        ("RET-01",),
        put(RETRAINING, "triggers", [{"id": "monthly", "kind": "calendar", "signals": [], "windows": 1}]),
    ),
    *(
        Lie(title, ("RET-01",), put(RETRAINING, where, value))
        for title, where, value in (
            ("a trigger of no signals", "triggers.0.signals", []),
            ("a trigger of four looks in three", "triggers.0.windows", 4),
            ("a trigger of no looks", "triggers.0.windows", 0),
            ("a trigger of fewer rows than none", "triggers.2.rows", -1),
            ("a pause that is over before it starts", "cool_down_days", -7),
        )
    ),
    *(
        Lie(title, ("REL-02",), put(ROLLOUT, where, 1.0))
        for title, where in (
            ("a shadow that may err every time", "shadow.max_error_rate"),
            ("a shadow that may differ every time", "shadow.max_disagreement"),
            ("a canary that may err every time", "canary.max_error_rate"),
        )
    ),
    Lie("a look that never sees enough", ("MON-01",), put(MONITORING, "window.min_rows", 1_000_000)),
    Lie("answered before it rings", ("MON-01",), put(MONITORING, "actions.pause.acknowledge_hours", 0)),
    Lie("no end planned", ("RET-01",), put(RETRAINING, "retirement.archive_years", 0)),
    Lie("no word on its own decisions", ("RET-01",), put(RETRAINING, "feedback_loop", "Considered.")),
    Lie("a contract that limits nothing", ("DATA-02",), put(DATA, "rows.min", 0)),
    Lie("a category shift of anything", ("DATA-02",), put(DATA, "categories.max_shift", 1.0)),
    Lie("nothing protected", ("DATA-05",), put(DATA, "protected", [])),
    Lie("a legal basis of nothing", ("DATA-04",), put(DATA, "use.basis", "TBD"), at=BOUND),
    Lie("purposes without training", ("DATA-04",), put(DATA, "use.purposes", ["infer"]), at=BOUND),
    Lie(
        "data kept for ever",
        ("DATA-04",),
        each(put(DATA, "use.class", "personal"), put(DATA, "use.retention_days", 36500)),
        at=BOUND,
    ),
    Lie("a feature that nobody wrote", ("FEAT-01",), put(TRAINING, "features", ["secret_sauce"])),
    Lie("no features", ("FEAT-01",), put(TRAINING, "features", [])),
    Lie("owners emptied", ("APPR-03",), write(OWNERS, "# nobody\n")),
    Lie("owners deleted", ("APPR-03",), remove(OWNERS)),
    Lie("owners overridden by a later line", ("APPR-03",), append(OWNERS, "/policy/\n/governance/\n")),
    Lie("everything for everybody, last", ("APPR-03",), append(OWNERS, "*\n")),
    Lie("owners for one governed file taken away", ("APPR-03",), append(OWNERS, "/policy/gates.yaml\n")),
    Lie("a nearer owners file that wins", ("APPR-03",), write(".github/CODEOWNERS", "*.md docs@x.example\n")),
    Lie(
        "rules with a way around",
        ("APPR-03",),
        put(
            RULES, "bypass_actors", [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
        ),
    ),
    Lie("rules that only watch", ("APPR-03",), put(RULES, "enforcement", "evaluate")),
    Lie(
        "rules for another branch",
        ("APPR-03",),
        put(RULES, "conditions.ref_name.include", ["refs/heads/never"]),
    ),
    Lie("rules without signatures", ("APPR-03",), drop(RULES, "rules.2")),
    Lie("rules without reviews", ("APPR-03",), swap(RULES, 'count": 2', 'count": 0')),
    Lie("rules without required checks", ("APPR-03",), drop(RULES, "rules.4")),
    Lie("no rules", ("APPR-03",), remove(RULES)),
)
