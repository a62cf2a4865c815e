"""Write the generated parts of the repository; `--check` only says whether they are fresh.

What appears in two places is derived from one. In `copier.yml` the rubric questions, the tier and its
obligations come from `policy/tiers.yaml`, the files an update never touches from `policy/ownership.yaml`.
The line on each module comes from its docstring, the page on a project's files from rendering every shape.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import project_files
import yaml

from roadworthy.core.templates.ownership import UNCLAIMED, ownership_of

ROOT = Path(__file__).resolve().parent.parent
POLICY = ROOT / "src" / "roadworthy" / "policy"
# The sample project: a credit decision is not a low-tier model, and the defaults say so.
SAMPLE: Mapping[str, Any] = {
    "impact": 3,
    "autonomy": 2,
    "reversibility": 2,
    "regulatory": 3,
    "scale": 2,
    "circumstances": ["annex_iii", "outside_people"],
}
Rubric = Mapping[str, Any]


def copier_yml() -> str:
    """Return `copier.yml` with its generated blocks renewed."""
    text = (ROOT / "copier.yml").read_text("utf-8")
    text = replace_block(text, "seeded", seeded_block(policy("ownership")))
    return replace_block(text, "rubric", rubric_block(policy("tiers")))


def policy(name: str) -> dict[str, Any]:
    """Return one file of the policy pack."""
    loaded: dict[str, Any] = yaml.safe_load((POLICY / f"{name}.yaml").read_text("utf-8"))
    return loaded


def ownership_yaml() -> str:
    """Return `ownership.yaml` with a line for each module that no other line claims."""
    text = (POLICY / "ownership.yaml").read_text("utf-8")
    claimed = yaml.safe_load(replace_block(text, "modules", ""))
    modules = {_rendered(path): path for path in project_files.listed(ROOT, "template")}
    python = [path for path in sorted(modules) if path.endswith(".py")]
    free = [path for path in python if ownership_of(path, claimed) == UNCLAIMED]
    return replace_block(text, "modules", "".join(_module_line(path, ROOT / modules[path]) for path in free))


def _rendered(path: str) -> str:
    """Return the path that a template file has in a project, whatever its package and conditions."""
    return re.sub(r"\[%.*?%\]", "", path).replace("[[ package ]]", "*").removeprefix("template/")


def _module_line(path: str, source: Path) -> str:
    docstring = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    purpose = json.dumps(docstring.partition("\n")[0].removesuffix("."), ensure_ascii=False)
    return f"  - {{path: {path}, ownership: managed, purpose: {purpose}}}\n"


def seeded_block(ownership: Mapping[str, Any]) -> str:
    """Return Copier's list of files that an update never touches."""
    seeded = [row["path"] for row in ownership["files"] if row["ownership"] == "seeded"]
    return "_skip_if_exists:\n" + "".join(f'  - "/{path}"\n' for path in seeded)


def replace_block(text: str, name: str, body: str) -> str:
    """Return `text` with what stands between the markers of block `name` replaced by `body`."""
    pattern = re.compile(rf"(# >>> {name}: [^\n]*\n).*?( *# <<< {name}\n)", re.DOTALL)
    renewed, count = pattern.subn(lambda found: found[1] + body + found[2], text)
    if count != 1:
        raise SystemExit(
            f"expected one block of lines between '# >>> {name}:' and '# <<< {name}', found {count}"
        )
    return renewed


def rubric_block(rubric: Rubric) -> str:
    """Return the rubric's questions, then the tier and its obligations as computed answers."""
    questions = [_question(name, question) for name, question in rubric["questions"].items()]
    version = f"rubric_version:\n  type: int\n  when: false\n  default: {rubric['rubric_version']}\n"
    computed = (_tier(rubric), _obligations(rubric), version)
    parts = (*questions, _circumstances(rubric), _prohibited(rubric), *computed)
    return "\n".join(parts)


def _question(name: str, question: Mapping[str, Any]) -> str:
    choices = {text: value for value, text in enumerate(question["choices"])}
    return (
        f"{name}:\n  type: int\n  default: {SAMPLE[name]}\n  choices:\n{_choices(choices)}"
        f"  help: {json.dumps(question['ask'])}\n"
    )


def _choices(choices: Mapping[str, Any]) -> str:
    return "".join(f"    {json.dumps(text)}: {value}\n" for text, value in choices.items())


def _circumstances(rubric: Rubric) -> str:
    choices = {fact["text"]: name for name, fact in rubric["circumstances"].items()}
    return (
        f"circumstances:\n  type: str\n  multiselect: true\n"
        f"  default: [{', '.join(SAMPLE['circumstances'])}]\n"
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


# In the order in which they build on one another.
GENERATED: Mapping[str, Callable[[], str]] = {
    "src/roadworthy/policy/ownership.yaml": ownership_yaml,
    "copier.yml": copier_yml,
    "docs/reference/project-files.md": lambda: project_files.page(ROOT, policy("ownership")),
}


def main(arguments: list[str]) -> int:
    """Write every generated file, or with `--check` name the stale ones and return 1."""
    check = "--check" in arguments
    stale = 0
    for path, make in GENERATED.items():
        made = make()
        if made != _read(ROOT / path):
            stale += 1
            print(f"stale: {path}; run: make generate" if check else f"wrote {path}")
            if not check:
                (ROOT / path).write_text(made, "utf-8")
    return 1 if check and stale else 0


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
