"""L2.2: a pool and a queue under the same arrivals. Planted histories for its judge, its rules, and both sides live."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import kafka
import numpy as np
import pytest

from labs.brokers import journal
from labs.brokers.kafka.client import Site
from labs.brokers.redis.admin import client as redis_client
from labs.experiments.backlog_picture import jobs_of
from labs.experiments.burst_or_overload import LAB, digest
from labs.experiments.burst_pictures import course
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.paths import PROJECT
from labs.model.run import RunFileError
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_bursts import fewest_workers
from labs.scenarios.bursts import QUEUES, facts, pool, queue_of
from labs.scenarios.bursts.conductor import run
from labs.scenarios.bursts.judge import judge, refused_unasked
from labs.scenarios.bursts.plan import Arrivals
from labs.scenarios.bursts.pool import End
from labs.scenarios.bursts.rows import CELLS, Book, Kind, Slot
from labs.scenarios.jobs.producer import Answers
from labs.show.pictures.base import About
from labs.show.short.bursts import burst_or_overload
from labs.stack import mending
from tests.made_bursts import MS, S, burst_run, done_at, grid, overloaded, point

THREE = [0.0, 10.0, 20.0]
ALL_DONE = done_at((0, 1, 81), (1, 11, 91), (2, 21, 101))


# -- arrivals --------------------------------------------------------------------------------------------------------


def test_a_seed_gives_the_same_arrivals_and_each_load_exactly_its_mean() -> None:
    for load in (0.7, 1.2):
        first, again, other = (Arrivals(seed, load=load) for seed in (1, 1, 2))
        assert (first.due_ns == again.due_ns).all()
        assert not (first.due_ns == other.due_ns).all()
        assert len(first.due_ns) == len(other.due_ns) == first.jobs == round(load * 200 * 8)
        assert (np.diff(first.due_ns) >= 0).all()


def test_bursts_have_all_jobs_and_between_them_none_comes() -> None:
    plan = Arrivals(3, load=0.7, burst=4)
    inside = [((plan.due_ns >= begin) & (plan.due_ns <= end)).sum() for begin, end in plan.bursts_ns]
    assert len(inside) == 2
    assert sum(inside) == plan.jobs
    assert all((end - begin) == S for begin, end in plan.bursts_ns)
    assert Arrivals(3, load=0.7).bursts_ns == []


# -- what became of jobs and calls -----------------------------------------------------------------------------------


def test_all_done_once_is_kept() -> None:
    found = judge(burst_run(THREE, ALL_DONE))
    assert found["verdict"] == "kept"
    assert found["jobs"] == {"jobs": 3, "once": 3, "twice": 0, "lost": 0, "refused": 0, "unknown": 0}
    assert (found["figures"]["queue_share"], found["figures"]["late_share"]) == (1, 0)


def test_a_job_that_was_taken_and_never_done_is_lost_if_nothing_is_left_and_unknown_if_something_may_be() -> None:
    missing = done_at((0, 1, 81), (2, 21, 101))
    lost = judge(burst_run(THREE, missing))
    assert (lost["jobs"]["lost"], lost["verdict"]) == (1, "broken")
    assert lost["figures"]["queue_share"] == pytest.approx(2 / 3, abs=1e-4)
    unknown = judge(burst_run(THREE, missing, drained=False))
    assert (unknown["jobs"]["lost"], unknown["jobs"]["unknown"], unknown["verdict"]) == (0, 1, "unknown")


def test_a_job_that_was_begun_and_not_done_is_not_done() -> None:
    found = judge(burst_run(THREE, [*done_at((0, 1, 81), (2, 21, 101)), (Kind.BEGUN, 1, 0, 11 * MS)]))
    assert found["jobs"]["lost"] == 1


def test_a_doubled_job_is_counted_as_done_twice_and_breaks_nothing() -> None:
    found = judge(burst_run(THREE, [*ALL_DONE, *done_at((1, 200, 280))]))
    assert (found["jobs"]["once"], found["jobs"]["twice"], found["verdict"]) == (2, 1, "kept")
    assert found["figures"]["queue_share"] == 1


def test_a_job_is_late_when_its_caller_would_have_gone_and_a_doubled_one_by_its_first_time() -> None:
    late = judge(burst_run(THREE, done_at((0, 1, 1000), (1, 900, 1011), (2, 21, 101))))
    assert late["figures"]["late_share"] == pytest.approx(1 / 3, abs=1e-4)
    again = judge(burst_run(THREE, [*ALL_DONE, *done_at((1, 2000, 2080))]))
    assert again["figures"]["late_share"] == 0


def test_a_refused_job_is_not_lost_and_the_reason_is_told() -> None:
    columns = {"accepted_ns": np.array([MS, -1, MS]), "refused_ns": np.array([-1, 11 * MS, -1])}
    refused = burst_run(THREE, done_at((0, 1, 81), (2, 21, 101)), columns=columns, facts={"refusal": "out of memory"})
    found = judge(refused)
    assert (found["jobs"]["refused"], found["jobs"]["lost"], found["verdict"]) == (1, 0, "kept")
    assert refused_unasked(refused) == (1, 3, "out of memory")


def test_calls_are_counted_by_their_end_and_work_for_those_who_have_gone_is_told() -> None:
    ends = [End.ANSWERED, End.REJECTED, End.GAVE_UP]
    found = judge(burst_run(THREE, ALL_DONE, ends=ends, pool=done_at((0, 1, 81), (2, 1100, 1180))))
    assert found["ends"] == {
        "calls": 3, "answered": 1, "refused": 1, "timed_out": 1, "failed": 0, "unknown": 0,
    }  # fmt: skip
    assert (found["figures"]["pool_share"], found["figures"]["for_nobody"]) == (pytest.approx(1 / 3, abs=1e-4), 1)


def test_a_percentile_needs_ten_jobs_beyond_it() -> None:
    few, enough = (
        judge(burst_run([float(at) for at in range(jobs)], done_at(*((at, at, at + 80) for at in range(jobs)))))
        for jobs in (900, 1100)
    )
    assert (few["figures"]["queue_p50_ms"], few["figures"]["queue_p99_ms"]) == (80, None)
    assert enough["figures"]["queue_p99_ms"] == 80


# -- backlog and Little's law ----------------------------------------------------------------------------------------


def test_a_backlog_of_known_slope_is_found_with_the_rates_on_both_sides_of_it() -> None:
    found = judge(overloaded())["figures"]
    assert found["slope_per_s"] == pytest.approx(40, rel=0.01)
    assert found["arrival_per_s"] == pytest.approx(240, rel=0.01)
    assert found["service_per_s"] == pytest.approx(200, rel=0.01)
    assert found["straight"] > 0.99
    assert found["backlog_most"] == 320
    assert found["capacity_per_s"] == pytest.approx(200, rel=0.05)
    assert found["load"] == pytest.approx(1.2, rel=0.05)


def test_a_broker_that_counts_wrongly_does_not_pass_for_one_whose_backlog_grew_as_it_had_to() -> None:
    half = judge(overloaded(slope=20))["figures"]
    assert half["slope_per_s"] == pytest.approx(20, rel=0.02)
    assert half["arrival_per_s"] - half["service_per_s"] == pytest.approx(40, rel=0.02)


def test_littles_law_holds_in_a_history_that_obeys_it_and_not_where_the_broker_counts_twice_as_many() -> None:
    # Each of forty jobs waits 300 ms, one every 100 ms: three wait at any time.
    due = [100.0 * at for at in range(40)]
    rows = done_at(*((at, round(due[at]) + 300, round(due[at]) + 380) for at in range(40)))
    counted = [(at * MS, min(at // 100 + 1, 3, max(43 - at // 100, 0))) for at in range(0, 4400, 100)]
    found, wrong = (
        judge(burst_run(due, rows, counted=[(at, times * number) for at, number in counted]))["figures"]
        for times in (1, 2)
    )
    assert found["wait_s"] == pytest.approx(0.3)
    assert found["wait_by_law_s"] == pytest.approx(0.3, rel=0.1)
    assert wrong["wait_by_law_s"] == pytest.approx(0.6, rel=0.1)


def test_a_run_that_was_not_drained_says_nothing_of_littles_law() -> None:
    assert judge(burst_run(THREE, ALL_DONE, drained=False))["figures"]["wait_by_law_s"] is None


# -- rules -----------------------------------------------------------------------------------------------------------


def said(points: Sequence[Digest], claim: str) -> tuple[str, str]:
    return next((one.word, one.text) for one in LAB.verdict(points) if one.claim == claim)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "holds with conditions"),
        ({"queue_share": 0.998}, "undecided here"),
        ({"pool_share": 0.995}, "undecided here"),
        ({"load": 0.81}, "undecided here"),
        ({"slope_per_s": 61.0}, "undecided here"),
        ({"slope_per_s": 39.0}, "undecided here"),
        ({"slope_per_s": 0.0}, "holds"),
        ({"verdict": "broken"}, "undecided here"),
        ({"rounds": 4}, "undecided here"),
        ({"odd": {"pool_share": 1.0}}, "undecided here"),
        ({"odd": {"slope_per_s": 90.0}}, "undecided here"),
    ],
)
def test_c17_follows_its_rule(more: dict[str, Any], word: str) -> None:
    found, text = said(grid(**more), "C17")
    assert found == word, text


def test_c17_needs_every_broker_in_both_events() -> None:
    for left_out in range(6):
        points = grid()
        del points[left_out]
        assert said(points, "C17")[0] == "undecided here"


def test_c17_tells_the_slopes_and_what_was_completed() -> None:
    text = said(grid(), "C17")[1]
    assert "the queues completed 100\u00a0% of the jobs, and a pool of as many workers 50\u00a0% of the calls" in text
    assert "the backlog in Kafka grew by 50 jobs a second, and 50 more came a second than were done." in text


def test_in_short_follows_the_figures() -> None:
    few = burst_or_overload(grid(pool_share=0.25, slope_per_s=-3.0))
    assert "answered 25\u00a0%" in few.answer
    assert "no backlog grew" in few.condition
    assert "grew by 50/s" in burst_or_overload(grid()).condition
    assert burst_or_overload([]).answer.startswith("Not recorded yet")


def test_the_fewest_workers_are_read_from_the_p99_and_a_run_in_which_none_is_enough_says_so() -> None:
    def with_p99(workers: int, p99: float) -> Digest:
        one = point("rabbitmq", 1.2, queue_p99_ms=p99)
        return replace(one, settings={**one.settings, "workers": workers})

    points = [with_p99(16, 3000), with_p99(20, 600), with_p99(24, 120)]
    assert fewest_workers(points, [16, 20, 24], 1000) == "20"
    with pytest.raises(NoTruth):
        fewest_workers(points, [16, 20, 24], 100)


# -- files and pictures ----------------------------------------------------------------------------------------------


def test_a_run_file_gives_back_what_was_saved_and_a_damaged_one_says_so(tmp_path: Path) -> None:
    before, path = burst_run(THREE, ALL_DONE), tmp_path / "run.npz"
    before.save(path)
    assert judge(facts.load(path)) == judge(before)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RunFileError):
        facts.load(path)


def test_the_picture_draws_the_brokers_own_count_and_marks_the_bursts() -> None:
    run_, plan = overloaded(), Arrivals(1, load=0.7, burst=4)
    drawn = course(run_, About(), plan.bursts_ns)
    line = drawn.panels[0].lines[0]
    assert [value for _, value in line.points] == run_["counted"].tolist()
    assert [(one.start_ns, one.end_ns) for one in drawn.spans] == plan.bursts_ns
    came = drawn.panels[1].lines[0]
    assert [value for at, value in came.points if 1 < at / S < 7] == pytest.approx([240] * 24, abs=8)


def test_in_the_moving_picture_a_job_not_done_in_time_stays_and_a_doubled_one_has_its_first_times() -> None:
    rows = [*done_at((0, 1, 81), (2, 21, 101), (0, 300, 380), (1, 11, 8001))]
    scene = jobs_of(burst_run(THREE, rows), "made", {})
    assert [one.times for one in scene.messages] == [
        (0, MS, 81 * MS), (10 * MS, 11 * MS, None), (20 * MS, 21 * MS, 101 * MS),
    ]  # fmt: skip


def test_a_digest_of_two_rounds_has_both_and_says_where_it_is_from() -> None:
    found = digest(Arrivals(1), [overloaded(), overloaded(slope=44)], {})
    assert [round(one["figures"]["slope_per_s"] or 0) for one in found.repeats] == [40, 44]
    assert found.number("figures", "slope_per_s") == pytest.approx(42, abs=0.5)
    assert found.settings["label"] == "RabbitMQ, load 1.2"
    assert "timeline" in found.pictures["course"]["kind"]


# -- the pool --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(workers: int, accepts: int) -> Iterator[tuple[int, Book]]:
    """A pool in threads of this process: its port and its book."""
    book = Book([0] * CELLS)
    with pool.Pool(book, workers, accepts) as server:
        server.timeout = 0.02
        loop = threading.Thread(target=lambda: [server.handle_request() for _ in iter(lambda: book.stopped, True)])
        loop.start()
        try:
            yield server.server_address[1], book
        finally:
            book.board[Slot.STOP] = 1
            loop.join()


def called(port: int, jobs: int) -> list[int]:
    """So many calls at once: how each ended."""
    plan = Arrivals(1, seconds=jobs / 140)
    answers, ends = Answers(plan, time.monotonic_ns() - 10 * S), [0] * plan.jobs
    asyncio.run(pool.call_all(answers, port, ends))
    return ends


def test_a_pool_answers_as_many_as_it_has_places_and_sends_away_at_once_whom_it_has_none_for() -> None:
    with served(2, 3) as (port, book):
        ends = called(port, 30)
        done = {job for kind, job, *_ in book.rows().tolist() if kind == Kind.DONE}
    assert len(ends) == 30
    assert ends.count(End.ANSWERED) >= 3  # the places; its two workers may be late on a busy machine
    assert ends.count(End.REJECTED) >= 10
    assert ends.count(End.ANSWERED) + ends.count(End.REJECTED) == 30
    assert done == {job for job, end in enumerate(ends) if end == End.ANSWERED}


def test_callers_give_up_on_a_pool_that_lets_all_of_them_wait_and_it_works_for_nobody() -> None:
    with served(1, 1000) as (port, book):
        ends = called(port, 30)
        time.sleep(0.3)
        done = [job for kind, job, *_ in book.rows().tolist() if kind == Kind.DONE]
    assert ends.count(End.REJECTED) == 0
    assert ends.count(End.GAVE_UP) >= 10
    assert [job for job in done if ends[job] == End.GAVE_UP]


def test_a_service_that_is_not_there_is_a_failed_call_and_no_error() -> None:
    assert set(called(1, 3)) == {End.FAILED}


# -- live ------------------------------------------------------------------------------------------------------------


@pytest.mark.broker
@pytest.mark.parametrize("broker", sorted(QUEUES))
def test_a_queue_does_every_job_once_and_its_backlog_is_that_of_the_workers_rows(
    broker: str, endpoints: dict[str, Endpoint]
) -> None:
    found = run(queue_of(broker), endpoints[broker], Arrivals(1, load=1.2, workers=4, seconds=1.0))
    assert found.trouble == ""
    told = judge(found)
    assert told["jobs"] == {"jobs": 240, "once": 240, "twice": 0, "lost": 0, "refused": 0, "unknown": 0}
    assert 50 < (told["figures"]["backlog_most"] or 0) <= 240
    assert told["ends"]["calls"] == 240
    assert told["ends"]["answered"] < 240
    assert found["counted"][-1] == 0
    assert told["figures"]["wait_by_law_s"] == pytest.approx(told["figures"]["wait_s"], rel=0.35)


def there(broker: str, here: Endpoint, begins: str) -> list[str]:
    """What is on that broker under names that begin so: keys, topics."""
    if broker == "redis":
        with contextlib.closing(redis_client(here)) as client:
            return [str(key) for key in client.keys(f"{begins}*")]
    with contextlib.closing(kafka.KafkaAdminClient(**Site(here).config)) as admin:
        return [str(name) for name in admin.list_topics() if str(name).startswith(begins)]


@pytest.mark.broker
@pytest.mark.long
@pytest.mark.parametrize("broker", ["redis", "kafka"])
def test_what_a_killed_run_has_made_is_gone_after_the_next_command(broker: str, endpoints: dict[str, Endpoint]) -> None:
    command = [sys.executable, "-m", "labs", "run", "burst-or-overload", "--set", f"broker={broker}"]
    child = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ours, give_up_s = f"labs-{child.pid}-", time.monotonic() + 40
    try:
        while not (made := there(broker, endpoints[broker], ours)):
            assert time.monotonic() < give_up_s
            time.sleep(0.1)
    finally:
        child.kill()
        child.wait()
    assert made
    give_up_s = time.monotonic() + 60
    while there(broker, endpoints[broker], ours):  # Kafka lists a topic for a moment after it has deleted it
        assert time.monotonic() < give_up_s
        mending.mend(lambda _line: None)
        time.sleep(0.2)
    assert not [one for one in journal.entries() if one.names[0].startswith(ours)]
