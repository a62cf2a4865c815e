"""A second release in the light of the first: evidence of what no longer serves, moves that skip the road."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.adversary.patch import FROM_MARCH, Hand, Lie, drop, each, edit, put, retold, swap
from tests.adversary.scene import RELEASE, SECOND, Scene

Record = dict[str, Any]
EVALUATION, RUN, GATED = SECOND.of("evaluations"), SECOND.of("runs"), SECOND.of("gates")
DRILL, REBUILD = "governance/drills/20270226T093000Z.json", "governance/rebuilds/20270226T093000Z-2.json"
LOOKS = tuple(f"governance/monitoring/{day}T110000Z.json" for day in ("20270226", "20270302"))
PROMOTED = "governance/deployments/20270225T110000Z-promote-2.json"
TODAY, OTHER = "2027-03-02T11:30:00Z", "f" * 64


def _about_the_first(kind: str, name: str, **more: object) -> Hand:
    """A record of today, and about release 1."""

    def hand(scene: Scene) -> None:
        first = scene.read(RELEASE)
        model = next(row["sha256"] for row in first["subject"] if row["role"] == "model")
        said: Mapping[str, Mapping[str, Any]] = {
            "drills": {"from_version": "1", "to": "fallback", "subject_digest": first["subject_digest"]},
            "rebuilds": {
                "version": "1",
                "run_id": first["run_id"],
                "original_sha256": model,
                "rebuilt_sha256": model,
            },
            "monitoring": {"version": "1", "subject_digest": first["subject_digest"], "reference": {}},
        }
        scene.write(name, {**scene.read(name), **said[kind], **more})

    return hand


def _unmeasured(*measures: str) -> Hand:
    def change(look: Record) -> None:
        look["signals"] = [signal for signal in look["signals"] if signal["measure"] not in measures]
        look["cap"] = None

    return edit(LOOKS[1], change)


def _over_the_cap(look: Record) -> None:
    for signal in look["signals"]:
        if signal["measure"] == "cost_per_answer":
            signal |= {"value": 9.0, "level": "pause"}
    look |= {"level": "pause"}


def _stopped_long_ago(scene: Scene) -> None:
    """Over the cap, and the switch that it names was another one, a month before."""
    name = "governance/deployments/20270201T110000Z-fallback-fallback.json"
    at = "2027-02-01T11:00:00Z"
    gone = {"action": "fallback", "version": "fallback", "subject_digest": None, "verdict_sha256": None}
    scene.write(name, {**scene.read(PROMOTED), **gone, "at": at, "as_of": at})
    edit(LOOKS[1], _over_the_cap)(scene)
    scene.put(LOOKS[1], "cap", {"cost": 9.0, "hard": 5.0, "stopped": name})


def _cap_in_one_place(look: Record) -> None:
    _over_the_cap(look)
    for signal in look["signals"]:
        if signal["measure"] == "cost_per_answer":
            signal |= {"value": 0.3, "level": "ok"}
    look |= {"level": "ok", "cap": {"cost": 9.0, "hard": 5.0, "stopped": None}}


def _moved(action: str, version: str, at: str = TODAY, like: str = PROMOTED, **more: object) -> Hand:
    """One more move on record."""

    def hand(scene: Scene) -> None:
        stamp = at.replace("-", "").replace(":", "")
        moved = {**scene.read(like), "action": action, "version": version, "at": at, "as_of": at, **more}
        scene.write(f"governance/deployments/{stamp}-{action}-{version}.json", moved)

    return hand


def _third(scene: Scene) -> None:
    """Release 3, registered and gated by nobody, of the same bytes."""
    second = scene.read(SECOND.of("releases"))
    scene.write(
        "governance/releases/3.json", {**second, "version": "3", "rollback_to": "2", "created_at": TODAY}
    )


def _check(prefix: str, **more: object) -> Hand:
    def change(report: Record) -> None:
        mine = [check for check in report["checks"] if check["id"].startswith(prefix)]
        report["checks"] = [
            check | more if check in mine else check
            for check in report["checks"]
            if more or check not in mine
        ]

    return edit(EVALUATION, change)


def _shielded(scene: Scene) -> None:
    """What serves was never asked about proxies; a release that nobody lets serve was."""
    whole, run = scene.read(EVALUATION), scene.read(RUN)
    name = "20270301T090000Z-99aa99"
    said = {"run_id": name, "created_at": "2027-03-01T09:00:00Z"}
    scene.write(f"governance/runs/{name}.json", run | said)
    scene.write(f"governance/evaluations/{name}.json", whole | said)
    _third(scene)
    scene.put("governance/releases/3.json", "run_id", name)
    scene.drop(EVALUATION, "proxies")


TOOLED = {
    "runs text": "numpy.testing._private.utils.runstring",
    "compiles": "numpy.f2py.compile",
    "reads files": "scipy.io.matlab.loadmat",
    "fetches": "sklearn.datasets.fetch_openml",
}
LIES = (
    *(
        Lie(title, (control,), retold(hand), at=FROM_MARCH, renewed=True)
        for title, control, hand in (
            # what vouches is of the release before
            (
                "a drill of the release before",
                "REL-03 rehearsed",
                _about_the_first("drills", DRILL),
            ),
            (
                "looks at the release before",
                "MON-03 recent",
                each(*(_about_the_first("monitoring", look) for look in LOOKS)),
            ),
            (
                "a comparison with what serves left out",
                "EVAL-02 asked-for",
                _check("keeps-up-with-incumbent"),
            ),
            (
                "a lead over what serves, typed in",
                "EVAL-02 asked-for",
                _check("keeps-up-with-incumbent", value=0.2),
            ),
            (
                "a rival of another model",
                "EVAL-02 compared",
                put(EVALUATION, "incumbent.model_sha256", OTHER),
            ),
            ("a newest release that shields what serves", "DATA-05 proxies", _shielded),
            # costs
            ("the cost left out of the newest look", "COST-01 cap-held", _unmeasured("cost_per_answer")),
            ("over the cap, stopped a month before", "COST-01 cap-held", _stopped_long_ago),
            ("a cost that is lower where it counts", "COST-01 cap-held", edit(LOOKS[1], _cap_in_one_place)),
            (
                "a cap that is higher where it counts",
                "COST-01 cap-held",
                edit(LOOKS[0], lambda look: look.update(cap={"cost": 0.3, "hard": 0.2, "stopped": None})),
            ),
            ("a capture of no counted window", "MON-02 sampled", drop(LOOKS[1], "window")),
            # moves
            (
                "a release let in as a rollback",
                "REL-02 staged",
                each(_third, _moved("rollback", "3")),
            ),
            ("a release let in as the safe answer", "REL-01 served-as-gated", _moved("fallback", "2")),
            ("the safe answer promoted", "REL-01 served-as-gated", _moved("promote", "fallback")),
            (
                "a shadow that the gate never passed",
                "REL-01 served-as-gated",
                each(_third, _moved("shadow", "3")),
            ),
            (
                "a shadow on other bytes",
                "REL-01 served-as-gated",
                _moved("shadow", "2", subject_digest=f"sha256:{OTHER}"),
            ),
            (
                "approvals from before the release",
                "LIN-01 ordered",
                put(SECOND.of("releases"), "created_at", "2027-02-01T09:00:00Z"),
            ),
            ("a look before the release", "LIN-01 ordered", put(LOOKS[0], "at", "2027-01-02T11:00:00Z")),
        )
    ),
    Lie(
        "rebuilds of the release before only",
        ("REPRO-02 serving-rebuilt",),
        retold(_about_the_first("rebuilds", REBUILD, at="2027-03-20T09:30:00Z")),
        at="2027-04-02T12:00:00Z",
        renewed=True,
    ),
    Lie(
        "a promotion after the verdict's end",
        ("REL-01 verdict-named",),
        retold(_moved("promote", "2", at="2027-05-01T11:00:00Z")),
        at="2027-05-02T12:00:00Z",
        renewed=True,
    ),
    Lie(
        "labels joined once and never again",
        ("MON-03 labels-kept",),
        lambda _: None,
        at="2027-06-02T12:00:00Z",
    ),
    *(
        Lie(
            f"a trusted type that {what}",
            ("SEC-01 trusted-types",),
            swap("policy/serving.yaml", "trusted_types: []", f"trusted_types: [{name}]"),
        )
        for what, name in TOOLED.items()
    ),
)
