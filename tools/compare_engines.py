"""Run the update harness against Copier and cruft beside our engine, and print the three side by side.

    python tools/compare_engines.py --cruft /path/to/cruft [--cases 200] [--peers 200] [--content-only]

The same cases, the same oracle; ours is also updated a second time, aborted or taken back. An engine that
the harness does not catch here would mean that it is blind. Every broken promise of ours is told on standard
error, with the seed that draws its case again, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, islice
from math import sqrt
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.update.evolution import cases
from tests.update.oracle import Result, Verdict, judge
from tests.update.peers import copier, cruft
from tests.update.promises import live, place, trusted
from tests.update.situations import SITUATIONS, Situation
from tests.update.world import Case

Engine = Callable[[Path, Case], tuple[Result, Verdict]]
OURS = "roadworthy"
CHUNK = 50  # as in tests/update/test_update_properties.py: the same seeds draw the same cases
PROMISES = {
    "any": "any broken promise, nothing said",
    "P1": "P1 local edit lost or altered",
    "P2": "P2 edit or policy in the wrong block",
    "P3": "P3 deleted line came back",
    "P4": "P4 foreign file changed",
    "P5": "P5 ignored file changed, or half done",
    "P6": "P6 policy missing",
    "P7": "P7 a second update changes something",
    "P8": "P8 going back loses an edit",
    "refused": "refused or crashed",
    "told": "conflict reported",
}
SIDEWAYS = ("P7", "P8")  # asked of ours only: the others have no way back


def main() -> int:
    """Print both tables; 1 if our engine broke a promise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cruft", required=True, help="the cruft command")
    parser.add_argument("--cases", type=int, default=200, help="random cases for our engine")
    parser.add_argument("--peers", type=int, default=200, help="of these, for Copier and cruft")
    parser.add_argument("--first", type=int, default=0, help="the first seed: to go on, or to share the work")
    parser.add_argument("--content-only", action="store_true", help="only edits of lines and keys")
    args = parser.parse_args()
    engines: dict[str, Engine] = {
        OURS: live,
        "copier": lambda root, case: _judged(case, copier(root, case)),
        "cruft": lambda root, case: _judged(case, cruft(root, case, args.cruft)),
    }
    _situations(engines)
    counts = {OURS: args.cases, "copier": args.peers, "cruft": args.peers}
    return _random(engines, counts, args.first, args.content_only)


def _situations(engines: dict[str, Engine]) -> None:
    width = max(len(each.name) for each in SITUATIONS)
    print(f"{'situation':<{width}}  " + "  ".join(f"{name:<26}" for name in engines))
    for each in SITUATIONS:
        words = [_word(each, *_placed(engine, each.case)) for engine in engines.values()]
        print(f"{each.name:<{width}}  " + "  ".join(f"{word:<26}" for word in words), flush=True)
        if words[1:] != [each.copier, each.cruft]:
            print(f"  recorded otherwise: {each.copier}; {each.cruft}")


def _random(engines: dict[str, Engine], counts: dict[str, int], first: int, content_only: bool) -> int:
    kind = "edits of lines and keys only" if content_only else "all operations"
    print(f"\nrandom cases from seed {first}, {kind}; share of cases, and its 95 % confidence interval")
    drawn = {name: islice(_cases(first, content_only), counts[name]) for name in engines}
    found = {name: _counted(name, engine, drawn[name], first) for name, engine in engines.items()}
    total = {name: counts[name] for name in engines}
    print(f"{'':<40}" + "".join(f"{f'{name} ({total[name]})':>28}" for name in engines))
    for key, words in PROMISES.items():
        cells = (
            "not asked" if key in SIDEWAYS and name != OURS else _share(found[name][key], total[name])
            for name in engines
        )
        print(f"{words:<40}" + "".join(f"{cell:>28}" for cell in cells))
    return 1 if found[OURS]["any"] else 0


def _counted(name: str, engine: Engine, drawn: Iterator[Case], first: int) -> Counter[str]:
    """Return in how many cases each promise was broken, and any was."""
    found: Counter[str] = Counter()
    for number, case in enumerate(drawn):
        result, verdict = _placed(engine, case if name == OURS else _without_untracked(case))
        found.update({line[:2] for line in verdict.broken})
        found["any"] += bool(verdict.broken)
        found["refused"] += result.crashed != ""
        found["told"] += bool(result.reported)
        if verdict.broken and name == OURS:
            where = f"seed {first + number // CHUNK}, case {number % CHUNK}"
            print(f"{where}: {'; '.join(verdict.broken)}", file=sys.stderr, flush=True)
        if number % 500 == 499:
            print(f"{name}: {number + 1} cases, {found['any']} broken", file=sys.stderr, flush=True)
    return found


def _cases(first: int, content_only: bool) -> Iterator[Case]:
    return (case for number in count(first) for case in drawn(number, content_only))


def drawn(number: int, content_only: bool = False) -> list[Case]:
    """Return the cases of one seed."""
    found: list[Case] = []

    @seed(number)
    @settings(max_examples=CHUNK, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases(content_only=content_only))
    def draw(case: Case) -> None:
        found.append(case)

    draw()
    return found[:CHUNK]


def _without_untracked(case: Case) -> Case:
    """Take the untracked file out: the other two refuse any."""
    return replace(
        case, untracked={path: data for path, data in case.untracked.items() if path != "scratch.txt"}
    )


def _share(broken: int, total: int) -> str:
    """Return a share with Wilson's interval."""
    if not total:
        return "not run"
    z = 1.96
    share, middle = broken / total, (broken + z * z / 2) / (total + z * z)
    half = z / (total + z * z) * sqrt(broken * (1 - share) + z * z / 4)
    return f"{share:.1%} ({max(0, middle - half):.2%} to {min(1, middle + half):.2%})"


def _placed(engine: Engine, case: Case) -> tuple[Result, Verdict]:
    with place() as root:
        return engine(root, case)


def _judged(case: Case, result: Result) -> tuple[Result, Verdict]:
    return result, judge(case, result)


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
    os.environ["ROADWORTHY_TRUSTED_SOURCES"] = trusted()
    sys.exit(main())
