"""The parts of `copier.yml` that the policy decides, so that template and checks cannot disagree.

The rubric's questions, the tier and its obligations come from `tiers.yaml`; the files that an update never
touches from `ownership.yaml`. What a question proposes by default is the template's own, and stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from roadworthy.core.documents.parse import parse_yaml
from roadworthy.errors import UsageError

Rubric = Mapping[str, Any]


def with_policy(copier: str, rubric: Rubric, ownership: Mapping[str, Any]) -> str:
    """Return the text of `copier.yml` with its generated blocks renewed."""
    questions = parse_yaml(copier.encode())
    copier = replace_block(copier, "seeded", seeded_block(ownership))
    return replace_block(copier, "rubric", rubric_block(rubric, questions))


def seeded_block(ownership: Mapping[str, Any]) -> str:
    """Return Copier's list of files that an update never touches."""
    seeded = [row["path"] for row in ownership["files"] if row["ownership"] == "seeded"]
    return "_skip_if_exists:\n" + "".join(f'  - "/{path}"\n' for path in seeded)


def replace_block(text: str, name: str, body: str) -> str:
    """Return `text` with what stands between the markers of block `name` replaced by `body`."""
    pattern = re.compile(rf"(# >>> {name}: [^\n]*\n).*?( *# <<< {name}\n)", re.DOTALL)
    renewed, count = pattern.subn(lambda found: found[1] + body + found[2], text)
    if count != 1:
        raise UsageError(
            f"expected one block of lines between '# >>> {name}:' and '# <<< {name}', found {count}",
            "put the two lines back around it",
        )
    return renewed


def rubric_block(rubric: Rubric, now: Mapping[str, Any]) -> str:
    """Return the rubric's questions, then the tier and its obligations as computed answers."""
    questions = [
        _question(name, question, _default(now, name, 0)) for name, question in rubric["questions"].items()
    ]
    version = f"rubric_version:\n  type: int\n  when: false\n  default: {rubric['rubric_version']}\n"
    computed = (_tier(rubric), _obligations(rubric), version)
    held = _default(now, "circumstances", [])
    parts = (*questions, _circumstances(rubric, held), _prohibited(rubric), *computed)
    return "\n".join(parts)


def _default(now: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """Return what a question proposes now."""
    asked = now.get(name)
    return asked.get("default", otherwise) if isinstance(asked, Mapping) else otherwise


def _question(name: str, question: Mapping[str, Any], default: Any) -> str:
    choices = {text: value for value, text in enumerate(question["choices"])}
    return (
        f"{name}:\n  type: int\n  default: {default}\n  choices:\n{_choices(choices)}"
        f"  help: {json.dumps(question['ask'])}\n"
    )


def _choices(choices: Mapping[str, Any]) -> str:
    return "".join(f"    {json.dumps(text)}: {value}\n" for text, value in choices.items())


def _circumstances(rubric: Rubric, default: list[str]) -> str:
    choices = {fact["text"]: name for name, fact in rubric["circumstances"].items()}
    return (
        f"circumstances:\n  type: str\n  multiselect: true\n"
        f"  default: [{', '.join(default)}]\n"
        f"  choices:\n{_choices(choices)}"
        "  help: Which of these hold (each lifts the tier to at least its floor)\n"
    )


def _prohibited(rubric: Rubric) -> str:
    choices = {gate["text"]: name for name, gate in rubric["prohibited"].items()}
    return (
        f"prohibited:\n  type: str\n  multiselect: true\n  default: []\n  choices:\n{_choices(choices)}"
        "  help: Which of these practices, prohibited by the EU AI Act, are involved (any one ends it here)\n"
        f"  validator: >-\n{_refusal(rubric)}"
    )


def _refusal(rubric: Rubric) -> str:
    gates = rubric["prohibited"].items()
    reasons = {name: f"{gate['text']} ({gate['ref']}, in force {gate['from']})" for name, gate in gates}
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(reason)}" for name, reason in reasons.items())
    return (
        f"    [%- set reasons = {{\n{lines}}} -%]\n    [%- if prohibited -%]\n"
        "    prohibited by the EU AI Act, so nothing is generated:\n"
        '    [[ reasons.items() | selectattr(0, "in", prohibited) | map(attribute=1) | join("; ") ]]\n'
        "    [%- endif -%]\n"
    )


def _tier(rubric: Rubric) -> str:
    order = rubric["tiers"]
    score = " + ".join(f"{question['weight']} * {name}" for name, question in rubric["questions"].items())
    floors = {name: order.index(fact["floor"]) for name, fact in rubric["circumstances"].items()}
    lifts = [
        f"{order.index(floor['floor'])} if {_all_hold(floor['when'])} else 0"
        for floor in rubric["combined_floors"]
    ]
    return (
        f"tier:\n  type: str\n  when: false\n  default: >-\n    [%- set order = {json.dumps(order)} -%]\n"
        f"    [%- set score = {score} -%]\n    [%- set floors = {json.dumps(floors)} -%]\n"
        f"    [%- set band = {_bands(rubric)} -%]\n    [%- set combined = [{', '.join(lifts)}] -%]\n"
        '    [%- set named = floors.items() | selectattr(0, "in", circumstances) | map(attribute=1) -%]\n'
        '    [[ "prohibited" if prohibited else order[([band] + named | list + combined) | max] ]]\n'
    )


def _all_hold(when: Mapping[str, int]) -> str:
    return " and ".join(f"{name} == {value}" for name, value in when.items())


def _bands(rubric: Rubric) -> str:
    upper = [(rubric["tiers"].index(name), high) for name, (_, high) in rubric["bands"].items()]
    steps = [f"{level} if score <= {high} else" for level, high in upper[:-1]]
    return " ".join((*steps, str(upper[-1][0])))


def _obligations(rubric: Rubric) -> str:
    tiers = {**rubric["obligations"], "prohibited": {}}
    branches = [
        f'    [%- {"if" if index == 0 else "elif"} tier == "{tier}" -%]\n    {json.dumps(duties)}\n'
        for index, (tier, duties) in enumerate(tiers.items())
    ]
    return (
        "obligations:\n  type: yaml\n  when: false\n  default: >-\n"
        + "".join(branches)
        + "    [%- endif -%]\n"
    )
