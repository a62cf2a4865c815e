"""An evaluation held against the thresholds that asked for it, and the rows that it was made on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Any

from roadworthy.core.documents.parts import mapping, number, part, rows
from roadworthy.facts.retold import CLOSE

Report = Mapping[str, Any]
# Of shares, so many rows on either side make the usual standard error a fair guess.
FEW = 5


def left_out(report: Report, gates: Report) -> list[str]:
    """Return what the thresholds ask for that the evaluation did not compare, or compared otherwise."""
    if not rows(gates.get("metrics")):
        return []
    checks = {str(check.get("id")): check for check in rows(report.get("checks"))}
    kinds = (_metrics, _rivals, _slices, _groups, _directions, _too_few)
    return sorted({said for kind in kinds for said in kind(report, gates, checks)})


def _metrics(report: Report, gates: Report, checks: Mapping[str, Report]) -> Iterator[str]:
    for gate in rows(gates.get("metrics")):
        name, end = str(gate.get("id")), str(gate.get("use") or "value")
        said = number(checks.get(name, {}).get("value"))
        known = number(part(part(report, "candidate"), str(gate.get("metric"))).get(end))
        if said is not None and (known is None or abs(said - known) > CLOSE):
            yield f"{name} is not the {end} of {gate.get('metric')}"


def _rivals(report: Report, gates: Report, checks: Mapping[str, Report]) -> Iterator[str]:
    """The lead over each rival, as the tables of both give it; a rival of no figures is believed."""
    asked = [("beats-baseline", part(gates, "baseline"), part(report, "baseline"))]
    if rival := part(report, "incumbent"):
        asked += [("keeps-up-with-incumbent", part(gates, "incumbent"), part(rival, "metrics"))]
    for name, gate, figures in asked:
        metric, check = str(gate.get("metric")), checks.get(name, {})
        said = number(check.get("value"))
        mine, other = (
            number(mapping(each.get(metric)).get("value")) for each in (part(report, "candidate"), figures)
        )
        if gate and (said is None or check.get("metric") != f"{metric} lead"):
            yield f"{name} was not compared"
        elif (
            said is not None
            and mine is not None
            and other is not None
            and abs(abs(mine - other) - abs(said)) > CLOSE
        ):
            yield f"{name} is not the distance of the two"


def _slices(report: Report, gates: Report, checks: Mapping[str, Report]) -> Iterator[str]:
    names = [str(row.get("name")) for row in rows(report.get("slices"))]
    columns = part(gates, "slices").get("columns")
    for column in columns if isinstance(columns, list) else []:
        if not any(name.startswith(f"{column}=") for name in names):
            yield f"no slice by {column}"
    yield from (f"slice {name} was not compared" for name in names if f"slice:{name}" not in checks)


def _groups(report: Report, gates: Report, checks: Mapping[str, Report]) -> Iterator[str]:
    gate = part(gates, "fairness")
    compared = {
        str(check.get("metric")): check for name, check in checks.items() if name.startswith("fairness:")
    }
    yield from (
        f"{name} was not compared" for name in gate if "limit" in part(gate, name) and name not in compared
    )
    found = {str(group.get("name")) for group in rows(part(report, "fairness").get("groups"))}
    known = any(check.get("value") is not None for check in compared.values())
    if gate and known and found != set(part(gate, "groups")):
        yield f"groups {', '.join(sorted(found))} instead of {', '.join(sorted(part(gate, 'groups')))}"


def _directions(_: Report, gates: Report, checks: Mapping[str, Report]) -> Iterator[str]:
    for row in rows(part(gates, "challenge").get("directions")):
        add, to = number(row.get("add")), number(row.get("set"))
        change = f"+{add:g}" if add is not None else f"={to:g}" if to is not None else ""
        if f"direction:{row.get('column')}{change}" not in checks:
            yield f"{row.get('column')}{change} was not pushed"


def _too_few(report: Report, gates: Report, checks: Mapping[str, Report]) -> Iterator[str]:
    """Comparisons that say something of fewer rows than say anything."""
    least = number(gates.get("min_rows")) or 0.0
    sizes = [("challenge", part(report, "challenge").get("rows"))]
    for kind, table in {"slice": "slices", "proxy": "proxies"}.items():
        sizes += [(f"{kind}:{row.get('name')}", row.get("rows")) for row in rows(report.get(table))]
    for name, size in sizes:
        count, value = number(size), checks.get(name, {}).get("value")
        if count is not None and count < least and value is not None:
            yield f"{name} judged by {count:g} rows of {least:g}"


def missized(report: Report, run: Report, tested: int | None, hard: int | None) -> list[str]:
    """Return the numbers of an evaluation that cannot be of its run's cutoff and of so many rows."""
    said = {
        "rows": (number(report.get("rows")), tested),
        "challenge.rows": (number(part(report, "challenge").get("rows")), hard),
        "threshold": (number(report.get("threshold")), number(run.get("threshold"))),
    }
    found = [name for name, (mine, known) in said.items() if None not in (mine, known) and mine != known]
    if tested is None:
        return found
    sizes = [number(row.get("rows")) or 0.0 for row in rows(part(report, "fairness").get("groups"))]
    found += ["fairness.groups"] if sum(sizes) > tested else []
    found += [
        f"proxies {row.get('name')}"
        for row in rows(report.get("proxies"))
        if (number(row.get("rows")) or 0.0) > tested
    ]
    return found + list(_too_narrow(part(report, "candidate"), tested))


def _too_narrow(figures: Report, tested: int) -> Iterator[str]:
    """Intervals that so few rows cannot give: of a share within a standard error, of others without width."""
    for name, figure in figures.items():
        low, value, high = (number(mapping(figure).get(end)) for end in ("low", "value", "high"))
        if low is None or value is None or high is None or not 0 < value < 1:
            continue
        share = name in ("accuracy", "selection_rate") and tested * value * (1 - value) >= FEW
        if high - low < sqrt(value * (1 - value) / tested) if share else high == low:
            yield f"interval of {name}"


def rival_varies(report: Report, gates: Report) -> bool:
    """Whether the simple baseline can tell rows apart: the figure it is judged by has an interval."""
    figure = part(part(report, "baseline"), str(part(gates, "baseline").get("metric")))
    low, high = (number(figure.get(end)) for end in ("low", "high"))
    return not figure or (low is not None and high is not None and low < high)
