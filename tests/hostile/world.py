"""A conforming project to spoil, a place outside it with a secret, and the judge as a person runs it."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from roadworthy.commands.judged import Ask, judge_apart
from roadworthy.commands.source import open_source, project_of
from roadworthy.errors import RoadworthyError
from roadworthy.render import FORMATS

SECRET = "hunter2-correct-horse-battery-staple"
MOST_SECONDS = 2.0


@dataclass(frozen=True)
class World:
    """One spoiled project; `outside` lies beside it and is nobody's business."""

    project: Path
    outside: Path

    @property
    def canary(self) -> Path:
        """Return the file that anything executed would leave."""
        return self.outside / "executed"

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the project."""
        place = self.project / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def append(self, name: str, content: str | bytes) -> None:
        """Add to a file of the project."""
        data = content.encode() if isinstance(content, str) else content
        self.write(name, (self.project / name).read_bytes() + data)

    def link(self, name: str, target: str | Path) -> None:
        """Put a symbolic link in the place of a file."""
        place = self.project / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    def git(self, *arguments: str) -> str:
        """Run git in the project."""
        return subprocess.run(
            ("git", *arguments), cwd=self.project, capture_output=True, check=True, text=True
        ).stdout.strip()


@dataclass(frozen=True)
class Seen:
    """What judging came to."""

    exit_code: int
    text: str
    cpu: float


def make_base(place: Path) -> Path:
    """Render the newest template with its defaults into a committed project."""
    made = project_of(open_source(), {}, folder=place.name)
    for name, file in made.files.items():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "Start")):
        subprocess.run(("git", *command), cwd=place, check=True, capture_output=True)
    return place


def make_world(base: Path, place: Path) -> World:
    """Copy the base to spoil it, with a secret outside."""
    shutil.copytree(base, place / base.name)
    outside = place / "outside"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    return World(project=place / base.name, outside=outside)


def judge(ask: Ask) -> Seen:
    """Judge as the command line does; an expected error is an answer too."""
    before = _cpu()
    try:
        told = judge_apart(ask)
        text, code = told.text, told.exit_code
    except RoadworthyError as error:
        text, code = f"{error.message}\n{error.hint}", error.exit_code
    return Seen(exit_code=code, text=text, cpu=_cpu() - before)


def most_seconds() -> float:
    """The bound of one judgement; counting its lines costs as much again."""
    return MOST_SECONDS * (2 if sys.gettrace() else 1)


def _cpu() -> float:
    """Processor time of children so far: what others do on this machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def everything(path: Path) -> str:
    """Return the report in all its formats."""
    return "\n".join(judge(Ask(path=str(path), style=style)).text for style in FORMATS)


def fingerprint(folder: Path) -> str:
    """Return a digest over the names, kinds, sizes and times of everything in a folder."""
    whole = hashlib.sha256()
    for at, folders, names in os.walk(folder):
        for name in sorted((*folders, *names)):
            path = Path(at, name)
            facts = path.lstat()
            whole.update(
                f"{os.fsencode(path)!r} {facts.st_mode} {facts.st_size} {facts.st_mtime_ns}".encode()
            )
        if len(names) > 10_000:
            break
    return whole.hexdigest()
