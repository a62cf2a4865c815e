"""The rehearsal's desk where nothing serves: applicants are scored as files, one job at a time."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal import CLONE, LOOK, Rehearsal, stop

Row = dict[str, str]


@dataclass
class Job:
    """Scores files with the release that the pointer names."""

    story: Rehearsal
    canaries = False

    def ask(self, rows: Sequence[Row], tag: str) -> list[dict[str, Any]]:
        """Score one file of applicants; the answers in the order of the rows."""
        source, target = CLONE / "var" / f"{tag}.csv", CLONE / "var" / f"{tag}.scores.csv"
        with source.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.story.verb("score", str(source), str(target))
        with target.open(newline="", encoding="utf-8") as stream:
            return [{**row, "id": row["prediction_id"]} for row in csv.DictReader(stream)]

    def follow(self, key: str, value: object) -> None:
        """Nothing to wait for: the next file is scored by whatever the pointer names then."""

    def roll_back(self, rows: Sequence[Row], reason: str) -> str:
        """Go back, and prove it by the next file."""
        begun = time.monotonic()
        self.story.verb("rollback", "--reason", reason)
        seconds = time.monotonic() - begun
        if {answer["version"] for answer in self.ask(rows, "after")} != {"1"}:
            stop("the rollback did not reach the next file", LOOK)
        return f"rolled back in {seconds * 1000:.0f} ms: the next file is scored by release 1"
