"""The stage of `make life`: a clone of this project's HEAD with sample people, and hands to act in it.

Only the standard library; every verb runs as a person would run it, in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

SAMPLE = Path(__file__).resolve().parent
PROJECT = SAMPLE.parent
CLONE = PROJECT / "var" / "life"
KEYS = CLONE / "var" / "keys"
DEVELOPER, OPERATOR, GATE = "dev@rehearsal.example", "ops@rehearsal.example", "gate"
OURS = ("GIT_", "MLFLOW_", "PROJECT_ROOT")
# What is only rehearsed goes to no shared registry; to the gate, the clone's own store is the registry.
REGISTRY = {"MLFLOW_TRACKING_URI": f"sqlite:///{CLONE / 'var' / 'mlflow.db'}"}
LOOK = f"look in {CLONE}"
WORDS = SAMPLE / "governance" / "words.yaml"
FIELD = re.compile(r'([\w-]+): ""')


def stop(what: str, repair: str) -> NoReturn:
    """End the rehearsal with what went wrong and the next step."""
    sys.exit(f"life: {what}\n  next: {repair}")


@dataclass
class Rehearsal:
    """The clone, and a clock that says how long each step of the story took."""

    package: str
    tier: str
    mode: str
    duties: dict[str, Any]
    words: dict[str, str]
    begun: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """One line of the story, with the seconds since the line before."""
        now = time.monotonic()
        print(f"{now - self.last:6.1f} s  {text}", flush=True)
        self.last = now

    def verb(self, *arguments: str, refused: str = "") -> dict[str, Any]:
        """Run a verb of the project; with `refused` it must say no, with that word in its reason."""
        return self._run([sys.executable, "-m", self.package, *arguments, "--json"], refused)

    def roadworthy(self, *arguments: str, refused: str = "") -> dict[str, Any]:
        """Run Roadworthy on the clone, the same way."""
        return self._run([*roadworthy(), *arguments, "--json"], refused, **REGISTRY)

    def commit(self, message: str, who: str, what: str = ".") -> None:
        """Commit what changed in the clone, or in one folder of it, in somebody's name."""
        git("add", "--all", "--", what)
        git("commit", "-q", "-m", message, who=who)

    def _run(self, command: list[str], refused: str, **more: str) -> dict[str, Any]:
        done = subprocess.run(command, cwd=CLONE, env=environment() | more, capture_output=True, text=True)
        said, shown = f"{done.stdout}\n{done.stderr}".strip(), " ".join(command[1:-1])
        if refused and (done.returncode != 1 or refused not in said):
            stop(f"`{shown}` should be refused because of {refused}; it said:\n{brief(said)}", LOOK)
        if not refused and done.returncode:
            stop(f"`{shown}` ended with {done.returncode}:\n{brief(said)}", LOOK)
        return parsed(done.stdout)


def brief(said: str) -> str:
    """What a command said, as people read it: its lines or its refusals, else the end of its output."""
    value = parsed(said)
    refusals = [f"{each['code']}: {each['message']}" for each in value.get("refusals", ())]
    return "\n".join(value.get("lines") or refusals or said.splitlines()[-15:])[-3000:]


def parsed(text: str) -> dict[str, Any]:
    """The JSON object a command printed last; nothing when it printed none."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    value = json.loads(lines[-1]) if lines else {}
    assert isinstance(value, dict)
    return value


def environment() -> dict[str, str]:
    """The environment of every child: the clone's own package and store, and no git settings of ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    who = {f"GIT_{part}_EMAIL": DEVELOPER for part in ("AUTHOR", "COMMITTER")}
    named = {f"GIT_{part}_NAME": "Dana Devlin" for part in ("AUTHOR", "COMMITTER")}
    return {**kept, **who, **named, "PYTHONPATH": str(CLONE / "src"), "PYTHONDONTWRITEBYTECODE": ""}


def roadworthy() -> list[str]:
    """How to call Roadworthy: as ROADWORTHY says, from PATH, or from beside the project (`make tool`)."""
    named = shlex.split(os.environ.get("ROADWORTHY", "roadworthy"))
    beside = PROJECT / ".roadworthy/.venv" / "bin" / "roadworthy"
    found = shutil.which(named[0]) or (str(beside) if beside.is_file() else None)
    if found is None:
        stop("roadworthy is not installed, and a release cannot be approved without it", "make tool")
    return [found, *named[1:]]


def git(*arguments: str, who: str = DEVELOPER, cwd: Path = CLONE) -> str:
    """Run git as a sample person."""
    person = {f"GIT_{part}_{what}": value for part in ("AUTHOR", "COMMITTER") for what, value in named(who)}
    quiet = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")
    command = ["git", *quiet, *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment() | person, capture_output=True, text=True)
    if done.returncode:
        stop(f"git {' '.join(arguments)}: {done.stderr.strip()}", "commit this project first, then make life")
    return done.stdout.strip()


