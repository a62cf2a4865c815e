"""`data`: check the contract, snapshot by digest, deal the splits; and the one way to read them back."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from . import contract, records, settings, splits
from .check import Check, failed
from .check import records as as_records
from .outcome import Outcome, Refused
from .policies import DataPolicy, load

_NOTHING = "run `data`"


@dataclass(frozen=True)
class Dataset:
    """One recorded snapshot: its record, and where its rows are."""

    record: dict[str, Any]

    @property
    def manifest(self) -> str:
        """The snapshot's name: the digest of what it is made of."""
        return str(self.record["manifest_sha256"])

    @property
    def digests(self) -> dict[str, str]:
        """Digest of each split."""
        return {name: str(split["sha256"]) for name, split in self.record["splits"].items()}

    def rows(self, split: str) -> pd.DataFrame:
        """One split's rows; bytes that are not the recorded ones are refused."""
        file = settings.path(self.record["splits"][split]["path"])
        if records.sha256_file(file) != self.digests[split]:
            raise Refused(f"the {split} rows are not the recorded ones", settings.relative(file), _NOTHING)
        return _read(file, load(DataPolicy))


def data() -> Outcome:
    """Load, check, snapshot, split; the record is written only when every check passed."""
    permitted(load(DataPolicy))
    return prepare(_loaded())


def prepare(frame: pd.DataFrame) -> Outcome:
    """The same on given rows."""
    policy = load(DataPolicy)
    permitted(policy)
    frame, erased = _without_erased(frame, policy)
    checks = contract.check(frame, policy, _reference(), contract.now())
    lines = tuple(check.line() for check in checks)
    details: dict[str, Any] = {"checks": as_records(checks)}
    if bad := failed(checks):
        told = f"refused: the rows break the contract ({', '.join(check.id for check in bad)})"
        return Outcome("data", ok=False, lines=(*lines, told), details=details)
    _refuse_target(frame[policy.target], policy.target)
    dataset = _keep(frame, policy, checks, erased)
    counts = {name: split["rows"] for name, split in dataset.record["splits"].items()}
    told = ", ".join(f"{name} {rows}" for name, rows in counts.items())
    return Outcome(
        verb="data",
        ok=True,
        lines=(*lines, *_told(erased), f"snapshot {dataset.manifest[:12]}: {told}"),
        details=details | {"manifest_sha256": dataset.manifest, "rows": counts},
    )


def _refuse_target(values: pd.Series, name: str) -> None:
    """A decision is 0 or 1; anything else would be learned as something it is not."""
    strange = values[~values.isin([0, 1])]
    if len(strange):
        told = f"`{name}` holds {strange.iloc[0]}, and a target is 0 or 1"
        raise Refused(told, "data.py", f"let `load` say `{name}` as 0 or 1")


def permitted(policy: DataPolicy) -> None:
    """Rows teach only for an agreed purpose, no longer than agreed, and at a tier that may hold them."""
    use, today = policy.use, contract.now().date()
    if "train" not in use.purposes:
        told = f"be used for training: its purposes are {', '.join(use.purposes) or 'none'}"
    elif use.until is not None and use.until < today:
        told = f"be used since {use.until}"
    elif use.class_ == "special-category" and settings.tier() == "low":
        told = "be used at tier low: it holds special categories"
    else:
        return
    raise Refused(
        f"{policy.source.name} may not {told}",
        "policy/data.yaml: use",
        "read a source that may, or have its use agreed and committed",
    )


def _without_erased(frame: pd.DataFrame, policy: DataPolicy) -> tuple[pd.DataFrame, dict[str, Any] | None]:
    """Rows of the keys on the erasure list stay out; a record says how many, not whose."""
    if policy.use.erasure_list is None or policy.key not in frame:
        return frame, None
    file = settings.path(policy.use.erasure_list)
    digest = records.sha256_file(file)
    keys = {line.strip() for line in file.read_text("utf-8").splitlines()} - {""}
    gone = frame[policy.key].astype(str).isin(keys)
    counts = {"keys": len(keys), "dropped": int(gone.sum()), "affected": _affected(keys, policy)}
    return frame[~gone], {"sha256": digest, **counts}


def _affected(keys: set[str], policy: DataPolicy) -> list[str]:
    """Releases that rows of these keys taught or tried, by the snapshots that are on this machine."""
    held = [each["manifest_sha256"] for each in records.read_records("data") if keys & _keys(each, policy)]
    runs = [run["run_id"] for run in records.read_records("runs") if run["data"]["manifest_sha256"] in held]
    return [each["version"] for each in records.read_records("releases") if each["run_id"] in runs]


def _keys(record: dict[str, Any], policy: DataPolicy) -> set[str]:
    files = [settings.path(split["path"]) for split in record["splits"].values()]
    tables = [_read(file, policy) for file in files if file.is_file()]
    return {str(each) for table in tables if policy.key in table for each in table[policy.key]}


def _told(erased: dict[str, Any] | None) -> tuple[str, ...]:
    if erased is None:
        return ()
    knew = ", ".join(erased["affected"]) or "none"
    return (f"erased {erased['dropped']} rows by {erased['keys']} keys; releases that knew some: {knew}",)


