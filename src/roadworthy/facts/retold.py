"""An evaluation held against itself: what its checks compare must be what its own tables measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from roadworthy.core.documents.parts import mapping, number, part, rows

# Tables are rounded to six digits, checks are not; groups give a ratio of two rounded rates.
CLOSE, ROUGHLY = 1e-5, 1e-4
LEAD, FALL = " lead", " fall"
Report = Mapping[str, Any]


def tables_agree(report: Report) -> bool:
    """Return whether every compared value stands in the table that it is about, and groups give their gap."""
    return all(_told(check, report) for check in rows(report.get("checks"))) and _gap_ok(report)


def whole_slices(report: Report, tested: int | None) -> bool:
    """Return whether the slices of each column are all of the rows: none was left out."""
    total: dict[str, int] = {}
    for row in rows(report.get("slices")):
        column = str(row.get("name")).partition("=")[0]
        total[column] = total.get(column, 0) + int(number(row.get("rows")) or 0)
    return tested is not None and all(count == tested for count in total.values())


def intervals(figures: Report) -> bool:
    """Return whether there are figures, each within its interval."""
    return bool(figures) and all(isinstance(each, Mapping) and _interval(each) for each in figures.values())


def _interval(metric: Report) -> bool:
    low, value, high = (number(metric.get(name)) for name in ("low", "value", "high"))
    return low is not None and value is not None and high is not None and low <= value <= high


def probes(report: Report) -> list[str]:
    """Return what was pushed: probes of their own, comparisons that raise an input and watch the score."""
    own, checks = (
        [str(row.get("id")) for row in rows(report.get(name))] for name in ("robustness", "checks")
    )
    return own + [name for name in checks if name.startswith(("direction:", "robustness:"))]


def proxies(report: Report) -> list[str]:
    """Return the attributes that the features were asked about: each and all together, against a limit."""
    judged = {str(check.get("id")) for check in rows(report.get("checks")) if check.get("passed") is not None}
    asked = (row for row in rows(report.get("proxies")) if f"proxy:{row.get('name')}" in judged)
    whole = (row for row in asked if intervals({"auc": row.get("auc"), **part(row, "features")}))
    return sorted({str(row.get("attribute")) for row in whole if part(row, "features")})


def aged(report: Report, taught: int | None) -> bool:
    """Return whether the curve over age has a figure for each window, and its windows are all the rows."""
    curve = _curve(report)
    judged = any(check.get("id") == "staleness" for check in rows(report.get("checks")))
    ages = [row.get("age") for row in curve]
    known = sum(int(number(row.get("rows")) or 0) for row in curve) == taught
    return judged and len(curve) > 1 and ages == list(range(len(curve))) and known


def _curve(report: Report) -> list[Report]:
    return rows(part(report, "staleness").get("curve"))


def _told(check: Report, report: Report) -> bool:
    value = number(check.get("value"))
    known = list(_measured(check, report))
    return (
        value is None
        or (report.get("suite") is not None and not known)
        or any(abs(value - each) <= CLOSE for each in known)
    )


def _measured(check: Report, report: Report) -> Iterator[float]:
    """The numbers of the report that a check can be about."""
    kind, _, name = str(check.get("id")).partition(":")
    metric = str(check.get("metric"))
    if kind in TABLES:
        yield from _figures(TABLES[kind](report, name, metric))
    elif kind in LISTS:
        named = (row for row in rows(report.get(LISTS[kind])) if row.get("name") == name)
        yield from (found for row in named for found in _figures({**row, **part(row, "metric")}.get(metric)))
    elif kind == "staleness":
        yield from _fall(metric.removesuffix(FALL), report)
    elif metric.endswith(LEAD):
        yield from _leads(metric.removesuffix(LEAD), check, report)
    else:
        yield from _figures(part(report, "candidate").get(metric))


# Where the number is that a comparison of a kind is about: in a table, or in the row of its name.
TABLES: Mapping[str, Callable[[Report, str, str], Any]] = {
    "fairness": lambda report, _, metric: part(part(report, "fairness"), "metrics").get(metric),
    "direction": lambda report, name, _: part(part(report, "challenge"), "wrong_direction").get(name),
    "challenge": lambda report, _, metric: part(report, "challenge").get(metric),
}
LISTS = {"slice": "slices", "proxy": "proxies"}


def _leads(metric: str, check: Report, report: Report) -> Iterator[float]:
    """How far ahead of a rival, either way round; of a rival whose figures are elsewhere, what is claimed."""
    mine = number(mapping(part(report, "candidate").get(metric)).get("value"))
    rival = number(mapping(part(report, "baseline").get(metric)).get("value"))
    if "baseline" not in str(check.get("id")):
        yield from _figures(check.get("value"))
    elif mine is not None and rival is not None:
        yield from (mine - rival, rival - mine)


def _fall(metric: str, report: Report) -> Iterator[float]:
    """How much worse the model of the oldest rows is than that of the newest, either way round."""
    ends = [number(part(row, metric).get("value")) for row in _curve(report)]
    if len(ends) > 1 and (young := ends[0]) is not None and (old := ends[-1]) is not None:
        yield from (young - old, old - young)


def _figures(value: Any) -> Iterator[float]:
    """A number, or the numbers of an interval."""
    each = (
        [value] if not isinstance(value, Mapping) else [value.get(name) for name in ("value", "low", "high")]
    )
    yield from (found for one in each if (found := number(one)) is not None)


def _gap_ok(report: Report) -> bool:
    """The rates of the groups give what lies between them; groups of another make are not compared."""
    return all(_gap(report, *each) for each in GAPS)


def _gap(report: Report, name: str, rate: str, between: Callable[[float, float], float]) -> bool:
    fairness = part(report, "fairness")
    rates = [number(group.get(rate)) for group in rows(fairness.get("groups"))]
    said = number(part(part(fairness, "metrics"), name).get("value"))
    known = [each for each in rates if each is not None]
    if said is None or len(known) < len(rates) or not known or max(known) <= 0:
        return True
    return abs(between(min(known), max(known)) - said) <= ROUGHLY


# What lies between groups, by which of their rates, and how it comes of the lowest and the highest.
GAPS: tuple[tuple[str, str, Callable[[float, float], float]], ...] = (
    ("adverse_impact_ratio", "selection_rate", lambda least, most: least / most),
    ("equal_opportunity_difference", "true_positive_rate", lambda least, most: most - least),
)
