"""The report as SARIF 2.1.0. Waived findings are left out: code scanning ignores suppressions."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from roadworthy.core.judging.models import Control, Report, Verdict
from roadworthy.render.escape import code, markdown, plain
from roadworthy.render.shown import Shown, findings

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
MOST = 5_000


def report_sarif(report: Report) -> str:
    return json.dumps(sarif(report), indent=1)


def sarif(report: Report) -> dict[str, Any]:
    """Return the SARIF log as plain data: one result per check that fails or cannot be known."""
    shown = list(findings(report, Verdict.FAIL, Verdict.UNKNOWN))[:MOST]
    rules = {each.control.id: each.control for each in shown}
    order = list(rules)
    driver = {
        "name": "roadworthy",
        "semanticVersion": report.tool,
        "rules": [_rule(control) for control in rules.values()],
    }
    run = {
        "tool": {"driver": driver},
        "results": [_result(each, order.index(each.control.id)) for each in shown],
        "columnKind": "utf16CodeUnits",
        "properties": {
            "counts": report.counts,
            "grades": report.grades,
            "asOf": report.as_of,
            "pack": dict(report.pack),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(control: Control) -> dict[str, Any]:
    repair, more = control.remediation, f"roadworthy explain {control.id}"
    return {
        "id": control.id,
        "name": control.id.replace("-", ""),
        "shortDescription": {"text": plain(control.title)},
        "fullDescription": {"text": plain(control.intent)},
        "help": {
            "text": plain(f"{control.intent} Fix: {repair.text} {repair.command} More: {more}"),
            "markdown": "\n\n".join(
                (
                    markdown(control.intent),
                    f"Fix: {markdown(repair.text)} {code(repair.command)}",
                    f"More: {code(more)}",
                )
            ),
        },
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {
            "security-severity": SCORES[control.severity],
            "tags": ["governance", str(control.severity)],
            **({"extension": plain(control.origin)} if control.origin else {}),
        },
    }


def _result(shown: Shown, rule: int) -> dict[str, Any]:
    failing = shown.finding.verdict is Verdict.FAIL
    text = f"{shown.found}. Expected: {shown.expected}"
    place = {"uri": quote(shown.file, safe="/-._~"), "uriBaseId": "%SRCROOT%"}
    return {
        "ruleId": shown.control.id,
        "ruleIndex": rule,
        "kind": "fail" if failing else "open",
        "level": LEVELS[shown.control.severity] if failing else "none",
        "message": {"text": plain(f"{shown.id}: {text}")},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": {"startLine": shown.line}}}],
        "partialFingerprints": {"roadworthy/v1": _fingerprint(shown)},
        "properties": {"grade": str(shown.finding.grade), "verdict": str(shown.finding.verdict)},
    }


def _fingerprint(shown: Shown) -> str:
    """Stable while the same check speaks of the same file, whatever line or number it finds there."""
    return hashlib.sha256(f"{shown.id}\n{shown.file}".encode()).hexdigest()
