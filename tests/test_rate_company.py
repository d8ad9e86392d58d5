"""Several subscribers of one producer: what is counted for all and for each, who was the limit, what a page says."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from labs import stack
from labs.brokers import on_lane
from labs.cli.judgement import verify
from labs.experiments import experiment
from labs.judge.limit import BUSY
from labs.judge.loss import account
from labs.judge.shared_limit import limit, producing_cores, reading_cores
from labs.judge.throughput import common_ns, common_per_s, confirmed_per_s, deliveries_per_s, heard_by_all_per_s
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.observer import CancelledError, Observer
from labs.model.profile import profile
from labs.model.text import BROKER_NAMES
from labs.model.workload import Ceiling
from labs.record import recovery
from labs.record.processes import await_ready, workers
from labs.record.recorder import record, record_fan_out, record_together
from labs.record.worker_pool import POOL, pool
from labs.scenarios.bench import concurrent
from labs.scenarios.bench.base import Setting
from labs.scenarios.bench.ours import side_by_side, subscribed
from labs.show.looks import RATE_LOOK
from tests.made import closed_run, make_run
from tests.made_rates import point
from tests.made_workers import READY, STOP, wait_for_stop


def test_what_all_had_goes_at_the_pace_of_the_slowest_and_deliveries_are_those_of_everybody() -> None:
    fast, slow = closed_run([50, 60], [51, 61], [100, 250]), closed_run([50, 60], [51, 61], [100, 450])
    assert heard_by_all_per_s([fast, slow]) == pytest.approx(2 / 0.4)
    assert deliveries_per_s([fast, slow]) == pytest.approx(4 / 0.4)
    assert deliveries_per_s([fast, closed_run([50, 60], [51, 61], [350, -1])]) == pytest.approx(3 / 0.3)
    assert deliveries_per_s([closed_run([0], [-1], [-1])]) == 0


@pytest.mark.parametrize(
    ("clients", "broker", "stamp"),
    [
        ((0.2, 0.2, 0.2), BUSY + 0.05, "broker-bound"),
        ((0.2, 0.2, BUSY + 0.05), 0.5, "client-bound"),
        ((0.2, 0.2, 0.2), 0.5, "not-full"),
        ((0.2, None, 0.2), 0.5, "unknown"),
        ((0.2, None, BUSY + 0.05), 0.5, "client-bound"),
    ],
)
def test_each_client_is_held_against_a_core(clients: Sequence[float | None], broker: float, stamp: str) -> None:
    cores = {"broker": broker} | {f"consumer {at}": used for at, used in enumerate(clients)}
    found, why = limit(cores, "redis")
    assert found == stamp
    assert "a client ran out of CPU" in why or stamp != "client-bound"


def test_the_processors_of_many_clients_read_as_one_list() -> None:
    said = limit({"broker": 0.5} | {f"consumer {at}": at / 10 for at in (1, 2, 3)}, "redis")[1]
    assert said.endswith("(broker 0.50 cores, clients 0.10, 0.20 and 0.30 cores)")


def test_many_small_clients_can_take_the_machine_together() -> None:
    each = 0.5
    cores: dict[str, float | None] = {f"producer {at}": each for at in range(round((os.cpu_count() or 1) / each))}
    assert limit({"broker": 0.3, **cores}, "rabbitmq")[0] == "machine-bound"


def test_the_processors_of_a_fan_out_count_the_producer_once() -> None:
    runs = [with_cpu(closed_run([0, 1000], [1, 1001], [2, 1002]), consumer) for consumer in (0.25, 0.5)]
    assert reading_cores(runs) == {"broker": 0.5, "producer": 0.125, "consumer 1": 0.25, "consumer 2": 0.5}


def with_cpu(run: Any, consumer: float) -> Any:
    """Samples each 100 ms in which the broker used half a core, the producer an eighth."""
    at = np.arange(0, 1000, 100, np.int64) * 1_000_000
    used = {"broker": 0.5, "producer": 0.125, "consumer": consumer}
    columns = {f"cpu_{role}_ns": (at * share).astype(np.int64) for role, share in used.items()}
    return replace(run, columns=run.columns | columns | {"cpu_at_ns": at, "cpu_machine_ns": np.full(len(at), -1)})


def fanned(word: Any, lost: int = 0) -> Digest:
    """The point of four subscribers, as its repeats would make it."""
    digest = point(experiment("redis-million"), "publish-read-4", 250_000.0, word)
    one = {"attempted": 9, "delivered": 9, "lost": 0, "duplicated": 0, "unknown": 0}
    other = one | {"delivered": 9 - lost, "lost": lost}
    return with_more(digest, [one, one, one, other], publishes_per_s=251_234.0, deliveries_per_s=1_004_321.0)


def with_more(digest: Digest, ledgers: list[dict[str, int]], **median: float) -> Digest:
    """The digest with these ledgers in its first repeat, and these medians."""
    first = {**digest.repeats[0], "ledgers": ledgers}
    return replace(digest, repeats=[first, *digest.repeats[1:]], median={**digest.median, **median})


def test_deliveries_stand_beside_publishes_and_never_under_the_name_of_a_broker_that_was_not_the_limit() -> None:
    shown = RATE_LOOK.view(fanned("client"))
    assert "1,000,000/s" in shown["sentence"]
    assert not any(name in shown["sentence"] for name in BROKER_NAMES.values())
    assert dict(map(tuple, shown["measured"]))["Publishes"] == "251,000/s"
    assert RATE_LOOK.quantities["deliveries"].text(fanned("broker")) == "1,000,000/s"


def test_one_subscriber_that_missed_something_is_told() -> None:
    said = RATE_LOOK.quantities["fates"].text
    assert said(fanned("broker")) == "every subscriber got every message once, in every repeat"
    assert said(fanned("broker", 2)) == "over all subscribers and repeats 2 messages were lost, none came twice"


def test_a_point_without_further_readers_says_nothing_of_deliveries() -> None:
    shown = RATE_LOOK.view(point(experiment("redis-million"), "xadd-1", 1000.0))
    assert [name for name, _ in shown["measured"]] == ["Limit", "Range of the repeats"]
    assert "eliveries" not in shown["sentence"]


def begun(run: Any, start_ms: int) -> Any:
    """The run, begun at that time of the machine's clock."""
    return replace(run, facts=run.facts | {"start_ns": start_ms * 1_000_000})


