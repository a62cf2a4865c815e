"""One report in every format: each whole, each valid by its own schema, none obeying what it quotes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from roadworthy.adapters.policy import read_policy
from roadworthy.adapters.shapes import misshapen
from roadworthy.core.judging.models import (
    Check,
    Control,
    Due,
    Finding,
    Grade,
    Judged,
    Reference,
    Remediation,
    Report,
    Severity,
    Verdict,
    WaiverNote,
)
from roadworthy.render.escape import code, html, markdown, plain, xml
from roadworthy.render.json import report_dict, report_json
from roadworthy.render.junit import report_junit
from roadworthy.render.markdown import MAX_BYTES, report_markdown
from roadworthy.render.sarif import report_sarif, sarif
from roadworthy.render.text import report_text
from tests.credentials import CREDENTIALS
from tests.render.official import junit_problems, sarif_problems

EVIL = "\x1b[31m::error::x ##[group] <script>alert(1)</script> `|@all`\n::warning::y\u202e\x00 =cmd() ]]>"


def finding(verdict: Verdict, check: str = "one", **more: Any) -> Finding:
    raw = Verdict.FAIL if verdict in (Verdict.WAIVED, Verdict.PENDING) else verdict
    values: dict[str, Any] = {
        "control": "X-01",
        "check": check,
        "grade": Grade.DERIVED,
        "verdict": verdict,
        "raw": raw,
    }
    return Finding(**{**values, **more})


def judged(name: str, *findings: Finding, severity: Severity = Severity.HIGH) -> Judged:
    control = Control(
        id=name,
        title=f"Title of {name}",
        intent="What it is for.",
        severity=severity,
        checks=tuple(Check(id=each.check, grade=each.grade) for each in findings),
        remediation=Remediation(text="Mend it.", command="make mend", effort="minutes"),
        maps=(Reference(framework="nist-ai-rmf", edition="1.0", ref="MANAGE 2.4"),),
    )
    return Judged(control=control, findings=tuple(replace(each, control=name) for each in findings))


FAILING = finding(
    Verdict.FAIL,
    message="no drill within 31 days",
    place="governance/drills/x.json:7, governance/drills",
    expected="a drill in the last 31 days",
    actual="none",
)
REPORT = Report(
    project={"name": "credit", "kind": "trained", "mode": "online", "tier": "high", "package": "credit"},
    pack={"id": "roadworthy", "version": "0.1.0", "digest": "sha256:" + "0" * 64},
    tool="0.1.0",
    as_of="2026-11-20T12:00:00Z",
    source={"kind": "folder", "path": "credit"},
    judged=(
        judged("OK-01", finding(Verdict.PASS)),
        judged("NO-01", FAILING, finding(Verdict.PASS, "two")),
        judged("NO-02", finding(Verdict.FAIL), severity=Severity.CRITICAL),
        judged("UN-01", finding(Verdict.UNKNOWN, reason="no token was given")),
        judged("WA-01", finding(Verdict.WAIVED, reason="waived by W-1", waiver="W-1", message="not yet")),
        judged(
            "PE-01", finding(Verdict.PENDING, reason="due before the first release", message="no release:")
        ),
        judged("NA-01", finding(Verdict.NOT_APPLICABLE, reason="for kind llm, this is trained")),
    ),
    waivers=(WaiverNote(id="W-1", control="WA-01", status="expiring", text="counts", expires="2026-12-01"),),
    notices=("not read, a symbolic link: x",),
)
SPOILED = replace(
    REPORT,
    project={**REPORT.project, "name": EVIL},
    judged=(judged("NO-01", replace(FAILING, message=EVIL, place=EVIL, expected=EVIL, actual=EVIL)),),
    waivers=(WaiverNote(id=EVIL, control=EVIL, status="request", text=EVIL),),
    notices=(EVIL,),
)
GREEN = replace(REPORT, judged=REPORT.judged[:1], waivers=(), notices=())
SCHEMA = json.loads(read_policy()["schemas/report.v1.json"])


@pytest.mark.parametrize("report", [REPORT, SPOILED, GREEN], ids=["all verdicts", "spoiled", "green"])
def test_json_has_the_published_schema(report: Report) -> None:
    assert misshapen(SCHEMA, json.loads(report_json(report))) == []


def test_the_schema_refuses_what_is_no_report() -> None:
    good = report_dict(REPORT)
    changes: list[dict[str, Any]] = [
        {"schema": "report/v2"},
        {"exit_code": 4},
        {"counts": {"pass": 1}},
        {"controls": [{}]},
        {"extra": 1},
    ]
    for change in changes:
        assert misshapen(SCHEMA, {**good, **change})


def test_json_says_everything() -> None:
    found = report_dict(REPORT)
    assert found["counts"] == {
        "fail": 2,
        "unknown": 1,
        "pending": 1,
        "waived": 1,
        "pass": 1,
        "not_applicable": 1,
    }
    assert found["grades"] == {"derived": 7, "executed": 0, "attested": 0}
    assert [each["id"] for each in found["controls"]][:3] == ["NO-02", "NO-01", "UN-01"]
    waived = next(each for each in found["controls"] if each["id"] == "WA-01")["findings"][0]
    assert (waived["verdict"], waived["raw_verdict"], waived["waiver"]) == ("waived", "fail", "W-1")
    assert (found["exit_code"], found["outcome"]) == (1, "not conforming")


def test_text_on_one_screen_worst_first() -> None:
    text = report_text(REPORT)
    assert (
        text.index("NO-02")
        < text.index("NO-01")
        < text.index("UN-01")
        < text.index("PE-01")
        < text.index("WA-01")
    )
    for said in (
        "where     governance/drills/x.json:7",
        "expected  a drill in the last 31 days",
        "found     none",
        "why       What it is for.",
        "fix       Mend it. (minutes)",
        "run       make mend",
        "unknown   no token was given",
        "fail 2  unknown 1  waived 1  pending 1  pass 1  not applicable 1",
        "more: roadworthy explain NO-02",
    ):
        assert said in text
    assert "OK-01" not in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_to_do_that_names_nothing_says_what_should_be() -> None:
    assert re.search(r"PE-01/one +What it is for\.", report_text(REPORT))


def test_colour_only_on_demand() -> None:
    assert "\x1b" not in report_text(REPORT)
    assert "\x1b[31;1m" in report_text(REPORT, colour=True)


def test_a_green_report_is_short() -> None:
    text = report_text(GREEN)
    assert "conforming: of 1 controls" in text
    assert "roadworthy explain" not in text
    assert len(text.splitlines()) < 8


@pytest.mark.parametrize("write", [report_text, report_markdown, report_junit, report_sarif, report_json])
def test_nothing_quoted_is_obeyed(write: Any) -> None:
    said = write(SPOILED)
    assert "\x1b" not in said
    assert "\x00" not in said
    assert not [line for line in said.splitlines() if line.strip().startswith(("::", "##["))]


@pytest.mark.parametrize("write", [report_text, report_markdown, report_junit, report_sarif])
def test_odd_letters_are_shown_as_code(write: Any) -> None:
    assert "\u202e" not in write(SPOILED)


def test_markdown_holds_no_markup_of_strangers() -> None:
    said = report_markdown(SPOILED)
    assert "<script" not in said
    assert "@all" not in said
    rows = [line for line in said.splitlines() if line.startswith("| <code>NO-01")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 6


def test_markdown_stays_under_the_limit() -> None:
    many = replace(
        REPORT, judged=tuple(judged(f"N{n}-01", replace(FAILING, actual="x" * 1_500)) for n in range(900))
    )
    said = report_markdown(many)
    assert len(said.encode()) <= MAX_BYTES
    assert said.endswith("*Cut here: the rest is in the JSON report.*\n")


def test_sarif_tells_what_fails_and_leaves_out_what_is_excused() -> None:
    run = sarif(REPORT)["runs"][0]
    assert [(each["ruleId"], each["kind"], each["level"]) for each in run["results"]] == [
        ("NO-02", "fail", "error"),
        ("NO-01", "fail", "error"),
        ("UN-01", "open", "none"),
    ]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("governance/drills/x.json", 7)
    assert (
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == ".copier-answers.yml"
    )
    assert run["properties"]["counts"]["waived"] == 1
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_fingerprints_survive_another_line_and_number() -> None:
    moved = replace(FAILING, place="governance/drills/x.json:9", actual="two")
    marks = [
        sarif(replace(REPORT, judged=(judged("NO-01", each),)))["runs"][0]["results"][0][
            "partialFingerprints"
        ]
        for each in (FAILING, moved)
    ]
    assert marks[0] == marks[1]


@pytest.mark.parametrize("report", [REPORT, SPOILED, GREEN], ids=["all verdicts", "spoiled", "green"])
def test_sarif_is_valid_by_its_official_schema(report: Report) -> None:
    assert sarif_problems(report_sarif(report)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "2.2.0"),
        (("runs", 0, "tool"), {}),
        (("runs", 0, "columnKind"), "bytes"),
        (("runs", 0, "results", 0, "kind"), "failed"),
        (("runs", 0, "results", 0, "message"), "text"),
        (("runs", 0, "results", 0, "verdict"), "fail"),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 0),
        (("runs", 0, "tool", "driver", "rules", 0, "help"), {"markdown": "no text"}),
    ],
)
def test_the_official_schema_refuses_another_sarif(path: tuple[str | int, ...], value: Any) -> None:
    log: Any = sarif(REPORT)
    *steps, last = path
    node = log
    for step in steps:
        node = node[step]
    node[last] = value
    assert sarif_problems(json.dumps(log))


@pytest.mark.parametrize("report", [REPORT, SPOILED, GREEN], ids=["all verdicts", "spoiled", "green"])
def test_junit_is_valid_by_the_schema_of_its_readers(report: Report) -> None:
    assert junit_problems(report_junit(report)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<testsuites name="roadworthy"', '<testsuites name="roadworthy" skipped="3"'),
        (' name="two"', ""),
        ('time="0"', 'time="soon"'),
        ("<skipped ", "<waived "),
    ],
)
def test_the_schema_of_its_readers_refuses_another_junit(old: str, new: str) -> None:
    text = report_junit(REPORT)
    assert old in text
    assert junit_problems(text.replace(old, new))


def test_junit_counts_and_kinds() -> None:
    root = ET.fromstring(report_junit(REPORT).encode())
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "8",
        "failures": "2",
        "errors": "1",
    }
    assert sum(int(suite.get("skipped", "")) for suite in root) == 3
    kinds = {case.get("classname"): [child.tag for child in case] for case in root.iter("testcase")}
    assert kinds["UN-01"] == ["error"]
    assert kinds["WA-01"] == kinds["PE-01"] == kinds["NA-01"] == ["skipped"]
    assert kinds["OK-01"] == []


def test_escapes() -> None:
    assert plain("a\nb\tc") == "a b\\u0009c"
    assert plain("::set-output::x") == ":\\:set-output::x"
    assert plain("x" * 5_000).endswith("…")
    assert plain("token ghp_" + "a" * 36) == "token [redacted]"
    assert html("<a href='x'>&") == "&lt;a href=&#39;x&#39;&gt;&amp;"
    assert markdown("**a** [b](c)") == "\\*\\*a\\*\\* \\[b\\]\\(c\\)"
    assert code("a`b|c") == "<code>a&#96;b&#124;c</code>"
    assert xml("a\ufffeb") == "ab"


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_what_is_found_as_a_credential_is_never_shown(credential: bytes) -> None:
    shown = plain(f"found {credential.decode()}")
    assert "[redacted]" in shown
    assert max(credential.decode().split(), key=len) not in shown


def test_release_and_incomplete_are_said() -> None:
    said = report_text(replace(REPORT, for_release="3", incomplete="more than 50,000 files"))
    assert "for release 3" in said
    assert "incomplete: more than 50,000 files" in said
    assert "could not be judged" in said
    due = replace(
        REPORT,
        judged=(judged("A-01", finding(Verdict.PENDING, due=Due.RELEASE, reason="binds from 2027-01-01")),),
    )
    assert "binds from 2027-01-01" in report_text(due)