def _loaded() -> pd.DataFrame:
    try:
        from ..data import load as load_rows

        rows = load_rows()
    except Refused:
        raise
    except ModuleNotFoundError as error:
        raise Refused(
            f"data.py needs the package {error.name}, which is not installed",
            f"src/{settings.package()}/data.py",
            "let `load` read your own data, or for the sample: pip install -r requirements/sample.txt",
        ) from error
    except Exception as error:  # the team's file: whatever goes wrong there is for the team to correct
        told = f"`load` failed: {type(error).__name__}: {error}".splitlines()[0]
        where = _line_of_data(error)
        raise Refused(told, where, f"correct {where}, or what it reads") from error
    if not isinstance(rows, pd.DataFrame):
        told = f"`load` gave a {type(rows).__name__}, not a pandas DataFrame"
        raise Refused(told, f"src/{settings.package()}/data.py", "let `load` return the table")
    return rows


def _line_of_data(error: Exception) -> str:
    """Where in data.py an error came from, however deep in a library it was raised."""
    file = Path(settings.package()) / "data.py"
    frames = [(each.filename, each.lineno) for each in traceback.extract_tb(error.__traceback__)]
    frames += [(str(error.filename), error.lineno)] if isinstance(error, SyntaxError) else []
    lines = [line for name, line in frames if Path(name).parts[-2:] == file.parts]
    return f"src/{file.as_posix()}" + (f":{lines[-1]}" if lines else "")


def current() -> Dataset:
    """The snapshot that the last `data` made."""
    pointer = settings.path("var", "data", "current")
    if not pointer.is_file():
        raise Refused("no snapshot yet", settings.relative(pointer), _NOTHING)
    return recorded(pointer.read_text("utf-8").strip())


def recorded(manifest: str) -> Dataset:
    """The snapshot of this name."""
    return Dataset(records.read_record(_record_file(manifest)))


def _record_file(manifest: str) -> Path:
    return settings.path("governance", "data", f"{manifest[:12]}.json")


def _reference() -> pd.DataFrame | None:
    """The last snapshot's reference rows; none on the first day of a machine."""
    try:
        return current().rows("reference")
    except Refused:
        return None


def _keep(
    frame: pd.DataFrame, policy: DataPolicy, checks: list[Check], erased: dict[str, Any] | None
) -> Dataset:
    rows = _in_time(frame, policy)[list(policy.columns)]
    dealt = splits.deal(rows, policy)
    splits.refuse_overlap(dealt, policy)
    texts = {name: _csv(split) for name, split in dealt.items()}
    newest = contract.days(frame, policy.time.received).max().strftime("%Y-%m-%d")
    source = {"name": policy.source.name, "rows": len(rows), "sha256": records.sha256_bytes(_csv(rows))}
    source |= {"newest": newest, "use": policy.use.record(), "erased": erased}
    pinned = {
        name: {"sha256": records.sha256_bytes(text), "rows": len(dealt[name])} for name, text in texts.items()
    }
    contract_sha256 = records.sha256_file(settings.path("policy", "data.yaml"))
    identity = {"source": source, "contract_sha256": contract_sha256, "splits": pinned}
    manifest = records.sha256_bytes(records.canonical(identity))
    for name, text in texts.items():
        records.write_atomic(settings.path("var", "data", manifest, f"{name}.csv"), text)
    dataset = _record(manifest, identity, checks)
    records.write_atomic(settings.path("var", "data", "current"), f"{manifest}\n".encode())
    return dataset


def _in_time(frame: pd.DataFrame, policy: DataPolicy) -> pd.DataFrame:
    """Rows in the order they happened, which staleness is read from; without dates, in that of `load`."""
    order = contract.days(frame, policy.time.event or policy.time.received)
    return frame.loc[order.sort_values(kind="stable").index]


def _csv(frame: pd.DataFrame) -> bytes:
    text: str = frame.to_csv(index=False, lineterminator="\n")
    return text.encode()


def _read(file: Path, policy: DataPolicy) -> pd.DataFrame:
    """What `_csv` wrote: a text stays one, be it `007` or `NA`, and only an empty cell is missing."""
    texts = {name: str for name, column in policy.columns.items() if column.type == "string"}
    return pd.read_csv(file, dtype=texts, keep_default_na=False, na_values=[""])


def _record(manifest: str, identity: dict[str, Any], checks: list[Check]) -> Dataset:
    """Write the record once; the same rows on the same day are the same snapshot."""
    file = _record_file(manifest)
    if not file.exists():
        where = {
            name: split | {"path": f"var/data/{manifest}/{name}.csv"}
            for name, split in identity["splits"].items()
        }
        value = {
            "schema": "dataset/v1",
            "manifest_sha256": manifest,
            "created_at": records.now(),
            **identity,
            "splits": where,
            "overlap_rows": 0,
            "quality": {"checks": as_records(checks), "passed": not failed(checks)},
        }
        records.write_record(file, value)
    return recorded(manifest)