def test_runs_side_by_side_count_while_all_are_at_work() -> None:
    early = begun(closed_run([0, 0, 0, 0], [100, 200, 300, 400], []), 1000)
    late = begun(closed_run([50, 50, 50, 50], [150, 250, 350, 900], []), 1100)
    assert common_ns([early, late]) == (1_150_000_000, 1_400_000_000)
    assert common_per_s([early, late]) == pytest.approx((3 + 2) / 0.25)  # early: 200, 300, 400; late: 1250 and 1350
    assert common_per_s([early]) == pytest.approx(confirmed_per_s(early))


@pytest.mark.parametrize("other", [closed_run([0], [1], []), closed_run([0, 0], [-1, -1], [])])
def test_runs_that_were_never_at_work_together_have_no_rate_together(other: Any) -> None:
    assert common_per_s([begun(closed_run([0, 0], [100, 200], []), 1000), begun(other, 5000)]) == 0


def test_the_processors_of_runs_side_by_side_are_those_of_their_common_time() -> None:
    runs = [begun(with_cpu(closed_run([0, 0], [1, 1000], []), 0), start) for start in (1000, 1300)]
    idle_first = runs[1].columns | {"cpu_producer_ns": np.maximum(runs[1]["cpu_at_ns"] - 500_000_000, 0)}
    found = producing_cores([runs[0], replace(runs[1], columns=idle_first)])
    assert found["producer 1"] == pytest.approx(0.125)
    assert found["producer 2"] == pytest.approx(2 / 7)  # of its 900 ms only the first 700 count