def named(who: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Name and address of a sample person, as git wants them."""
    return ("NAME", sample_people().get(who, (who, ""))[0]), ("EMAIL", who)


def sample_people() -> dict[str, tuple[str, str]]:
    """Name and first role of every sample person."""
    text = (SAMPLE / "governance" / "people.yaml").read_text("utf-8")
    line = re.compile(r'identity: "([^"]+)", name: ([^,]+),.*roles: \[([\w-]+)')
    return {who: (name, role) for who, name, role in line.findall(text)}


def prepare() -> Rehearsal:
    """Clone, give everybody a throw-away key, and say what people would have said by now."""
    rehearsal = _stage()
    keys = {who: _key(who) for who in (*sample_people(), GATE)}
    _write_people(keys)
    rehearsal.commit("Name the people and their keys (sample)", OPERATOR)
    for file in ("system", "risk", "card", "roles"):
        _fill(file, rehearsal.words)
    rehearsal.commit("Say what the system is for, what can go wrong and who answers (sample)", DEVELOPER)
    return rehearsal


def _stage() -> Rehearsal:
    """A fresh clone without records, of one commit by the sample developer: the past is not rehearsed."""
    lock = PROJECT / ".roadworthy" / "lock.yaml"
    if not lock.is_file():
        stop("this project was ejected from its policy: there is no gate to rehearse", "run verb by verb")
    roadworthy()
    git("rev-parse", "--verify", "-q", "HEAD", cwd=PROJECT)
    shutil.rmtree(CLONE, ignore_errors=True)
    CLONE.parent.mkdir(exist_ok=True)
    git("clone", "-q", str(PROJECT), str(CLONE), cwd=PROJECT)
    git("rm", "-rq", "--ignore-unmatch", "--", "governance/*/*", ":!governance/runbooks")
    start = git("commit-tree", git("write-tree"), "-m", "Start the rehearsal")
    git("checkout", "-q", "-B", "rehearsal", start)
    for key, value in zip(("user.name", "user.email"), named(DEVELOPER), strict=True):
        git("config", key, value[1])
    duties = dict(re.findall(r"^ {2}(\w+): (.+)$", lock.read_text("utf-8"), re.MULTILINE))
    top = dict(re.findall(r"^(\w+): (.+)$", lock.read_text("utf-8"), re.MULTILINE))
    (package,) = (each.parent.name for each in (CLONE / "src").glob("*/cli.py"))
    obligations = {name: json.loads(value) for name, value in duties.items()}
    return Rehearsal(package, top["tier"], top["mode"], obligations, _words(obligations))


def _words(duties: dict[str, Any]) -> dict[str, str]:
    text = WORDS.read_text("utf-8")
    today = datetime.now(UTC)
    review = today + timedelta(days=duties["review_days"])
    text = text.replace("{today}", f"{today:%Y-%m-%d}").replace("{review}", f"{review:%Y-%m-%d}")
    return dict(line.split(": ", 1) for line in text.splitlines() if line and not line.startswith("#"))


def _key(who: str) -> str:
    """A throw-away key: no passphrase, gone with the clone."""
    KEYS.mkdir(parents=True, exist_ok=True)
    file = KEYS / who.partition("@")[0]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", str(file)], check=True)
    return " ".join(file.with_suffix(".pub").read_text().split()[:2])


def _write_people(keys: dict[str, str]) -> None:
    governance, people = CLONE / "governance", (SAMPLE / "governance" / "people.yaml").read_text("utf-8")
    with (governance / "roles.yaml").open("a", encoding="utf-8") as roles:
        roles.write("\n" + people)
    with (governance / "allowed_signers").open("a", encoding="utf-8") as signers:
        for who, key in keys.items():
            uses = "roadworthy-gate" if who == GATE else "roadworthy-approval,git"
            signers.write(f'{who} namespaces="{uses}" {key}\n')


def _fill(file: str, words: dict[str, str]) -> None:
    """Give every empty field of governance/<file>.yaml its sample words; comments and order stay."""
    path, above, identity, lines = CLONE / "governance" / f"{file}.yaml", dict[int, str](), "", []
    for line in path.read_text("utf-8").splitlines():
        identity = (re.findall(r'identity: "([^"]+)"', line) or [identity])[0]
        key = re.match(r" *(?:- )?([\w-]+):", line)
        indent = len(line) - len(line.lstrip(" -"))
        above = {at: name for at, name in above.items() if at < indent} | ({indent: key[1]} if key else {})
        lines.append(_filled(line, [file, *above.values()], words, identity))
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _filled(line: str, above: list[str], words: dict[str, str], identity: str) -> str:
    def word(found: re.Match[str]) -> str:
        name = ".".join(above if above[-1] == found[1] else [*above, found[1]])
        if name not in words:
            stop(f"governance/{above[0]}.yaml has a new field, {name}", f"add {name} to {WORDS}")
        return f"{found[1]}: {json.dumps(words[name].replace('{identity}', identity), ensure_ascii=False)}"

    return FIELD.sub(word, line)
