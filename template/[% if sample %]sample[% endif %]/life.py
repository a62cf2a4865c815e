"""`make life`: the whole life of this project on sample data, in a clone, with throw-away people and keys.

It presses the same buttons as you would, expects the refusals it should meet, and ends with one prediction
traced to everything behind it. Your own records are not touched; a second run starts over.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal import (
    CLONE,
    DEVELOPER,
    GATE,
    KEYS,
    OPERATOR,
    SAMPLE,
    Rehearsal,
    environment,
    prepare,
    sample_people,
    stop,
)
from traffic import Desk, Row, opened

FAIRNESS = "fairness:impact-ratio"
CANARIES = 25
LATER = (
    "from {package}.data import FIRST_EXTRACT, study;"
    "study().iloc[FIRST_EXTRACT:].to_csv('var/later.csv', index=False)"
)


def main() -> None:
    """Live through the whole story."""
    story = prepare()
    print(f"rehearsal of {story.package} (tier {story.tier}, {story.mode}) in var/life, over samples;")
    print("its people and their keys are throw-away, made on the spot", flush=True)
    story.tell("people, keys and words are in place, each committed by its own author")
    candidates(story)
    release(story, "1")
    drill(story)
    approve(story, "1")
    story.verb("promote", "1")
    story.commit("Promote release 1", OPERATOR)
    story.tell("promoted: release 1 answers")
    live(story)


def candidates(story: Rehearsal) -> None:
    """A first candidate that the fairness gate refuses, and a second that passes."""
    training = CLONE / "policy" / "training.yaml"
    second = training.read_bytes()
    if story.tier != "low":
        training.write_bytes((SAMPLE / "candidate-1.yaml").read_bytes())
        story.commit("Try every feature at hand, and approve only from 90 % certainty on", DEVELOPER)
        said = story.verb("pipeline", refused=FAIRNESS)
        story.commit("Record a run that did not pass", DEVELOPER)
        story.tell(f"a first candidate is refused by the fairness gate: {failure(said)}")
        training.write_bytes(second)
        story.commit("Use facts of the credit file only, approve when approval is more likely", DEVELOPER)
    said = story.verb("pipeline")
    story.commit("Record a run that passed", DEVELOPER)
    auc = said["train"]["metrics"]["validation_auc"]
    story.tell(f"{'the' if story.tier == 'low' else 'a second'} candidate passes: validation auc {auc:.3f}")


def release(story: Rehearsal, version: str) -> None:
    """Make the newest run a release; nothing lets it answer yet."""
    said = story.verb("register")
    story.commit(f"Register release {version}", DEVELOPER)
    digest = said["release"]["subject_digest"][:19]
    story.verb("promote", version, refused="no gate verdict")
    story.tell(f"release {version} is registered as {digest}; promoting it now is refused: no gate verdict")


def drill(story: Rehearsal) -> None:
    """Rehearse the way back before there is anything to go back from."""
    said = story.verb("drill")
    story.commit("Rehearse the rollback", OPERATOR)
    story.tell(
        f"drill: back to {said['to']} under load in {said['last_stale_ms']:.0f} ms, "
        f"{said['failed_requests']} of {said['requests']} requests failed"
    )


def approve(story: Rehearsal, version: str) -> None:
    """Everybody whom the tier asks decides and signs; the gate judges; the builder is refused on the way."""
    roles, seal = {role: who for who, (_, role) in sample_people().items()}, ("--key", str(KEYS / GATE))
    praise = ("--role", "developer", "--statement", "I wrote it, and it works well.")
    story.roadworthy("approve", version, *signing(DEVELOPER), *praise, refused="approver-is-builder")
    story.roadworthy("gate", version, *seal, refused="approval-role-missing")
    story.tell("its builder's approval is refused; so is the gate, which lists all that is missing")
    wanted = story.duties["approver_roles"]
    for role in wanted:
        who, words = roles[role], story.words[f"approval.{role}"]
        story.roadworthy("approve", version, *signing(who), "--role", role, "--statement", words)
        story.commit(f"Approve release {version} as {role}", who, "governance/approvals")
    story.tell(f"approved and signed by {', '.join(wanted)}")
    story.roadworthy("gate", version, *seal)
    story.commit(f"Let release {version} pass the gate", OPERATOR)
    story.tell(f"the gate lets release {version} pass: governance/gates/{version}.json, signed")


def live(story: Rehearsal) -> None:
    """Serve, replace, drift, alarm, roll back, rebuild, trace."""
    people = later_applicants(story)
    with opened(story) as desk:
        desk.follow("live", "1")
        answers = desk.ask(people, "day1")
        label(people, answers)
        story.tell(f"answered {len(answers)} applicants that it never saw: {share(answers)} approved")
        story.verb("monitor")
        story.tell("monitor: nothing to tell anybody")
        successor(story, desk, people)
        drift(story, desk, people)
        story.tell(desk.roll_back(people, "a worse year: release 2 drifts"))
        story.commit("Roll back to release 1", OPERATOR)
    rebuild(story)
    the_end(story, answers[0]["id"])


def successor(story: Rehearsal, desk: Desk, people: list[Row]) -> None:
    """Retrain on the newer rows and bring the new release in: shadow, canary, then alone."""
    incoming()
    story.verb("pipeline")
    story.commit("Train on the newer applicants too", DEVELOPER)
    story.tell("a newer candidate, trained on later applicants too, keeps up with the release that serves")
    release(story, "2")
    approve(story, "2")
    if story.duties["shadow_days"] or story.duties["canary_percent"]:
        stages(story, desk, people)
    else:
        story.verb("promote", "2")
        desk.follow("live", "2")
        story.tell("promoted: release 2 answers; this tier asks for no staged rollout")
    story.commit("Promote release 2", OPERATOR)


def stages(story: Rehearsal, desk: Desk, people: list[Row]) -> None:
    """Weeks of shadow and canary in seconds: the clock is an input, and the records say so."""
    days = story.duties["shadow_days"]
    story.verb("promote", "2", refused="has not shown enough")
    story.verb("promote", "2", "--stage", "shadow")
    desk.follow("stage", "shadow")
    desk.ask(people, "shadow")
    story.tell(f"release 2 is scored in shadow {len(people)} times; promoting it outright was refused")
    if desk.canaries and story.duties["canary_percent"]:
        story.verb("promote", "2", "--stage", "canary", "--as-of", moment(days))
        desk.follow("stage", "canary")
        story.tell(
            f"canary, as of {days} days from now: release 2 answered {canary(desk, people)} applicants"
        )
    story.verb("promote", "2", "--as-of", moment(days + 1))
    desk.follow("live", "2")
    story.tell(f"promoted as of {days + 1} days from now: release 2 answers everybody")


def canary(desk: Desk, people: list[Row]) -> int:
    """Ask until the canary has answered often enough; it is a few in a hundred."""
    seen = asked = 0
    while seen < CANARIES:
        asked += 1
        if asked > 20:
            stop("the canary hardly ever answered", f"look at {CLONE}/policy/rollout.yaml")
        seen += sum(answer["version"] == "2" for answer in desk.ask(people, f"canary{asked}"))
    return seen


def drift(story: Rehearsal, desk: Desk, people: list[Row]) -> None:
    """A worse year: monitoring must notice, and say that a new model is due."""
    desk.ask([strained(each) for each in people], "strained")
    said = story.verb("monitor", refused="drift")
    story.verb("monitor", refused="drift")
    kinds = ", ".join(f"{each['kind']} drift" for each in said["kinds"])
    story.tell(f"applicants in a worse year: {said['level']}! {kinds}; tell {len(said['recipients'])} people")
    due = story.verb("retrain", "--as-of", moment(60))
    if not due["due"]:
        stop(f"no retraining trigger fired: {due}", f"look at {CLONE}/policy/retraining.yaml")
    story.tell("retrain: due, as of 60 days from now: " + ", ".join(each["id"] for each in due["fired"]))


def rebuild(story: Rehearsal) -> None:
    """Make the first release again, and compare."""
    again = story.verb("rebuild", "1")
    story.commit("Prove that release 1 can be made again", OPERATOR)
    how = "byte for byte" if again["record"]["equal"] else "within tolerance"
    story.tell(f"release 1 made again from its commit and rows: equal {how}")


def the_end(story: Rehearsal, prediction: str) -> None:
    """One prediction and everything behind it, and where to look."""
    said = story.verb("trace", prediction)
    story.tell(f"trace of prediction {prediction}, from the answer back to everything behind it:\n")
    print("\n".join(f"    {line}" for line in said["lines"]))
    print(f"\nlived through in {time.monotonic() - story.begun:.0f} s. Look around in var/life:")
    print("    governance/            every record of this life, each in git:  cd var/life && git log --stat")
    print("    governance/gates/      the gate's verdicts:  roadworthy gate --verify governance/gates/1.json")
    print("    var/monitor/index.html the page that monitoring leaves")
    print("    var/predictions/       every prediction, with its lineage")


def later_applicants(rehearsal: Rehearsal) -> list[Row]:
    """The applicants of a later day, who come after the first extract."""
    code = LATER.format(package=rehearsal.package)
    subprocess.run([sys.executable, "-c", code], cwd=CLONE, env=environment(), check=True)
    with (CLONE / "var" / "later.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def strained(row: Row) -> Row:
    """The same applicant in a worse year: higher obligations, late payments on file."""
    burden, late = min(95.0, float(row["obrat"]) * 1.6 + 10), min(6, int(float(row["cons"])) + 2)
    return row | {"obrat": f"{burden:.1f}", "cons": str(late)}


def signing(who: str) -> tuple[str, str, str, str]:
    """How a sample person signs."""
    return "--identity", who, "--key", str(KEYS / who.partition("@")[0])


def failure(said: dict[str, Any]) -> str:
    """What the fairness check found, and what it wanted."""
    checks = said["evaluate"]["report"]["checks"]
    check = next(each for each in checks if each["id"] == FAIRNESS)
    return f"{check['metric']} {check['value']:.2f}, expected {check['op']} {check['limit']}"


def share(answers: Sequence[dict[str, Any]]) -> str:
    """The share of approvals."""
    return f"{sum(each['decision'] == 'approve' for each in answers) / len(answers):.0%}"


def moment(days: int) -> str:
    """A time some days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def label(people: list[Row], answers: Sequence[dict[str, Any]]) -> None:
    """What became of the applicants, known later: one file of labels."""
    target = CLONE / "var" / "labels" / "day1.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "label", "at"))
        known = zip(people, answers, strict=True)
        writer.writerows((answer["id"], row["approve"], moment(0)) for row, answer in known)


def incoming() -> None:
    """The newer rows arrive where data.py looks for them."""
    target = CLONE / "var" / "incoming" / "later.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    (CLONE / "var" / "later.csv").replace(target)


if __name__ == "__main__":
    main()
