"""Calls and who waits for them: facts into numbers; real services, callers and brokers, also when one of them dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from click.testing import CliRunner

from labs import stack
from labs.__main__ import main
from labs.model.carriers import CARRIERS, carrier_of
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.observer import CancelledError, Observer
from labs.model.profile import UnknownNameError
from labs.model.run import NEVER
from labs.record.processes import Board
from labs.scenarios.calls.board import HEAD, Outcome, Pad, Slot, body_of, cells
from labs.scenarios.calls.conductor import run
from labs.scenarios.calls.facts import load
from labs.scenarios.calls.judge import judge
from labs.scenarios.calls.plan import Plan
from labs.scenarios.calls.service import Service, Task
from tests.made import AWAY, MS, call_run
from tests.worker_processes import is_importing, workers

A, R, T, S, U = Outcome.ANSWERED, Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.SENT, Outcome.OPEN


def test_a_call_that_never_came_back_is_unknown_and_neither_refused_nor_answered() -> None:
    rows = [(0, 0, 5, A, 4), (10, 10, 12, R, -1), (20, 20, 90, T, -1), (30, 30, -1, U, -1), (40, -1, -1, U, -1)]
    ends = judge(call_run(Plan(rate_per_s=100), rows))["ends"]
    assert ends == {"calls": 5, "answered": 1, "refused": 1, "timed_out": 1, "sent": 0, "unknown": 2}


def test_blocked_counts_from_the_call_and_waited_from_when_it_was_due() -> None:
    found = judge(call_run(Plan(rate_per_s=100), [(n, n + 10, n + 15, A, n + 12) for n in range(25)]))
    assert (found["blocked_ms"]["p50"], found["waited_ms"]["p50"], found["late_ms"]["p50"]) == (5, 15, 10)
    assert found["blocked_ms"]["p99"] is None  # fewer than ten samples beyond
    assert judge(call_run(Plan(), [(-1, 0, 5, A, 4)]))["waited_ms"] is None


def test_what_the_service_did_after_the_callers_were_free_does_not_count_as_done_meanwhile() -> None:
    found = judge(call_run(Plan(confirm="none"), [(-1, 0, 1, S, 2), (-1, 1, 3, S, 50), (-1, 3, 4, S, -1)]))
    assert (found["done_meanwhile"], found["ends"]["sent"]) == (1, 3)
    assert found["per_s"] == pytest.approx(750)


def test_with_the_service_away_the_hasty_and_the_patient_are_told_apart_and_work_for_nobody_is_counted() -> None:
    rows = [(0, 0, 1500, A, 1490), (0, 0, 300, T, 1491), (0, 0, 1600, A, 1590), (0, 0, 310, T, -1)]
    away = judge(call_run(replace(AWAY, callers=4, calls=4), rows, back_ns=1400 * MS))["away"]
    assert (away["hasty"]["timed_out"], away["hasty"]["told_ms"]) == (2, [300, 310])
    assert (away["patient"]["answered"], away["patient"]["answered_ms"]) == (2, [1500, 1600])
    assert (away["for_nobody"], away["back_ms"]) == (1, 1400)


def test_callers_without_processor_time_are_said_to_be_the_limit() -> None:
    rows = [(-1, 0, 1, A, 1)]
    assert judge(call_run(Plan(), rows, cores={"callers": 0.9}))["client_bound"]
    assert not judge(call_run(Plan(), rows, cores={"callers": 0.5}))["client_bound"]


def test_the_facts_survive_the_file(tmp_path: Path) -> None:
    before = call_run(AWAY, [(0, 0, 1, A, 1)], back_ns=5)
    before.save(tmp_path / "run.npz")
    after = load(tmp_path / "run.npz")
    assert (judge(after), after.plan, repr(after)) == (judge(before), AWAY, repr(before))
    said = CliRunner().invoke(main, ["verify", str(tmp_path / "run.npz")]).output
    assert "run.npz: http-kept, 1 calls by 6 callers: " in said.replace("\n", " ")
    assert "ends (calls 1, answered 1, " in said.replace("\n", " ")


@pytest.mark.parametrize(
    ("field", "value"), [("callers", 0), ("calls", 0), ("body_bytes", 15), ("service_ms", -1), ("returns_s", 11)]
)
def test_a_plan_that_cannot_be_is_refused_with_the_range(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{field} must be .* to"):
        Plan(**{field: value})  # type: ignore[arg-type]


def test_a_wrong_word_offers_the_known_ones() -> None:
    with pytest.raises(ValueError, match="none, each, window"):
        Plan(confirm="all")
    with pytest.raises(UnknownNameError, match="rabbitmq-reply"):
        carrier_of("rabbitmq-repli")


def test_a_port_that_somebody_took_meanwhile_is_an_error_with_its_number() -> None:
    board: Board = np.zeros(cells(1), np.int64)  # type: ignore[assignment]
    with socket.create_server(("127.0.0.1", 0)) as other:
        board[Slot.PORT] = port = other.getsockname()[1]
        service = Service(Task(CARRIERS["http-kept"], None, "x", Plan(calls=1)), board)
        with pytest.raises(OSError, match=f"could not have port {port} back.*Run it again"):
            service.listen()


def test_a_body_says_whose_call_it_is_and_warm_up_calls_leave_no_trace() -> None:
    board: Board = np.zeros(cells(2), np.int64)  # type: ignore[assignment]
    pad = Pad(board, 2)
    pad.clear()
    for number in (1, 2):
        pad.done(body_of(number, 7, b"rest"))
    assert (pad.columns["done_ns"] != NEVER).tolist() == [False, True]
    assert HEAD.unpack_from(body_of(5, 7, b"")) == (5, 7)


# ---- real services without a broker


@pytest.mark.parametrize("name", ["http-new", "http-kept", "grpc"])
def test_a_caller_that_waits_is_held_up_as_long_as_the_service_takes(name: str) -> None:
    found = judge(run(CARRIERS[name], None, Plan(service_ms=10, duration_s=0.6, calls=40)))
    assert found["ends"]["answered"] == found["ends"]["calls"] > 20
    assert found["blocked_ms"]["p50"] >= 10
    assert (found["trouble"], found["over"]) == ("", True)


def test_with_202_the_caller_is_free_before_the_work_is_done_and_can_fetch_the_answer() -> None:
    told = judge(run(CARRIERS["http-202"], None, Plan(service_ms=50, duration_s=0.4)))
    assert told["blocked_ms"]["p50"] < 50
    assert told["done_meanwhile"] < told["ends"]["answered"]
    fetched = run(CARRIERS["http-202"], None, Plan(calls=30, callers=8, rate_per_s=60, service_ms=50))
    assert (fetched["outcome"] == A).all()
    assert ((fetched["returned_ns"] - fetched["start_ns"]) >= 50 * MS).all()
    assert (fetched["done_ns"] <= fetched["returned_ns"]).all()


@pytest.mark.parametrize("name", ["http-kept", "grpc"])
def test_a_service_that_is_away_is_an_error_at_once_without_a_broker(name: str) -> None:
    away = judge(run(CARRIERS[name], None, AWAY))["away"]
    for group in (away["hasty"], away["patient"]):
        assert group["refused"] == group["calls"] == 3
        assert group["told_ms"][1] < 1000  # before the service was back
    assert away["for_nobody"] == 0


def test_a_service_that_is_killed_leaves_calls_that_failed_and_says_so() -> None:
    gone: list[int] = []

    def kill_the_service(share: float, _text: str) -> None:
        if share >= 0.3 and not gone:
            [service] = [one for one in workers() if any(c.status == "LISTEN" for c in one.net_connections())]
            service.kill()
            gone.append(service.pid)

    plan = Plan(calls=100, callers=4, rate_per_s=100)
    found = judge(run(CARRIERS["http-kept"], None, plan, Observer(kill_the_service)))
    assert gone
    assert "the service ended with -9 in the middle of the run" in found["trouble"]
    assert 0 < found["ends"]["answered"] < 100
    assert found["ends"]["unknown"] + found["ends"]["refused"] > 0
    assert not workers()


LONG = Plan(duration_s=60, calls=20_000, service_ms=50)
"""However fast the machine, it takes a minute: a cancel cannot come when all calls are over."""


@pytest.mark.parametrize("when", ["while they start", "between two calls"])
def test_a_cancel_ends_the_run_and_leaves_no_process(when: str) -> None:
    seen: list[int] = []
    asked_s: list[float] = []

    def calling(_share: float, _text: str) -> None:
        seen.append(len(workers()))

    def cancelled() -> bool:
        if seen or (when == "while they start" and len(workers()) == 2):
            asked_s.append(time.monotonic())
        return bool(asked_s)

    with pytest.raises(CancelledError):
        run(CARRIERS["grpc"], None, LONG, Observer(calling, cancelled))
    assert time.monotonic() - asked_s[0] < 15
    assert seen == ([] if when == "while they start" else [2])
    assert not workers()


ALONE = """
from labs.model.carriers import CARRIERS
from labs.scenarios.calls.conductor import run
from labs.scenarios.calls.plan import Plan
if __name__ == "__main__":
    try:
        run(CARRIERS["http-kept"], None, Plan(duration_s=60, calls=20000))
    except KeyboardInterrupt:
        print("interrupted")
