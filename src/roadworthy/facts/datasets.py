"""Data sets: digests recomputed, and held against the contract that they say let them through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from roadworthy.core.approval.evidence import compared
from roadworthy.core.approval.subject import canonical, is_sha256, sha256
from roadworthy.core.documents.parts import number, part, rows
from roadworthy.core.times import days_between, parse_day, parse_time
from roadworthy.facts.past import CONTRACT, Past
from roadworthy.facts.records import Record, Shelf


def datasets(shelf: Shelf, past: Past, contract_now: bytes, released: set[str]) -> list[dict[str, Any]]:
    """Return the facts under `records.datasets`; `released` are the runs behind a release."""
    seen = [data for (_, path), data in past.blobs.items() if path == CONTRACT]
    contracts = {sha256(data): data for data in (*seen, contract_now) if data}
    taught = {each.text("run_id"): each.mapping("data").get("manifest_sha256") for each in shelf.of("runs")}
    latest, judged = (taught.get(run_id) for run_id in (shelf.newest_run, shelf.judged_run))
    behind = {manifest for run_id, manifest in taught.items() if run_id in released}
    return [
        {
            **_dataset(record, contracts, past),
            "latest": record.text("manifest_sha256") == latest,
            "judged": record.text("manifest_sha256") == judged,
            "released": record.text("manifest_sha256") in behind,
        }
        for record in shelf.of("datasets")
    ]


def _dataset(record: Record, contracts: Mapping[str, bytes], past: Past) -> dict[str, Any]:
    splits = {name: split for name, split in record.mapping("splits").items() if isinstance(split, Mapping)}
    whole = {
        name: split for name, split in splits.items() if split.get("sha256") and number(split.get("rows"))
    }
    digests = [split.get("sha256") for split in splits.values()]
    checks = rows(record.mapping("quality").get("checks"))
    contract = contracts.get(record.text("contract_sha256"))
    known, told = contract is not None, past.tells("", CONTRACT)
    return {
        **record.base,
        "manifest_sha256": record.text("manifest_sha256"),
        "digest_ok": _manifest_ok(record, splits),
        "rows_fit": _rows_fit(record, splits),
        "contract_known": known if known or told else None,
        "use_held": _use_held(record, past.read(CONTRACT, contract)) if known or told else None,
        "erased": _erased(part(record.mapping("source"), "erased")),
        "splits": sorted(whole),
        "distinct": len({str(digest) for digest in digests}) == len(digests),
        "overlap_rows": record.value.get("overlap_rows"),
        "quality_passed": record.mapping("quality").get("passed") is True and _none_failed(checks),
        "quality_checks": [str(check.get("id")) for check in checks],
        "untrue": sorted(
            {
                str(check.get("id"))
                for check in checks
                if not _true(check, record, past.read(CONTRACT, contract))
            }
        ),
    }


def _rows_fit(record: Record, splits: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the splits that share no row hold no more rows than were read."""
    apart = [
        number(splits.get(name, {}).get("rows")) for name in ("train", "validation", "test", "challenge")
    ]
    read = number(record.mapping("source").get("rows"))
    return read is not None and sum(each or 0.0 for each in apart) <= read


# Where the contract has the limit of a quality check; of the others nothing may be wrong.
LIMITS = {
    "rows": ("rows", "min"),
    "duplicates": ("rows", "max_duplicates"),
    "freshness": ("time", "max_age_days"),
    "late": ("time", "max_delay_days"),
    "shift": ("categories", "max_shift"),
    **dict.fromkeys(("present", "type", "range", "values", "nulls"), ()),
}
# A day has a date from its first hour to its last, and is one somewhere when it is not here.
DAYS = 2.0


def _true(check: Mapping[str, Any], record: Record, contract: Mapping[str, Any]) -> bool:
    """Whether an answer of the quality gate follows from its own numbers, the contract and what was read."""
    name, value = str(check.get("id")), number(check.get("value"))
    found, source = compared(check), record.mapping("source")
    if (check.get("passed") is True and found is not True) or (
        found is False and check.get("passed") is not False
    ):
        return False
    where = LIMITS.get(name)
    limit = number(part(contract, where[0]).get(where[1])) if where else 0.0
    if contract and where is not None and limit is not None and number(check.get("limit")) != limit:
        return False
    if name == "freshness" and value is not None:
        age = days_between(parse_day(source.get("newest")), parse_time(record.value.get("created_at")))
        return age is None or age <= value + DAYS
    return name != "rows" or value == number(source.get("rows"))


def _none_failed(checks: list[Mapping[str, Any]]) -> bool:
    """Some check passed and none failed; what could not be measured says neither."""
    said = [check.get("passed") for check in checks]
    return True in said and False not in said


def _manifest_ok(record: Record, splits: Mapping[str, Mapping[str, Any]]) -> bool:
    bare = {name: {key: split.get(key) for key in ("sha256", "rows")} for name, split in splits.items()}
    parts = {"source": record.value.get("source"), "contract_sha256": record.value.get("contract_sha256")}
    said = record.text("manifest_sha256")
    return said == sha256(canonical({**parts, "splits": bare})) and said.startswith(record.stem)


def _use_held(record: Record, contract: Mapping[str, Any]) -> bool:
    """Whether it names the use that its contract states, which let it teach on the day it was taken."""
    use = part(contract, "use")
    purposes, until = use.get("purposes"), use.get("until")
    ends, taken = parse_day(until), parse_time(record.value.get("created_at"))
    in_time = until is None or bool(ends and taken and taken < ends + timedelta(days=1))
    said = {"class": use.get("class"), "purpose": "train", "until": until}
    agreed = isinstance(purposes, list) and "train" in purposes
    return agreed and in_time and part(record.mapping("source"), "use") == said


def _erased(said: Mapping[str, Any]) -> int | None:
    """How many rows an erasure list took out; none unless the list is named by its digest and its size."""
    keys, dropped = said.get("keys"), said.get("dropped")
    if not is_sha256(said.get("sha256")) or type(keys) is not int or type(dropped) is not int:
        return None
    return dropped if 0 <= dropped <= keys else None
