"""The shared registry is asked over its own interface; what it tells otherwise than the records is said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from roadworthy.commands.surroundings import tracked
from roadworthy.facts.records import Record, Shelf
from roadworthy.facts.registry import MOST_PAGES, SEARCH, differences
from tests.adapters.forge_server import FakeForge, Reply, serving

FIRST = {"release": "1", "tier": "high", "subject_digest": "sha256:a"}
SECOND = {"release": "2", "tier": "high", "subject_digest": "sha256:b"}


def shelf(live: str = "1") -> Shelf:
    """Two releases on record, one of them live."""
    said: Mapping[str, list[dict[str, str]]] = {
        "releases": [{"version": each["release"], **each} for each in (FIRST, SECOND)],
        "deployments": [{"action": "promote", "version": live}],
    }
    kinds = {
        kind: tuple(
            Record(kind=kind, path="", value=v, data=b"", problems=(), base={"at": ""}) for v in values
        )
        for kind, values in said.items()
    }
    return Shelf(kinds=kinds, invalid=(), revoked=frozenset())


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ([FIRST, SECOND], []),
        ([FIRST, SECOND, {"tier": "low"}], []),
        ([SECOND], ["release 1: not in the registry"]),
        ([FIRST], ["release 2: not in the registry"]),
        ([], ["release 1: not in the registry", "release 2: not in the registry"]),
        ([FIRST, {**SECOND, "tier": "low"}, SECOND], ["release 2: tier low, record high"]),
        ([FIRST, SECOND, {**SECOND, "tier": "low"}], ["release 2: tier low, record high"]),
        ([FIRST, {**SECOND, "tier": "low"}], ["release 2: tier low, record high"]),
        (
            [FIRST, {"release": "2", "tier": "high"}],
            ["release 2: subject_digest missing, record sha256:b"],
        ),
        ([FIRST, SECOND, {"release": "3"}], ["release 3: on no record"]),
    ],
)
def test_what_the_registry_tells_otherwise(registry: list[dict[str, str]], expected: list[str]) -> None:
    tags = {str(number): each for number, each in enumerate(registry)}
    assert sorted(differences(shelf(), tags)) == expected


def test_an_old_release_that_no_longer_acts_need_not_be_there() -> None:
    assert list(differences(shelf(live="2"), {"1": SECOND})) == []


def page(*releases: Mapping[str, str], token: str = "") -> dict[str, Any]:
    versions = [
        {"version": str(n), "tags": [{"key": k, "value": v} for k, v in each.items()]}
        for n, each in enumerate(releases, 1)
    ]
    return {"model_versions": versions, **({"next_page_token": token} if token else {})}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeForge]:
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    with serving() as fake:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", fake.address)
        yield fake


def test_versions_and_their_tags_are_read(server: FakeForge) -> None:
    server.replies[SEARCH] = page(FIRST, SECOND)
    found = tracked("credit-decision")
    assert (found.reachable, found.tags) == (True, {"1": FIRST, "2": SECOND})
    (method, target, headers), *more = server.asked
    assert (method, more) == ("GET", [])
    assert parse_qs(urlsplit(target).query)["filter"] == ["name = 'credit-decision'"]
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({"USERNAME": "kim", "PASSWORD": "secret"}, "Basic a2ltOnNlY3JldA=="),
        ({"TOKEN": "abc"}, "Bearer abc"),
        ({"USERNAME": "kim"}, None),
    ],
)
def test_it_sends_what_mlflow_itself_would(
    server: FakeForge, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sent: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", value)
    server.replies[SEARCH] = page(FIRST)
    assert tracked("credit-decision").reachable
    assert server.asked[0][2].get("Authorization") == sent


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(401, b"{}"), "401"),
        (Reply(200, b"<html>"), "no JSON"),
        (Reply(200, b"[]"), "no mapping"),
        (
            Reply(200, json.dumps(page(FIRST, token="more")).encode()),
            f"more than {200 * MOST_PAGES} versions",
        ),
    ],
)
def test_what_cannot_be_read_is_unknown(server: FakeForge, reply: Reply, reason: str) -> None:
    server.replies[SEARCH] = reply
    found = tracked("credit-decision")
    assert not found.reachable
    assert reason in found.reason
    assert found.tags == {}


@pytest.mark.parametrize("address", ["", "file:///etc", "databricks"])
def test_no_server_is_unknown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert "names no registry" in tracked("credit-decision").reason


def test_a_store_of_one_file_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert "there is no" in tracked("credit-decision").reason
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.execute("CREATE TABLE model_version_tags (name TEXT, version INT, key TEXT, value TEXT)")
        rows = [("credit-decision", 1, key, value) for key, value in FIRST.items()]
        store.executemany("INSERT INTO model_version_tags VALUES (?, ?, ?, ?)", rows)
    assert tracked("credit-decision").tags == {"1": FIRST}


@pytest.mark.parametrize("name", ["", "a' OR name LIKE '%", "../x", "x" * 200])
def test_a_name_that_is_none_is_not_asked_for(server: FakeForge, name: str) -> None:
    assert not tracked(name).reachable
    assert server.asked == []


def test_a_token_goes_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
    assert "not reached over https" in tracked("credit-decision").reason
