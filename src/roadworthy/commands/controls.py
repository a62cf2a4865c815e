"""The policy's controls for one release: verdicts to show, refusals to obey."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.subject import canonical, sha256
from roadworthy.core.judging.models import Judged, Verdict


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What each control came to, and which of them block."""

    verdicts: tuple[tuple[str, str], ...]
    refusals: tuple[Refusal, ...]

    @property
    def digest(self) -> str:
        """One digest of what was seen, for an approval to name."""
        return "sha256:" + sha256(canonical([list(each) for each in self.verdicts]))


def judge_controls(project: Path, version: str, as_of: str | None) -> Controls:
    """Judge a project for a release: what fails blocks, and what is unknown where the tier forbids that."""
    from roadworthy.commands.check import check

    report = check(str(project), as_of=as_of, for_release=version)
    verdicts = tuple((each.control.id, str(each.verdict)) for each in report.judged)
    binding = {Verdict.FAIL} | ({Verdict.UNKNOWN} if report.unknown_blocks in ("merge", "release") else set())
    blocking = tuple(_refusal(each) for each in report.judged if each.verdict in binding)
    whole = (Refusal(code="check-incomplete", message=report.incomplete, fix="roadworthy check"),)
    return Controls(verdicts=verdicts, refusals=(*blocking, *(whole if report.incomplete else ())))


def _refusal(judged: Judged) -> Refusal:
    worst = next(finding for finding in judged.findings if finding.verdict is judged.verdict)
    said = worst.message or worst.reason
    return Refusal(
        code="control",
        message=f"{judged.control.id} {judged.control.title}: {judged.verdict}: {said}",
        fix=judged.control.remediation.command or f"roadworthy explain {judged.control.id}",
    )
