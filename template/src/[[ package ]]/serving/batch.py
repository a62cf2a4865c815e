"""Score a file: every row goes the road of a single request, with the same checks and the same lineage."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..pipeline import records, settings
from ..pipeline.outcome import Outcome, Refused
from . import routes
from .answer import Answerer, Line
from .capture import capture
from .live import Live, Serving
from .request import Field, Invalid, Request

ANSWER = ("prediction_id", "decision", "score", "version", "error")


@dataclass(frozen=True)
class Scored:
    """One row of the input with its captured line."""

    key: str
    line: Line


def score(input: str, output: str) -> Outcome:  # noqa: A002 - the names of the command's arguments
    """Score a CSV file; rows outside the contract are written with their problem, and the verb answers 1."""
    source, target = Path(input), Path(output)
    serving = current()
    key, rows = _read(source, target, serving)
    scored = score_rows(serving, rows)
    if routes.read() != serving.routes:
        raise Refused(
            "the pointer moved while scoring, so nothing was written", "var/routes.json", "score again"
        )
    records.write_atomic(target, _csv((key, *ANSWER), (_out(each) for each in scored)))
    refused = [each for each in scored if each.line["route"] == "refused"]
    lines = [f"{len(scored)} rows by {serving.routes.live} -> {target}"]
    lines += [f"{len(refused)} rows refused, the first: {refused[0].line['error']}"] if refused else []
    dual = _dual_run(serving, key, scored, target)
    lines += [dual["text"]] if dual else []
    details = {"rows": len(scored), "refused": len(refused), "version": serving.routes.live, "dual_run": dual}
    return Outcome("score", not refused, tuple(lines), details)


def current() -> Serving:
    """What the pointer names, loaded and verified now."""
    live = Live()
    live.refresh()
    if not live.serving.ready:
        why = live.problem or "nothing was promoted"
        raise Refused(f"no verified release: {why}", "var/routes.json", "promote a release")
    return live.serving


def score_rows(serving: Serving, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Scored]:
    """Answer and capture rows of (key, inputs); a refused row keeps its place."""
    safe = str(settings.need(settings.policy("serving"), "fallback.decision", "policy/serving.yaml"))
    answerer = Answerer(capture(), safe)
    return [Scored(key, _answer(answerer, serving, key, inputs)) for key, inputs in rows]


def _answer(answerer: Answerer, serving: Serving, key: str, inputs: Mapping[str, Any]) -> Line:
    name = uuid.uuid4().hex
    try:
        return answerer.answer(serving, Request(name, key, inputs))
    except Invalid as invalid:
        return answerer.refused(name, str(invalid))


def _read(source: Path, target: Path, serving: Serving) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    wanted = serving.champion.fields if serving.champion else {}
    try:
        with source.open(encoding="utf-8", newline="") as stream:
            table = csv.DictReader(stream, strict=True)
            rows, names = list(table), set(table.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"not a CSV file: {error}", str(source), "name a CSV file with a header") from error
    missing = sorted(wanted.keys() - names)
    if missing or not rows:
        what = f"columns missing: {', '.join(missing)}" if missing else "no row to score"
        raise Refused(what, str(source), "GET /model or policy/data.yaml name the inputs")
    if source.resolve() == target.resolve():
        raise Refused("the output would overwrite the input", str(target), "name another file")
    key = str(settings.policy("data").get("key"))
    key = key if key in names else "row"
    inputs = [{name: _value(row[name], each) for name, each in wanted.items()} for row in rows]
    keys = [row.get(key) or str(place) for place, row in enumerate(rows, 1)]
    return key, list(zip(keys, inputs, strict=True))


def _value(text: str | None, wanted: Field) -> Any:
    """A cell as the contract types it; what does not fit stays text, and is refused with its row."""
    if text is None or text == "":
        return None
    if not wanted.number:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if wanted.whole and number.is_integer() else number


def _out(scored: Scored) -> tuple[Any, ...]:
    line = scored.line
    return (scored.key, line["id"], line["decision"], line["score"], line["version"], line["error"])


def _dual_run(serving: Serving, key: str, scored: Sequence[Scored], target: Path) -> dict[str, Any] | None:
    """Where the challenger would have decided otherwise, beside the output."""
    if serving.challenger is None:
        return None
    both = [each for each in scored if each.line["shadow"]]
    differ = [each for each in both if each.line["shadow"]["decision"] != each.line["decision"]]
    where = target.with_suffix(".diff.csv")
    names = (key, "prediction_id", "decision", "score", "challenger_decision", "challenger_score")
    records.write_atomic(where, _csv(names, (_diff(each) for each in differ)))
    rival = serving.challenger.version
    text = f"dual run: {len(differ)} of {len(both)} decisions differ under {rival} -> {where}"
    return {"rows": len(both), "differ": len(differ), "file": str(where), "text": text}


def _diff(scored: Scored) -> tuple[Any, ...]:
    line, shadow = scored.line, scored.line["shadow"]
    return (scored.key, line["id"], line["decision"], line["score"], shadow["decision"], shadow["score"])


def _csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()
