"""One look: quiet when nothing happened, loud at the right level with the right cause when something did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from project import module
from serving_fixtures import Workshop, keys, workshop
from serving_samples import MONITORING, made_up

__all__ = ["keys", "workshop"]


@pytest.fixture
def one(workshop: Workshop) -> Workshop:
    workshop.release("1")
    module("pipeline.promote").promote("1")
    return workshop


def monitor(**options: Any) -> Any:
    return module("monitoring.run").monitor(**options)


def signals(outcome: Any) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in outcome.details["signals"]}


def kinds(outcome: Any) -> set[str]:
    return {each["kind"] for each in outcome.details["kinds"]}


def test_quiet_traffic_is_ok(one: Workshop) -> None:
    one.traffic(made_up(11, 300))
    outcome = monitor()
    assert outcome.details["level"] == "ok", outcome.lines
    assert outcome.ok
    assert outcome.details["kinds"] == []
    assert outcome.details["recipients"] == []
    assert len(outcome.details["signals"]) == 16
    assert signals(outcome)["ranking"]["level"] == "waiting"


def test_too_little_traffic_is_unknown_and_never_ok(one: Workshop) -> None:
    one.traffic(made_up(11, 20))
    outcome = monitor()
    assert not outcome.ok
    assert outcome.details["level"] == "investigate"
    assert signals(outcome)["input-drift"]["level"] == "unknown"
    assert signals(outcome)["input-drift"]["about"] == "20 of 100 answers"


def test_moved_inputs_are_data_drift(one: Workshop) -> None:
    one.traffic(made_up(12, 300, debt=600))
    outcome = monitor()
    assert outcome.details["level"] == "pause", outcome.lines
    assert signals(outcome)["input-drift"]["about"] == "debt"
    assert kinds(outcome) == {"data"}
    assert "support@loans.example" in outcome.details["recipients"]


def test_a_feed_that_breaks_is_pipeline_drift(one: Workshop) -> None:
    rows = made_up(13, 300)
    rows["income"] = np.where(np.arange(300) % 3 == 0, 0.0, rows["income"])
    one.traffic(rows)
    outcome = monitor()
    refused = signals(outcome)["refused"]
    assert refused["value"] == pytest.approx(1 / 3, abs=0.01)
    assert "income: is out of range" in refused["about"]
    assert "pipeline" in kinds(outcome)


def test_stale_inputs_are_pipeline_drift(one: Workshop) -> None:
    old = (datetime.now(UTC) - timedelta(hours=100)).isoformat()
    one.traffic(made_up(14, 200), observed_at=old)
    outcome = monitor()
    assert signals(outcome)["freshness"]["value"] == pytest.approx(100, abs=1)
    assert outcome.details["level"] == "pause"
    assert kinds(outcome) == {"pipeline"}


def test_labels_that_come_later_are_joined_and_agree(one: Workshop) -> None:
    rows = made_up(15, 300)
    one.traffic(rows)
    one.labels(rows["good"])
    outcome = monitor()
    assert outcome.details["labels_joined"] == 300
    assert outcome.details["level"] == "ok", outcome.lines
    assert signals(outcome)["ranking"]["level"] == "ok"


def test_the_same_inputs_with_other_outcomes_are_concept_drift(one: Workshop) -> None:
    rows = made_up(16, 300)
    one.traffic(rows)
    one.labels(1 - rows["good"])
    outcome = monitor()
    assert outcome.details["level"] == "rollback"
    assert kinds(outcome) == {"concept"}
    assert "platform@loans.example" in outcome.details["recipients"]
    assert "retrain" in outcome.details["do"]


def test_a_label_is_known_from_its_time_on_and_may_be_corrected(one: Workshop) -> None:
    rows = made_up(17, 100)
    one.traffic(rows)
    one.labels(rows["good"], at="2030-01-01T00:00:00Z")
    assert monitor().details["labels_joined"] == 0


@pytest.mark.parametrize("row", ["t0,2,2026-11-20T00:00:00Z", "t0,,2026-11-20T00:00:00Z", "t0,1,soon", "t0"])
def test_labels_that_are_none_are_refused(one: Workshop, row: str) -> None:
    one.traffic(made_up(17, 10))
    (one.root / "var/labels").mkdir()
    (one.root / "var/labels/x.csv").write_text(f"id,label,at\n{row}\n")
    with pytest.raises(module("pipeline.outcome").Refused, match="not a label"):
        monitor()


def test_failing_answers_and_cost_are_seen(one: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    one.policy(
        "budgets",
        (one.root / "policy/budgets.yaml")
        .read_text()
        .replace("review_per_case: 1.0", "review_per_case: 9.0"),
    )

    def broken(self: Any, row: Any) -> float:
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(module("pipeline.scorer").Scorer, "score", broken)
        one.traffic(made_up(18, 60), prefix="bad")
    one.traffic(made_up(18, 140))
    outcome = monitor()
    assert signals(outcome)["errors"]["value"] == pytest.approx(0.3)
    assert signals(outcome)["cost"]["level"] == "pause"
    assert set(signals(outcome)["cost"]["parts"]) == {"endpoint", "human review", "monitoring"}


def test_an_alarm_is_recorded_at_once_and_quiet_once_a_day(one: Workshop) -> None:
    one.traffic(made_up(11, 300))
    first, second = monitor(), monitor()
    assert one.read(first.details["record"])["level"] == "ok"
    assert second.details["record"] is None
    one.traffic(made_up(12, 600, debt=900), prefix="d")
    tomorrow = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    alarm = monitor(as_of=tomorrow)
    assert one.read(alarm.details["record"])["level"] in ("investigate", "pause")


def test_metrics_for_a_collector(one: Workshop) -> None:
    one.traffic(made_up(11, 300))
    monitor()
    text = (one.root / "var/monitor/metrics.prom").read_text()
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert "model_monitor_level 0" in samples
    assert sum(line.startswith("model_monitor_signal_level{") for line in samples) == 16
    assert all(float(line.rsplit(" ", 1)[1]) >= -1 for line in samples)


def test_the_page_is_whole_and_escapes_what_it_is_told(one: Workshop) -> None:
    one.policy("monitoring", MONITORING.replace("do: stop acting", 'do: "<script>alert(1)</script>"'))
    one.traffic(made_up(12, 300, debt=900))
    monitor()
    page = (one.root / "var/monitor/index.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http://" not in page
    assert "https://" not in page
    counted = Counter()
    counted.feed(page)
    assert counted.open == []
    assert counted.seen["svg"] > 16


class Counter(HTMLParser):
    """Counts elements and notices those left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_changed_reference_rows_are_refused(one: Workshop) -> None:
    one.traffic(made_up(11, 300))
    file = next((one.root / "var/data").glob("*/reference.csv"))
    file.write_text(file.read_text() + "401,1,1,1,1\n")
    with pytest.raises(module("pipeline.outcome").Refused, match="not the pinned ones"):
        monitor()


