"""An evaluation held against itself: what its checks compare must be what its own tables measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.documents.parts import mapping, number, part, rows

# Tables are rounded to six digits, checks are not; groups give a ratio of two rounded rates.
CLOSE, ROUGHLY = 1e-5, 1e-4
LEAD = " lead"
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
    if kind == "slice":
        for row in rows(report.get("slices")):
            if row.get("name") == name:
                yield from _figures(part(row, "metric").get(metric))
    elif kind == "fairness":
        yield from _figures(part(part(report, "fairness"), "metrics").get(metric))
    elif kind == "direction":
        yield from _figures(part(part(report, "challenge"), "wrong_direction").get(name))
    elif kind == "challenge":
        yield from _figures(part(report, "challenge").get(metric))
    elif metric.endswith(LEAD):
        yield from _leads(metric.removesuffix(LEAD), check, report)
    else:
        yield from _figures(part(report, "candidate").get(metric))


def _leads(metric: str, check: Report, report: Report) -> Iterator[float]:
    """How far ahead of a rival, either way round; of a rival whose figures are elsewhere, what is claimed."""
    mine = number(mapping(part(report, "candidate").get(metric)).get("value"))
    rival = number(mapping(part(report, "baseline").get(metric)).get("value"))
    if "baseline" not in str(check.get("id")):
        yield from _figures(check.get("value"))
    elif mine is not None and rival is not None:
        yield from (mine - rival, rival - mine)


def _figures(value: Any) -> Iterator[float]:
    """A number, or the numbers of an interval."""
    each = (
        [value] if not isinstance(value, Mapping) else [value.get(name) for name in ("value", "low", "high")]
    )
    yield from (found for one in each if (found := number(one)) is not None)


def _gap_ok(report: Report) -> bool:
    """The rates of the groups give the ratio between them; groups of another make are not compared."""
    fairness = part(report, "fairness")
    rates = [number(group.get("selection_rate")) for group in rows(fairness.get("groups"))]
    said = number(mapping(part(fairness, "metrics").get("adverse_impact_ratio")).get("value"))
    known = [rate for rate in rates if rate is not None]
    if said is None or len(known) < len(rates) or not known or max(known) <= 0:
        return True
    return abs(min(known) / max(known) - said) <= ROUGHLY
