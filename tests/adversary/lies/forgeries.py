"""Evidence forged before anybody signed it: every file agrees with every other, and all of it is wrong."""

from __future__ import annotations

from typing import Any

from tests.adversary.lived import Story, relive
from tests.adversary.patch import FROM_HIGH, Hand, Lie, put, swap, write
from tests.adversary.scene import DRILL, MONITORING, RUN, Scene

Record = dict[str, Any]
GATES, ROLES = "policy/gates.yaml", "governance/roles.yaml"


def _told(kind: str, where: str, value: object) -> Hand:
    """A record that said something else from the first day on, and was agreed on like that."""

    def edit(scene: Scene, record: Record) -> Record:
        *way, last = (int(step) if step.isdigit() else step for step in where.split("."))
        place: Any = record
        for step in way:
            place = place[step]
        place[last] = value
        return record

    return lambda scene: relive(scene, Story(told={kind: edit}))


def _check_improved(prefix: str) -> Hand:
    """A check of the evaluation says a better number than the evaluation's own tables."""

    def edit(scene: Scene, report: Record) -> Record:
        check = next(each for each in report["checks"] if each["id"].startswith(prefix))
        check["value"] = check["limit"] + (0.01 if check["op"] == ">=" else -0.001)
        return report

    return lambda scene: relive(scene, Story(told={"evaluation": edit}))


def _slice_dropped(scene: Scene) -> None:
    """The worst group is in no table and in no check."""

    def edit(_: Scene, report: Record) -> Record:
        report["slices"] = [row for row in report["slices"] if row["name"] != "black=1"]
        report["checks"] = [check for check in report["checks"] if check["id"] != "slice:black=1"]
        return report

    relive(scene, Story(told={"evaluation": edit}))


def _configured_by(*names: str) -> Hand:
    """The run names the right digests of files that do not matter."""

    def edit(scene: Scene, run: Record) -> Record:
        return run | {"config": {name: scene.sha(name) for name in names}}

    return lambda scene: relive(scene, Story(told={"run": edit}))


def _instead(role: str, name: str) -> Hand:
    """The release lists another file, with its right digest, in a part that matters."""

    def edit(scene: Scene, release: Record) -> Record:
        from roadworthy.core.approval.subject import entries, subject_digest

        (scene.path / f"var/releases/1/{name}").parent.mkdir(parents=True, exist_ok=True)
        (scene.path / f"var/releases/1/{name}").write_bytes((scene.path / name).read_bytes())
        for row in release["subject"]:
            if row["role"] == role:
                row |= {"name": name, "path": name, "sha256": scene.sha(name)}
        return release | {"subject_digest": subject_digest(entries(release["subject"]) or ())}

    return lambda scene: relive(scene, Story(told={"release": edit}))


def _linked(name: str) -> Hand:
    """A paper that is a link to a copy of itself."""

    def hand(scene: Scene) -> None:
        scene.write(f"shared/{name.rpartition('/')[2]}", scene.text(name))
        (scene.path / name).unlink()
        (scene.path / name).symlink_to(f"../shared/{name.rpartition('/')[2]}")

    return hand


def _other_ending(scene: Scene) -> None:
    """A request for a waiver that expired, under an ending that is not looked at."""
    scene.write("governance/waivers/W-1.yml", "schema: waiver/v1\nid: W-1\ncontrol: '*'\n")


def _nested(scene: Scene) -> None:
    """The drills in a repository of their own, whose history is not this one's."""
    inner = scene.path / "governance" / "drills"
    text = scene.text(DRILL)
    scene.remove(DRILL)
    scene.commit("Move the drills")
    scene.write(DRILL, text)
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "Drill")):
        scene.git("-C", str(inner), "-c", "user.name=x", "-c", "user.email=x@x.example", *command)


