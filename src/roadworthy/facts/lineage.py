"""Runs and evaluations: every digest recomputed, every link followed, every comparison redone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.approval.evidence import compared
from roadworthy.core.approval.subject import is_sha256
from roadworthy.core.documents.parts import mapping, number, part, rows
from roadworthy.facts.measured import left_out, missized, rival_varies
from roadworthy.facts.past import CONTRACT, GATES, LOCKS, TRAINING, Past
from roadworthy.facts.records import Record, Shelf
from roadworthy.facts.retold import aged, intervals, probes, proxies, tables_agree, whole_slices


def runs(shelf: Shelf, past: Past, released: set[str]) -> list[dict[str, Any]]:
    """Return the facts under `records.runs`."""
    return [_run(record, shelf, past, released) for record in shelf.of("runs")]


def _run(record: Record, shelf: Shelf, past: Past, released: set[str]) -> dict[str, Any]:
    code, config = record.mapping("code"), record.mapping("config")
    commit, run_id = str(code.get("commit") or ""), record.text("run_id")
    lock = record.mapping("environment").get("lock_sha256")
    locks, gates = [past.digest(commit, path) for path in LOCKS], past.digest(commit, GATES)
    files = (*config, TRAINING, CONTRACT)
    return {
        **record.base,
        "run_id": run_id,
        "submitter": str(record.mapping("submitter").get("email") or ""),
        "dirty": code.get("dirty") is not False,
        "commit": commit,
        "commit_known": commit in past.known if past.tells(commit) else None,
        "dataset_known": _dataset_known(record, shelf),
        "config_ok": _config_ok(config, commit, past) if past.tells(commit, *files) else None,
        "gates_ok": gates == record.text("gates_sha256") if past.tells(commit, GATES) else None,
        "lock_ok": bool(lock) and lock in locks if past.tells(commit, *LOCKS) else None,
        "artifacts_ok": is_sha256(model_digest(record)),
        "has_search": bool(record.rows("search")),
        "seed": record.value.get("seed"),
        "minutes": _minutes(record, shelf),
        "off_policy": _off_policy(record, commit, past),
        "latest": run_id == shelf.newest_run,
        "judged": run_id == shelf.judged_run,
        "released": run_id in released and run_id == record.stem,
    }


def _config_ok(config: Mapping[str, Any], commit: str, past: Past) -> bool:
    """Whether the files that configure a run are named, each with the bytes that its commit has."""
    there = {path for path in (TRAINING, CONTRACT) if past.digest(commit, path)}
    same = all(past.digest(commit, path) == digest for path, digest in config.items())
    return bool(config) and same and there <= config.keys()


def _off_policy(run: Record, commit: str, past: Past) -> list[str] | None:
    """What a clean run says it did otherwise than the configuration of its commit, or than its own search."""
    if not past.tells(commit, TRAINING):
        return None
    training = past.document(commit, TRAINING)
    if not training or run.mapping("code").get("dirty") is not False:
        return []
    names = ("features", "seed", "threshold")
    found = [name for name in names if name in run.value and run.value[name] != training.get(name)]
    given, tried = mapping(training.get("parameters")), run.rows("search")
    chosen = [{**given, **part(each, "parameters")} == run.value.get("parameters") for each in tried]
    return found if any(chosen) or not tried else [*found, "parameters"]


def model_digest(run: Record) -> str:
    """Return the digest of the model that a run made; empty when it names none."""
    artifacts = run.mapping("artifacts")
    return next(
        (str(digest) for name, digest in sorted(artifacts.items()) if str(name).startswith("model")), ""
    )


def _dataset_known(run: Record, shelf: Shelf) -> bool:
    data = run.mapping("data")
    dataset = shelf.find("datasets", "manifest_sha256", data.get("manifest_sha256"))
    said = data.get("splits")
    if dataset is None or not isinstance(said, Mapping) or not said:
        return False
    has = dataset.mapping("splits")
    return all(
        isinstance(has.get(name), Mapping) and has[name].get("sha256") == digest
        for name, digest in said.items()
    )


def evaluations(shelf: Shelf, past: Past, released: set[str]) -> list[dict[str, Any]]:
    """Return the facts under `records.evaluations`."""
    return [_evaluation(record, shelf, past, released) for record in shelf.of("evaluations")]


def _evaluation(record: Record, shelf: Shelf, past: Past, released: set[str]) -> dict[str, Any]:
    run_id, model = record.text("run_id"), record.text("model_sha256")
    run = shelf.find("runs", "run_id", run_id)
    made = run is not None and model_digest(run) == model != "" and record.follows(run)
    checks = record.rows("checks")
    commit, data = str(run.mapping("code").get("commit")) if run else "", record.mapping("data")
    gates, tested = past.document(commit, GATES), _rows_of(data.get("test"), shelf)
    told = past.tells(commit, GATES)
    asked = gates if past.digest(commit, GATES) == record.text("gates_sha256") else {}
    return {
        **record.base,
        "run_id": run_id,
        "run_known": made and run_id == record.stem,
        "gates_same": run is not None and record.text("gates_sha256") == run.text("gates_sha256") != "",
        "data_same": run is not None and _same_test(record, run),
        "checks": [_check(check) for check in checks],
        "checks_true": bool(checks)
        and all(_redone(check) for check in checks)
        and tables_agree(record.value),
        "checks_demanded": _demanded(record, gates) if told else None,
        "left_out": left_out(record.value, asked) if told else None,
        "missized": missized(
            record.value, run.value if run else {}, tested, _rows_of(data.get("challenge"), shelf)
        ),
        "rival_varies": rival_varies(record.value, asked),
        "protected": _protected(past.document(commit, CONTRACT)) if past.tells(commit, CONTRACT) else None,
        "passed": record.value.get("passed") is True,
        "has_baseline": _measured(record.mapping("baseline"), record.mapping("candidate")),
        "has_challenge": bool(record.mapping("challenge")) and bool(record.mapping("data").get("challenge")),
        "has_intervals": intervals(record.mapping("candidate")),
        "incumbent": str(record.mapping("incumbent").get("model_sha256") or ""),
        "incumbent_ok": _incumbent_ok(record, shelf),
        "model_sha256": model,
        "slices": [{"name": str(row.get("name")), "rows": row.get("rows")} for row in record.rows("slices")],
        "slices_whole": whole_slices(record.value, tested),
        "proxies": proxies(record.value),
        "aged": aged(record.value, _rows_taught(run, shelf)),
        "fairness_groups": _groups(record),
        "robustness": probes(record.value),
        "released": run_id in released,
        "latest": run_id == shelf.newest_run,
        "judged": run_id == shelf.judged_run,
    }


def _protected(contract: Mapping[str, Any]) -> list[str]:
    names = contract.get("protected")
    return [str(name) for name in names] if isinstance(names, list) else []


def _same_test(record: Record, run: Record) -> bool:
    test = mapping(run.mapping("data").get("splits")).get("test")
    return bool(test) and record.mapping("data").get("test") == test


def _rows_of(digest: Any, shelf: Shelf) -> int | None:
    """How many rows a split has, by the data set that has a split of that digest."""
    splits = (split for each in shelf.of("datasets") for split in each.mapping("splits").values())
    found = (number(mapping(split).get("rows")) for split in splits if mapping(split).get("sha256") == digest)
    return next((int(rows) for rows in found if rows is not None), None)


def _rows_taught(run: Record | None, shelf: Shelf) -> int | None:
    splits = mapping(run.mapping("data").get("splits")) if run else {}
    return _rows_of(splits.get("train"), shelf)


def _minutes(run: Record, shelf: Shelf) -> float | None:
    """What it took by its own word, where that is about the rows and the search that are on record."""
    cost = run.mapping("cost")
    seconds, cpu = (number(cost.get(name)) for name in ("seconds", "cpu_seconds"))
    about = (cost.get("rows"), cost.get("fits")) == (_rows_taught(run, shelf), len(run.rows("search")))
    return seconds / 60 if about and seconds and seconds > 0 and cpu and cpu > 0 else None


def _check(check: Mapping[str, Any]) -> dict[str, Any]:
    return {name: check.get(name) for name in ("id", "metric", "value", "op", "limit", "passed")}


def _redone(check: Mapping[str, Any]) -> bool:
    """A comparison done again gives what the record says; one that cannot be done may not say passed."""
    found = compared(check)
    return check.get("passed") is not True if found is None else found is (check.get("passed") is True)


def _demanded(record: Record, gates: Mapping[str, Any]) -> bool:
    """Whether every limit of the thresholds the run started with was compared with exactly that limit."""
    compared = {(str(check.get("id")), number(check.get("limit"))) for check in record.rows("checks")}
    metrics = {(str(gate.get("id")), number(gate.get("limit"))) for gate in rows(gates.get("metrics"))}
    limits = {limit for _, limit in compared}
    return bool(metrics) and metrics <= compared and set(_limits(gates)) <= limits


def _limits(gates: Any) -> Iterator[float]:
    """Every number that a thresholds file calls a limit, wherever it stands."""
    if isinstance(gates, Mapping):
        limit = number(gates.get("limit"))
        if limit is not None:
            yield limit
        for inner in gates.values():
            yield from _limits(inner)
    elif isinstance(gates, list):
        for inner in gates:
            yield from _limits(inner)


def _measured(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> bool:
    return bool(baseline) and bool(set(baseline) & set(candidate))


def _groups(record: Record) -> int:
    groups = record.mapping("fairness").get("groups")
    return len(groups) if isinstance(groups, list | dict) else 0


def _incumbent_ok(record: Record, shelf: Shelf) -> bool:
    """Whether the evaluation compared with what served when it was made, or nothing did."""
    at = str(record.base["at"])
    served = [
        d
        for d in shelf.of("deployments")
        if str(d.base["at"]) <= at and d.text("action") in ("promote", "rollback")
    ]
    incumbent = record.value.get("incumbent")
    if not served or served[-1].text("version") == "fallback":
        return incumbent is None or not incumbent
    release = shelf.find("releases", "version", served[-1].text("version"))
    models = (
        {row.get("sha256") for row in release.rows("subject") if row.get("role") == "model"}
        if release
        else set()
    )
    said = mapping(incumbent)
    return said.get("version") == served[-1].text("version") and said.get("model_sha256") in models
