"""The values a judgement is made of: what is asked, and what was found. Pure data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from roadworthy.core.values import field, frozen


class Verdict(StrEnum):
    """What a check or a control came to. Worst first: the order in which people should read them."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    PENDING = "pending"
    PASS = "pass"
    NOT_APPLICABLE = "not_applicable"


class Grade(StrEnum):
    """How a fact came to be known."""

    DERIVED = "derived"
    EXECUTED = "executed"
    ATTESTED = "attested"


class Due(StrEnum):
    """When a check starts to bind."""

    BIRTH = "birth"
    RELEASE = "release"


class Severity(StrEnum):
    """How much a failure weighs. Worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Lifecycle(StrEnum):
    """How settled a control is; an experimental one never fails anybody."""

    EXPERIMENTAL = "experimental"
    STABLE = "stable"
    DEPRECATED = "deprecated"


WORST_FIRST = tuple(Verdict)


def worst(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Return the verdict that speaks for several."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.NOT_APPLICABLE)


@frozen
class Applies:
    """Which projects a question is about."""

    kinds: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    min_tier: str = "low"


@frozen
class Check:
    """One executable question. `expression` is CEL over facts; or `schema` is a shape for the fact `on`.

    `message`, `place`, `expected`, `actual`, `by` and `until` are CEL expressions that yield text.
    `unknown_blocks` says `release` where only the gate is placed to know: there, not on every change,
    does a tier block on an unknown answer.
    """

    id: str
    grade: Grade
    title: str = ""
    due: Due = Due.BIRTH
    unknown_blocks: str = ""
    needs: tuple[str, ...] = ()
    when: str = ""
    applies: Applies = field(default_factory=Applies)
    expression: str = ""
    on: str = ""
    schema: Mapping[str, Any] | None = None
    message: str = ""
    place: str = ""
    expected: str = ""
    actual: str = ""
    by: str = ""
    until: str = ""
    enforce_from: Mapping[str, str] = field(default_factory=dict)


@frozen
class Remediation:
    """How a failure is repaired and what that costs."""

    text: str
    command: str = ""
    effort: str = ""


@frozen
class Reference:
    """A place in a framework that a control supports."""

    framework: str
    edition: str
    ref: str
    relation: str = "supports"


@frozen
class Control:
    """One thing policy demands."""

    id: str
    title: str
    intent: str
    severity: Severity
    checks: tuple[Check, ...]
    remediation: Remediation
    lifecycle: Lifecycle = Lifecycle.STABLE
    version: int = 1
    applies: Applies = field(default_factory=Applies)
    announced: str = ""
    enforce_from: Mapping[str, str] = field(default_factory=dict)
    waivable: bool = True
    why: str = ""
    maps: tuple[Reference, ...] = ()
    cases: tuple[Mapping[str, Any], ...] = ()
    origin: str = ""  # the extension that it came with, and its version


@frozen
class Pack:
    """A versioned set of controls with the tiers and fact types they are written against."""

    id: str
    version: str
    digest: str
    controls: tuple[Control, ...]
    tiers: Mapping[str, Any]
    fact_types: Mapping[str, Any]
    frameworks: Mapping[str, Mapping[str, Any]]
    schemas: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...] = ()

    def stale(self, today: str) -> tuple[str, ...]:
        """The framework maps whose review is overdue on a day."""
        maps = self.frameworks.items()
        return tuple(sorted(name for name, each in maps if str(each.get("review_by", "")) < today))


@frozen
class Finding:
    """What one check of one control came to. `raw` is the verdict before dates and waivers."""

    control: str
    check: str
    grade: Grade
    verdict: Verdict
    raw: Verdict
    due: Due = Due.BIRTH
    unknown_blocks: str = ""
    message: str = ""
    place: str = ""
    expected: str = ""
    actual: str = ""
    reason: str = ""
    waiver: str = ""
    by: str = ""
    until: str = ""
    error: bool = False


def to_row(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON can hold it, without what it does not say."""
    return {name: value for name, value in vars(finding).items() if value}


def from_row(row: Mapping[str, Any]) -> Finding:
    """Return the finding that a row was made of."""
    enums: dict[str, Callable[[Any], Any]] = {"grade": Grade, "due": Due, "verdict": Verdict, "raw": Verdict}
    return Finding(**{name: enums[name](value) if name in enums else value for name, value in row.items()})


@frozen
class Judged:
    """A control with the findings of its checks; its verdict is its worst finding's."""

    control: Control
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict that speaks for the whole control."""
        return worst(tuple(finding.verdict for finding in self.findings))


@frozen
class WaiverNote:
    """What became of one waiver: honoured, expired, stale, a mere request, or why it does not count."""

    id: str
    control: str
    status: str
    text: str
    place: str = ""
    expires: str = ""
    owner: str = ""


@frozen
class Report:
    """A whole judgement: the source of every output format."""

    project: Mapping[str, Any]
    pack: Mapping[str, Any]
    tool: str
    as_of: str
    source: Mapping[str, Any]
    judged: tuple[Judged, ...]
    waivers: tuple[WaiverNote, ...] = ()
    notices: tuple[str, ...] = ()
    incomplete: str = ""
    for_release: str = ""
    unknown_blocks: str = "none"

    @property
    def counts(self) -> dict[str, int]:
        """How many controls came to each of the six verdicts."""
        seen = Counter(str(judged.verdict) for judged in self.judged)
        return {str(verdict): seen[str(verdict)] for verdict in Verdict}

    @property
    def grades(self) -> dict[str, int]:
        """How many of the checks that apply rest on each grade of evidence."""
        live = [f for j in self.judged for f in j.findings if f.verdict is not Verdict.NOT_APPLICABLE]
        seen = Counter(str(finding.grade) for finding in live)
        return {str(grade): seen[str(grade)] for grade in Grade}

    @property
    def exit_code(self) -> int:
        """0 conforming, 1 not, 3 not judgeable, as a whole or where the tier forbids unknown answers."""
        findings = [finding for judged in self.judged for finding in judged.findings]
        if self.incomplete or not self.judged:
            return 3
        if any(finding.verdict is Verdict.FAIL for finding in findings):
            return 1
        return 3 if any(finding.error or self._is_blocking(finding) for finding in findings) else 0

    def _is_blocking(self, finding: Finding) -> bool:
        """Whether the tier blocks, here, on what could not be known."""
        if finding.verdict is not Verdict.UNKNOWN or self.unknown_blocks == "none":
            return False
        return bool(self.for_release) or "release" not in (self.unknown_blocks, finding.unknown_blocks)
