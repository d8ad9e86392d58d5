"""The recorder on real brokers: completeness, truth under a frozen broker, failures as data."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from labs import stack
from labs.brokers import on_lane
from labs.judge.latency import NS_PER_MS, end_to_end_ns, lateness_ns, percentile
from labs.judge.limit import bottleneck, young
from labs.judge.loss import account
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.observer import CancelledError, Observer
from labs.model.profile import profile
from labs.model.run import NEVER, RECEIVED, Run, load
from labs.model.workload import Ceiling, Workload
from labs.record.recorder import record
from labs.scenarios.faults import freezing

pytestmark = pytest.mark.broker
ONE_EACH = ("memory", "redis-stream-everysec", "rabbitmq-confirms", "kafka-acks-all")
EVERY = (
    *ONE_EACH,
    "redis-pubsub",
    "redis-list-none",
    "rabbitmq-transient",
    "rabbitmq-quorum",
    "kafka-acks-0",
    "kafka-flush",
)
SHORT = Workload(rate_per_s=500, duration_s=1.5, warmup_s=0.5)


@pytest.mark.parametrize(
    "name", [*ONE_EACH, *(pytest.param(one, marks=pytest.mark.long) for one in EVERY if one not in ONE_EACH)]
)
def test_a_quiet_run_keeps_every_message_and_charges_from_the_due_time(
    name: str, endpoints: dict[str, Endpoint], tmp_path: Path
) -> None:
    using = profile(name)
    run = record(endpoints[using.broker], using, SHORT)
    run.save(tmp_path / "run.npz")
    ledger = account(load(tmp_path / "run.npz"))
    assert run.trouble == ""
    assert (ledger.attempted, ledger.delivered, ledger.acknowledged) == (SHORT.messages,) * 3
    assert (ledger.lost, ledger.duplicated, ledger.reordered, ledger.unexpected) == (0, 0, 0, 0)
    assert ledger.verdict == "kept"
    assert np.array_equal(run["delivered_due_ns"], run["due_ns"][run["delivered_sequence"]])
    assert end_to_end_ns(run).min() > 0
    assert run["cpu_broker_ns"].max() > 0


FROZEN = {
    "memory": Workload(rate_per_s=1000, duration_s=10, warmup_s=1),
    "redis": Workload(rate_per_s=1000, duration_s=10, warmup_s=1),
    "rabbitmq": Workload(rate_per_s=97.3, duration_s=23, warmup_s=1),
    "kafka": Workload(rate_per_s=47.3, duration_s=24, warmup_s=1),
}
"""What piles up in a freeze has to be worked off after it. For a hundred messages RabbitMQ and Kafka take some 10 ms of
two cores, which is theirs and not an error of ours; so they get few. For Kafka no more than its client sends without
an answer, since the rest needs another round trip. A rate of whole messages a second would meet
the freeze of each second at one and the same phase; a third of a message more meets all of them."""


def warmed(endpoint: Endpoint) -> None:
    """A Kafka that has just started compiles itself for some 30 s of processor time and is slow meanwhile."""
    using, load = on_lane(profile("kafka-acks-all"), "fast"), Ceiling(messages=3_000_000, window=10_000, batch=500)
    for _ in range(15):
        if not young(record(endpoint, using, load), "kafka"):
            return


def frozen_run(name: str, endpoints: dict[str, Endpoint]) -> tuple[Run, float]:
    """A run with the broker frozen 100 ms in each second, and the p99 in ms that the freezes make.

    A message that is due in a freeze waits for its end and then takes as long as one that met none, the median of which
    is the broker's own: some 0.1 ms for Redis, 4 for Kafka, whatever its age, where this was measured.
    """
    using = profile(name)
    plan = FROZEN[using.broker]
    with freezing(endpoints[using.broker]) as freezes:
        run = record(endpoints[using.broker], using, plan)
    assert account(run).lost == 0
    due_ns = run["due_ns"][plan.warmup_messages :] + run.facts["start_ns"]
    waits_ns = np.asarray(sum(np.where((due_ns >= a) & (due_ns < b), b - due_ns, 0) for a, b in freezes))
    unfrozen_ns = percentile(end_to_end_ns(run)[waits_ns == 0], 0.5)
    assert unfrozen_ns is not None
    assert unfrozen_ns < 10 * NS_PER_MS, "the freezes are not what this run shows"
    analytic_ns = percentile(waits_ns + unfrozen_ns, 0.99)
    assert analytic_ns is not None
    return run, analytic_ns / NS_PER_MS


@pytest.mark.timeout(480)
@pytest.mark.parametrize(
    ("endpoints", "name"),
    # In containers once: what is tested is our clock, and the brokers are the same.
    [
        *(pytest.param("native", name, marks=() if at < 2 else pytest.mark.long) for at, name in enumerate(ONE_EACH)),
        pytest.param("compose", ONE_EACH[1], marks=pytest.mark.compose),
    ],
    indirect=["endpoints"],
)
def test_with_the_broker_frozen_100_ms_a_second_the_p99_is_the_analytic_90_ms(
    name: str, endpoints: dict[str, Endpoint]
) -> None:
    """A tenth of the messages falls into a freeze and waits 0 to 100 ms, evenly: the worst hundredth waits over 90 ms.

    The analytic p99 is computed from the freezes as they were, because a busy machine thaws a little late. Other
    load on the machine can only add to the reported p99, so a run is repeated (measuring.md 8.7: at most three times)
    before it counts as wrong; an instrument that is wrong is wrong every time.
    """
    if name.startswith("kafka"):
        warmed(endpoints["kafka"])
    tried = []
    for _ in range(4):
        run, analytic_ms = frozen_run(name, endpoints)
        p99 = percentile(end_to_end_ns(run), 0.99)
        assert p99 is not None
        assert 85 < analytic_ms < 130, "the freezes were not about 100 ms in each second"
        tried.append((p99 / NS_PER_MS, analytic_ms))
        if tried[-1][0] == pytest.approx(analytic_ms, rel=0.05):
            return
    pytest.fail(f"reported and analytic p99 in ms, four times: {tried}")


def test_a_broker_that_is_down_is_a_typed_error_within_five_seconds() -> None:
    start = time.monotonic()
    with pytest.raises(UnreachableError, match="6"):
        record(Endpoint("redis", "127.0.0.1", 6), profile("redis-stream-none"), SHORT)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("name", [*ONE_EACH[:2], *(pytest.param(one, marks=pytest.mark.long) for one in ONE_EACH[2:])])
def test_a_broker_killed_in_the_middle_is_trouble_and_unknown_and_never_lost(name: str) -> None:
    """In a session of its own, so that the others keep their broker."""
    using = profile(name)
    with stack.session((using.broker,), "native", report=lambda _text: None, own=True) as mine:
        victim = mine[using.broker]
        dead: list[float] = []

        def kill_at_a_third(share: float, _text: str) -> None:
            if share > 0.33 and not dead:
                dead.append(share)
                stack.kill(victim)

        run = record(victim, using, Workload(rate_per_s=500, duration_s=4, warmup_s=0), Observer(kill_at_a_third))
    ledger = account(run)
    assert dead
    assert run.trouble
    assert not run.settled
    assert 500 < ledger.attempted < 2000
    answered = set(np.flatnonzero(run["confirmed_ns"] != NEVER).tolist())
    there = set(run["delivered_sequence"].tolist())
    assert (ledger.lost, ledger.unknown) == (0, len(answered - there))
    assert ledger.verdict == ("unknown" if answered - there else "kept")
    # and with one delivery fewer, so that something is missing in every case
    one = max(answered & there)
    keep = run["delivered_sequence"] != one
    robbed = replace(run, columns={**run.columns, **{name: run[name][keep] for name in RECEIVED}})
    assert (account(robbed).lost, account(robbed).unknown) == (0, len(answered - there) + 1)
    assert account(robbed).verdict == "unknown"
    assert account(replace(robbed, settled=True)).verdict == "broken"
    assert ledger.delivered + ledger.unconfirmed + ledger.unknown == ledger.attempted


def test_a_cancel_ends_the_run_soon_and_leaves_no_process(endpoints: dict[str, Endpoint]) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    cancel = threading.Event()
    threading.Timer(1.5, cancel.set).start()
    start = time.monotonic()
    with pytest.raises(CancelledError):
        record(endpoints["memory"], profile("memory"), Workload(duration_s=60), Observer(cancelled=cancel.is_set))
    assert time.monotonic() - start < 12
    left = [
        c for c in psutil.Process().children(recursive=True) if c.pid not in before and "spawn_main" in str(c.cmdline())
    ]
    assert not left


INTERRUPTED = """
import time
from multiprocessing.process import BaseProcess
from labs.record.worker_pool import pool
start = BaseProcess.start
def interrupted(self):
    start(self)
    time.sleep(2)  # until it has come up and waits for work
    raise KeyboardInterrupt
