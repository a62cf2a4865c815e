"""Copier itself: its prompts for a person, and its renderer for what lies outside our subset.

Rendering happens in a process of its own, without network, without git, and with nothing of the environment,
so that a template's code finds no token. Its extensions are loaded only for a source that is trusted by the
user's or the organisation's configuration.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from roadworthy.core.templates.config import Config
from roadworthy.core.values import frozen
from roadworthy.errors import Unjudgeable, UsageError

ANSWERS: Final = "roadworthy-answers"
RENDER_SECONDS: Final = 300.0


@frozen
class Job:
    """A render for Copier: folders, the answers given and recorded, and whether code may be loaded."""

    template: str
    destination: str
    data: Mapping[str, Any]
    answers_file: str | None
    trusted: bool


def ask(
    template: Path, config: Config, given: Mapping[str, Any], offered: Mapping[str, Any]
) -> dict[str, Any]:
    """Let Copier ask a person every question that is not answered yet, and return the answers.

    `offered` takes the place of the template's defaults.
    """
    import copier  # 0.3 s, and only a person who is asked waits for it

    _add_answers_template(template, config)
    with tempfile.TemporaryDirectory(prefix="roadworthy-ask-") as folder:
        copier.run_copy(
            str(template),
            folder,
            data=dict(given),
            user_defaults=dict(offered),
            settings=copier.Settings(),
            exclude=("*", f"!{ANSWERS}"),
            skip_tasks=True,
            quiet=True,
        )
        answers: dict[str, Any] = json.loads((Path(folder) / ANSWERS).read_bytes())
    return {**given, **{key: value for key, value in answers.items() if not key.startswith("_")}}


def render_apart(job: Job) -> None:
    """Render with Copier in a separate process: offline, without git, without the environment."""
    with tempfile.TemporaryDirectory(prefix="roadworthy-home-") as home:
        environment = {"PATH": "", "HOME": home, "LC_ALL": "C.UTF-8", "TZ": os.environ.get("TZ", "")}
        if os.name == "nt":
            environment["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
        done = subprocess.run(
            (sys.executable, "-I", "-c", "from roadworthy.adapters.copier import child; child()"),
            input=json.dumps(vars(job), default=str),
            env=environment,
            cwd=home,
            capture_output=True,
            text=True,
            timeout=RENDER_SECONDS,
        )
    if done.returncode:
        raise _failure(done)


def child() -> None:
    """Do one render in the separate process; the job comes on standard input."""
    import copier

    _cut_network()
    job = json.load(sys.stdin)
    copier.run_copy(
        job["template"],
        job["destination"],
        data=job["data"],
        answers_file=job["answers_file"],
        settings=copier.Settings(trust=[job["template"]] if job["trusted"] else []),
        defaults=True,
        overwrite=True,
        skip_tasks=True,
        quiet=True,
    )


def _failure(done: subprocess.CompletedProcess[str]) -> Unjudgeable | UsageError:
    lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
    last = max(number for number, line in enumerate(lines) if number == 0 or not line[0].isspace())
    said = " ".join(line.strip() for line in lines[last:] if "For further information" not in line)
    if "UnsafeTemplateError" in done.stderr:
        hint = "if you trust its code, add the source to [sources] trusted in roadworthy/config.toml"
        return UsageError("the template runs code of its own (Jinja extensions), and is not trusted", hint)
    return Unjudgeable(f"Copier could not render the template: {said}", "see why with: copier copy")


def _cut_network() -> None:
    """Make every connection fail: an accident guard, not a prison."""
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network while rendering")

    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse  # type: ignore[assignment]
    socket.getaddrinfo = refuse  # type: ignore[assignment]


def _add_answers_template(template: Path, config: Config) -> None:
    """Add a file to a template's copy that renders to every answer, secret ones included, as JSON."""
    start = config.envops.get("variable_start_string", "{{")
    end = config.envops.get("variable_end_string", "}}")
    if start in config.subdirectory:
        raise UsageError("this template chooses its folder by an answer", "answer with --data and --defaults")
    secret = "".join(f", {each.name}={each.name}" for each in config.questions if each.secret)
    text = f"{start} dict(_copier_answers{secret}) | to_json {end}"
    (template / config.subdirectory / (ANSWERS + config.suffix)).write_text(text, "utf-8")
