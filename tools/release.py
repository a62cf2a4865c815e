"""Cut a release from a clean checkout: `make release VERSION=1.2.3`. Refuses what would break a promise."""

from __future__ import annotations

import sys
from pathlib import Path

from roadworthy.commands.release import FOLDER, cut_release
from roadworthy.errors import RoadworthyError

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Cut the release that is named; print what was frozen and how to publish it."""
    if len(arguments) != 1:
        print("usage: make release VERSION=1.2.3", file=sys.stderr)
        return 2
    try:
        cut = cut_release(ROOT, arguments[0])
    except RoadworthyError as error:
        print(f"release: {error.message}\n  next: {error.hint}", file=sys.stderr)
        return error.exit_code
    print(f"{FOLDER}/{cut.entry.file} sha256:{cut.entry.sha256} from {cut.entry.cut_from[:12]}")
    print("\n".join(f"  next: {command}" for command in cut.next))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
