"""Figures retold before anybody signed: each record whole by itself, and at odds with what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from roadworthy.core.approval.subject import canonical, sha256
from tests.adversary.patch import FROM_MARCH, Hand, Lie, edit, put, retold
from tests.adversary.scene import DRILL, EVALUATION, MONITORING, REBUILD, RELEASE, RUN, Scene

Record = dict[str, Any]
OTHER = "f" * 64


def _checks(prefix: str, **more: object) -> Hand:
    """Some comparisons of the evaluation say something else."""

    def change(report: Record) -> None:
        mine = [check for check in report["checks"] if check["id"].startswith(prefix)]
        assert mine
        for check in mine:
            check |= more

    return edit(EVALUATION, change)


def _dropped(prefix: str) -> Hand:
    """Some comparisons were never made."""

    def change(report: Record) -> None:
        kept = [check for check in report["checks"] if not check["id"].startswith(prefix)]
        assert len(kept) < len(report["checks"])
        report["checks"] = kept

    return edit(EVALUATION, change)


def _without_column(*columns: str) -> Hand:
    """No slice by these columns, neither measured nor judged."""

    def change(report: Record) -> None:
        report["slices"] = [row for row in report["slices"] if row["name"].partition("=")[0] not in columns]
        starts = tuple(f"slice:{column}=" for column in columns)
        report["checks"] = [check for check in report["checks"] if not check["id"].startswith(starts)]

    return edit(EVALUATION, change)


def _judged_few(report: Record) -> None:
    """Nine people are enough when they do well."""
    for check in report["checks"]:
        if check["id"] == "slice:male=missing":
            check |= {"value": 1.0, "passed": True}


def _other_groups(report: Record) -> None:
    report["fairness"]["groups"][0]["name"] = "north"
    report["fairness"]["groups"][1]["name"] = "south"


def _narrow(figures: Record) -> None:
    for figure in figures.values():
        figure["low"] = figure["high"] = figure["value"]


def _confident(report: Record) -> None:
    """Intervals without width, and the limit on the low end met by the middle."""
    _narrow(report["candidate"])
    report["checks"][0]["value"] = report["candidate"]["auc"]["value"]


def _by_the_high_end(report: Record) -> None:
    """The worst end of an interval is the limit's; the record compares the best."""
    report["candidate"]["auc"] |= {"low": 0.61, "value": 0.71, "high": 0.81}
    report["checks"][0]["value"] = 0.81
    report["checks"][3]["value"] = round(0.71 - report["baseline"]["auc"]["value"], 6)
    report["baseline"]["auc"] |= {"value": 0.6, "low": 0.55, "high": 0.65}
    report["checks"][3]["value"] = 0.11


def _constant(report: Record) -> None:
    """Better than a coin, which is not hard."""
    report["baseline"]["auc"] = {"value": 0.5, "low": 0.5, "high": 0.5}
    report["checks"][3]["value"] = round(report["candidate"]["auc"]["value"] - 0.5, 6)


def _data(change: Callable[[Record], object]) -> Hand:
    """Another data set record; its name, its digest and the run that names it are made to fit."""

    def hand(scene: Scene) -> None:
        (name,) = scene.files("governance/data/*.json")
        record = scene.read(name)
        change(record)
        bare = {
            each: {key: split[key] for key in ("sha256", "rows")} for each, split in record["splits"].items()
        }
        parts = {"source": record["source"], "contract_sha256": record["contract_sha256"], "splits": bare}
        record["manifest_sha256"] = sha256(canonical(parts))
        scene.remove(name)
        scene.write(f"governance/data/{record['manifest_sha256'][:12]}.json", record)
        scene.put(RUN, "data.manifest_sha256", record["manifest_sha256"])

    return hand


def _quality(name: str, **more: object) -> Hand:
    def change(record: Record) -> None:
        (check,) = (each for each in record["quality"]["checks"] if each["id"] == name)
        check |= more

    return _data(change)


def _swelled(record: Record) -> None:
    record["splits"]["train"]["rows"] = 90_000


def _one_hard_row(scene: Scene) -> None:
    _data(lambda record: record["splits"]["challenge"].update(rows=1))(scene)
    scene.put(EVALUATION, "challenge.rows", 1)


def _old_rows(record: Record) -> None:
    record["source"]["newest"] = "2019-01-01"


def _protected_less(scene: Scene) -> None:
    """Two attributes are asked about, and the two that tell most are no longer protected."""
    scene.swap("policy/data.yaml", "protected: [black, hispan, white, male]", "protected: [hispan, male]")

    def change(report: Record) -> None:
        report["proxies"] = [row for row in report["proxies"] if row["name"] in ("hispan", "male")]
        gone = ("proxy:black", "proxy:white")
        report["checks"] = [check for check in report["checks"] if check["id"] not in gone]

    edit(EVALUATION, change)(scene)


def _signal(measure: str, **more: object) -> Hand:
    def change(look: Record) -> None:
        (signal,) = (each for each in look["signals"] if each["measure"] == measure)
        signal |= more

    return edit(MONITORING, change)