def test_a_point_of_several_publishers_says_how_long_all_were_at_work() -> None:
    digest = point(experiment("fifty-thousand"), "queues-2", 70_000.0, "client")
    one = {"attempted": 9, "acknowledged": 9}
    shown = RATE_LOOK.view(with_more(digest, [one, one | {"acknowledged": 8}], common_s=1.234))
    assert ["All at work for", "1.23 s"] in shown["measured"]
    assert "1 of 2 ledgers have every message confirmed" in shown["sentence"]
    assert not any(name in shown["sentence"] for name in BROKER_NAMES.values())


# ---- live


@pytest.fixture(scope="module")
def redis() -> Any:
    """One Redis of this machine."""
    with stack.session(("redis",), "native", report=lambda _text: None) as found:
        yield found["redis"]


@pytest.mark.broker
def test_each_of_four_subscribers_has_every_message_once_and_a_process_of_its_own(redis: Any) -> None:
    side = subscribed("redis-pubsub", "fast", Ceiling(messages=100_000, window=2048, batch=512), 4)
    found = side(Setting(redis, 1.0, Observer()))
    assert [one["verdict"] for one in found.more["ledgers"]] == ["kept"] * 4
    assert {(one["delivered"], one["duplicated"]) for one in found.more["ledgers"]} == {(100_000, 0)}
    assert found.more["deliveries_per_s"] == pytest.approx(4 * found.value, rel=1e-3)
    assert found.more["publishes_per_s"] >= 0.99 * found.value
    assert [role for role in found.cores if role.startswith("consumer")] == [f"consumer {n}" for n in range(1, 5)]


@pytest.mark.broker
def test_a_subscriber_that_dies_leaves_its_messages_unknown_and_the_others_kept(redis: Any) -> None:
    using, load = on_lane(profile("redis-pubsub"), "fast"), Ceiling(messages=1_500_000, window=2048, batch=512)
    seen: list[int] = []
    victim = threading.Thread(target=kill_the_last, args=(seen,))
    victim.start()
    runs = record_fan_out(redis, using, load, readers=3)
    victim.join()
    ledgers = [account(run) for run in runs]
    assert seen
    assert [ledger.verdict for ledger in ledgers].count("kept") == 2
    dead = next(run for run, ledger in zip(runs, ledgers, strict=True) if ledger.verdict == "unknown")
    assert "its process was killed" in dead.trouble
    assert account(dead).lost == 0
    assert account(dead).unknown > 0


def kill_the_last(seen: list[int]) -> None:
    """Kill the last subscriber once it has written something down."""
    until_s = time.monotonic() + 30
    while time.monotonic() < until_s:
        for spool in recovery.root().glob("*/reader-3/delivered_ns.i8"):
            if spool.stat().st_size:
                seen.append(reader_of(spool))
                os.kill(seen[0], signal.SIGKILL)
                return
        time.sleep(0.01)


def reader_of(rows: Path) -> int:
    """Which of our processes writes there."""
    for child in psutil.Process().children(recursive=True):
        if any(Path(file.path) == rows for file in child.open_files()):
            return child.pid
    raise AssertionError(f"nobody writes {rows}")


