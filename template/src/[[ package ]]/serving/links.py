"""The links of a trace, one function each: (name, holds, text), from records and whatever bytes are here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..pipeline import records, settings
from ..pipeline.outcome import Refused
from ..pipeline.verdict import NAMESPACE, bundle, gate_file, signed_by, subject, subject_digest
from .clock import parse, text
from .computation import computation

Link = tuple[str, bool | None, str]
Record = Mapping[str, Any]
APPROVAL = "roadworthy-approval"


def chain(line: Record) -> list[Link]:
    """Every link behind a scored prediction."""
    release = _readable("releases", f"{line['version']}.json")
    run = _readable("runs", f"{release.get('run_id')}.json")
    model = (_release, _bytes, _model, computation)
    made = (*model, _run, _code, _data, _configuration, _environment, _evaluation, _card)
    found = [_safely(link, line, release, run) for link in made]
    return [*found, *_approvals(line), _safely(_gate, line), _safely(_deployment, line)]


def switched(line: Record) -> Link:
    """Who switched the safe answer on, for a prediction that no model made."""
    if line["route"] != "fallback":
        return "request", True, "it was outside the data contract; nothing was scored"
    return _safely(_deployment, line)


def _safely(link: Callable[..., Link], *facts: Any) -> Link:
    """A record too damaged to read is a broken link, not a crash."""
    try:
        return link(*facts)
    except Refused as refusal:
        return link.__name__.strip("_"), False, f"{refusal.what} ({refusal.where})"
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return link.__name__.strip("_"), False, f"cannot be read: {error!r}"


def _readable(folder: str, name: str) -> Record:
    try:
        return _record(folder, name)
    except Refused:
        return {}


def _release(line: Record, release: Record, run: Record) -> Link:
    if not _record("releases", f"{line['version']}.json"):
        return "release", None, f"no record of release {line['version']}"
    digest = subject_digest(release["subject"])
    good = digest == release["subject_digest"] == line["subject_digest"]
    words = f"{release['system']} {release['version']}, {len(release['subject'])} parts, {_short(digest)}"
    return "release", good, words if good else f"{words} is not {_short(line['subject_digest'])}"


def _bytes(line: Record, release: Record, run: Record) -> Link:
    folder = bundle(str(line["version"]))
    if not (folder / "release.json").is_file():
        return "bytes", None, f"{settings.relative(folder)} is not on this machine"
    good = subject_digest(subject(folder)) == line["subject_digest"]
    return "bytes", good, f"var/releases/{line['version']} recomputed" + ("" if good else ": not the same")


def _model(line: Record, release: Record, run: Record) -> Link:
    digest = _part(release, "model")
    if digest is None:
        return "model", None, "the release names no model"
    made = run.get("artifacts", {}).get("model.skops", digest)
    return "model", digest == line["model_sha256"] == made, f"{_short(digest)} in release, run and prediction"


def _run(line: Record, release: Record, run: Record) -> Link:
    if not _record("runs", f"{release.get('run_id')}.json"):
        return "run", None, f"no record of run {release.get('run_id', 'unknown')}"
    who = run["submitter"]
    return "run", run["run_id"] == release["run_id"], f"{run['run_id']} by {who['name']} <{who['email']}>"


def _code(line: Record, release: Record, run: Record) -> Link:
    commit = str(line["code_rev"])
    if not run or commit == "unknown":
        return "code", None, "no run record names the commit"
    if run["code"]["commit"] != commit:
        return "code", False, f"the run was made from {run['code']['commit'][:12]}, not {commit[:12]}"
    dirty = ", with uncommitted changes" if run["code"]["dirty"] else ""
    try:
        records.git("cat-file", "-e", f"{commit}^{{commit}}")
    except Refused:
        return "code", None, f"commit {commit[:12]} is not in this repository{dirty}"
    return "code", True, f"commit {commit[:12]}{dirty}"


def _data(line: Record, release: Record, run: Record) -> Link:
    manifest = str(line["data_sha256"])
    record = _record("data", f"{manifest[:12]}.json")
    if not record:
        return "data", None, f"no record of dataset {manifest[:12]}"
    splits = {name: {key: each[key] for key in ("sha256", "rows")} for name, each in record["splits"].items()}
    whole = {"source": record["source"], "contract_sha256": record["contract_sha256"], "splits": splits}
    digest = records.sha256_bytes(records.canonical(whole))
    if digest != manifest:
        return "data", False, f"the record's digest is {digest[:12]}, not {manifest[:12]}"
    here = [settings.path(each["path"]) for each in record["splits"].values()]
    words = f"{record['source']['name']}, {record['source']['rows']} rows, {manifest[:12]}"
    if not all(file.is_file() for file in here):
        return "data", None, f"{words}; its rows are not on this machine"
    same = all(
        records.sha256_file(settings.path(each["path"])) == each["sha256"]
        for each in record["splits"].values()
    )
    return "data", same, f"{words}, {len(here)} splits recomputed" + ("" if same else ": not the same")


def _configuration(line: Record, release: Record, run: Record) -> Link:
    if not run or not release:
        return "configuration", None, "no run or release record"
    shipped = {
        each["name"]: each["sha256"]
        for each in release["subject"]
        if each["role"] in ("config", "thresholds")
    }
    wanted = {**run["config"], "policy/gates.yaml": run["gates_sha256"]}
    wrong = [name for name, digest in wanted.items() if shipped.get(name) != digest]
    return "configuration", not wrong, f"differs: {', '.join(wrong)}" if wrong else ", ".join(sorted(wanted))


def _environment(line: Record, release: Record, run: Record) -> Link:
    digest = str(line["env_sha256"])
    if not run or digest == "unknown":
        return "environment", None, "no run record names the lock"
    found = run["environment"]
    return "environment", found["lock_sha256"] == digest, f"Python {found['python']}, lock {_short(digest)}"


def _evaluation(line: Record, release: Record, run: Record) -> Link:
    record = _record("evaluations", f"{release.get('run_id')}.json")
    if not record:
        return "evaluation", None, f"no evaluation of run {release.get('run_id', 'unknown')}"
    good = record["passed"] is True and record["model_sha256"] == line["model_sha256"]
    shown = ", ".join(f"{name} {each['value']:.3f}" for name, each in sorted(record["candidate"].items())[:3])
    return "evaluation", good, f"{'passed' if record['passed'] else 'failed'}; {shown}"


def _card(line: Record, release: Record, run: Record) -> Link:
    file = settings.path("governance", "cards", f"{line['version']}.md")
    if not file.is_file() or not release:
        return "card", None, f"no record of {settings.relative(file)}"
    return "card", records.sha256_file(file) == _part(release, "card"), settings.relative(file)


def _approvals(line: Record) -> list[Link]:
    names = line["approval_id"] or ()
    found = [_safely(_approval, name, line) for name in names]
    return found or [("approval", None, "the prediction names none")]


def _approval(name: str, line: Record) -> Link:
    file = settings.path("governance", "approvals", f"{name}.yaml")
    if "/" in name or not file.is_file():
        return "approval", None, f"{name} is not on record"
    said = settings.load_yaml(file)
    who, decided = said["approver"], parse(str(said["decided_at"]))
    words = f"{who['identity']} as {who['role']}, {text(decided)}"
    if file.with_suffix(".revoked.yaml").exists():
        return "approval", False, f"{words}; revoked"
    signature = file.with_name(f"{file.name}.sig")
    if not signature.is_file():
        return "approval", False, f"{words}; not signed"
    signer = signed_by(file.read_bytes(), signature.read_bytes(), APPROVAL, decided)
    good = signer == who["identity"] and said["subject_digest"] == line["subject_digest"]
    return (
        "approval",
        good and said["decision"] == "approve",
        words + (", signed" if good else "; signature or subject differ"),
    )


def _gate(line: Record) -> Link:
    file = gate_file(str(line["version"]))
    signature = file.with_suffix(".json.sig")
    if not file.is_file() or not signature.is_file():
        return "gate", None, f"no signed verdict on release {line['version']}"
    predicate = records.read_record(file)["predicate"]
    said, when = predicate["roadworthy"], parse(predicate["timeVerified"])
    result, count = predicate["verificationResult"], len(said["approvals"])
    signer = signed_by(file.read_bytes(), signature.read_bytes(), NAMESPACE, when)
    good = result == "PASSED" and said["subject_digest"] == line["subject_digest"]
    words = f"{result} {text(when)}, tier {said['tier']}, approvals {count}"
    signed = f", signed by {signer}" if signer else "; not signed"
    ended = "" if parse(said["expires_at"]) > datetime.now(UTC) else f"; expired {said['expires_at']}"
    return (
        "gate",
        good and signer is not None,
        f"{words}{signed}{ended}",
    )


def _deployment(line: Record) -> Link:
    version, when = line["version"] or "fallback", line["ts"][:19]
    files = sorted(settings.path("governance", "deployments").glob("*.json"))
    moves = [each for each in map(records.read_record, files) if each["version"] == version]
    before = [each for each in moves if each["at"][:19] <= when]
    if not before:
        return "deployment", None, f"no record of {version} going live"
    last = before[-1]
    same = last["subject_digest"] == line["subject_digest"]
    return "deployment", same, f"{last['action']} {last['at']} by {last['by']}: {last['reason']}"


def _record(folder: str, name: str) -> Record:
    file = settings.path("governance", folder, name)
    return records.read_record(file) if file.is_file() else {}


def _part(release: Record, role: str) -> str | None:
    return next((str(each["sha256"]) for each in release.get("subject", ()) if each["role"] == role), None)


def _short(digest: Any) -> str:
    return str(digest).removeprefix("sha256:")[:12]
