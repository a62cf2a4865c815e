"""Evidence that was made, moved or mended: data, runs, evaluations, drills, rebuilds, monitoring."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.adversary.patch import BOUND, FROM_HIGH, FROM_MARCH, Hand, Lie, drop, each, put, remove, swap
from tests.adversary.scene import (
    BOM,
    CARD,
    DEPLOYMENT,
    DRILL,
    EVALUATION,
    LATER,
    MONITORING,
    REBUILD,
    RELEASE,
    RUN,
    RUN_ID,
    VERDICT,
    Scene,
)

GATES, SERVING = "policy/gates.yaml", "policy/serving.yaml"
OTHER = "f" * 64


def _dataset(scene: Scene) -> str:
    (name,) = scene.files("governance/data/*.json")
    return name


def _foreign_evidence(scene: Scene) -> None:
    """Somebody else's run, evaluation and release, with only the system's name changed."""
    for name in (RUN, EVALUATION, RELEASE):
        scene.write(name, scene.text(name).replace("a", "b"))
        scene.write(name, scene.text(name).replace('"schemb"', '"schema"'))


def _fresh_evaluation(scene: Scene) -> None:
    """A better evaluation under a new name, for a run that never was."""
    better = scene.read(EVALUATION) | {"run_id": "20261120T113000Z-ffffff"}
    scene.write("governance/evaluations/20261120T113000Z-ffffff.json", better)


def _invented_run(scene: Scene) -> None:
    run_id = "20261120T113000Z-ffffff"
    run = scene.read(RUN) | {"run_id": run_id, "code": {"commit": "c" * 40, "dirty": False}}
    scene.write(f"governance/runs/{run_id}.json", run)


def _better_by_hand(scene: Scene) -> None:
    scene.put(EVALUATION, "candidate.auc", {"value": 0.95, "low": 0.93, "high": 0.97})
    scene.put(EVALUATION, "checks.0.value", 0.93)


def _failed_made_passed(scene: Scene) -> None:
    report = scene.read(EVALUATION)
    report["checks"][0] |= {"value": 0.41, "passed": True}
    scene.write(EVALUATION, report)


def _told_less(scene: Scene) -> None:
    report = scene.read(EVALUATION)
    next(check for check in report["checks"] if check["id"] == "proxy:black")["value"] = 0.55
    scene.write(EVALUATION, report)


def _without(prefix: str) -> Hand:
    def hand(scene: Scene) -> None:
        report = scene.read(EVALUATION)
        kept = [check for check in report["checks"] if not check["id"].startswith(prefix)]
        assert len(kept) < len(report["checks"])
        scene.put(EVALUATION, "checks", kept)

    return hand


def _overlap(scene: Scene) -> None:
    record = scene.read(_dataset(scene))
    record["splits"]["test"] = record["splits"]["train"]
    scene.write(_dataset(scene), record)


def _retold(scene: Scene, use: dict[str, str]) -> None:
    """A contract of another use, and the data set taken under it; its digest is made to fit."""
    for name, value in use.items():
        scene.put("policy/data.yaml", f"use.{name}", value)
    record = scene.read(_dataset(scene)) | {"contract_sha256": scene.sha("policy/data.yaml")}
    scene.write(_dataset(scene), record)


def _overdue(scene: Scene) -> None:
    _retold(scene, {"until": "2026-11-01"})


def _people_kept(scene: Scene) -> None:
    _retold(scene, {"class": "personal"})


def _rewritten_history(scene: Scene) -> None:
    """Edit the evaluation, and put the edit into the commit that added it."""
    scene.put(EVALUATION, "candidate.auc.value", 0.84)
    scene.git("add", "--all")
    start = scene.git("commit-tree", scene.git("write-tree"), "-m", "Start the rehearsal")
    scene.git("reset", "-q", "--soft", start)


def _slow(scene: Scene) -> None:
    scene.put(DRILL, "seconds", 900.0)


def _future_drill(scene: Scene) -> None:
    scene.put(DRILL, "at", "2027-06-01T09:00:00Z")


def _extra_drill(scene: Scene) -> None:
    lie = scene.read(DRILL) | {"requests": 0, "at": "2026-11-20T11:30:00Z"}
    scene.write("governance/drills/20261120T113000Z.json", lie)


def _other_rebuild(scene: Scene) -> None:
    lie = scene.read(REBUILD) | {"rebuilt_sha256": OTHER, "metrics": {}, "at": "2026-11-20T11:30:00Z"}
    scene.write("governance/rebuilds/20261120T113000Z-1.json", lie)


def _twice(scene: Scene) -> None:
    """One key twice in a record: readers differ in which they believe."""
    scene.swap(EVALUATION, '\n "rows"', '\n "passed": true,\n "rows"')


def _nan(scene: Scene) -> None:
    scene.write(EVALUATION, scene.text(EVALUATION).replace('"value": 0.805141', '"value": NaN'))


def _undeployed(scene: Scene) -> None:
    ghost = scene.read(DEPLOYMENT) | {"version": "9", "at": "2026-11-20T11:30:00Z"}
    scene.write("governance/deployments/20261120T113000Z-promote-9.json", ghost)


def _redeployed(scene: Scene, verdict: str) -> None:
    """Another deployment of release 1, later, that names some verdict."""
    record = scene.read(DEPLOYMENT) | {"at": LATER, "as_of": LATER, "verdict_sha256": verdict}
    scene.write("governance/deployments/20261120T113000Z-promote-1.json", record)


_LONGER = "predicate.roadworthy.expires_at", "2036-11-20T00:00:00Z"
DEV = "dev@rehearsal.example"


def _regated(where: str, value: str, *, who: str, kept: bool) -> Callable[[Scene], None]:
    """Another verdict, in git's past or beside the deployment that names it; and the gate's put back."""

    def tell(scene: Scene) -> None:
        honest = {name: scene.text(name) for name in (VERDICT, f"{VERDICT}.sig")}
        scene.put(VERDICT, where, value)
        scene.sign(VERDICT, who, "roadworthy-gate")
        forged = scene.sha(VERDICT)
        if kept:
            for name in honest:
                end = name.removeprefix(VERDICT)
                scene.write(f"governance/deployments/{forged}.verdict{end}", scene.text(name))
        else:
            scene.commit("Gate again")
        for name, text in honest.items():
            scene.write(name, text)
        _redeployed(scene, forged)

    return tell


def _signal(measure: str, value: float) -> Hand:
    """Another number for one signal of the look."""

    def hand(scene: Scene) -> None:
        signals = scene.read(MONITORING)["signals"]
        (place,) = (n for n, each in enumerate(signals) if each["measure"] == measure)
        scene.put(MONITORING, f"signals.{place}.value", value)

    return hand


def _shadow_that_answered(scene: Scene) -> None:
    """Release 2 after a month in shadow, in which it answered five times and says that it did not."""
    scene.write("governance/releases/2.json", scene.read(RELEASE) | {"version": "2", "rollback_to": "1"})
    began = "2026-10-20T09:00:00Z"
    seen = {"since": began, "samples": 9, "acted": 0, "answers": {"1": 9, "2": 5}}
    moved = scene.read(DEPLOYMENT) | {"version": "2", "evidence": {"shadow": seen}}
    start = moved | {"action": "shadow", "at": began, "as_of": began, "evidence": None}
    scene.write("governance/deployments/20261020T090000Z-shadow-2.json", start)
    scene.write("governance/deployments/20261120T113000Z-promote-2.json", moved | {"at": LATER})


LIES = (
    Lie("another project's records", ("LIN-01", "APPR-01", "REL-01"), _foreign_evidence),
    Lie("an evaluation of a run that never was", ("EVAL-02",), _fresh_evaluation),
    Lie("a run at a commit that nobody has", ("LIN-01",), _invented_run),
    Lie("a better result, typed in", ("EVAL-02", "APPR-01"), _better_by_hand),
    Lie("a comparison that failed, marked as passed", ("EVAL-02",), _failed_made_passed),
    Lie("the passed flag, although a check failed", ("EVAL-02",), put(EVALUATION, "checks.0.passed", False)),
    Lie("intervals reversed", ("EVAL-02",), put(EVALUATION, "candidate.auc.low", 0.99)),
    Lie("no intervals", ("EVAL-02",), drop(EVALUATION, "candidate.auc.low")),
    Lie("no baseline", ("EVAL-02", "FEAT-01"), put(EVALUATION, "baseline", {})),
    Lie("no challenge set", ("EVAL-02", "EVAL-04"), put(EVALUATION, "challenge", {})),
    Lie("no slices", ("EVAL-03",), put(EVALUATION, "slices", [])),
    Lie("slices of no rows", ("EVAL-03",), lambda s: _empty_slices(s)),
    Lie("slice checks left out", ("EVAL-03",), _without("slice:")),
    Lie("fairness checks left out", ("EVAL-03", "EVAL-02"), _without("fairness:")),
    Lie("fairness of one group", ("EVAL-03", "DATA-05"), drop(EVALUATION, "fairness.groups.1")),
    Lie("proxies that nobody asked about", ("DATA-05",), drop(EVALUATION, "proxies"), at=FROM_MARCH),
    Lie("proxies of one attribute less", ("DATA-05",), drop(EVALUATION, "proxies.0"), at=FROM_MARCH),
    Lie("proxies without an interval", ("DATA-05",), drop(EVALUATION, "proxies.1.auc.low"), at=FROM_MARCH),
    Lie("proxies of no feature", ("DATA-05",), put(EVALUATION, "proxies.2.features", {}), at=FROM_MARCH),
    Lie("proxy checks left out", ("DATA-05",), _without("proxy:"), at=FROM_MARCH),
    Lie("a proxy that tells less, in its comparison only", ("EVAL-02",), _told_less),
    Lie("no curve over age", ("EVAL-04",), drop(EVALUATION, "staleness"), at=FROM_MARCH),
    Lie(
        "a curve with its oldest left out", ("EVAL-04",), drop(EVALUATION, "staleness.curve.3"), at=FROM_MARCH
    ),
    Lie(
        "a curve over some of the rows",
        ("EVAL-04",),
        put(EVALUATION, "staleness.curve.3.rows", 9),
        at=FROM_MARCH,
    ),
    Lie("a curve of one age", ("EVAL-04",), put(EVALUATION, "staleness.curve.3.age", 0), at=FROM_MARCH),
    Lie("the staleness check left out", ("EVAL-04",), _without("staleness"), at=FROM_MARCH),
    Lie("a fall made smaller", ("EVAL-02",), put(EVALUATION, "staleness.curve.3.auc.value", 0.88)),
    Lie("a run that cost nothing on record", ("EVAL-04",), drop(RUN, "cost"), at=FROM_MARCH),
    Lie("the cost of a smaller run", ("EVAL-04",), put(RUN, "cost.rows", 10), at=FROM_MARCH),
    Lie("the cost of one fit of five", ("EVAL-04",), put(RUN, "cost.fits", 1), at=FROM_MARCH),
    Lie("a run longer than runs may take", ("EVAL-04",), put(RUN, "cost.seconds", 3601), at=FROM_MARCH),
    Lie("directions left out", ("EVAL-04",), _without("direction:")),
    Lie("the ranking check left out", ("EVAL-02",), _without("ranking")),
    Lie(
        "compared with itself",
        ("EVAL-02",),
        lambda s: s.put(
            EVALUATION, "incumbent", {"version": "1", "model_sha256": s.read(EVALUATION)["model_sha256"]}
        ),
    ),
    Lie("judged on other rows", ("EVAL-02",), put(EVALUATION, "data.test", OTHER)),
    Lie("another model's evaluation", ("EVAL-02", "LIN-02"), put(EVALUATION, "model_sha256", OTHER)),
    Lie("a key twice in a record", ("LIN-01",), _twice),
    Lie("not a number", ("LIN-01",), _nan),
    Lie("thresholds loosened after the run", ("EVAL-01",), put(GATES, "metrics.0.limit", 0.5)),
    Lie("a metric struck from the thresholds", ("EVAL-01",), drop(GATES, "metrics.2")),
    Lie(
        "the fairness limit loosened",
        ("EVAL-01", "EVAL-03"),
        put(GATES, "fairness.adverse_impact_ratio.limit", 0.5),
    ),
    Lie("a limit that cannot be missed", ("EVAL-01",), put(GATES, "metrics.0.limit", 0.0)),
    Lie("a smallest sample of one", ("EVAL-01",), put(GATES, "min_rows", 1)),
    Lie("no slices asked for", ("EVAL-03",), put(GATES, "slices.columns", [])),
    Lie("slices by columns that do not exist", ("EVAL-03",), put(GATES, "slices.columns", ["x1", "x2"])),
    Lie("no direction asked for", ("EVAL-04",), put(GATES, "challenge.directions", [])),
    Lie(
        "other thresholds named by the evaluation",
        ("EVAL-01",),
        put(EVALUATION, "gates_sha256", OTHER),
    ),
    Lie("other thresholds named by the run", ("EVAL-01",), put(RUN, "gates_sha256", OTHER)),
    Lie("a run without data", ("LIN-01", "DATA-03"), put(RUN, "data.manifest_sha256", OTHER)),
    Lie("a run with other splits", ("LIN-01",), put(RUN, "data.splits.train", OTHER)),
    Lie("a run with another configuration", ("LIN-01",), put(RUN, "config", {"policy/training.yaml": OTHER})),
    Lie("a run in another environment", ("LIN-01",), put(RUN, "environment.lock_sha256", OTHER)),
    Lie("a dirty run released", ("REPRO-01",), put(RUN, "code.dirty", True)),
    Lie("a run without its seed", ("REPRO-01",), drop(RUN, "seed")),
    Lie("a run without its search", ("LIN-01", "FEAT-01"), put(RUN, "search", [])),
    Lie("a run submitted by somebody else", ("LIN-01",), put(RUN, "submitter.email", "ci@rehearsal.example")),
    Lie("a run's metric improved", ("LIN-01",), put(RUN, "metrics.validation_auc", 0.99)),
    Lie("the run deleted", ("LIN-01", "APPR-01"), remove(RUN)),
    Lie("the evaluation deleted", ("EVAL-02", "LIN-02"), remove(EVALUATION)),
    Lie("the data set deleted", ("DATA-03",), lambda s: s.remove(_dataset(s))),
    Lie("test rows that were trained on", ("DATA-03",), _overlap),
    Lie("overlap that is admitted", ("DATA-03", "FEAT-02"), lambda s: s.put(_dataset(s), "overlap_rows", 12)),
    Lie("more rows than there were", ("DATA-03",), lambda s: s.put(_dataset(s), "splits.test.rows", 9000)),
    Lie("a quality gate that failed", ("DATA-02",), lambda s: s.put(_dataset(s), "quality.passed", False)),
    Lie("a quality gate without questions", ("DATA-02",), lambda s: s.put(_dataset(s), "quality.checks", [])),
    Lie(
        "data taken for another use",
        ("DATA-04",),
        lambda s: s.put(_dataset(s), "source.use.class", "internal"),
        at=BOUND,
    ),
    Lie("data taken for no use", ("DATA-04",), lambda s: s.put(_dataset(s), "source.use", None), at=BOUND),
    Lie("data used after its day, without its word", ("DATA-04",), _overdue, at=BOUND),
    Lie("people's data without an erasure", ("DATA-04",), _people_kept, at=BOUND),
    Lie("data under no known contract", ("DATA-03",), lambda s: s.put(_dataset(s), "contract_sha256", OTHER)),
    Lie("a drill of no requests", ("REL-03", "REL-04"), put(DRILL, "requests", 0)),
    Lie("a drill that lost requests", ("REL-03", "REL-04"), put(DRILL, "failed_requests", 3)),
    Lie("a drill that failed", ("REL-03",), put(DRILL, "passed", False)),
    Lie("a drill of another release", ("REL-03",), put(DRILL, "subject_digest", f"sha256:{OTHER}")),
    Lie("a drill slower than the tier allows", ("REL-03",), _slow),
    Lie("a drill in the future", ("REL-03",), _future_drill),
    Lie("a drill of nothing beside a good one", ("REL-03",), _extra_drill),
    Lie("no drill", ("REL-03", "REL-04"), remove("governance/drills")),
    Lie("a drill made fresh by its date", ("REL-03",), put(DRILL, "at", "2026-11-20T11:00:00Z")),
    Lie(
        "a rebuild that is equal, with other bytes",
        ("REPRO-02",),
        each(
            put(REBUILD, "rebuilt_sha256", OTHER),
            put(REBUILD, "metrics", {}),
        ),
    ),
    Lie("a rebuild of a model never released", ("REPRO-02",), put(REBUILD, "original_sha256", OTHER)),
    Lie(
        "a rebuild outside its tolerance",
        ("REPRO-02",),
        each(
            put(REBUILD, "rebuilt_sha256", OTHER),
            put(REBUILD, "metrics.auc.rebuilt", 0.7),
        ),
    ),
    Lie(
        "a rebuild with a tolerance for anything",
        ("REPRO-02",),
        each(
            put(REBUILD, "rebuilt_sha256", OTHER),
            put(REBUILD, "tolerance", 1.0),
        ),
    ),
    Lie("a rebuild equal by its word beside a good one", ("REPRO-02",), _other_rebuild),
    Lie("monitoring of another version", ("MON-03",), put(MONITORING, "version", "7")),
    Lie(
        "monitoring of another release's bytes",
        ("MON-03",),
        put(MONITORING, "subject_digest", f"sha256:{OTHER}"),
    ),
    Lie("monitoring from the future", ("MON-03",), put(MONITORING, "at", "2027-11-20T11:00:00Z")),
    *(
        Lie(title, (control,), hand, at=FROM_HIGH)
        for title, control, hand in (
            ("a look that read less than it judged", "MON-02", put(MONITORING, "sample.lines", 3)),
            ("lines in clear that are not counted", "MON-02", _signal("leaks", 3.0)),
            ("a field redacted that nobody looked for", "MON-02", put(SERVING, "capture.redact", ["apr"])),
            ("no line read", "MON-02", drop(MONITORING, "sample")),
            ("reasons that do not add up", "DOC-02", put(MONITORING, "explained.reasons.0.effect", 0.5)),
            ("reasons of another score", "DOC-02", put(MONITORING, "explained.score", 0.5)),
            ("a reason nobody was asked for", "DOC-02", put(MONITORING, "explained.reasons.0.input", "luck")),
            ("no decision explained", "DOC-02", put(MONITORING, "explained", None)),
            ("answers over the cap, and nothing done", "COST-01", _signal("cost_per_answer", 9.0)),
            (
                "answers over the cap, stopped by nobody",
                "COST-01",
                each(
                    _signal("cost_per_answer", 9.0),
                    put(MONITORING, "cap.stopped", "governance/deployments/x.json"),
                ),
            ),
            ("a shadow that answered", "REL-02", _shadow_that_answered),
        )
    ),
    Lie("an alarm edited away", ("APPR-01",), put(MONITORING, "level", "investigate")),
    Lie("a deployment that nobody registered", ("LIN-02", "REL-01"), _undeployed),
    Lie("a deployment of other bytes", ("REL-01",), put(DEPLOYMENT, "subject_digest", f"sha256:{OTHER}")),
    Lie("a deployment under another verdict", ("APPR-01",), put(DEPLOYMENT, "verdict_sha256", OTHER)),
    Lie(
        "a new deployment under a verdict of nobody",
        ("REL-01",),
        lambda s: _redeployed(s, OTHER),
        at=FROM_HIGH,
    ),
    *(
        Lie(
            f"a new deployment under {title}",
            ("REL-01",),
            _regated(where, to, who=who, kept=kept),
            at=FROM_HIGH,
        )
        for title, where, to, who, kept in (
            ("a forged verdict that git kept", *_LONGER, DEV, False),
            ("a forged verdict kept beside it", *_LONGER, DEV, True),
            (
                "a verdict of another version kept beside it",
                "predicate.roadworthy.version",
                "2",
                "gate",
                True,
            ),
            ("a refusal kept beside it", "predicate.verificationResult", "FAILED", "gate", True),
        )
    ),
    Lie("a number of the card improved", ("DOC-01",), swap(CARD, "0.8051", "0.9051")),
    Lie("a card polished after approval", ("DOC-01",), swap(CARD, "what lenders decided", "the best data")),
    Lie("no bill of materials", ("SEC-01",), remove(BOM), at=FROM_MARCH),
    Lie("a bill with one part struck", ("SEC-01",), drop(BOM, "components.0"), at=FROM_MARCH),
    Lie("a bill of other versions", ("SEC-01",), put(BOM, "components.0.version", "99"), at=FROM_MARCH),
    Lie("a bill that nobody approved", ("SEC-01",), drop(RELEASE, "subject.9"), at=FROM_MARCH),
    Lie("no card", ("DOC-01",), remove(CARD)),
    Lie("evidence edited into the first commit of all", ("APPR-01",), _rewritten_history),
    Lie(
        "a release that nobody can have evaluated",
        ("APPR-01",),
        lambda s: s.put(RELEASE, "run_id", RUN_ID.replace("ab12cd", "000000")),
    ),
    Lie("a release with one part struck", ("APPR-01",), drop(RELEASE, "subject.0")),
    Lie("a release of another model", ("APPR-01", "LIN-02"), put(RELEASE, "subject.0.sha256", OTHER)),
    Lie("a release that goes back to nowhere", ("REL-03", "REL-05"), put(RELEASE, "rollback_to", "0")),
    Lie("a release that goes back to itself", ("REL-03", "REL-05"), put(RELEASE, "rollback_to", "1")),
)


def _empty_slices(scene: Scene) -> None:
    report = scene.read(EVALUATION)
    scene.put(EVALUATION, "slices", json.loads(json.dumps([row | {"rows": 0} for row in report["slices"]])))