LIES = (
    *(
        Lie(f"a {kind} check better than its table", ("EVAL-02",), _check_improved(prefix))
        for kind, prefix in {
            "global": "ranking",
            "slice": "slice:black=1",
            "fairness": "fairness:impact-ratio",
            "challenge": "challenge",
        }.items()
    ),
    Lie("the worst slice in no table", ("EVAL-03",), _slice_dropped, at=FROM_HIGH),
    Lie("a run configured by the wrong file", ("LIN-01",), _configured_by("README.md")),
    Lie("a run configured by half of its files", ("LIN-01",), _configured_by("policy/data.yaml")),
    *(
        Lie(f"a release whose {part} is another file", caught, _instead(role, name))
        for part, caught, role, name in (
            ("feature code", ("APPR-01",), "features", "src/credit_decision/__init__.py"),
            ("card", ("APPR-01", "DOC-01"), "card", "README.md"),
            ("threshold file", ("APPR-01",), "thresholds", "policy/budgets.yaml"),
            ("report", ("APPR-01",), "eval_report", "governance/system.yaml"),
        )
    ),
    *(
        Lie(title, ("LIN-01",), _told(kind, where, when), at=FROM_HIGH)
        for title, kind, where, when in (
            ("a run of next year", "run", "created_at", "2027-11-20T09:00:00Z"),
            ("a run of later today, by its zone", "run", "created_at", "2026-11-20T20:59:00-12:00"),
            ("a deployment of next year", "deployment", "at", "2027-11-20T11:00:00Z"),
            ("a data set of next year", "dataset", "created_at", "2027-11-20T09:00:00Z"),
        )
    ),
    Lie("a drill that ended before it began", ("REL-03",), _told("drill", "seconds", -5)),
    Lie("a drill of a tenth of a request", ("REL-03",), _told("drill", "requests", "0x10")),
    Lie("a time without a zone", ("LIN-01",), _told("run", "created_at", "2026-11-20T09:00:00")),
    Lie("thresholds behind a link", ("EVAL-01",), _linked(GATES)),
    Lie("roles behind a link", ("GOV-01", "APPR-02"), _linked(ROLES)),
    Lie(
        "thresholds twice, for a system that ignores case",
        ("EVAL-01",),
        write("policy/Gates.yaml", "metrics: []\n"),
    ),
    Lie(
        "keys twice, for a system that ignores case",
        ("APPR-01",),
        write("Governance/allowed_signers", "* x\n"),
    ),
    Lie("a request with another ending", ("LIN-01",), _other_ending),
    Lie("records in a repository of their own", ("REL-03",), _nested),
    *(
        Lie(f"a limit {how}", ("EVAL-01",), swap(GATES, "min_rows: 30", f"min_rows: {number}"))
        for how, number in {
            "in octal": "036",
            "in hexadecimal": "0x1E",
            "with an exponent": "3e1",
            "with a gap": "3_0",
            "in minutes": "0:30",
        }.items()
    ),
    Lie(
        "a key twice in one line",
        ("GOV-01",),
        swap(ROLES, "roles: [developer]", "roles: [developer], roles: []"),
    ),
    Lie("thresholds after the end", ("EVAL-01",), lambda s: s.append(GATES, "\n...\n---\nmetrics: []\n")),
    Lie(
        "a person whom a merge key makes",
        ("GOV-01",),
        lambda s: s.append(
            ROLES,
            "  - &a {identity: x@x.example, name: X, team: x, emails: [], handles: [], roles: []}\n"
            "  - {<<: *a, identity: y@x.example}\n",
        ),
    ),
    Lie(
        "a role that a tag makes",
        ("GOV-01",),
        swap(ROLES, "roles: [developer]", "roles: !!python/tuple [developer]"),
    ),
    Lie("a run that names its split by a list", ("LIN-01",), put(RUN, "data.splits", [["train", "x"]])),
    Lie("a look at everything by nobody", ("MON-03",), put(MONITORING, "labels_joined", "many")),
)