LIES = (
    *(
        Lie(title, (control,), retold(hand), at=FROM_MARCH)
        for title, control, hand in (
            # the evaluation against its thresholds
            ("no comparison with the baseline", "EVAL-02 asked-for", _dropped("beats-baseline")),
            ("a column of slices left out whole", "EVAL-02 asked-for", _without_column("black", "hispan")),
            ("one limit on groups not compared", "EVAL-02 asked-for", _dropped("fairness:opportunity")),
            ("one direction not pushed", "EVAL-02 asked-for", _dropped("direction:pubrec")),
            ("groups of another making", "EVAL-02 asked-for", edit(EVALUATION, _other_groups)),
            ("the good end of an interval", "EVAL-02 asked-for", edit(EVALUATION, _by_the_high_end)),
            ("nine people who are enough", "EVAL-02 asked-for", edit(EVALUATION, _judged_few)),
            ("intervals without width", "EVAL-02 sized", edit(EVALUATION, _confident)),
            ("a baseline that is a coin", "EVAL-02 baseline-speaks", edit(EVALUATION, _constant)),
            # ... and against the rows and the run
            ("an evaluation of other rows by number", "EVAL-02 sized", put(EVALUATION, "rows", 63_100)),
            ("hard rows that are not there", "EVAL-02 sized", put(EVALUATION, "challenge.rows", 4_600)),
            ("a hard set of one row", "EVAL-02 asked-for", _one_hard_row),
            (
                "a group larger than everybody",
                "EVAL-02 sized",
                put(EVALUATION, "fairness.groups.1.rows", 6_000),
            ),
            (
                "proxies among more than were tested",
                "EVAL-02 sized",
                put(EVALUATION, "proxies.0.rows", 6_300),
            ),
            (
                "equal opportunity by its word",
                "EVAL-02 true-comparison",
                put(EVALUATION, "fairness.groups.1.true_positive_rate", 0.6),
            ),
            ("judged at another cutoff", "EVAL-02 sized", put(EVALUATION, "threshold", 0.3)),
            ("attributes protected no longer", "DATA-05 proxies", _protected_less),
            # the run
            ("features that nobody configured", "LIN-01 as-configured", put(RUN, "features", ["zip_code"])),
            ("parameters that were never tried", "LIN-01 as-configured", put(RUN, "parameters.C", 77.0)),
            ("a seed that is not the policy's", "LIN-01 as-configured", put(RUN, "seed", 1)),
            # the data set
            ("a quality check that failed and says not", "DATA-02 true-answers", _quality("nulls", value=5)),
            ("quality judged by a looser contract", "DATA-02 true-answers", _quality("rows", limit=1)),
            ("rows counted that were not read", "DATA-02 true-answers", _quality("rows", value=99_000)),
            ("more rows taught than were read", "DATA-03 digests", _data(_swelled)),
            ("rows of years ago, fresh by their word", "DATA-02 true-answers", _data(_old_rows)),
            # drills and rebuilds
            ("a drill from there to there", "REL-03 honest-drills", put(DRILL, "to", "1")),
            ("a drill to a release that never was", "REL-03 honest-drills", put(DRILL, "to", "0")),
            (
                "a drill that took its time, in milliseconds",
                "REL-03 honest-drills",
                put(DRILL, "last_stale_ms", 9e6),
            ),
            ("a drill from another release", "REL-03 honest-drills", put(DRILL, "from_version", "7")),
            ("an alarm that nobody heard", "REL-03 honest-drills", put(DRILL, "alarm.raised", [])),
            (
                "a rebuild that differs, by its own number",
                "REPRO-02 honest-rebuilds",
                put(REBUILD, "difference", 0.2),
            ),
            (
                "a rebuild of another run",
                "REPRO-02 honest-rebuilds",
                put(REBUILD, "run_id", "20261120T000000Z-000000"),
            ),
            # looks
            ("a look at nothing, with numbers", "MON-03 honest-looks", put(MONITORING, "window.rows", 0)),
            ("a look that is well over all limits", "MON-03 honest-looks", _signal("input_psi", value=0.9)),
            (
                "a signal of alarm under a look that is well",
                "MON-03 honest-looks",
                _signal("auc_loss", level="rollback"),
            ),
            (
                "a look by another project's reference",
                "MON-03 honest-looks",
                put(MONITORING, "reference.sha256", OTHER),
            ),
            # order
            (
                "data taken after the run",
                "LIN-01 ordered",
                _data(lambda r: r.update(created_at="2026-11-20T13:00:00Z")),
            ),
            (
                "an evaluation before its run",
                "LIN-01 ordered",
                put(EVALUATION, "created_at", "2026-11-19T09:00:00Z"),
            ),
            (
                "a release before its evaluation",
                "LIN-01 ordered",
                put(RELEASE, "created_at", "2026-11-18T09:00:00Z"),
            ),
            ("a drill before its release", "LIN-01 ordered", put(DRILL, "at", "2026-11-10T09:30:00Z")),
            ("a rebuild before its release", "LIN-01 ordered", put(REBUILD, "at", "2026-11-10T09:30:00Z")),
        )
    ),
)
