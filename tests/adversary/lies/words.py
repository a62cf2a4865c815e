"""Words that say nothing: keywords, nonsense, copies, and a tier talked down."""

from __future__ import annotations

from tests.adversary.patch import Lie, append, drop, each, put, remove, write
from tests.adversary.scene import Scene

SYSTEM, RISK, CARD = "governance/system.yaml", "governance/risk.yaml", "governance/card.yaml"
ROLES, INCIDENT = "governance/roles.yaml", "governance/runbooks/incident.md"
KEYWORDS = (
    "governance fairness rollback drift lineage approval monitoring risk human oversight EU AI Act NIST"
)


def _keywords_for_papers(scene: Scene) -> None:
    for name in (SYSTEM, RISK, CARD, "policy/monitoring.yaml"):
        scene.write(name, "".join(f"# {KEYWORDS}\n" for _ in range(40)) + "schema: all/v1\n")


def _keywords_for_evidence(scene: Scene) -> None:
    for folder in ("runs", "evaluations", "approvals", "gates", "drills", "rebuilds"):
        scene.remove(f"governance/{folder}")
        scene.write(f"governance/{folder}/README.md", f"# Evidence\n\nWe have {KEYWORDS}.\n")


def _nonsense_everywhere(scene: Scene) -> None:
    for name in (SYSTEM, CARD):
        for way in ("purpose", "limits", "decision", "users", "affected", "business_metric"):
            record = scene.read(name)
            if isinstance(record.get(way), str):
                scene.put(name, way, "The system works well and is safe.")


def _understated(scene: Scene) -> None:
    for question in ("impact", "autonomy", "reversibility", "regulatory", "scale"):
        scene.put(RISK, f"answers.{question}.answer", 0)
    scene.put(RISK, "tier", "low")


def _lower_everywhere(scene: Scene) -> None:
    _understated(scene)
    for name in (".roadworthy/lock.yaml", "policy/gates.yaml"):
        scene.swap(name, "tier: critical", "tier: low")
    scene.swap(".copier-answers.yml", "impact: 3", "impact: 0")


LIES = (
    Lie("keywords instead of papers", ("GOV-01", "GOV-02", "DOC-01", "MON-01"), _keywords_for_papers),
    Lie("keywords instead of evidence", ("LIN-01", "APPR-01", "REL-03", "EVAL-02"), _keywords_for_evidence),
    Lie("one sentence for every question", ("GOV-01",), _nonsense_everywhere),
    Lie("owners who are nobody", ("GOV-01",), put(SYSTEM, "owners.model", "The AI Team")),
    Lie("a to-do in the system's record", ("GOV-01",), put(SYSTEM, "users", "TBD")),
    Lie("another system's record", ("GOV-01",), put(SYSTEM, "system", "fraud-detection")),
    Lie("no system record", ("GOV-01",), remove(SYSTEM)),
    Lie("nobody's name in the role matrix", ("GOV-01",), put(ROLES, "people.0.name", "")),
    Lie("the tier talked down in the record", ("GOV-02",), put(RISK, "tier", "moderate")),
    Lie("answers and tier talked down", ("GOV-02",), _understated),
    Lie("the tier lowered in record, lock and answers", ("GOV-06",), _lower_everywhere),
    Lie(
        "circumstances forgotten, so that it is minimal",
        ("GOV-03",),
        each(put(RISK, "circumstances", []), put(RISK, "ai_act.class", "minimal")),
    ),
    Lie("one reason for every answer", ("GOV-02",), lambda s: _one_reason(s)),
    Lie("a review that is over", ("GOV-02",), put(RISK, "review.next_review", "2026-11-01")),
    Lie("a review in ten years", ("GOV-02",), put(RISK, "review.next_review", "2036-11-20")),
    Lie("reviewed in the future", ("GOV-02",), put(RISK, "review.reviewed_on", "2027-01-20")),
    Lie("reviewed by nobody", ("GOV-02",), put(RISK, "review.reviewed_by", "auditor@elsewhere.example")),
    Lie("called minimal", ("GOV-03",), put(RISK, "ai_act.class", "minimal")),
    Lie("a prohibited practice", ("GOV-03",), put(RISK, "prohibited", ["social_scoring"])),
    Lie("screened by a robot", ("GOV-03",), put(RISK, "ai_act.screened_by", "bot")),
    Lie("harms without a mitigation", ("GOV-04",), put(RISK, "harms.biased.mitigation", "None.")),
    Lie("no impact, says the risk record", ("GOV-04",), put(RISK, "harms.wrong.harm", "No impact.")),
    Lie("one harm forgotten", ("GOV-04",), drop(RISK, "harms.misused")),
    Lie("one harm copied to all", ("GOV-04",), lambda s: _one_harm(s)),
    Lie("risk accepted by nobody", ("GOV-04",), put(RISK, "harms.wrong.residual_accepted_by", "n/a")),
    Lie("oversight left open", ("DOC-02",), put(SYSTEM, "oversight.override", "TODO")),
    Lie("a stop button that nobody holds", ("DOC-02",), put(SYSTEM, "oversight.stop", "on-call")),
    Lie("a number typed into the card", ("DOC-01",), put(CARD, "evaluation.discrimination", 0.99)),
    Lie(
        "a number typed into the card's sentence",
        ("DOC-01",),
        put(CARD, "evaluation.metric_rationale", "Its AUC of 0.97 is the best of the industry."),
    ),
    Lie(
        "a card that points to nothing",
        ("DOC-01",),
        put(CARD, "evaluation.discrimination", {"ref": "evidence://evaluations/other.json#candidate.auc"}),
    ),
    Lie("card words left empty", ("DOC-01",), put(CARD, "limits.known_limitations", "")),
    Lie("instructions that are a shrug", ("DOC-02",), put(CARD, "oversight.instructions", "See manual.")),
    Lie("an incident runbook of headings", ("INC-01",), write(INCIDENT, "# Incident\n\n## Contacts\n")),
    Lie("an incident runbook with a to-do", ("INC-01",), append(INCIDENT, "\nTODO: contacts\n")),
    Lie("no rollback runbook", ("INC-01",), remove("governance/runbooks/rollback.md")),
    Lie(
        "people who exist twice",
        ("APPR-02",),
        each(
            append(ROLES, '  - {identity: "second@x.example", name: Dana D., team: validation, '),
            append(ROLES, 'emails: ["dev@rehearsal.example"], handles: [], roles: [model-risk]}\n'),
        ),
    ),
    Lie(
        "the builder made an approver",
        ("APPR-02",),
        lambda scene: _promote_builder(scene),
    ),
)


def _one_reason(scene: Scene) -> None:
    for question in ("impact", "autonomy", "reversibility", "regulatory", "scale"):
        scene.put(RISK, f"answers.{question}.reason", "Assessed by the responsible team.")


def _one_harm(scene: Scene) -> None:
    harms = scene.read(RISK)["harms"]
    scene.put(RISK, "harms", {name: {**harms["wrong"]} for name in harms})


def _promote_builder(scene: Scene) -> None:
    record = scene.read(ROLES)
    builder = next(person for person in record["people"] if person["identity"] == "dev@rehearsal.example")
    builder["roles"].append("model-risk")
    scene.write(ROLES, record)
