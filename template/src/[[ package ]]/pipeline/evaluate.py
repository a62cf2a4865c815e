"""`evaluate`: judge a run by thresholds committed before it, and leave the report that others rely on."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from . import records, rivals, settings, untouched
from .check import Check, judge
from .check import records as as_records
from .dataset import Dataset, recorded
from .metrics import METRICS, Judged, lead, measure, with_interval
from .outcome import Outcome, Refused
from .policies import DataPolicy, GatesPolicy, load
from .rivals import Evidence, Incumbent
from .scorer import load_scorer
from .train import run_file, run_folder

Report = dict[str, Any]
_FURTHER = ("slices", "fairness", "challenge", "proxies", "staleness")


@dataclass(frozen=True)
class Case:
    """A candidate and whom it is measured against, all on the same rows."""

    gates: GatesPolicy
    dataset: Dataset
    evidence: Evidence
    simple: Judged
    rival: Incumbent | None
    serving: Judged | None


def evaluate(run_id: str | None = None) -> Outcome:
    """Measure, compare, judge; the report is written whether the run passes or not."""
    run = read_run(run_id)
    untouched.refuse_changed_gates(run)
    untouched.refuse_changed_files(run)
    report, checks = _judged(run, _case(run))
    records.write_record(report_file(run["run_id"]), report)
    told = "passed" if report["passed"] else f"refused by {', '.join(each.id for each in blocking(checks))}"
    lines = (*(check.line() for check in checks), f"run {run['run_id']} {told}")
    return Outcome(
        "evaluate", ok=report["passed"], lines=lines, details={"report": report, "run_id": run["run_id"]}
    )


def read_run(run_id: str | None) -> Report:
    """A run's record; the newest when none is named."""
    if run_id is not None:
        return records.read_record(run_file(run_id))
    runs = records.read_records("runs")
    if not runs:
        raise Refused("no run yet", "governance/runs", "run `train`")
    return runs[-1]


def report_file(run_id: str) -> Path:
    """Where a run's evaluation is in git."""
    return settings.path("governance", "evaluations", f"{run_id}.json")


def blocking(checks: list[Check]) -> list[Check]:
    """What stands in the way: every no, and every unknown but that of people too few to tell."""
    return [
        each
        for each in checks
        if each.passed is False or (each.passed is None and not each.id.startswith(("slice:", "proxy:")))
    ]


def _case(run: Report) -> Case:
    """Open the candidate and its rivals, and let each speak about the same rows."""
    gates, dataset = load(GatesPolicy), recorded(run["data"]["manifest_sha256"])
    target = load(DataPolicy).target
    rows, hard, train = (dataset.rows(name) for name in ("test", "challenge", "train"))
    scorer = load_scorer(run_folder(run["run_id"]), rivals.trusted())
    rival = rivals.incumbent(run["run_id"])
    return Case(
        gates=gates,
        dataset=dataset,
        evidence=Evidence(scorer, rivals.judged(scorer, rows, target), rows, hard, train),
        simple=rivals.baseline(run["run_id"], train, rows),
        rival=rival,
        serving=rivals.judged(rival.scorer, rows, target) if rival else None,
    )


def _judged(run: Report, case: Case) -> tuple[Report, list[Check]]:
    found = figures(case.evidence.candidate, case.gates)
    further_parts, further_checks = _further(case.gates, case.evidence)
    checks = [*_known(case, [*_metric_checks(case.gates, found), *_rival_checks(case)]), *further_checks]
    report: Report = {
        "schema": "evaluation/v1",
        "run_id": run["run_id"],
        "created_at": records.now(),
        "model_sha256": run["artifacts"]["model.skops"],
        "gates_sha256": run["gates_sha256"],
        "data": {name: case.dataset.digests[name] for name in ("test", "challenge")},
        "rows": len(case.evidence.rows),
        "threshold": case.evidence.scorer.threshold,
        "candidate": found,
        "baseline": figures(case.simple, case.gates),
        "incumbent": _incumbent(case),
        **further_parts,
        "checks": as_records(checks),
        "passed": not blocking(checks),
    }
    return report, checks


def _known(case: Case, checks: list[Check]) -> list[Check]:
    """The checks on the test rows; what too few rows say is unknown."""
    rows, least = len(case.evidence.rows), case.gates.min_rows
    if rows >= least:
        return checks
    return [replace(each, value=None, passed=None, note=f"{rows} rows, {least} needed") for each in checks]


def figures(judged: Judged, gates: GatesPolicy) -> Report:
    """Every metric with its interval."""
    found = {name: with_interval(function, judged, gates.bootstrap) for name, function in METRICS.items()}
    return {name: figure.record() for name, figure in found.items()}


def _metric_checks(gates: GatesPolicy, found: Report) -> list[Check]:
    checks = []
    for gate in gates.metrics:
        measure(gate.metric)
        figure = found[gate.metric]
        note = "" if gate.use == "value" else f"{gate.use} end of the interval around {figure['value']:.3f}"
        value = figure[gate.use] if figure[gate.use] is not None else float("nan")
        checks.append(judge(gate.id, gate.metric, value, gate.op, gate.limit, note))
    return checks


def _rival_checks(case: Case) -> list[Check]:
    """Better than the simple model, and not much worse than what serves."""
    gain, loss = case.gates.baseline, case.gates.incumbent
    checks = [_lead("beats-baseline", gain.metric, case, case.simple, gain.min_gain)]
    if case.serving is not None:
        checks.append(_lead("keeps-up-with-incumbent", loss.metric, case, case.serving, -loss.max_loss))
    return checks


def _lead(name: str, metric: str, case: Case, rival: Judged, least: float) -> Check:
    ahead = round(lead(metric, case.evidence.candidate, rival), 6)
    return judge(name, f"{metric} lead", ahead, ">=", least, f"over {measure(metric)(rival):.3f}")


def _incumbent(case: Case) -> Report | None:
    if case.rival is None or case.serving is None:
        return None
    who = {"version": case.rival.version, "model_sha256": case.rival.model_sha256}
    return who | {"metrics": figures(case.serving, case.gates)}


def _further(gates: GatesPolicy, evidence: Evidence) -> tuple[Report, list[Check]]:
    """What gates.yaml asks for beyond the metrics; a module that it does not ask for is never imported."""
    report: Report = {}
    checks: list[Check] = []
    for name in _FURTHER:
        if getattr(gates, name) is not None:
            part, found = further(name).judged(gates, evidence)
            report[name] = part
            checks += found
    return report, checks


def further(name: str) -> ModuleType:
    """The module behind an optional part of gates.yaml; a lighter tier may have come without it."""
    if not came_with(name):
        raise Refused(
            f"this project's tier came without the module for `{name}`",
            untouched.GATES,
            f"take `{name}` out of gates.yaml, or let an update to a higher tier bring the module",
        )
    return importlib.import_module(f".{name}", __package__)


def came_with(name: str) -> bool:
    """Whether this project's tier came with a module."""
    return importlib.util.find_spec(f".{name}", __package__) is not None
