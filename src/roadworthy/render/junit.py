"""The report as JUnit XML: a suite per control, a case per check. Unknown is an error, excused is skipped."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from roadworthy.core.judging.models import Judged, Report, Verdict
from roadworthy.render.escape import xml
from roadworthy.render.shown import Shown, ordered

SKIPPED = (Verdict.WAIVED, Verdict.PENDING, Verdict.NOT_APPLICABLE)


def report_junit(report: Report) -> str:
    totals = _totals(report.judged)
    del totals["skipped"]  # which the schema knows of a suite, and not of all suites together
    root = ET.Element("testsuites", {"name": "roadworthy", **totals})
    for judged in ordered(report):
        root.append(_suite(judged, report))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _totals(judged: tuple[Judged, ...]) -> dict[str, str]:
    verdicts = [finding.verdict for each in judged for finding in each.findings]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.FAIL)),
        "errors": str(verdicts.count(Verdict.UNKNOWN)),
        "skipped": str(sum(verdict in SKIPPED for verdict in verdicts)),
        "time": "0",
    }


def _suite(judged: Judged, report: Report) -> ET.Element:
    name = xml(f"{judged.control.id} {judged.control.title}")
    about = {"name": name, "timestamp": report.as_of.rstrip("Z"), **_totals((judged,))}
    suite = ET.Element("testsuite", about)
    for finding in judged.findings:
        suite.append(_case(Shown(control=judged.control, finding=finding)))
    return suite


def _case(shown: Shown) -> ET.Element:
    case = ET.Element("testcase", name=shown.finding.check, classname=shown.control.id, time="0")
    verdict, told = shown.finding.verdict, xml(shown.found)
    if verdict is Verdict.FAIL:
        failure = ET.SubElement(case, "failure", message=told, type=str(shown.control.severity))
        failure.text = xml(_body(shown))
    elif verdict is Verdict.UNKNOWN:
        ET.SubElement(case, "error", message=xml(shown.finding.reason or told), type="unknown")
    elif verdict in SKIPPED:
        ET.SubElement(case, "skipped", message=xml(f"{verdict}: {shown.finding.reason}"))
    return case


def _body(shown: Shown) -> str:
    repair = shown.control.remediation
    fix = f"{repair.text} {repair.command} ({repair.effort})"
    return f"where: {shown.place} | expected: {shown.expected} | fix: {fix}"
