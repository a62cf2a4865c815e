"""Records as honest teams leave them: quiet nights, alarms, older templates, releases taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.adversary.lived import Story, relive
from tests.adversary.patch import FROM_MARCH, Habit, Hand, each
from tests.adversary.scene import RELEASE, Scene

Record = dict[str, Any]
DRILL, REBUILD = "governance/drills/20270226T093000Z.json", "governance/rebuilds/20270226T093000Z-2.json"
LOOK = "governance/monitoring/20270226T110000Z.json"
PROMOTED = "governance/deployments/20270225T110000Z-promote-2.json"
TEN, ELEVEN = (f"2027-03-02T{hour}:00:00Z" for hour in ("10", "11"))


def _since_promoted(name: str, change: Callable[[Record], object], new: str = "") -> Hand:
    """A record that was otherwise from its first commit on, or another one beside it."""

    def hand(scene: Scene) -> None:
        record = scene.read(name)
        change(record)
        scene.write(new or name, record)
        scene.squash("Promote release 2", at=FROM_MARCH)

    return hand


def _quiet(look: Record) -> None:
    """A night with too few requests to measure anything."""
    for signal in look["signals"]:
        signal |= (
            {"value": 0.0, "level": "ok"}
            if signal["measure"] == "leaks"
            else {"value": None, "level": "unknown"}
        )
    look |= {"level": "investigate", "cap": None, "explained": None}
    look["window"] |= {"rows": 12, "refused": 0}
    look["sample"] |= {"lines": 12}


def _signal(overall: str, **more: object) -> Callable[[Record], None]:
    def change(look: Record) -> None:
        for signal in look["signals"]:
            if signal["measure"] == "input_psi":
                signal |= more
        look["level"] = overall

    return change


def _older(*names: str) -> Callable[[Record], None]:
    """As templates wrote it before they knew of these."""

    def change(record: Record) -> None:
        for name in names:
            del record[name]

    return change


def _moved(action: str, version: str, at: str, **more: object) -> Hand:
    def hand(scene: Scene) -> None:
        stamp = at.replace("-", "").replace(":", "")
        moved = {**scene.read(PROMOTED), "action": action, "version": version, "at": at, "as_of": at, **more}
        scene.write(f"governance/deployments/{stamp}-{action}-{version}.json", moved)

    return hand


def _taken_back(action: str, at: str) -> Hand:
    """Release 1 answers again."""

    def hand(scene: Scene) -> None:
        said = {"subject_digest": scene.read(RELEASE)["subject_digest"], "evidence": {"skipped": {}}}
        _moved(action, "1", at, **said, verdict_sha256=scene.sha("governance/gates/1.json"))(scene)

    return hand


def _drilled_first(scene: Scene) -> None:
    """Release 1 was rehearsed again while it served, before there was a second."""
    record = scene.read("governance/drills/20261120T093000Z.json")
    scene.write("governance/drills/20270120T120000Z.json", record | {"at": "2027-01-20T12:00:00Z"})


def _rebuilt_first(scene: Scene) -> None:
    record = scene.read("governance/rebuilds/20261120T093000Z-1.json")
    scene.write("governance/rebuilds/20270301T093000Z-1.json", record | {"at": "2027-03-01T09:30:00Z"})


def _too_few(_: Scene, report: Record) -> Record:
    """A group of 29 is shown, and not judged."""
    for row in report["slices"]:
        row["rows"] = {"hispan=1": 29, "hispan=0": 602}.get(row["name"], row["rows"])
    for check in report["checks"]:
        if check["id"] in ("slice:hispan=1", "proxy:hispan"):
            check |= {"value": None, "passed": None, "note": "29 people, too few on one side"}
    for row in report["proxies"]:
        row["rows"] = 29 if row["name"] == "hispan" else row["rows"]
    return report


def _late_rows(_: Scene, record: Record) -> Record:
    """Some rows of the extract were erased; freshness is of the day before."""
    record["source"]["newest"] = "2026-11-19"
    for check in record["quality"]["checks"]:
        if check["id"] == "freshness":
            check["value"] = 1.33
        if check["id"] == "shift":
            check |= {"value": 0.03, "passed": True, "note": "cons"}
    return record


def _relived(kind: str, edit: Callable[[Scene, Record], Record]) -> Hand:
    return lambda scene: relive(scene, Story(told={kind: edit}))


_NOTHING: dict[str, Any] = {"subject_digest": None, "verdict_sha256": None, "evidence": {"skipped": {}}}
HABITS = (
    *(
        Habit(title, hand, at=FROM_MARCH, renewed=True)
        for title, hand in (
            ("a night with few requests", _since_promoted(LOOK, _quiet)),
            (
                "an alarm that was heard",
                _since_promoted(LOOK, _signal("investigate", value=0.3, level="investigate")),
            ),
            (
                "a distance within what chance gives",
                _since_promoted(LOOK, _signal("ok", value=0.104, noise=0.107315)),
            ),
            ("a look that asks for more than its signals", _since_promoted(LOOK, _signal("investigate"))),
            ("a look of an older template", _since_promoted(LOOK, _older("cap", "sample", "explained"))),
            (
                "a drill of an older template",
                _since_promoted(DRILL, _older("alarm"), DRILL.replace("T09", "T10")),
            ),
            (
                "a drill of milliseconds rounded up",
                _since_promoted(DRILL, lambda drill: drill.update(last_stale_ms=162.4)),
            ),
            (
                "a rebuild in scores, on another machine",
                _since_promoted(REBUILD, lambda r: r.update(difference=4e-8)),
            ),
            ("a rebuild of the release before, too", _rebuilt_first),
            ("the first release rehearsed twice", _drilled_first),
            ("another shadow of the release before", _taken_back("shadow", TEN)),
            (
                "the safe answer for an hour",
                each(_moved("fallback", "fallback", TEN, **_NOTHING), _moved("rollback", "2", ELEVEN)),
            ),
        )
    ),
    *(
        Habit(title, _relived(kind, edit))
        for title, kind, edit in (
            ("a group that is too small to judge", "evaluation", _too_few),
            ("rows of the day before, and a shift that was measured", "dataset", _late_rows),
        )
    ),
)