@pytest.mark.broker
def test_a_run_that_is_still_recorded_is_judged_for_each_of_its_readers(
    redis: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    using, load = on_lane(profile("redis-pubsub"), "fast"), Ceiling(messages=400_000, window=2048, batch=512)
    told: list[str] = []

    def ask(_share: float, _text: str) -> None:
        if not told:
            verify([next(iter(recovery.root().glob("*/reader-2"))).parent])
            told.append(capsys.readouterr().out)

    record_fan_out(redis, using, load, Observer(progress=ask), readers=2)
    assert told[0].count("verdict unknown") == 2
    assert "still being recorded" in told[0]


@pytest.mark.broker
def test_readers_that_share_messages_are_no_subscribers(redis: Any) -> None:
    with pytest.raises(ValueError, match="share its messages"):
        record_fan_out(redis, profile("redis-list-none"), Ceiling(messages=100, window=10, batch=1), readers=2)


@pytest.mark.broker
def test_a_pool_ends_its_own_workers_and_no_others(redis: Any) -> None:
    using, load = profile("redis-pubsub"), Ceiling(messages=2000, window=10, batch=1)
    with workers(2, stop=STOP) as longer:
        held = longer.start("held", wait_for_stop, ready=lambda: longer.board[READY] == 1)
        record(redis, using, load)  # a pool of its own begins and ends in between
        await_ready([held], 20, Observer(), "it was looked at")
        assert not held.done
    assert held.done


@pytest.fixture(scope="module")
def rabbitmq() -> Any:
    """One RabbitMQ of this machine."""
    with stack.session(("rabbitmq",), "native", report=lambda _text: None) as found:
        yield found["rabbitmq"]


def test_a_message_that_any_of_several_publishers_lost_makes_the_round_void(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [make_run([0, 1], [0, 1], delivered) for delivered in ([0, 1], [0])]
    monkeypatch.setattr(concurrent, "record_together", lambda *_words, **_named: runs)
    side = side_by_side("rabbitmq-confirms", "fast", Ceiling(messages=10_000, window=500, batch=100), 2)
    with pytest.raises(BrokerError, match="1 lost, 0 unexpected: the round is void"):
        side(Setting(Endpoint("rabbitmq", "127.0.0.1", 6), 1.0, Observer()))


@pytest.mark.broker
def test_four_publishers_work_at_the_same_time_and_each_has_a_ledger(rabbitmq: Any) -> None:
    side = side_by_side("rabbitmq-confirms", "fast", Ceiling(messages=10_000, window=500, batch=100), 4)
    found = side(Setting(rabbitmq, 1.0, Observer()))
    assert {(one["attempted"], one["acknowledged"]) for one in found.more["ledgers"]} == {(10_000, 10_000)}
    assert len(found.more["ledgers"]) == 4
    assert 0 < found.more["common_s"] < found.took_s
    assert found.value > 0
    assert list(found.cores) == ["broker", *(f"producer {n}" for n in range(1, 5))]


@pytest.mark.broker
def test_a_cancel_ends_all_runs_side_by_side(redis: Any) -> None:
    cancel = threading.Event()
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    observer = Observer(progress=lambda share, _text: cancel.set() if share > 0 else None, cancelled=cancel.is_set)
    using, load = on_lane(profile("redis-list-none"), "fast"), Ceiling(messages=5_000_000, window=500, batch=100)
    with pytest.raises(CancelledError):
        record_together(redis, using, load, observer, runs=3)
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert not [child for child in left if is_worker(child)]


def is_worker(process: psutil.Process) -> bool:
    """A worker that still works: what has ended and waits to be collected has no command line."""
    try:
        return "spawn_main" in str(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is one of these
        return False


@pytest.mark.broker
def test_of_runs_side_by_side_the_cause_is_told_and_not_that_the_others_were_stopped(redis: Any) -> None:
    nowhere = replace(redis, port=1)
    with pytest.raises(UnreachableError):
        record_together(nowhere, profile("redis-list-none"), Ceiling(messages=100, window=10, batch=1), runs=2)


@pytest.mark.broker
def test_one_worker_is_hired_where_the_command_says_and_several_are_not(redis: Any) -> None:
    hired: list[str] = []

    def elsewhere() -> Any:
        hired.append(threading.current_thread().name)
        return pool()

    token = POOL.set(elsewhere)
    using, load = profile("redis-list-none"), Ceiling(messages=100, window=10, batch=1)
    try:
        record_together(redis, using, load, runs=1)
        assert len(hired) == 1
        assert hired != [threading.current_thread().name]
        for ask in (partial(record_together, runs=2), partial(record_fan_out, readers=2)):
            with pytest.raises(ValueError, match="on this machine only"):
                ask(redis, profile("redis-pubsub"), load)
    finally:
        POOL.reset(token)
    assert len(hired) == 1
