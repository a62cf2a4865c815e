"""The long proof of updates: ten thousand random histories, kills and real faults, the engines beside ours.

    python tools/nightly_updates.py [--cases 10000] [--peers 300] [--cruft /path/to/cruft]

Exits with the worst exit code of its parts. Without --cruft only our engine runs, and it says so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = tuple(f"tests/update/test_{name}.py" for name in ("kills", "faults", "findings", "situations"))
PROPERTY = "tests/update/test_update_properties.py"


def main() -> int:
    """Run every part, whatever the others say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--peers", type=int, default=300, help="cases for Copier and cruft")
    parser.add_argument("--cruft", help="the cruft command, for the comparison")
    args = parser.parse_args()
    long = {"ROADWORTHY_UPDATE_CASES": str(args.cases)}
    codes = [_run([sys.executable, "-m", "pytest", *TESTS], {})]
    if args.cruft:
        compare = [
            sys.executable,
            "tools/compare_engines.py",
            "--peers",
            str(args.peers),
            "--cruft",
            args.cruft,
        ]
        codes += [_run([*compare, "--cases", str(args.cases)], {}), _run([*compare, "--content-only"], {})]
    else:
        print("no --cruft: the engines were not compared")
        codes += [_run([sys.executable, "-m", "pytest", PROPERTY], long)]
    return max(codes)


def _run(command: list[str], extra: dict[str, str]) -> int:
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **extra}).returncode


if __name__ == "__main__":
    sys.exit(main())
