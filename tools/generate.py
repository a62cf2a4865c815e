"""Write the generated parts of the repository; `--check` only says whether they are fresh.

What appears in two places is derived from one. In `copier.yml` the rubric questions, the tier and its
obligations come from `policy/tiers.yaml`, the files an update never touches from `policy/ownership.yaml`.
`pack.json` is the policy pack as a check wants it: parsed, held against its schema, typed.
The line on each module comes from its docstring, the page on a project's files from rendering every shape,
the pages on updates from running them.
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

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import update_pages

from roadworthy.adapters.policy import as_read, read_policy
from roadworthy.commands.packs import proved
from roadworthy.core.packs.pack import pack_digest
from roadworthy.core.packs.questions import replace_block, with_policy
from roadworthy.core.templates.ownership import UNCLAIMED, ownership_of

ROOT = Path(__file__).resolve().parent.parent
POLICY = ROOT / "src" / "roadworthy" / "policy"


def copier_yml() -> str:
    """Return `copier.yml` with its generated blocks renewed."""
    return with_policy((ROOT / "copier.yml").read_text("utf-8"), policy("tiers"), policy("ownership"))


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


def pack_json() -> str:
    """Return the built-in pack read and proved, so that no check has to."""
    tree = read_policy()
    return as_read(pack_digest(tree), dict(proved(tree)))


# In the order in which they build on one another.
GENERATED: Mapping[str, Callable[[], str]] = {
    "src/roadworthy/policy/ownership.yaml": ownership_yaml,
    "src/roadworthy/pack.json": pack_json,
    "copier.yml": copier_yml,
    "docs/how-to/resolve-a-conflict.md": update_pages.conflict_page,
    "docs/reference/update-situations.md": update_pages.situations_page,
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
