"""A project under somebody's hands: read, edit, sign and commit in it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roadworthy.adapters.signing import sign
from tests.working_tree import WorkingTree


@dataclass(frozen=True)
class Papers:
    """Where everything about one release is on record."""

    version: str = "1"
    run_id: str = "20261120T090000Z-ab12cd"
    stamp: str = "20261120T093000Z"

    def of(self, kind: str) -> str:
        """Return the path of its record of a kind."""
        ends = {"runs": f"{self.run_id}.json", "evaluations": f"{self.run_id}.json"}
        ends |= {"drills": f"{self.stamp}.json", "rebuilds": f"{self.stamp}-{self.version}.json"}
        ends |= {"cards": f"{self.version}.md"}
        return f"governance/{kind}/{ends.get(kind, f'{self.version}.json')}"


FIRST = Papers()
SECOND = Papers(version="2", run_id="20270121T090000Z-cd34ef", stamp="20270121T093000Z")
RUN_ID, RUN, EVALUATION = FIRST.run_id, FIRST.of("runs"), FIRST.of("evaluations")
RELEASE, CARD, VERDICT, BOM = (FIRST.of(kind) for kind in ("releases", "cards", "gates", "boms"))
DRILL, REBUILD = FIRST.of("drills"), FIRST.of("rebuilds")
DEPLOYMENT = "governance/deployments/20261120T110000Z-promote-1.json"
MONITORING = "governance/monitoring/20261120T110000Z.json"
LATER = "2026-11-20T11:30:00Z"


@dataclass(frozen=True)
class Scene(WorkingTree):
    """A project on disk, and the keys of its people."""

    keys: Path

    def key(self, who: str) -> Path:
        """Return somebody's private key."""
        return self.keys / who.partition("@")[0]

    def copy(self, folder: Path) -> Scene:
        """Return a copy to play with; what git ignores stays behind."""
        shutil.copytree(self.path, folder, ignore=lambda at, _: {"var"} if Path(at) == self.path else set())
        return Scene(path=folder, keys=self.keys)

    def text(self, name: str) -> str:
        """Return a file's text."""
        return (self.path / name).read_text("utf-8")

    def swap(self, name: str, old: str, new: str) -> None:
        """Replace text that must be there, everywhere in a file."""
        text = self.text(name)
        assert old in text, f"{name} no longer says {old!r}: adapt the patch"
        self.write(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        """Add text at the end of a file."""
        self.write(name, self.text(name) + text)

    def put(self, name: str, where: str, value: Any) -> None:
        """Set one value of a record or policy, by a dotted path that must exist up to its last step."""
        record = self.read(name)
        *way, last = (int(step) if step.isdigit() else step for step in where.split("."))
        place: Any = record
        for step in way:
            place = place[step]
        place[last] = value
        self.write(name, record)

    def drop(self, name: str, where: str) -> None:
        """Remove one value of a record or policy."""
        record = self.read(name)
        *way, last = (int(step) if step.isdigit() else step for step in where.split("."))
        place: Any = record
        for step in way:
            place = place[step]
        del place[last]
        self.write(name, record)

    def remove(self, name: str) -> None:
        """Delete a file or a folder."""
        place = self.path / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()

    def files(self, pattern: str) -> list[str]:
        """Return the files that match, at least one."""
        found = sorted(file.relative_to(self.path).as_posix() for file in self.path.glob(pattern))
        assert found, f"nothing matches {pattern}: adapt the patch"
        return found

    def sha(self, name: str) -> str:
        """Return a file's digest."""
        return hashlib.sha256((self.path / name).read_bytes()).hexdigest()

    def sign(self, name: str, who: str, namespace: str) -> None:
        """Put somebody's signature beside a file."""
        data = (self.path / name).read_bytes()
        self.write(f"{name}.sig", sign(str(self.key(who)), namespace, data))

    def commit(self, message: str, who: str = "dev@rehearsal.example", at: str = LATER) -> None:
        """Commit everything in somebody's name, at a pinned time."""
        env = {f"GIT_{part}_{what}": who for part in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        env |= {f"GIT_{part}_DATE": at for part in ("AUTHOR", "COMMITTER")}
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message, env=env)

    def squash(self, since: str, at: str = LATER) -> None:
        """Let everything since a commit have come at once, as it is now: nothing was ever edited."""
        self.git("reset", "-q", "--soft", f":/^{since}")
        self.commit("Merge what was done since", at=at)