BaseProcess.start = interrupted
if __name__ == "__main__":
    try:
        with pool() as workers:
            workers.submit("producer", time.sleep, "never")
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def test_an_interrupt_while_a_worker_starts_does_not_keep_the_program_from_ending(tmp_path: Path) -> None:
    """Nobody waits for that worker yet; the interpreter knows it, and would wait for it at its end."""
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    command = [sys.executable, str(tmp_path / "interrupted.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "interrupted\n"
    assert done.returncode == 0


def test_progress_only_moves_forward_and_reaches_the_end(endpoints: dict[str, Endpoint]) -> None:
    seen: list[float] = []
    record(endpoints["memory"], profile("memory"), SHORT, Observer(progress=lambda share, _text: seen.append(share)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_rate_above_what_the_client_can_do_is_client_bound_and_says_so(endpoints: dict[str, Endpoint]) -> None:
    asked = Workload(rate_per_s=200_000, duration_s=1, warmup_s=0)
    for _ in range(10):  # one that still compiles what it has just begun to run takes all that two cores have left
        run = record(endpoints["kafka"], profile("kafka-acks-1"), asked)
        stamp, why = bottleneck(run, "kafka")
        if stamp != "machine-bound":
            break
    assert stamp == "client-bound"
    assert "200,000 were asked for" in why or "core" in why
    assert percentile(lateness_ns(run), 0.99) > 1_000_000
    assert account(run).lost == 0


def test_who_hears_less_often_than_once_a_message_hears_all(endpoints: dict[str, Endpoint]) -> None:
    run = record(endpoints["memory"], profile("memory"), Workload(rate_per_s=10_000, duration_s=0.5, spin=True))
    assert account(run).unconfirmed == account(run).lost == 0
    known = run["confirmed_ns"] - run["sent_ns"]
    assert (known >= 0).all()


def test_a_body_over_the_limit_is_refused_and_unconfirmed_and_not_lost(endpoints: dict[str, Endpoint]) -> None:
    huge = Workload(rate_per_s=2, duration_s=1, warmup_s=0, body_bytes=3 * 1024 * 1024)
    run = record(endpoints["kafka"], profile("kafka-acks-all"), huge)
    ledger = account(run)
    assert ledger.refused == ledger.unconfirmed == ledger.attempted == 2
    assert (ledger.lost, ledger.delivered) == (0, 0)
