"""The report for a job summary: small enough that a forge takes it, with no markup of strangers in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from roadworthy.core.judging.models import Report, Verdict
from roadworthy.render.escape import code, markdown
from roadworthy.render.shown import Shown, findings, outcome, share

# A summary above 1 MiB is refused as a whole.
MAX_BYTES = 900 * 1024
CUT = "\n\n*Cut here: the rest is in the JSON report.*\n"


def report_markdown(report: Report) -> str:
    """Return the report as Markdown, cut at whole lines if it is too large."""
    text = "\n".join(_lines(report)) + "\n"
    data = text.encode()
    if len(data) <= MAX_BYTES:
        return text
    return data[: MAX_BYTES - len(CUT)].decode(errors="ignore").rpartition("\n")[0] + CUT


def _lines(report: Report) -> Iterator[str]:
    project = report.project
    yield f"## {markdown(project['name'] or 'unnamed project')}: {outcome(report)}"
    yield ""
    pack = f"{markdown(report.pack['id'])} {markdown(report.pack['version'])}"
    yield f"Tier **{project['tier']}**, judged by {pack} as of {report.as_of}."
    if report.incomplete:
        yield f"**Incomplete:** {markdown(report.incomplete)}"
    yield ""
    yield from _table(
        ("verdict", "controls"), [(name.replace("_", " "), str(n)) for name, n in report.counts.items()]
    )
    yield f"Evidence: {share(report)}."
    for verdict, title in ((Verdict.FAIL, "Failing"), (Verdict.UNKNOWN, "Unknown")):
        yield from _details(list(findings(report, verdict)), title)
    yield from _list(list(findings(report, Verdict.PENDING)), "To do, not due yet")
    yield from _list(list(findings(report, Verdict.WAIVED)), "Waived")
    yield from _notes(report)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _details(shown: list[Shown], title: str) -> Iterator[str]:
    if not shown:
        return
    yield f"\n### {title}\n"
    rows = [(code(s.id), code(s.place), markdown(s.found), markdown(s.expected), _fix(s)) for s in shown]
    yield from _table(("check", "where", "found", "expected", "fix"), rows)


def _fix(shown: Shown) -> str:
    repair = shown.control.remediation
    command = f" {code(repair.command)}" if repair.command else ""
    return f"{markdown(repair.text)}{command} ({markdown(repair.effort)})"


def _list(shown: list[Shown], title: str) -> Iterator[str]:
    if shown:
        yield f"\n### {title}\n"
        yield from _table(
            ("check", "what", "why"),
            [(code(s.id), markdown(s.found), markdown(s.finding.reason)) for s in shown],
        )


def _notes(report: Report) -> Iterator[str]:
    if report.waivers:
        yield "\n### Waivers\n"
        rows = [(code(n.id), code(n.control), n.status, markdown(n.text)) for n in report.waivers]
        yield from _table(("waiver", "control", "status", "what it says"), rows)
    if report.notices:
        yield "\n### Noticed\n"
        yield from (f"- {markdown(notice)}" for notice in report.notices)
