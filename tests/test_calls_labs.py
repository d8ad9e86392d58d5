"""The two labs about calls: what they say on the claims, and what a reader is told, from made-up digests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labs.experiments import experiment
from labs.experiments.calling import digest
from labs.experiments.waiting_verdicts import slopes
from labs.model.carriers import CARRIERS, CONFIRMS
from labs.model.digest import Digest
from labs.pages import Panel, measure
from labs.pages.glue import number
from labs.pages.state import panel_state
from labs.scenarios.calls.board import Outcome
from labs.scenarios.calls.plan import Plan
from labs.show.looks import QUESTION_LOOK, WAITING_LOOK
from labs.show.looks.promises import ASKED, unlike
from tests.made import AWAY, MS, call_run

WAITING, QUESTION = experiment("who-is-waiting"), experiment("one-question")
BROKERS = ("redis", "rabbitmq", "kafka")


def waits(carrier: str, service_ms: float, p50: float, *, callers: int = 1, confirm: str = "") -> Digest:
    """A point of L1.1: 100 calls a caller, one after the other, `p50` ms each; two repeats, exactly alike."""
    plan = Plan(callers=callers, service_ms=service_ms, confirm=confirm or "each")
    rows = [
        (-1, round(at * p50), round(at * p50 + p50), Outcome.ANSWERED, round(at * p50 + service_ms))
        for at in range(100)
        for _ in range(callers)
    ]
    run = call_run(plan, rows, date="2000-01-01")
    way = f"{carrier}/{confirm}" if confirm else carrier
    named = {"service_ms": service_ms, "callers": callers, "way": way, "body_bytes": 100}
    named |= {"confirm": confirm} if confirm else {}
    return digest("who-is-waiting", CARRIERS[carrier], named, [run, run], {"date": "2000-01-01"})


def asks(carrier: str, p50: int, *, failed: int = 0) -> Digest:
    """A point of L1.2 with the service up: 40 questions, `p50` ms each, the first ones without an answer."""
    ends = [Outcome.TIMED_OUT] * failed + [Outcome.ANSWERED] * (40 - failed)
    rows = [(at * 5, at * 5, at * 5 + p50, end, at * 5 + 1) for at, end in enumerate(ends)]
    run = call_run(Plan(calls=40, rate_per_s=200), rows)
    named = {"service": "up", "rate_per_s": 200, "body_bytes": 100}
    return digest("one-question", CARRIERS[carrier], named, [run, run], {"date": "2000-01-01"})


def stopped(carrier: str, *, waits: bool) -> Digest:
    """A point of L1.2 with the service away: the hasty and the patient, by turns."""
    late = [(0, 0, 1500, Outcome.ANSWERED, 1490), (0, 0, 300, Outcome.TIMED_OUT, 1491)] * 3
    run = call_run(AWAY, late if waits else [(0, 0, 1, Outcome.REFUSED, -1)] * 6, back_ns=1400 * MS)
    named = {"service": "stopped", "body_bytes": 100}
    return digest("one-question", CARRIERS[carrier], named, [run, run], {"date": "2000-01-01"})


ALONE = [waits("http-kept", 0, 1), waits("http-kept", 20, 21)]
PUBLISHED = [waits(name, ms, 2, confirm=confirm) for name in BROKERS for confirm in CONFIRMS for ms in (0, 20, 50)]
UP = [asks("http-kept", 4), asks("grpc", 3), asks("http-202", 8), asks("redis-pair", 5), asks("rabbitmq-reply", 20)]


def test_a_chart_whose_carriers_promise_different_things_names_who_promises_what() -> None:
    said = WAITING_LOOK.layouts([*ALONE, *PUBLISHED])
    by_confirm = said["slope"]["said"]["texts"]
    assert by_confirm["none"].startswith("Different promises; the work is done: HTTP; ")
    assert "survives nothing: Kafka" in by_confirm["none"]
    assert by_confirm["each"].endswith("survives a killed process: Redis, RabbitMQ, Kafka.")
    assert "survives nothing" not in by_confirm["each"]
    assert "survives a clean stop: RabbitMQ (not confirmed)" in said["dots"]["said"]
    assert unlike(ALONE) == unlike([waits(name, 0, 2, confirm="each") for name in BROKERS]) == ""
    assert unlike([*UP, asks("kafka-reply", 30)], ASKED).endswith("survives a killed process: Kafka.")
    figure = WAITING.figure("slope", [*ALONE, *PUBLISHED])
    assert "Different promises; the work is done" in figure.layout.title.text


def test_a_slope_is_ms_for_each_ms_of_service_time() -> None:
    assert slopes(ALONE, "http-kept") == [pytest.approx(1.0)] * 2
    assert slopes(ALONE[:1], "http-kept") == []


@pytest.mark.parametrize(("ms", "at"), [(0.0001, 0.001), (1.0, 1.0), (9e9, 1000.0)])
def test_a_dot_stands_on_the_axis_and_never_beside_it(ms: float, at: float) -> None:
    shown = WAITING_LOOK.view(waits("rabbitmq", 20, ms, confirm="each"))["dots"]
    low, high = WAITING_LOOK.layouts([])["dots"]["axis"]["range"]
    assert shown["at"] == at
    assert low <= min(shown["repeats"]) <= max(shown["repeats"]) <= high


def test_what_a_reader_is_told_names_the_caller_the_wait_and_what_is_not_known() -> None:
    said = WAITING_LOOK.view(waits("rabbitmq", 20, 2, confirm="each"))["sentence"].replace("\u00a0", " ")
    assert "RabbitMQ queue, each confirmed: a call holds its caller up 2.00 ms, the service takes 20 ms" in said
    assert "99 %: too few samples" in said
    away = QUESTION_LOOK.view(stopped("rabbitmq-reply", waits=True))
    assert "3 answered when the service was back, 3 given up" in away["title"]
    assert "did 3 calls whose callers had given up" in away["sentence"]
    assert sum(part["share"] for part in away["strip"]) == pytest.approx(1)
    assert "6 refused" in QUESTION_LOOK.view(stopped("grpc", waits=False))["title"]


def test_every_row_has_a_cell_for_each_head_and_the_panels_state_is_plain() -> None:
    for lab, digests in ((WAITING, [*ALONE, *PUBLISHED]), (QUESTION, [*UP, stopped("grpc", waits=False)])):
        assert all(len(row) == len(lab.look.columns) for one in digests for row in lab.look.view(one)["rows"])
        state = panel_state(lab, digests, "2000-01-01")
        assert json.loads(json.dumps(state, allow_nan=False)) == state
        assert len(state["views"]) == len(digests)


def test_a_setting_that_means_nothing_for_a_point_is_not_in_its_key() -> None:
    asked = WAITING.settings({"carrier": "grpc", "confirm": "window"})
    assert WAITING_LOOK.key(asked) == "grpc|20|1"
    assert WAITING_LOOK.key(asked | {"carrier": "kafka"}) == "kafka|window|20|1"
    assert QUESTION_LOOK.key(QUESTION.settings({"service": "stopped"})) == "http-kept|stopped|100"


def test_in_recorded_mode_a_notebook_gets_the_recording_and_its_figures_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [one.to_json() for one in (*UP, stopped("rabbitmq-reply", waits=True))]
    content = {"format": 1, "lab": QUESTION.name, "card": {}, "digests": points}
    (tmp_path / "one-question.json").write_text(json.dumps(content))
    monkeypatch.setenv("LABS_RUNS", str(tmp_path))
    panel = Panel(QUESTION, mode="recorded")
    [found] = measure(panel, carrier="rabbitmq-reply", service="stopped")
    assert "recorded 2000-01-01" in QUESTION.figure("away", [found]).layout.title.text
    assert "recorded" not in QUESTION.figure("latency", UP).layout.title.text
    assert number("one-question carrier=rabbitmq-reply service=stopped late").replace("\u00a0", " ") == "1.5 s"
    assert number("one-question carrier=grpc p50").replace("\u00a0", " ") == "3.00 ms"
