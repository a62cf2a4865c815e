"""A score made again from the released bytes: what went in, what each feature made of it, what came out."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..pipeline import settings, wiring
from ..pipeline.scorer import Scorer, load_scorer
from ..pipeline.verdict import bundle, subject, subject_digest
from . import part
from .capture import REDACTED

explain = part("explain")  # not in every tier

Record = Mapping[str, Any]
_NOISE = 1e-12  # another machine may add up in another order


def computation(line: Record, release: Record, run: Record) -> tuple[str, bool | None, str]:
    """The link of the score: True when made again it is the logged one, None when it cannot be made here."""
    folder = bundle(str(line["version"]))
    if reason := _impossible(line, folder):
        return "computation", None, f"not made again: {reason}"
    try:
        return ("computation", *_again(line, folder))
    except ImportError as error:
        return "computation", None, f"not made again: {error.name} is not installed here"
    except Exception as error:  # the team's features run here; whatever breaks, the score was not confirmed
        return "computation", False, f"cannot be made again: {type(error).__name__}: {error}".splitlines()[0]


def _impossible(line: Record, folder: Path) -> str:
    """Why not; features.py is code, so nothing but the very bytes that answered is run."""
    if not (folder / "release.json").is_file():
        return f"{settings.relative(folder)} is not on this machine"
    found = subject(folder)
    if subject_digest(found) != line["subject_digest"]:
        return f"{settings.relative(folder)} is not what answered"
    if line["score"] is None:
        return "no score was given"
    hidden = sorted(name for name, value in line["inputs"].items() if value == REDACTED)
    return f"redacted inputs: {', '.join(hidden)}" if hidden else ""


def _again(line: Record, folder: Path) -> tuple[bool, str]:
    scorer = load_scorer(folder, tuple(settings.policy("serving").get("trusted_types") or ()))
    row = {name: math.nan if value is None else value for name, value in line["inputs"].items()}
    score = scorer.score(row)
    same = math.isclose(score, line["score"], rel_tol=0, abs_tol=_NOISE)
    told = f"score {score:.6f} made again from {settings.relative(folder)}"
    told += ", the logged one" if same else f", but {line['score']:.6f} was logged"
    said = [", ".join(_steps(scorer, row)), _why(scorer, row, folder)]
    return same, "\n".join([told, *(each for text in said for each in textwrap.wrap(text, 100))])


def _why(scorer: Scorer, row: Record, folder: Path) -> str:
    """What moved the score most, where this tier explains; the rows it compares with may be elsewhere."""
    if explain is None:
        return ""
    try:
        found = explain.reasons(scorer, row, explain.typical(folder, scorer.columns))
        return str(explain.words(found))
    except Exception as error:  # the team's features run on rows that nobody sent
        return f"not explained: {error}".splitlines()[0]


def _steps(scorer: Scorer, row: Record) -> list[str]:
    """Each feature with its inputs and its value, as `burden(debt=100, income=400) = 0.25`."""
    values = wiring.vector(scorer.features, row)
    return [
        f"{each.name}({', '.join(f'{name}={row[name]}' for name in each.columns)}) = {float(value):.6g}"
        for each, value in zip(scorer.features, values, strict=True)
    ]