def test_with_the_safe_answer_on_there_is_no_model_to_watch(one: Workshop) -> None:
    module("pipeline.promote").rollback(reason="x", to="fallback")
    with pytest.raises(module("pipeline.outcome").Refused, match="fallback answers"):
        monitor()


@pytest.mark.parametrize("signals", ["signals: []", "signals: [{id: x, group: data, measure: no_such}]"])
def test_a_plan_that_watches_nothing_is_refused(one: Workshop, signals: str) -> None:
    one.traffic(made_up(11, 10))
    one.policy("monitoring", MONITORING[: MONITORING.index("signals:")] + signals + "\n")
    with pytest.raises(module("pipeline.outcome").Refused):
        monitor()


def test_redacted_inputs_are_left_out_and_not_guessed(one: Workshop) -> None:
    file = one.root / "policy/serving.yaml"
    file.write_text(file.read_text().replace("redact: []", "redact: [debt]"))
    one.traffic(made_up(11, 300))
    assert set(signals(monitor())["input-drift"]["parts"]) == {"income", "late"}


def test_files_past_retention_are_named_and_left_to_people(one: Workshop) -> None:
    one.traffic(made_up(11, 300))
    old = one.root / "var/predictions/20200101.jsonl"
    old.write_text("")
    outcome = monitor()
    assert outcome.details["past_retention"] == ["var/predictions/20200101.jsonl"]
    assert old.exists()
