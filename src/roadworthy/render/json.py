"""The report as versioned JSON (`policy/schemas/report.v1.json`): what every other consumer reads."""

from __future__ import annotations

import json
from typing import Any

from roadworthy.core.judging.models import Control, Finding, Judged, Report
from roadworthy.render.shown import Shown, ordered, outcome

SCHEMA = "report/v1"


def report_json(report: Report) -> str:
    return json.dumps(report_dict(report), indent=1, ensure_ascii=True)


def report_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "roadworthy", "version": report.tool},
        "pack": dict(report.pack),
        "as_of": report.as_of,
        "source": dict(report.source),
        "project": dict(report.project),
        "for_release": report.for_release or None,
        "outcome": outcome(report),
        "exit_code": report.exit_code,
        "unknown_blocks": report.unknown_blocks,
        "incomplete": report.incomplete or None,
        "counts": report.counts,
        "grades": report.grades,
        "controls": [_judged(judged) for judged in ordered(report)],
        "waivers": [
            {name: getattr(note, name) for name in note.__dataclass_fields__} for note in report.waivers
        ],
        "notices": list(report.notices),
    }


def _judged(judged: Judged) -> dict[str, Any]:
    control = judged.control
    return {
        "id": control.id,
        "title": control.title,
        "intent": control.intent,
        "severity": str(control.severity),
        "lifecycle": str(control.lifecycle),
        "version": control.version,
        "extension": control.origin or None,
        "verdict": str(judged.verdict),
        "remediation": {name: getattr(control.remediation, name) for name in ("text", "command", "effort")},
        "maps": [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in control.maps],
        "findings": [_finding(control, finding) for finding in judged.findings],
    }


def _finding(control: Control, finding: Finding) -> dict[str, Any]:
    shown = Shown(control=control, finding=finding)
    return {
        "check": finding.check,
        "verdict": str(finding.verdict),
        "raw_verdict": str(finding.raw),
        "grade": str(finding.grade),
        "due": str(finding.due),
        "place": finding.place,
        "expected": shown.expected,
        "found": shown.found,
        "reason": finding.reason,
        "waiver": finding.waiver or None,
        "attested_by": finding.by or None,
        "attested_until": finding.until or None,
        "error": finding.error,
    }
