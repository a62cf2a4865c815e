"""Our renderer beside Copier's on public templates: how many sampled projects are byte-identical.

    python benchmarks/parity.py FOLDER [SAMPLES]

FOLDER holds clones (bare or not) of Copier templates; each is taken at its newest tag, or its head. Answers
are drawn at random, with a fixed seed, from choices, booleans, words and defaults; three of four samples are
then repaired until the template's own validators are content. A project counts as

    identical  same paths, bytes and executable bits from both
    refused    both refuse the answers (a validator, a missing answer)
    fallback   outside our subset: Copier renders it, so there is nothing to compare
    differs    anything else: a bug, and exit code 1

Copier's clock stands still, as ours does: what a template writes of it must be equal. Tasks run
nowhere. Clones are material to read; they stay out of this repository.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import copier
from jinja2_ansible_filters import core_filters

from roadworthy.adapters.git import git
from roadworthy.adapters.git.sources import final_releases, find_commit, read_folder, read_tags
from roadworthy.commands.source import open_source
from roadworthy.core.templates.questions import Question
from roadworthy.core.templates.source import Source
from roadworthy.core.templates.template import (
    Run,
    Template,
    Tree,
    Unsupported,
    load_template,
    render,
    resolve,
)
from roadworthy.errors import UsageError

WORDS = (
    "alpha",
    "Omega",
    "3.12",
    "beta_gamma",
    "my-project",
    "Delta Epsilon",
    "a.b@c.example",
    "some_user",
    "https://forge.example/o/r",
    "1.2.3",
    "17.0",
    "3",
    "2026",
    "forge.example",
    "",
    "ünï 'quoted' \"twice\"",
    "12345678-1234-1234-1234-123456789abc",
)
PATIENCE = 80
NOW = 1_795_000_000.0


def main(folder: Path, samples: int) -> int:
    """Print one row per clone; 1 if any project differs."""
    warnings.simplefilter("ignore")
    moment, write = time.localtime(NOW), time.strftime
    with patch.object(core_filters, "strftime", lambda text, second=None: write(text, moment)):
        total = _table(folder, samples)
    print(f"\n{total['identical']} of {total.total()} projects identical, {total['differs']} differ")
    return 1 if total["differs"] or not total["identical"] else 0


def _table(folder: Path, samples: int) -> Counter[str]:
    total: Counter[str] = Counter()
    print("| template | release | commit | samples | files | identical | refused | fallback | differs |")
    print("|---|---|---|---|---|---|---|---|---|")
    for clone in sorted(path for path in folder.iterdir() if path.is_dir()):
        counts, row = _compared(clone, samples)
        total += counts
        print(row, flush=True)
    return total


def _compared(clone: Path, samples: int) -> tuple[Counter[str], str]:
    tags = final_releases(read_tags(clone))
    release = tags[-1] if tags else "HEAD"
    commit = (find_commit(clone, release) or "?")[:10]
    counts: Counter[str] = Counter()
    sizes, reason = [0], ""
    for verdict, size, why, data in _verdicts(clone, release, samples):
        counts[verdict] += 1
        sizes.append(size)
        reason = reason or why
        if verdict == "differs":
            print(f"{clone.name} {data}: {why}", file=sys.stderr)
    shown = [str(counts[name]) for name in ("identical", "refused", "fallback", "differs")]
    shown[2] += f" ({reason})" if counts["fallback"] else ""
    name = clone.name.removesuffix(".git").replace("+", "/")
    cells = [name, release, commit, str(counts.total()), str(max(sizes)), *shown]
    return counts, f"| {' | '.join(cells)} |"


Verdict = tuple[str, int, str]


def _verdicts(clone: Path, release: str, samples: int) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
    with tempfile.TemporaryDirectory(prefix="roadworthy-parity-") as place:
        git(place, "clone", "--quiet", str(clone), "template")
        try:
            source = open_source(str(Path(place) / "template"), release)
            for data in answers(source.tree, samples):
                yield (*_verdict(source, data, Path(place) / "made"), data)
        except UsageError as error:  # where a template cannot be read
            yield "fallback", 0, error.message, {}


def _verdict(source: Source, data: Mapping[str, Any], made: Path) -> Verdict:
    try:
        ours = _ours(source, data, made.name)
    except Unsupported as beyond:
        return "fallback", 0, beyond.feature
    theirs = _theirs(source, made, data)
    if isinstance(ours, str) or isinstance(theirs, str):
        alike = isinstance(ours, str) and isinstance(theirs, str)
        return ("refused" if alike else "differs"), 0, f"ours: {ours!s:.300}; Copier: {theirs!s:.300}"
    paths = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
    return ("differs" if paths else "identical"), len(theirs), ", ".join(paths[:5])


def _ours(source: Source, data: Mapping[str, Any], folder: str) -> Tree | str:
    run = Run(src_path=source.src_path, commit=source.commit, folder=folder, now=NOW)
    try:
        return render(source.template, resolve(source.template, data, run=run))
    except UsageError as error:
        return error.message


def _theirs(source: Source, made: Path, data: Mapping[str, Any]) -> Tree | str:
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            copier.run_copy(
                source.src_path,
                str(made),
                dict(data),
                settings=copier.Settings(),
                defaults=True,
                quiet=True,
                vcs_ref=source.commit,
                skip_tasks=True,
            )
        return read_folder(made)
    except Exception as error:  # Copier raises whatever its libraries raise
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(made, ignore_errors=True)


def answers(tree: Tree, samples: int) -> Iterator[dict[str, Any]]:
    """Yield the defaults, then random answers to a random half of the questions."""
    try:
        template = load_template(tree)
    except Unsupported:
        yield {}
        return
    dice = random.Random(20261120)
    asked = {each.name: each for each in template.config.questions if each.when is not False}
    for number in range(samples):
        drawn = {name: _answer(each, dice) for name, each in asked.items() if number and dice.random() < 0.5}
        yield drawn if number % 4 == 3 else _repaired(template, drawn, asked, dice)


def _repaired(
    template: Template, data: dict[str, Any], asked: Mapping[str, Question], dice: random.Random
) -> dict[str, Any]:
    """Draw again whatever the template refuses, until it refuses nothing."""
    for _ in range(PATIENCE):
        try:
            render(template, resolve(template, data, run=Run(commit="v0", now=NOW)))
        except Unsupported:
            return data
        except UsageError as error:
            found = re.match(r"question (\w+)", error.message)
            if found and found[1] in asked:
                data[found[1]] = _answer(asked[found[1]], dice)
            elif data:
                del data[dice.choice(sorted(data))]
        else:
            return data
    return data


def _answer(question: Question, dice: random.Random) -> Any:
    if question.choices and not isinstance(question.choices, str):
        values = _values(question.choices)
        return (
            dice.sample(values, dice.randint(0, len(values))) if question.multiselect else dice.choice(values)
        )
    if question.type == "bool" or isinstance(question.default, bool):
        return dice.choice([True, False])
    if question.type in ("int", "float") or isinstance(question.default, int):
        return dice.randint(0, 12)
    plain = isinstance(question.default, str) and not re.search(r"\{\{|\{%|\[\[|\[%", question.default)
    return question.default if plain and dice.random() < 0.4 else dice.choice(WORDS)


def _values(choices: Any) -> list[Any]:
    items = choices.items() if isinstance(choices, Mapping) else choices
    found = [item[1] if isinstance(item, (list, tuple)) else item for item in items]
    return [each["value"] if isinstance(each, Mapping) and "value" in each else each for each in found]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20))
