"""A pack in words: its proof, its faults, its changes, its reference pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roadworthy.core.judging.models import Check, Control, Pack
from roadworthy.core.packs.cases import Proof
from roadworthy.core.packs.diff import Compared, blocks, days, since, whom
from roadworthy.core.packs.lint import Linted

GENERATED = "<!-- Written by `roadworthy policy docs`; edit the pack, not this page. -->"
_GRADES = {
    "derived": "read from the repository, its history or its forge",
    "executed": "from a run whose output is on record",
    "attested": "a person said so, until a day",
}


@dataclass(frozen=True, kw_only=True)
class Documented:
    """Where the reference pages went, and which of them were new or different."""

    folder: str
    pages: int
    changed: tuple[str, ...]
    strangers: tuple[str, ...]


def proof_text(proof: Proof) -> str:
    lines = [f"BROKEN    {each.control}/{each.check}: {each.what}" for each in proof.broken]
    lines += [
        f"SURVIVED  {each.control}/{each.check}: no case notices that {each.what}" for each in proof.survived
    ]
    grades = ", ".join(f"{count} {grade}" for grade, count in proof.checks.items())
    caught = proof.mutants - len(proof.survived)
    return "\n".join(
        [
            *lines,
            f"{proof.controls} controls, {sum(proof.checks.values())} checks ({grades})",
            f"{proof.cases} cases, {proof.stuffed} of them keyword-stuffed: {len(proof.broken)} broken",
            f"{proof.mutants} mutants: {caught} caught, {len(proof.survived)} survived",
        ]
    )


def lint_text(found: Linted) -> str:
    lines = [f"{each.place}: {each.text}" for each in found.problems]
    lines += [f"frameworks/{name}.yaml: stale, its review is overdue" for name in found.stale]
    summary = f"{found.controls} controls, {found.checks} checks, {found.frameworks} framework maps: "
    return "\n".join(
        [*lines, summary + (f"{len(found.problems)} problems" if found.problems else "no problem")]
    )


def diff_text(found: Compared) -> str:
    if not found.changes:
        return f"{found.old} and {found.new} ask the same"
    lines = [f"{found.old} to {found.new}: {len(found.changes)} changes"]
    for each in found.changes:
        lines += [f"{each.place:<12} {each.what}", f"{'':<12} for {each.whom}; {each.since}"]
    return "\n".join(lines)


def docs_text(found: Documented) -> str:
    lines = [f"wrote {found.folder}/{name}" for name in found.changed]
    lines += [f"{found.folder}/{name} belongs to no control: delete it" for name in found.strangers]
    return "\n".join([*lines, f"{found.pages} pages, {len(found.changed)} of them new or different"])


def pages(pack: Pack) -> dict[str, str]:
    """Return the reference pages of a pack by path."""
    controls = {f"controls/{control.id}.md": _page(control, pack) for control in pack.controls}
    return {"controls/README.md": _index(pack), **controls, "frameworks.md": _frameworks(pack)}


def _index(pack: Pack) -> str:
    rows = [_row(each) for each in pack.controls]
    checks = sum(len(each.checks) for each in pack.controls)
    return _lines(
        f"{GENERATED}\n",
        "# Controls\n",
        f"{len(pack.controls)} controls ask {checks} questions. Each says how it knows:\n",
        *(f"- {grade}: {meaning}" for grade, meaning in _GRADES.items()),
        "",
        "| control | title | severity | for | checks |\n|---|---|---|---|---|",
        *rows,
    )


def _row(control: Control) -> str:
    link = f"[{control.id}]({control.id}.md)"
    return f"| {link} | {control.title} | {control.severity} | {whom(control.applies)} | {_counts(control)} |"


def _counts(control: Control) -> str:
    grades = [str(check.grade) for check in control.checks]
    return ", ".join(f"{grades.count(grade)} {grade}" for grade in _GRADES if grade in grades)


def _page(control: Control, pack: Pack) -> str:
    facts = {
        "severity": str(control.severity),
        "for": whom(control.applies),
        "binds": since(control),
        "may be waived": "yes" if control.waivable else "no",
        "meaning": f"version {control.version}, {control.lifecycle}",
    }
    return _lines(
        f"{GENERATED}\n",
        f"# {control.id} {control.title}\n",
        f"{control.intent}\n",
        "| | |\n|---|---|",
        *(f"| {name} | {value} |" for name, value in facts.items()),
        "\n## Checks",
        *(line for check in control.checks for line in _check(check)),
        "\n## To repair it\n",
        f"{control.remediation.text} ({control.remediation.effort})",
        *([f"\n```\n{control.remediation.command}\n```"] if control.remediation.command else []),
        *_maps(control, pack),
        *_proof(control),
    )


def _check(check: Check) -> Iterator[str]:
    due = "before the first release" if check.due == "release" else "from birth"
    yield f"\n### {check.id}\n"
    yield f"{check.title[:1].upper()}{check.title[1:]}.\n"
    yield f"- evidence: {check.grade}, {_GRADES[str(check.grade)]}"
    yield f"- due: {due}"
    if check.unknown_blocks:
        yield f"- unknown: blocks {blocks(check)}"
    if check.enforce_from:
        yield f"- binds: {days(check.enforce_from)}"
    if check.applies.kinds or check.applies.modes or check.applies.min_tier != "low":
        yield f"- only for: {whom(check.applies)}"
    if check.needs:
        yield f"- unknown without: {', '.join(check.needs)}"
    if check.when:
        yield f"- only when: `{check.when}`"
    yield f"\n```cel\n{check.expression}\n```" if check.expression else f"\nShape of `{check.on}`."


def _maps(control: Control, pack: Pack) -> Iterator[str]:
    if control.maps:
        yield "\n## Supports\n"
        yield "Supports, never complies: see [frameworks](../frameworks.md).\n"
        yield "| framework | reference | about |\n|---|---|---|"
    for each in control.maps:
        framework: Mapping[str, Any] = pack.frameworks.get(each.framework, {})
        about = framework.get("refs", {}).get(each.ref, "")
        yield f"| {framework.get('title', each.framework)} | {each.ref} | {about} |"


def _proof(control: Control) -> Iterator[str]:
    stuffed = sum(bool(case.get("stuffed")) for case in control.cases)
    yield "\n## Proven by\n"
    yield f"{len(control.cases)} cases, {stuffed} of them keyword-stuffed projects that must fail:\n"
    yield from (f"- {case['name']}: {case['expect']}" for case in control.cases)


def _frameworks(pack: Pack) -> str:
    parts = [part for name in sorted(pack.frameworks) for part in _framework(pack.frameworks[name], pack)]
    return _lines(
        f"{GENERATED}\n",
        "# Framework maps\n",
        'Dated data with a day to review it by; after it, a map shows as stale. A map says "supports", never',
        '"complies". The references are ids with our own short words, not quotations.',
        *parts,
    )


def _framework(framework: Mapping[str, Any], pack: Pack) -> Iterator[str]:
    yield f"\n## {framework['title']}\n"
    yield f"- id `{framework['id']}`, edition {framework['edition']}"
    yield f"- source: {framework['source']}"
    yield f"- checked {framework['checked']}, to be reviewed by {framework['review_by']}"
    if framework.get("note"):
        yield f"- {framework['note']}"
    if framework.get("timeline"):
        yield "\n| from | what |\n|---|---|"
        yield from (f"| {row['from']} | {row['what']} |" for row in framework["timeline"])
    yield "\n| reference | about | controls |\n|---|---|---|"
    for ref, about in framework["refs"].items():
        users = [
            c.id for c in pack.controls if any((m.framework, m.ref) == (framework["id"], ref) for m in c.maps)
        ]
        yield f"| {ref} | {about} | {', '.join(f'[{name}](controls/{name}.md)' for name in users)} |"


def _lines(*parts: str) -> str:
    return "\n".join(parts).rstrip() + "\n"
