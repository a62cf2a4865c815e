"""A page walked as its reader would: shell blocks run, transcripts compared, files with a name written.

A fence of `sh` must succeed. A fence of `text` with lines `$ command` is a transcript: each line under a
command must come up in its output, in that order; words with digits may differ, `…` stands for anything,
`(exit code 1)` is checked. A fence such as `yaml policy/data.yaml` is a file. Every other is only looked at.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

Aside = Callable[["Walk"], None]
_FENCE = re.compile(r"^( *)```(\w*) ?(\S*)$")
_LOOSE = re.compile(r"(…|\w*\d\w*|\s+)")
_EXIT = re.compile(r"\(exit code (\d+)\)")


@dataclass(frozen=True)
class Block:
    """A fence, and the heading it stands under."""

    heading: str
    language: str
    name: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """Yield the fences of a page, without their indentation."""
    heading, lines = "", iter(page.splitlines())
    for line in lines:
        heading = line.lstrip("# ") if line.startswith("#") else heading
        if start := _FENCE.match(line):
            indent, language, name = start.groups()
            inside = [each[len(indent) :] for each in takewhile(lambda each: each.strip() != "```", lines)]
            yield Block(heading, language, name, "\n".join(inside) + "\n")


@dataclass
class Walk:
    """A reader: where they are, and what they exported."""

    folder: Path
    environment: dict[str, str]

    def page(self, text: str, asides: Mapping[str, Aside]) -> int:
        """Walk a page; what its reader does untold comes before a heading or a command. Return the steps."""
        seen, steps = "", 0
        for block in blocks(text):
            command = " ".join(block.text.split()[:2])
            for place in {block.heading} - {seen} | {command}:
                asides.get(place, _nothing)(self)
            seen = block.heading
            steps += self._block(block)
        return steps

    def _block(self, block: Block) -> int:
        if block.name:
            (self.folder / block.name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.name).write_text(block.text)
        elif block.language == "sh":
            self.run(block.text)
        elif block.language == "text" and re.search(r"(?m)^\$ ", block.text):
            for step in re.split(r"(?m)^\$ ", block.text)[1:]:
                self._transcript(*step.split("\n", 1))
        else:
            return 0
        return 1

    def _transcript(self, command: str, shown: str) -> None:
        expected = [line for line in shown.splitlines() if line.strip(" …")]
        codes = [int(found[1]) for line in expected if (found := _EXIT.fullmatch(line))]
        said = self.run(command, codes[0] if codes else 0)
        place = 0
        for line in (line for line in expected if not _EXIT.fullmatch(line)):
            found = re.compile(_loose(line)).search(said, place)
            assert found, f"$ {command}\nthe page shows: {line}\nit said:\n{said}"
            place = found.end()

    def run(self, script: str, code: int = 0) -> str:
        """Run a script where the reader is now; return what it said."""
        state = self.environment["HOME"] + "/.state"
        keep = f"trap 'pwd > {shlex.quote(state)}; export -p >> {shlex.quote(state)}' EXIT\n"
        before = f"source {shlex.quote(state + '.exports')}\n" if os.path.exists(state + ".exports") else ""
        done = subprocess.run(
            ["bash", "-c", f"{before}{keep}set -e\n{script}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == code, f"$ {script}\nexited {done.returncode}, not {code}:\n{done.stdout}"
        where, _, exports = Path(state).read_text().partition("\n")
        self.folder = Path(where)
        Path(state + ".exports").write_text(exports)
        return done.stdout


def _nothing(_walk: Walk) -> None: ...


def _loose(line: str) -> str:
    kinds = {"…": ".*", " ": r"\s+"}
    parts = enumerate(_LOOSE.split(line.strip()))
    return "".join(kinds.get(part[0], r"\w+") if at % 2 else re.escape(part) for at, part in parts)
