"""One page a person can look at: the verdict, who acts, what moved. Self-contained, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import charts, stats
from .html import Markup, join, tag
from .signals import Signal, Watched

GROUPS = {
    "data": "Data: what goes in",
    "prediction": "Predictions: what comes out",
    "performance": "Performance: what came true",
    "business": "Business: what it costs",
}
WORDS = {
    "ok": "All signals within their limits",
    "investigate": "Somebody should look",
    "pause": "Stop acting on it",
    "rollback": "Roll back or retrain",
}
STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0;background:#f5f6f8;color:#1d2430;font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1040px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:26px;margin:0;letter-spacing:-.01em}h2{font-size:17px;margin:32px 0 10px}
h3{font-size:14px;margin:0 0 2px;font-weight:600}p{margin:0}a{color:inherit}
.muted{color:#5b6472}.small{font-size:13px}
header{background:#fff;border-radius:10px;padding:24px 28px;border-left:8px solid var(--level)}
.row{display:flex;gap:24px;flex-wrap:wrap;justify-content:space-between;align-items:flex-start}
.badge{display:inline-block;color:#fff;background:var(--level);border-radius:99px;padding:2px 12px;
font-size:13px;font-weight:600}
.facts{display:flex;gap:32px;flex-wrap:wrap;margin-top:18px}.facts b{display:block;font-size:18px}
.act{margin-top:18px;padding-top:16px;border-top:1px solid #e6e9ee}
.card{background:#fff;border-radius:10px;padding:6px 20px;overflow-x:auto}
table{width:100%;min-width:760px;border-collapse:collapse;table-layout:fixed}
th:nth-child(1){width:19%}th:nth-child(2){width:14%}th:nth-child(3){width:10%}th:nth-child(4){width:23%}
td,th{padding:10px 10px 10px 0;text-align:left;vertical-align:middle;border-bottom:1px solid #edf0f4}
tr:last-child td{border-bottom:0}th{font-size:12px;font-weight:600;color:#5b6472}
td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:14px}
.tile{background:#fff;border-radius:10px;padding:14px 16px}svg{display:block;max-width:100%;margin-top:8px;
overflow:visible}.act p+p{margin-top:6px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:14px}
.key i{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 14px}
@media print{body{background:#fff}main{padding:0}
header,.card,.tile{border:1px solid #d5dbe3;break-inside:avoid}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def page(
    watched: Watched,
    signals: Sequence[Signal],
    verdict: Mapping[str, Any],
    looks: Sequence[Mapping[str, Any]],
) -> str:
    """The whole page as text."""
    name = str(watched.release.lineage["model"])
    groups = [_group(group, [each for each in signals if each.group == group]) for group in GROUPS]
    body = tag("main", _header(name, verdict), *groups, _distributions(watched), _truth(watched, looks))
    head = join(
        (
            Markup(
                '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            ),
            tag("title", f"{name}: {verdict['level']}"),
            tag("style", Markup(STYLE)),
        )
    )
    return "<!doctype html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"


def _header(name: str, verdict: Mapping[str, Any]) -> Markup:
    level = verdict["level"]
    seen = verdict["window"]
    facts = {
        "release": verdict["version"],
        "answers in the window": seen["rows"],
        "requests refused": seen["refused"],
        **({"lines nobody can read": seen["unreadable"]} if seen["unreadable"] else {}),
        "outcomes known": verdict["labels_joined"],
        "judged at": str(verdict["as_of"]).replace("T", " ").replace("Z", " UTC"),
    }
    boxes = [
        tag("div", tag("b", value), tag("span", label, class_="muted small"))
        for label, value in facts.items()
    ]
    title = tag("div", tag("h1", name), tag("p", WORDS[level], class_="muted"))
    top = tag("div", title, tag("span", level, class_="badge"), class_="row")
    return tag(
        "header",
        top,
        tag("div", *boxes, class_="facts"),
        _act(verdict),
        style=f"--level:{charts.COLOURS[level]}",
    )


def _act(verdict: Mapping[str, Any]) -> Markup:
    if verdict["level"] == "ok":
        return Markup("")
    kinds = [
        tag("p", tag("b", f"{each['kind']} drift: "), f"{each['why']}. First: {each['first']}.")
        for each in verdict["kinds"]
    ]
    who = ", ".join(verdict["recipients"])
    return tag("div", *kinds, tag("p", tag("b", "Act: "), f"{verdict['do']} Told: {who}."), class_="act")


def _group(group: str, signals: Sequence[Signal]) -> Markup:
    if not signals:
        return Markup("")
    names = ("signal", "level", "value", "against its limits", "about")
    head = tag("tr", *(tag("th", name) for name in names))
    table = tag("table", tag("thead", head), tag("tbody", *(_row(each) for each in signals)))
    return join((tag("h2", GROUPS[group]), tag("div", table, class_="card")))


def _row(signal: Signal) -> Markup:
    value = "–" if signal.value is None else f"{signal.value:.3g}"
    badge = tag("span", signal.level, class_="badge", style=f"--level:{charts.COLOURS[signal.level]}")
    about = [tag("span", signal.about, class_="small")]
    if signal.value is not None and signal.noise:
        about.append(tag("div", f"chance alone gives up to {signal.noise:.2g}", class_="muted small"))
    return tag(
        "tr",
        tag("td", signal.id),
        tag("td", badge),
        tag("td", value, class_="number"),
        tag("td", charts.scale(signal.value, signal.limits, signal.level)),
        tag("td", *about),
    )


def _distributions(watched: Watched) -> Markup:
    pairs = [("score", watched.reference.scores, watched.window.scores)]
    pairs += [(name, watched.reference.columns[name], now) for name, now in watched.window.columns.items()]
    tiles = []
    for name, known, now in pairs:
        if len(known) and len(now):
            both = stats.shares(known, now)
            words = tag("p", f"PSI {stats.psi(both).value:.3f}", class_="muted small")
            tiles.append(tag("div", tag("h3", name), words, charts.bars(both), class_="tile"))
    colours = (("then (reference)", charts.KNOWN), ("now (window)", charts.NOW))
    key = [join((tag("i", style=f"background:{colour}"), word)) for word, colour in colours]
    title = tag("h2", "Distributions", tag("span", *key, class_="key muted small"))
    return join((title, tag("div", *tiles, class_="grid"))) if tiles else Markup("")


def _truth(watched: Watched, looks: Sequence[Mapping[str, Any]]) -> Markup:
    past = join(
        (
            tag("h3", "Earlier looks"),
            charts.trend(looks),
            tag("p", f"{len(looks)} so far", class_="muted small"),
        )
    )
    tiles = [tag("div", past, class_="tile")]
    if rows := watched.outcomes.rows:
        words = "Dots are fifths of the scores: right is what the model expected, up is what happened."
        chart = charts.reliability(watched.outcomes.scores, watched.outcomes.answers)
        kept = (tag("h3", f"Kept promises, {rows} outcomes"), tag("p", words, class_="muted small"), chart)
        tiles.insert(0, tag("div", *kept, class_="tile"))
    return join((tag("h2", "Truth and time"), tag("div", *tiles, class_="pair")))
