"""What every output says of a finding: one wording, many formats."""

from __future__ import annotations

from collections.abc import Iterator

from roadworthy.core.judging.models import WORST_FIRST, Control, Finding, Judged, Report, Severity, Verdict
from roadworthy.core.values import frozen

SEVERITIES = tuple(Severity)
ANSWERS = ".copier-answers.yml"


@frozen
class Shown:
    """A finding with its control, ready to be told."""

    control: Control
    finding: Finding

    @property
    def id(self) -> str:
        """Return the finding's stable name."""
        return f"{self.control.id}/{self.finding.check}"

    @property
    def found(self) -> str:
        """Return what is the case."""
        return self.finding.actual or self.finding.message or self.finding.reason

    @property
    def expected(self) -> str:
        """Return what should be the case."""
        return self.finding.expected or self.control.intent

    @property
    def place(self) -> str:
        """Return where to look."""
        return self.finding.place or "the project as a whole"

    @property
    def file(self) -> str:
        """Return one file to point a tool at: the first that the place names, else the answers file."""
        first = self.finding.place.split(", ")[0].split(" ")[0].partition(":")[0]
        return first if "." in first.rpartition("/")[2] and not first.startswith(("/", "..")) else ANSWERS

    @property
    def line(self) -> int:
        """Return the line in that file, 1 when none is named."""
        after = self.finding.place.split(", ")[0].split(" ")[0].partition(":")[2]
        return int(after) if after.isdecimal() and len(after) < 8 and int(after) > 0 else 1


def ordered(report: Report) -> tuple[Judged, ...]:
    """Return the controls, worst verdict first, then by severity and id."""
    return tuple(sorted(report.judged, key=_rank))


def _rank(judged: Judged) -> tuple[int, int, str]:
    return WORST_FIRST.index(judged.verdict), SEVERITIES.index(judged.control.severity), judged.control.id


def findings(report: Report, *verdicts: Verdict) -> Iterator[Shown]:
    """Yield the findings of some verdicts, worst control first."""
    for judged in ordered(report):
        for finding in judged.findings:
            if finding.verdict in verdicts:
                yield Shown(control=judged.control, finding=finding)


def outcome(report: Report) -> str:
    """Return the judgement in one word or two."""
    return {0: "conforming", 1: "not conforming", 3: "could not be judged"}[report.exit_code]


def share(report: Report) -> str:
    """Return how many checks rest on which grade of evidence, in percent."""
    total = sum(report.grades.values()) or 1
    return ", ".join(f"{grade} {count * 100 // total} %" for grade, count in report.grades.items())
