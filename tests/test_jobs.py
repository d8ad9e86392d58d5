"""A worker killed in the middle of a job: what each way of handing out work loses and doubles, on real brokers."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.observer import CancelledError, Observer
from labs.model.profile import UnknownNameError
from labs.scenarios.jobs import MODES, mode_of
from labs.scenarios.jobs.conductor import run
from labs.scenarios.jobs.event_log import Kind
from labs.scenarios.jobs.facts import JobRun, load
from labs.scenarios.jobs.judge import Tally, judge
from labs.scenarios.jobs.producer import Plan
from tests.made import FIRST_IN_WORK, KILLED, Event, job_run
from tests.worker_processes import is_importing, workers

SHORT = Plan(seed=1, jobs=100)
MS = 1_000_000


def fates(tally: Tally) -> tuple[int, int, int, int]:
    return tally.once, tally.twice, tally.lost, tally.unknown


def test_a_job_that_was_held_and_never_done_is_lost_and_so_is_one_that_waited() -> None:
    tally = judge(job_run(FIRST_IN_WORK))
    assert fates(tally) == (1, 0, 2, 0)
    assert (tally.waiting, tally.waiting_lost, tally.held) == (2, 2, 1)
    assert (tally.verdict, tally.outcome) == ("broken", "some lost")


def test_a_job_that_another_worker_does_is_not_lost_and_the_time_counts_from_the_kill() -> None:
    taken_over: list[Event] = [(Kind.UP, -1, 2, 400), (Kind.DONE, 2, 2, 600), (Kind.DONE, 1, 2, 700)]
    tally = judge(job_run(FIRST_IN_WORK + taken_over))
    assert fates(tally) == (3, 0, 0, 0)
    assert tally.redelivery_s == pytest.approx(0.6)  # job 2 came first, but the dead worker had not held it
    assert tally.restart_s == pytest.approx(0.3)
    assert (tally.verdict, tally.outcome) == ("kept", "none lost")


def test_a_job_done_by_both_is_done_twice_and_breaks_nothing() -> None:
    both: list[Event] = [(Kind.DONE, 1, 1, 99), (Kind.DONE, 1, 2, 500), (Kind.DONE, 2, 2, 510)]
    tally = judge(job_run(FIRST_IN_WORK + both))
    assert fates(tally) == (2, 1, 0, 0)
    assert tally.verdict == "kept"


def test_a_loss_of_which_the_sender_was_told_breaks_no_promise() -> None:
    tally = judge(job_run(FIRST_IN_WORK, accepted=(1, -1, -1), refused=(-1, 101, 101)))
    assert (tally.lost, tally.told, tally.waiting) == (2, 2, 0)
    assert (tally.verdict, tally.outcome) == ("kept", "some lost")


def test_a_job_answered_from_its_key_is_done_once_and_counts_as_finished_then() -> None:
    known: list[Event] = [(Kind.DONE, 1, 1, 98), (Kind.KNOWN, 1, 2, 800), (Kind.DONE, 2, 2, 900)]
    tally = judge(job_run(FIRST_IN_WORK + known))
    assert fates(tally) == (3, 0, 0, 0)
    assert tally.redelivery_s == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("why", "found"),
    [
        ("nobody was killed", {"death": None}),
        ("it ended by itself", {"death": replace(KILLED, exit_code=0)}),
        ("it was ended politely", {"death": replace(KILLED, exit_code=-signal.SIGTERM)}),
        ("something was still left", {"drained": False}),
    ],
)
def test_without_a_proven_kill_or_an_empty_broker_the_missing_are_unknown(why: str, found: dict[str, object]) -> None:
    tally = judge(job_run(FIRST_IN_WORK, **found))  # type: ignore[arg-type]
    assert fates(tally) == (1, 0, 0, 2), why
    assert (tally.verdict, tally.outcome) == ("unknown", "unknown"), why


def test_a_kill_between_two_jobs_says_nothing() -> None:
    idle: list[Event] = [*FIRST_IN_WORK, (Kind.DONE, 1, 1, 97), (Kind.RELEASED, 1, 1, 99), (Kind.DONE, 2, 2, 500)]
    tally = judge(job_run(idle))
    assert not tally.hit
    assert tally.verdict == "unknown"


def test_a_job_that_nobody_answered_for_is_unknown_and_not_lost() -> None:
    tally = judge(job_run(FIRST_IN_WORK, accepted=(1, 2, -1)))
    assert fates(tally) == (1, 0, 1, 1)


def test_an_odd_seed_kills_before_the_effect_and_an_even_one_after_it() -> None:
    assert [Plan(seed).after for seed in (1, 2, 3, 4)] == [False, True, False, True]
    assert judge(job_run(FIRST_IN_WORK)).aimed  # made with seed 1
    assert not judge(job_run([*FIRST_IN_WORK, (Kind.DONE, 1, 1, 99)])).aimed


def test_the_moment_of_a_kill_is_drawn_from_the_seed_alone_and_from_all_that_the_plan_allows() -> None:
    before = [Plan(seed).aim for seed in range(400)]
    random.seed(0)  # what somebody else draws from
    assert [Plan(seed).aim for seed in range(400)] == before
    jobs, shares = zip(*before, strict=True)
    assert set(jobs) == set(range(40, 81))  # of 200: from the fifth to two fifths, each end included
    assert (min(shares), max(shares)) == (pytest.approx(0, abs=0.01), pytest.approx(0.2, abs=0.01))
    assert min(shares) >= 0
    assert max(shares) <= 0.2
    assert {Plan(seed, jobs=50).aim[0] for seed in range(400)} == set(range(10, 21))


def test_an_unknown_mode_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="redis-blpop"):
        mode_of("redis-brpop")


def killed(mode: str, endpoints: dict[str, Endpoint], prefetch: int = 10, seed: int = 1) -> tuple[JobRun, Tally]:
    """A run whose kill fell where the seed says. A busy machine can delay it into the next job: then once more."""
    for _ in range(5):
        found = run(MODES[mode], endpoints.get(MODES[mode].broker), replace(SHORT, seed=seed), prefetch)
        tally = judge(found)
        if tally.aimed:
            break
    assert found.trouble == ""
    assert tally.aimed
    assert tally.verdict != "unknown"
    assert tally.once + tally.twice + tally.lost == tally.jobs == SHORT.jobs
    return found, tally


def held(found: JobRun) -> tuple[set[int], set[int]]:
    """What the dead worker had taken and not released: the jobs whose effect was there, and the others."""
    jobs = set(found.events(Kind.TAKEN, 1)[0].tolist()) - set(found.events(Kind.RELEASED, 1)[0].tolist())
    done = jobs & set(found.events(Kind.DONE, 1)[0].tolist())
    return done, jobs - done


@pytest.mark.broker
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("mode", ["redis-lmove", "redis-stream", "rabbitmq-manual-ack"])
def test_where_the_worker_acknowledges_nothing_is_lost_and_what_it_held_comes_again(
    mode: str, seed: int, endpoints: dict[str, Endpoint]
) -> None:
    """Every job that was held comes again; it is done twice exactly if the dead worker had had its effect.

    RabbitMQ gives them back when the connection breaks, the new Redis worker fetches them when it starts: the delay is
    that of starting Python, and five seconds are plenty for it.
    """
    found, tally = killed(mode, endpoints, seed=seed)
    done, _open = held(found)
    assert tally.lost == 0
    assert tally.twice == len(done) <= 10
    assert tally.redelivery_s is not None
    assert 0 < tally.redelivery_s < 5


@pytest.mark.broker
@pytest.mark.parametrize("prefetch", [pytest.param(1, marks=pytest.mark.long), 50])
def test_the_number_of_duplicates_is_bounded_by_the_prefetch(prefetch: int, endpoints: dict[str, Endpoint]) -> None:
    found, tally = killed("rabbitmq-manual-ack", endpoints, prefetch, seed=2)
    done, unfinished = held(found)
    assert len(done) + len(unfinished) <= prefetch
    assert (tally.lost, tally.twice) == (0, len(done))


@pytest.mark.broker
def test_kafka_redelivers_when_the_session_is_over_and_not_before(endpoints: dict[str, Endpoint]) -> None:
    """Six seconds after the last heartbeat, and heartbeats come every second and a half: 4.5 s after the kill at the
    least. At the most it is those six, the rebalancing, and the start of a Python on a busy machine."""
    found, tally = killed("kafka-commit-after", endpoints, seed=2)
    done, _open = held(found)
    assert (tally.lost, tally.twice) == (0, len(done))
    assert tally.redelivery_s is not None
    assert 4 < tally.redelivery_s < 15
    assert tally.restart_s is not None
    assert tally.restart_s < tally.redelivery_s


@pytest.mark.broker
@pytest.mark.parametrize("mode", [pytest.param("redis-blpop", marks=pytest.mark.long), "kafka-commit-before"])
def test_where_the_broker_forgets_before_the_work_exactly_what_was_held_and_not_done_is_lost(
    mode: str, endpoints: dict[str, Endpoint]
) -> None:
    found, tally = killed(mode, endpoints)
    _done, unfinished = held(found)
    assert tally.lost == len(unfinished)
    assert tally.twice == 0
    assert tally.told == 0
    assert tally.redelivery_s is None


@pytest.mark.broker
def test_automatic_acknowledgement_loses_what_lay_in_the_socket_of_the_dead_worker(
    endpoints: dict[str, Endpoint],
) -> None:
    """RabbitMQ pushes without a limit, so what had been handed in by the death and was not done is gone, and nothing
    that was handed in later is."""
    found, tally = killed("rabbitmq-auto-ack", endpoints)
    assert found.death is not None
    before = int((found["sent_ns"] <= found.death.dead_ns).sum())
    assert 1 < tally.lost <= before
    assert (tally.twice, tally.told) == (0, 0)
    assert tally.waiting_lost >= 0.9 * tally.waiting > 0  # a job may be on its way to RabbitMQ when the worker dies


@pytest.mark.broker
def test_pubsub_loses_what_waited_and_what_came_while_nobody_listened(endpoints: dict[str, Endpoint]) -> None:
    """Of the second part the publisher can know: PUBLISH answers how many have heard it."""
    _found, tally = killed("redis-pubsub", endpoints)
    assert tally.waiting_lost == tally.waiting > 0
    assert tally.lost > tally.told > 0
    assert tally.twice == 0


def test_http_without_a_retry_loses_jobs_and_the_caller_knows_each_of_them() -> None:
    _found, tally = killed("http-no-retry", {})
    assert tally.lost == tally.told > 0
    assert (tally.twice, tally.verdict) == (0, "kept")


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_http_with_retries_and_a_key_does_every_job_once(seed: int) -> None:
    """Seed 2 kills after the effect and before the answer: the caller asks again, and the key tells."""
    found, tally = killed("http-retry", {}, seed=seed)
    assert fates(tally) == (SHORT.jobs, 0, 0, 0)
    assert found["tries"].max() > 1
    done, _open = held(found)
    assert len(done) == (seed == 2)
    assert set(found.events(Kind.KNOWN, 2)[0].tolist()) == done


def test_an_asyncio_queue_dies_with_its_process() -> None:
    _found, tally = killed("asyncio-queue", {})
    assert tally.waiting_lost == tally.waiting > 0
    assert tally.lost == tally.waiting
    assert (tally.told, tally.verdict) == (0, "broken")


def test_if_the_second_worker_dies_as_well_nothing_is_called_lost() -> None:
    gone: list[int] = []

    def kill_the_second(share: float, _text: str) -> None:
        if share >= 0.3 and not gone:
            for one in workers():
                one.kill()
                gone.append(one.pid)

    found = run(MODES["http-no-retry"], None, SHORT, 10, Observer(kill_the_second))
    tally = judge(found)
    assert gone
    assert "-9" in found.trouble
    assert (tally.verdict, tally.lost) == ("unknown", 0)
    assert tally.unknown > 0


def test_a_cancel_ends_the_run_and_leaves_no_worker() -> None:
    start_s = time.monotonic()
    with pytest.raises(CancelledError):
        run(MODES["http-retry"], None, SHORT, 10, Observer(cancelled=lambda: time.monotonic() - start_s > 1.5))
    assert time.monotonic() - start_s < 15
    assert not workers()


@pytest.mark.parametrize("mode", ["redis-stream", "rabbitmq-manual-ack", "kafka-commit-after"])
def test_a_broker_that_is_down_is_a_typed_error(mode: str) -> None:
    with pytest.raises(UnreachableError):
        run(MODES[mode], Endpoint(MODES[mode].broker, "127.0.0.1", 6), SHORT, 10)
    assert not workers()


ALONE = """
from labs.scenarios.jobs import MODES
from labs.scenarios.jobs.conductor import run
from labs.scenarios.jobs.producer import Plan
if __name__ == "__main__":
    try:
        run(MODES["http-retry"], None, Plan(1, jobs=2000), 10)
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_ctrl_c_while_a_worker_starts_is_heard_by_the_program_alone(tmp_path: Path) -> None:
    """The terminal tells the whole group. A worker that is still importing would answer with a traceback."""
    (tmp_path / "alone.py").write_text(ALONE)
    where = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    command, pipe = [sys.executable, str(tmp_path / "alone.py")], subprocess.PIPE
    with subprocess.Popen(command, env=where, start_new_session=True, stdout=pipe, stderr=pipe, text=True) as program:
        children: list[psutil.Process] = []
        while not children and program.poll() is None:
            time.sleep(0.002)
            below = psutil.Process(program.pid).children(recursive=True)
            children = [one for one in below if "spawn_main" in str(one.cmdline()) and is_importing(one)]
        os.killpg(program.pid, signal.SIGINT)
        said, errors = program.communicate(timeout=30)
    assert (said, errors) == ("interrupted\n", "")
    assert children
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_workers_die_with_the_program_that_started_them(tmp_path: Path) -> None:
    (tmp_path / "alone.py").write_text(ALONE)
    where = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen([sys.executable, str(tmp_path / "alone.py")], env=where) as program:
        give_up_s = time.monotonic() + 30
        children: list[psutil.Process] = []
        while not children and time.monotonic() < give_up_s:
            time.sleep(0.2)
            found = psutil.Process(program.pid).children(recursive=True)
            # The one that has been told to die with its parent: that is the first thing a worker does.
            children = [one for one in found if "spawn_main" in str(one.cmdline()) and one.net_connections()]
        program.kill()
    assert children
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_the_facts_survive_the_file(tmp_path: Path) -> None:
    before = job_run(FIRST_IN_WORK)
    before.save(tmp_path / "run.npz")
    after = load(tmp_path / "run.npz")
    assert judge(after) == judge(before)
    assert repr(after) == repr(before)
