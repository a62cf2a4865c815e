"""Run the update harness against Copier and cruft beside our engine, and print the three side by side.

    python tools/compare_engines.py --cruft /path/to/cruft [--cases 200] [--content-only]

The same cases, the same oracle. An engine that the harness does not catch here would mean that it is blind.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.update.engines import roadworthy
from tests.update.evolution import cases
from tests.update.oracle import Result, Verdict, judge, rates
from tests.update.peers import copier, cruft
from tests.update.situations import SITUATIONS, Situation
from tests.update.world import Case, build

Engine = Callable[[Path, Case], Result]
PROMISES = {
    "any": "any broken promise, nothing said",
    "P1": "local edit lost or altered",
    "P2": "edit or policy in the wrong block",
    "P3": "deleted line came back",
    "P4": "foreign file changed",
    "P5": "ignored file changed, or half done",
    "P6": "policy missing",
}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cruft", required=True, help="the cruft command")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--content-only", action="store_true", help="only edits of lines and keys")
    args = parser.parse_args()
    engines: dict[str, Engine] = {
        "roadworthy": lambda root, case: roadworthy(build(root, case))[0],
        "copier": copier,
        "cruft": lambda root, case: cruft(root, case, args.cruft),
    }
    _situations(engines)
    _random(engines, args.cases, args.content_only)


def _situations(engines: dict[str, Engine]) -> None:
    width = max(len(each.name) for each in SITUATIONS)
    print(f"{'situation':<{width}}  " + "  ".join(f"{name:<26}" for name in engines))
    for each in SITUATIONS:
        words = [_word(each, *_judged(engine, each.case)) for engine in engines.values()]
        print(f"{each.name:<{width}}  " + "  ".join(f"{word:<26}" for word in words), flush=True)
        if words[1:] != [each.copier, each.cruft]:
            print(f"  recorded otherwise: {each.copier}; {each.cruft}")


def _random(engines: dict[str, Engine], count: int, content_only: bool) -> None:
    drawn: list[Case] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(content_only=content_only))
    def draw(case: Case) -> None:
        hidden = {path: data for path, data in case.untracked.items() if path != "scratch.txt"}
        drawn.append(replace(case, untracked=hidden))  # the other two refuse any untracked file

    draw()
    kind = "edits of lines and keys only" if content_only else "all operations"
    print(f"\n{len(drawn)} random cases, {kind}; share of cases")
    found = {name: _run_all(engine, drawn) for name, engine in engines.items()}
    print(f"{'':<36}" + "".join(f"{name:>12}" for name in engines))
    for promise, words in PROMISES.items():
        shares = (rates([verdict for _, verdict in runs])[promise] / len(drawn) for runs in found.values())
        print(f"{words:<36}" + "".join(f"{share:>12.1%}" for share in shares))
    refused = (sum(result.crashed != "" for result, _ in runs) / len(drawn) for runs in found.values())
    print(f"{'refused or crashed':<36}" + "".join(f"{share:>12.1%}" for share in refused))
    told = (sum(bool(result.reported) for result, _ in runs) / len(drawn) for runs in found.values())
    print(f"{'conflict reported':<36}" + "".join(f"{share:>12.1%}" for share in told))


def _run_all(engine: Engine, drawn: list[Case]) -> list[tuple[Result, Verdict]]:
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda case: _judged(engine, case), drawn))


def _judged(engine: Engine, case: Case) -> tuple[Result, Verdict]:
    root = Path(tempfile.mkdtemp(prefix="roadworthy-case-"))
    try:
        result = engine(root, case)
        return result, judge(case, result)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _word(situation: Situation, result: Result, verdict: Verdict) -> str:
    words = {
        "P1": "edit lost",
        "P2": "misplaced",
        "P4": "foreign changed",
        "P5": "ignored changed",
        "P6": "policy missing",
    }
    broken = [words.get(line[:2], line) for line in verdict.broken]
    if result.crashed:
        return "crash, half done" if broken else "refused"
    there = {path: file.data for path, file in result.after.items()}
    if any(data not in there.get(path, b"") for path, data in situation.contains.items()) and not broken:
        return "edit altered"
    return ", ".join(dict.fromkeys(broken)) or ("conflict reported" if result.reported else "right")


if __name__ == "__main__":
    os.environ["ROADWORTHY_TRUSTED_SOURCES"] = tempfile.gettempdir()
    main()