"""


def _alone(folder: Path, **more: Any) -> subprocess.Popen[str]:
    (folder / "alone.py").write_text(ALONE)
    where = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    return subprocess.Popen([sys.executable, str(folder / "alone.py")], env=where, text=True, **more)


def _below(program: subprocess.Popen[str], *, importing: bool) -> list[psutil.Process]:
    """Service and callers: when both import, or when the service listens and so both have enlisted."""
    give_up_s = time.monotonic() + 30
    while program.poll() is None and time.monotonic() < give_up_s:
        time.sleep(0.01)
        found = [p for p in psutil.Process(program.pid).children(recursive=True) if "spawn_main" in str(p.cmdline())]
        seen = [is_importing(one) if importing else bool(one.net_connections()) for one in found]
        if len(found) == 2 and all(seen):
            return found
    return []


def test_ctrl_c_is_heard_by_the_program_alone_and_service_and_callers_go_quietly(tmp_path: Path) -> None:
    with _alone(tmp_path, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        children = _below(program, importing=True)
        os.killpg(program.pid, signal.SIGINT)
        said, errors = program.communicate(timeout=30)
    assert (said, errors) == ("interrupted\n", "")
    assert len(children) == 2
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_service_and_callers_die_with_the_program_that_started_them(tmp_path: Path) -> None:
    with _alone(tmp_path) as program:
        children = _below(program, importing=False)
        program.kill()
    assert len(children) == 2
    assert not psutil.wait_procs(children, timeout=10)[1]


# ---- real brokers


@pytest.mark.broker
@pytest.mark.parametrize(
    "name", ["redis-pair", *(pytest.param(f"{one}-reply", marks=pytest.mark.long) for one in ("rabbitmq", "kafka"))]
)
def test_a_question_over_a_broker_is_answered_and_waits_for_a_service_that_is_away(
    name: str, endpoints: dict[str, Endpoint]
) -> None:
    carrier = CARRIERS[name]
    there = judge(run(carrier, endpoints[carrier.broker], Plan(calls=60, callers=4, rate_per_s=100)))
    assert there["ends"]["answered"] == there["ends"]["calls"] == 60
    away = judge(run(carrier, endpoints[carrier.broker], AWAY))["away"]
    assert away["hasty"]["timed_out"] == 3
    assert away["hasty"]["told_ms"][0] >= 290  # its whole patience; pika and Redis round to their own ticks
    assert away["patient"]["answered"] == 3
    assert (
        away["patient"]["answered_ms"][0] >= 850
    )  # the last was due 0.133 s after the first, the service was not back before 1 s
    assert away["for_nobody"] == 3


@pytest.mark.broker
@pytest.mark.parametrize(
    "name", ["rabbitmq", *(pytest.param(one, marks=pytest.mark.long) for one in ("redis", "kafka"))]
)
def test_a_publisher_is_free_before_the_service_and_has_its_confirmations(
    name: str, endpoints: dict[str, Endpoint]
) -> None:
    carrier, plan = CARRIERS[name], Plan(calls=200, duration_s=5, service_ms=50)
    some = (("none", S), ("each", A)) if name == "kafka" else (("none", S), ("window", A), ("each", A))
    for confirm, outcome in some:
        found = run(carrier, endpoints[carrier.broker], replace(plan, confirm=confirm))
        assert (found["outcome"] == outcome).all(), confirm
        assert judge(found)["blocked_ms"]["p50"] < 50, confirm
        assert found.trouble == ""


@pytest.mark.broker
def test_a_broker_that_dies_leaves_calls_unknown_and_never_answered() -> None:
    with stack.session(("redis",), "native", report=lambda _text: None, own=True) as own:
        gone: list[int] = []

        def kill_it(share: float, _text: str) -> None:
            if share >= 0.3 and not gone:
                gone.extend(own["redis"].pids)
                stack.kill(own["redis"])

        found = judge(
            run(CARRIERS["redis-pair"], own["redis"], Plan(calls=100, callers=4, rate_per_s=100), Observer(kill_it))
        )
    assert gone
    assert found["ends"]["unknown"] > 0
    assert found["ends"]["refused"] > 0 or not found["over"]
    assert "does not answer" in found["trouble"]


@pytest.mark.parametrize("name", ["redis-pair", "rabbitmq-reply", "kafka-reply", "redis", "rabbitmq", "kafka"])
def test_a_broker_that_is_down_is_a_typed_error(name: str) -> None:
    with pytest.raises(UnreachableError):
        run(CARRIERS[name], Endpoint(CARRIERS[name].broker, "127.0.0.1", 6), Plan())
    assert not workers()
