"""A report for people at a terminal: worst first, aligned, calm; what passes is only counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from roadworthy.core.judging.models import Report, Verdict
from roadworthy.render.escape import plain
from roadworthy.render.shown import Shown, findings, ordered, outcome, share

WIDTH = 100
LABEL = 10
INDENT = 6
MOST_LINES = 12
MOST_NOTES = 20
_COLOURS = {
    "fail": "31;1",
    "unknown": "33;1",
    "pending": "36",
    "waived": "35",
    "pass": "32",
    "not_applicable": "2",
}


def report_text(report: Report, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return the report as lines of text."""
    if _is_no_project(report):
        body: Iterable[str] = _nothing_to_judge(report, width)
    else:
        body = (*_wrong(report, colour, width), *_to_do(report, colour, width), *_rest(report, width))
    return "\n".join((*_head(report), *body, *_foot(report, colour)))


def _is_no_project(report: Report) -> bool:
    """Whether nothing says what it is: no lock, no answers, no system record, no risk record, no release."""
    said = ("kind", "mode", "claimed_tier", "released")
    return not (report.incomplete or any(report.project[name] for name in said))


def _nothing_to_judge(report: Report, width: int) -> Iterator[str]:
    yield ""
    yield "This is no Roadworthy project: nothing here says what kind of system it is."
    yield from _row("where", plain(str(report.source["path"]), 300), width)
    yield from _row("expected", ".roadworthy/lock.yaml, or governance/system.yaml and risk.yaml", width)
    yield from _row("fix", "Name the project's own folder, or make a project.", width)
    yield _command("roadworthy new NAME")


def _head(report: Report) -> Iterator[str]:
    project = report.project
    name = plain(project["name"] or "unnamed project")
    kind = ", ".join(plain(word) for word in (project["kind"], project["mode"]) if word)
    release = f", for release {plain(report.for_release)}" if report.for_release else ""
    yield f"{name}: tier {project['tier']}{', ' + kind if kind else ''}{release}"
    yield f"judged by {plain(report.pack['id'])} {plain(report.pack['version'])} as of {report.as_of}"
    if report.incomplete:
        yield f"incomplete: {plain(report.incomplete)}"


def _wrong(report: Report, colour: bool, width: int) -> Iterator[str]:
    """What fails, and what could not be known, each with everything needed to repair it."""
    for judged in ordered(report):
        bad = [f for f in judged.findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
        if not bad:
            continue
        word = _paint(f"{judged.verdict.upper():8}", judged.verdict, colour)
        yield ""
        origin = f", from {plain(judged.control.origin)}" if judged.control.origin else ""
        yield f"{word}{judged.control.id}  {plain(judged.control.title)}  ({judged.control.severity}{origin})"
        for finding in bad:
            yield from _told(Shown(control=judged.control, finding=finding), width)
        repair = judged.control.remediation
        yield from _row("why", plain(judged.control.intent), width)
        yield from _row("fix", plain(repair.text) + (f" ({repair.effort})" if repair.effort else ""), width)
        if repair.command:
            yield _command(repair.command)


def _told(shown: Shown, width: int) -> Iterator[str]:
    unknown = shown.finding.verdict is Verdict.UNKNOWN
    yield from _row("check", f"{shown.id}, {shown.finding.grade}", width)
    yield from _row("where", plain(shown.place, 300), width)
    yield from _row("expected", plain(shown.expected, 400), width)
    yield from _row(
        "unknown" if unknown else "found", plain(shown.finding.reason if unknown else shown.found, 600), width
    )


def _to_do(report: Report, colour: bool, width: int) -> Iterator[str]:
    """What is not due yet: one line each."""
    waiting = list(findings(report, Verdict.PENDING))
    if waiting:
        yield ""
        yield _paint("PENDING", "pending", colour) + " to do, not failing yet"
    for shown in waiting:
        reason = plain(shown.finding.reason.partition(";")[0])
        head = f"  {shown.id:24} "
        said, most = plain(_to_be_done(shown)), max(width - len(head) - 3, 20)
        yield head + (said if len(said) <= most else f"{_wrapped(said, most - 2)[0]} …")
        if shown.finding.reason and not reason.startswith("due before"):
            yield f"  {'':24} {reason}"


def _to_be_done(shown: Shown) -> str:
    """What is missing; where nothing is named, what should be there."""
    return shown.expected if shown.found.rstrip().endswith(":") else shown.found


def _rest(report: Report, width: int) -> Iterator[str]:
    excused = list(findings(report, Verdict.WAIVED))
    if excused:
        yield ""
        yield "WAIVED  fails, and was excused for a while"
        for shown in excused:
            yield from _row(shown.id, plain(f"{shown.found}; {shown.finding.reason}", 400), width, 24, 2)
    if report.waivers:
        yield ""
        yield "WAIVERS"
        for note in report.waivers[:MOST_NOTES]:
            said = f"{plain(note.control)}: {note.status}: {plain(note.text, 300)}"
            yield from _row(plain(note.id, 22), said, width, 24, 2)
        if len(report.waivers) > MOST_NOTES:
            yield f"  and {len(report.waivers) - MOST_NOTES} more"
    if report.notices:
        yield ""
        yield "NOTICED"
        yield from (f"  {plain(notice, width - 4)}" for notice in report.notices)


def _foot(report: Report, colour: bool) -> Iterator[str]:
    yield ""
    counts = "  ".join(f"{name.replace('_', ' ')} {count}" for name, count in report.counts.items())
    verdict = {0: "pass", 1: "fail", 3: "unknown"}[report.exit_code]
    yield f"{_paint(outcome(report), verdict, colour)}: of {len(report.judged)} controls: {counts}"
    yield f"evidence: {share(report)}"
    if _is_no_project(report):
        from shlex import quote  # here only

        yield f"all of it: roadworthy check {plain(quote(str(report.source['path'])))} --format markdown"
        return
    worst = next(findings(report, Verdict.FAIL, Verdict.UNKNOWN), None)
    if worst:
        yield f"more: roadworthy explain {worst.control.id}"


def _command(text: str) -> str:
    """What a person copies: in one piece, however long."""
    return " " * INDENT + f"{'run':{LABEL}}" + plain(text)


def _row(label: str, text: str, width: int, label_width: int = LABEL, indent: int = INDENT) -> Iterator[str]:
    """One labelled text, wrapped under itself."""
    left = " " * indent + f"{label:{label_width}}"
    body = _wrapped(text, max(width - len(left), 30))
    if len(body) > MOST_LINES:
        body = [*body[: MOST_LINES - 1], "…"]
    yield left + body[0]
    yield from (" " * len(left) + line for line in body[1:])


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width`, a dash for nothing; to import `textwrap` takes as long as to write them."""
    lines, line = [], ""
    for word in text.split():
        line = f"{line} {word}" if line else word
        if len(line) > width and line != word:
            lines.append(line[: -len(word) - 1])
            line = word
        while len(line) > width:
            lines.append(line[:width])
            line = line[width:]
    return [*lines, line] if line else lines or ["-"]


def _paint(text: str, verdict: str, colour: bool) -> str:
    return f"\x1b[{_COLOURS[verdict]}m{text}\x1b[0m" if colour else text
