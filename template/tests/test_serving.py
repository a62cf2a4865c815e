"""The server answers with what was verified and nothing else, and says plainly what it will not take."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from project import module
from serving_fixtures import INPUTS, Workshop, fitted, keys, workshop

__all__ = ["keys", "workshop"]


@pytest.fixture
def client(workshop: Workshop) -> Iterator[Any]:
    """The application in this process, over whatever the pointer names."""
    from fastapi.testclient import TestClient

    with TestClient(module("serving.app").create()) as made:
        yield made


@pytest.fixture
def one(workshop: Workshop) -> Workshop:
    workshop.release("1")
    module("pipeline.promote").promote("1")
    return workshop


def await_live(client: Any, wanted: str) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if client.get("/model").json()["live"] == wanted:
            return
        time.sleep(0.02)
    pytest.fail(f"{wanted} never went live: {client.get('/model').json()}")


def test_nothing_promoted_is_alive_and_not_ready(client: Any) -> None:
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 503
    answer = client.post("/predict", json={"inputs": INPUTS})
    assert answer.status_code == 503
    assert "nothing was promoted" in answer.json()["detail"]


def test_a_promoted_release_answers(one: Workshop, client: Any) -> None:
    assert client.get("/ready").json()["ready"]
    said = client.post("/predict", json={"id": "case-1", "inputs": INPUTS}).json()
    assert said["id"] == "case-1"
    assert said["version"] == "1"
    assert said["route"] == "champion"
    assert said["decision"] in ("approve", "review")
    assert 0 <= said["score"] <= 1


def test_serving_and_evaluation_score_alike(one: Workshop, client: Any) -> None:
    scorer = module("pipeline.scorer").load_scorer(one.root / "var/releases/1", [])
    said = client.post("/predict", json={"inputs": INPUTS}).json()
    assert said["score"] == pytest.approx(scorer.scores({k: [v] for k, v in INPUTS.items()})[0], abs=1e-12)


def test_the_model_page_says_what_is_live_and_what_to_send(one: Workshop, client: Any) -> None:
    said = client.get("/model").json()
    assert said["champion"]["version"] == "1"
    assert said["champion"]["approval_id"] == ["apr-1-robin"]
    assert said["inputs"] == {
        "debt": "a number from 0 to 1000",
        "income": "a number from 1 to 1000",
        "late": "one of 0, 1, 2",
    }


BAD: dict[str, tuple[Any, str, str]] = {
    "missing": ({"debt": 1.0, "income": 2.0}, "late", "is missing"),
    "unknown": ({**INPUTS, "colour": 1}, "colour", "is unknown"),
    "null": ({**INPUTS, "debt": None}, "debt", "is null"),
    "text for a number": ({**INPUTS, "debt": "1"}, "debt", "is a str"),
    "truth for a number": ({**INPUTS, "debt": True}, "debt", "is a bool"),
    "below": ({**INPUTS, "debt": -1}, "debt", "is out of range"),
    "above": ({**INPUTS, "income": 1e9}, "income", "is out of range"),
    "unknown value": ({**INPUTS, "late": 7}, "late", "is not a known value"),
    "a list": ({**INPUTS, "late": [1]}, "late", "is a list"),
    "infinite": ({**INPUTS, "debt": 1e400}, "debt", "is not finite"),
}


@pytest.mark.parametrize("case", BAD)
def test_inputs_outside_the_contract_are_named(one: Workshop, client: Any, case: str) -> None:
    import json

    inputs, field, problem = BAD[case]
    body = json.dumps({"inputs": inputs}).replace("Infinity", "1e400")
    answer = client.post("/predict", content=body)
    assert answer.status_code == 422
    found = {each["field"]: each for each in answer.json()["detail"]}
    assert found[field]["problem"] == problem
    assert found[field]["expected"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"inputs": 3}',
        b'{"inputs": {"debt": NaN}}',
        b'{"inputs": {}, "more": 1}',
        b'{"inputs": {}, "id": "../../etc"}',
        b'{"inputs": {}, "id": 3}',
        b'{"inputs": {}, "observed_at": "soon"}',
        b"[" * 2000,
        b"\xff\xfe",
    ],
)
def test_bodies_that_are_no_request(one: Workshop, client: Any, body: bytes) -> None:
    answer = client.post("/predict", content=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]
    assert one.lines()[-1]["route"] == "refused"


def test_a_body_over_the_bound(one: Workshop, client: Any) -> None:
    assert client.post("/predict", content=b"x" * 5000).status_code == 413
    chunks = (b"x" * 1000 for _ in range(6))
    assert client.post("/predict", content=chunks).status_code == 413


def test_the_kill_switch_gives_the_safe_answer(one: Workshop, client: Any) -> None:
    module("pipeline.promote").rollback(reason="incident", to="fallback")
    await_live(client, "fallback")
    said = client.post("/predict", json={"inputs": INPUTS}).json()
    assert (said["decision"], said["score"], said["version"], said["route"]) == (
        "refer",
        None,
        None,
        "fallback",
    )
    assert client.get("/ready").status_code == 200


def test_a_model_that_breaks_refers_to_a_person(
    one: Workshop, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Any, row: Any) -> float:
        raise ZeroDivisionError("inside the model")

    monkeypatch.setattr(module("pipeline.scorer").Scorer, "score", broken)
    said = client.post("/predict", json={"inputs": INPUTS}).json()
    assert (said["decision"], said["score"]) == ("refer", None)
    assert "ZeroDivisionError" in one.lines()[-1]["error"]


def test_a_swapped_model_is_not_loaded_and_the_old_one_keeps_answering(one: Workshop, client: Any) -> None:
    import json

    folder = one.release("2")
    fake = module("pipeline.artifact").dumps(fitted(9))
    (folder / "model.skops").write_bytes(fake)
    routes = one.read("var/routes.json")
    pin = {
        **routes["pinned"]["1"],
        "subject_digest": one.read("governance/releases/2.json")["subject_digest"],
    }
    routes.update(champion="2", previous="1", pinned={**routes["pinned"], "2": pin})
    module("pipeline.records").write_atomic(one.root / "var/routes.json", json.dumps(routes).encode())
    end = time.monotonic() + 5
    while not client.get("/ready").json()["problem"] and time.monotonic() < end:
        time.sleep(0.02)
    assert "is not the released one" in client.get("/ready").json()["problem"]
    assert client.post("/predict", json={"inputs": INPUTS}).json()["version"] == "1"
    assert "routes_problem 1.0" in client.get("/metrics").text


@pytest.mark.parametrize("part", ["model.skops", "release.json", "features.py", "policy/training.yaml"])
def test_a_bundle_changed_after_promotion_is_not_served(one: Workshop, part: str) -> None:
    from fastapi.testclient import TestClient

    file = one.root / "var/releases/1" / part
    file.write_bytes(file.read_bytes().replace(b"0", b"1") + b" ")
    with TestClient(module("serving.app").create()) as client:
        assert client.get("/ready").status_code == 503
        assert client.post("/predict", json={"inputs": INPUTS}).status_code == 503


def test_a_bundle_re_registered_after_promotion_is_not_served(one: Workshop) -> None:
    """Model and release.json swapped together agree with each other, and not with the pin."""
    routes = module("serving.routes")
    pinned = routes.read().pinned["1"]
    one.bundle("1")
    module("serving.release").load("1", pinned)
    file = one.root / "var/releases/1/card.md"
    file.write_text("another card")
    release = one.read("var/releases/1/release.json")
    for each in release["subject"]:
        if each["role"] == "card":
            each["sha256"] = module("pipeline.records").sha256_bytes(b"another card")
    (one.root / "var/releases/1/release.json").write_text(module("pipeline.records").dumps(release))
    with pytest.raises(module("pipeline.outcome").Refused, match="not what was verified"):
        module("serving.release").load("1", pinned)


def test_counters_are_exposed(one: Workshop, client: Any) -> None:
    client.post("/predict", json={"inputs": INPUTS})
    client.post("/predict", json={"inputs": {}})
    text = client.get("/metrics").text
    assert "predictions_total{" in text
    assert "requests_refused_total 1.0" in text
    assert "prediction_seconds_bucket" in text


def test_the_server_needs_no_training_framework(one: Workshop) -> None:
    """With each of them made impossible to import, the release still loads and answers."""
    package = module("").__name__
    check = (
        "import sys; names = ['mlflow', 'pandas', 'pandera', 'fairlearn', 'roadworthy'];"
        "sys.modules.update(dict.fromkeys(names));"
        f"from {package}.serving import app, release, routes;"
        f"print(app.create() and release.load('1', routes.read().pinned['1']).judge({INPUTS})[0])"
    )
    command = [sys.executable, "-c", check]
    done = subprocess.run(command, env=one.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0 <= float(done.stdout) <= 1


def test_a_taken_port_is_said(workshop: Workshop) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(module("pipeline.outcome").Refused, match="cannot listen"):
            module("serving.run").serve(port=other.getsockname()[1])


def test_no_request_is_dropped_while_the_pointer_moves(one: Workshop) -> None:
    """Two workers under load, four moves of the pointer: every request is answered."""
    online, pipeline = module("serving.rehearse_online"), module("pipeline.promote")
    for version in "23":
        one.release(version)
    one.policy("rollout", "shadow: {min_days: 0, min_samples: 0}\ncanary: {percent: 0}\n")
    with online.server(workers=2) as port:
        load = online.Load(port, online.request_body(port))
        with load.running():
            for move in (
                lambda: pipeline.promote("2"),
                lambda: pipeline.promote("3"),
                lambda: pipeline.rollback(reason="test"),
                lambda: pipeline.rollback(reason="test", to="fallback"),
            ):
                time.sleep(0.25)
                move()
            time.sleep(0.25)
        metrics = _text(port, "/metrics")
    assert load.failures == []
    assert {who for _, who in load.answers} == {"1", "2", "3", None}
    assert len(load.answers) > 50
    assert len(one.lines()) == len(load.answers)
    assert 'version="3"' in metrics


def _text(port: int, address: str) -> str:
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{port}{address}", timeout=5) as heard:
        return str(heard.read().decode())
