"""One verb per stage of the life. Verbs return an Outcome; only this module prints and exits."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import json
import os
import re
import sys
import traceback
from dataclasses import dataclass
from typing import Any

from .pipeline import settings
from .pipeline.outcome import Outcome, Refused


@dataclass(frozen=True)
class Option:
    """One argument of a verb: its flags and what argparse needs to know."""

    flags: tuple[str, ...]
    keywords: dict[str, Any]


@dataclass(frozen=True)
class Verb:
    """One verb: its help, where its function lives (imported only when asked for), its arguments."""

    help: str
    target: str
    options: tuple[Option, ...] = ()


def option(*flags: str, **keywords: Any) -> Option:
    """Declare an argument as argparse would."""
    return Option(flags, keywords)


def _name(text: str) -> str:
    """What may stand in a record's file name."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z-]*", text):
        raise argparse.ArgumentTypeError(f"not a name: {text!r}")
    return text


def _words(text: str) -> str:
    """What a person said, also where the locale knows no letter of it."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError as error:
        raise argparse.ArgumentTypeError(f"not UTF-8: {text!r}") from error


ABOUT = """The life of this model, one verb per stage.
Exit codes: 0 ok, 1 refused or a gate failed, 2 usage, 3 a defect, 130 interrupted."""
_AS_OF = option("--as-of", help="the time to judge at, RFC 3339 (default: now); recorded when given")
_RUN = option("run_id", nargs="?", type=_name, help="run to use (default: the newest)")
_VERSION = option("version", type=_name, help="release, such as 1")

VERBS: dict[str, Verb] = {
    "data": Verb("check the data contract, snapshot and split by digest", "pipeline.dataset:data"),
    "train": Verb("one tracked run from committed configuration", "pipeline.train:train"),
    "evaluate": Verb(
        "judge a run against baseline, incumbent, slices", "pipeline.evaluate:evaluate", (_RUN,)
    ),
    "register": Verb("make a release of a run that passed", "pipeline.register:register", (_RUN,)),
    "promote": Verb(
        "let a release answer; needs its gate verdict",
        "pipeline.promote:promote",
        (
            _VERSION,
            option("--stage", choices=("full", "shadow", "canary"), default="full"),
            option("--percent", type=int, help="share of requests a canary answers"),
            _AS_OF,
        ),
    ),
    "serve": Verb(
        "answer requests with the promoted release",
        "serving.run:serve",
        (
            option("--host", default="127.0.0.1"),
            option("--port", type=int, default=8000),
            option("--workers", type=int, default=1),
        ),
    ),
    "score": Verb(
        "score a file of rows with the promoted release",
        "serving.batch:score",
        (option("input", help="CSV of rows"), option("output", help="CSV to write")),
    ),
    "monitor": Verb("drift, performance, freshness, cost: one verdict", "monitoring.run:monitor", (_AS_OF,)),
    "retrain": Verb(
        "say whether a retraining trigger fired, and which", "monitoring.retrain:retrain", (_AS_OF,)
    ),
    "rollback": Verb(
        "return to the last approved release that served",
        "pipeline.promote:rollback",
        (
            option("--reason", type=_words, required=True),
            option(
                "--to", help="a release that served before, or `fallback` (default: the last approved one)"
            ),
            _AS_OF,
        ),
    ),
    "drill": Verb("rehearse a rollback under load and record it", "serving.drill:drill"),
    "rebuild": Verb("make an old release again and compare", "pipeline.rebuild:rebuild", (_VERSION,)),
    "trace": Verb(
        "from one prediction to everything behind it", "serving.trace:trace", (option("id", type=_words),)
    ),
    "pipeline": Verb("data, train and evaluate in one process", "pipeline.pipeline:pipeline"),
}


def available() -> dict[str, Verb]:
    """The verbs of this project: a batch project has no `serve`, an online one no `score`."""
    return {name: verb for name, verb in VERBS.items() if _shipped(verb.target.split(":")[0])}


def parser() -> argparse.ArgumentParser:
    """The command line, built from the table above."""
    top = argparse.ArgumentParser(prog=f"python -m {__package__}", description=ABOUT)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in available().items():
        sub = verbs.add_parser(name, help=verb.help, description=verb.help)
        for each in verb.options:
            sub.add_argument(*each.flags, **each.keywords)
        sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return top


def run(verb: str, arguments: dict[str, Any]) -> Outcome:
    """Call a verb's function; its module is imported here and not before."""
    module, function = VERBS[verb].target.split(":")
    answer = getattr(importlib.import_module(f".{module}", __package__), function)(**arguments)
    assert isinstance(answer, Outcome)
    return answer


def main(argv: list[str] | None = None) -> int:
    """Parse, run, print, answer the exit code: 0 ok, 1 refused, 2 usage, 3 a defect, 130 interrupted."""
    arguments = vars(parser().parse_args(argv))
    verb, as_json = arguments.pop("verb"), arguments.pop("json")
    settings.quiet()
    _print_anything()
    try:
        outcome = run(verb, arguments)
    except Refused as refusal:
        return _refused(refusal, verb, as_json)
    except KeyboardInterrupt:
        return 130
    except (
        Exception
    ) as defect:  # the team's files are called from here: no traceback, but no loss of it either
        return _broken(defect, verb, as_json)
    told = _say(_as_json(outcome) if as_json else "\n".join(outcome.lines))
    return 0 if outcome.ok and told else 1


def _print_anything() -> None:
    """A terminal that knows no such letter shows its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _say(text: str) -> bool:
    """Whether it could be said; what was done stands either way."""
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # else whoever reads stopped reading
            print(f"standard output cannot be written: {error.strerror}", file=sys.stderr)
            return False
    return True


def _shipped(module: str) -> bool:
    return importlib.util.find_spec(f".{module}", __package__) is not None


def _as_json(outcome: Outcome) -> str:
    whole = {"verb": outcome.verb, "ok": outcome.ok, "lines": outcome.lines, **outcome.details}
    return json.dumps(whole, sort_keys=True)


def _broken(defect: Exception, verb: str, as_json: bool) -> int:
    """A defect is no refusal: exit code 3, the whole story in a file."""
    report = settings.path("var", "last-error.txt")
    report.parent.mkdir(exist_ok=True)
    report.write_text("".join(traceback.format_exception(defect)), "utf-8")
    place = traceback.extract_tb(defect.__traceback__)[-1]
    told = f"{type(defect).__name__}: {defect}".splitlines()[0]
    where = f"{place.filename}:{place.lineno}"
    _refused(Refused(f"a defect: {told}", where, f"read {settings.relative(report)}"), verb, as_json)
    return 3


def _refused(refusal: Refused, verb: str, as_json: bool) -> int:
    if as_json:
        said = {"refused": refusal.what, "where": refusal.where, "repair": refusal.repair}
        _say(json.dumps({"verb": verb, "ok": False, **said}, sort_keys=True))
    else:
        print(
            f"refused: {refusal.what}\n  where: {refusal.where}\n  repair: {refusal.repair}", file=sys.stderr
        )
    return 1
