"""Work that is shared: the ideal, the judge on planted runs, the balancer's choice, what a broker tells, the rules."""

import heapq
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from labs.brokers import journal
from labs.brokers.rabbitmq.management import ask
from labs.experiments import experiment
from labs.experiments.sharing_verdicts import ASKED
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.observer import UNOBSERVED
from labs.model.profile import UnknownNameError
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_sharing import spares_the_slow
from labs.scenarios.groups import members
from labs.scenarios.groups.crew import Crew
from labs.scenarios.jobs.event_log import Kind
from labs.scenarios.jobs.facts import EVENTS
from labs.scenarios.seeing import MODES, Answer, Policed, Seen, Told
from labs.scenarios.seeing.conductor import YOURS, look
from labs.scenarios.seeing.judge import LOOKED, POLICE, cells, score
from labs.scenarios.sharing import JOBS, SLOWED, WAYS, WORK_MS, WORKERS, ideal_ms, slow_worker, way_of, work_ms
from labs.scenarios.sharing.balancer import Balancer
from labs.scenarios.sharing.by_share_group import Members
from labs.scenarios.sharing.conductor import run
from labs.scenarios.sharing.facts import ShareRun, load
from labs.scenarios.sharing.judge import judge
from labs.stack import mending
from tests.kafka_names import names_on

if TYPE_CHECKING:
    from labs.stack.packages.program import Program

MS = 1_000_000


def planted(events: Sequence[tuple[int, int, int, int]], jobs: int = 3) -> ShareRun:
    """A run with these (kind, job, worker, ms)."""
    table = np.array([(kind, job, worker, at * MS) for kind, job, worker, at in events], np.int64)
    columns = {name: table[:, at] for at, name in enumerate(EVENTS)}
    return ShareRun("redis-list", 1, 2, jobs, columns)


def done(job: int, worker: int, begun: int, ended: int) -> list[tuple[int, int, int, int]]:
    return [(Kind.BEGUN, job, worker, begun), (Kind.DONE, job, worker, ended)]


def pulled(jobs: int, each_ms: Sequence[int]) -> int:
    """How long it takes if whoever is free takes the next job, ms."""
    free = [(0, took) for took in each_ms]
    for _ in range(jobs):
        at, took = heapq.heappop(free)
        heapq.heappush(free, (at + took, took))
    return max(at for at, took in free if at)


def test_no_hand_is_quicker_than_the_ideal_and_the_jobs_are_so_many_that_pulling_reaches_it() -> None:
    each = work_ms(2)
    assert ideal_ms(JOBS, each) == pulled(JOBS, each) == 1600
    assert ideal_ms(JOBS - 1, each) < 1600  # 9 and 9 and 1 are done at 1,440 ms
    assert all(ideal_ms(jobs, each) <= pulled(jobs, each) for jobs in range(1, 60))


def test_35_milliseconds_lost_with_each_job_still_leave_a_puller_within_15_percent() -> None:
    assert pulled(JOBS, [one + 35 for one in work_ms(1)]) <= 1.15 * ideal_ms(JOBS, work_ms(1))


def test_each_worker_is_the_slow_one_in_turn() -> None:
    assert sorted(slow_worker(seed) for seed in (1, 2, 3)) == [1, 2, 3]


def test_the_makespan_runs_from_the_first_job_begun_to_the_last_done_and_a_worker_may_have_none() -> None:
    share = judge(planted([*done(0, 1, 100, 180), *done(1, 2, 110, 510), *done(2, 1, 181, 261)]))
    assert share.makespan_ms == 410
    assert share.had == {1: 2, 2: 1, 3: 0}
    assert (share.undone, share.twice) == (0, 0)
    assert share.ratio == pytest.approx(410 / share.ideal_ms)


def test_a_job_that_was_not_seen_done_leaves_no_makespan_and_one_done_twice_is_counted() -> None:
    lost = judge(planted([*done(0, 1, 0, 80), (Kind.BEGUN, 1, 2, 0), *done(2, 3, 0, 80)]))
    assert (lost.undone, lost.makespan_ms, lost.ratio) == (1, None, None)
    both = judge(planted([*done(0, 1, 0, 80), *done(1, 2, 0, 400), *done(2, 3, 0, 80), *done(0, 3, 90, 170)]))
    assert (both.twice, both.undone, both.makespan_ms) == (1, 0, 400)


def test_a_run_without_any_event_says_nothing() -> None:
    share = judge(ShareRun("redis-list", 1, 2, 3, {name: np.empty(0, np.int64) for name in EVENTS}))
    assert (share.undone, share.ratio) == (3, None)


def test_a_saved_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    found = planted(done(0, 1, 0, 80), jobs=1)
    found.save(tmp_path / "run.npz")
    again = load(tmp_path / "run.npz")
    assert judge(again) == judge(found)
    assert (again.way, again.slow, again.trouble) == ("redis-list", 2, "")


def test_round_robin_looks_at_nobody_and_least_connections_at_calls_under_way() -> None:
    robin, least = Balancer("round-robin", [1, 2, 3]), Balancer("least-connections", [1, 2, 3])
    for one in (robin, least):
        one.open[:] = [0, 9, 0]
    assert [robin.choose() for _ in range(4)] == [0, 1, 2, 0]
    assert [least.choose() for _ in range(4)] == [0, 2, 0, 2]


def test_in_a_burst_least_connections_deals_out_like_round_robin() -> None:
    least = Balancer("least-connections", [1, 2, 3])
    for _ in range(JOBS):
        least.open[least.choose()] += 1  # none comes back
    assert least.open == [7, 7, 6]


def test_what_members_of_a_share_group_say_becomes_the_events_of_this_lab_in_the_order_of_time() -> None:
    crew = Crew(cast("Program", None), UNOBSERVED)
    crew.tries = [[2, 1, 0, 9, 1, 70 * MS, 90 * MS, 1], [1, 0, 0, 8, 1, 60 * MS, 140 * MS, 1]]
    found = ShareRun("kafka-share-1", 1, 2, 2, Members(crew).columns(50 * MS))
    assert found.events(Kind.BEGUN) == [(0, 1, 10 * MS), (1, 2, 20 * MS)]
    assert found.events(Kind.DONE) == [(1, 2, 40 * MS), (0, 1, 90 * MS)]
    assert judge(found).had == {1: 1, 2: 1, 3: 0}
    assert judge(found).makespan_ms == 80


def test_the_slow_member_of_a_share_group_takes_five_times_as_long_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept = list[float]()
    monkeypatch.setattr(time, "sleep", slept.append)
    crew = members.Crew({"consumers": WORKERS, "slow": [2, SLOWED]})
    body = json.dumps({"number": 1, "took_ms": WORK_MS, "fails": 0, "fail_ms": 1}).encode()
    for who in range(1, WORKERS + 1):
        assert crew.work(who, 0, 0, body, 1)
    assert [round(1000 * one) for one in slept] == work_ms(2)


def test_members_that_have_ended_are_trouble_with_their_last_words() -> None:
    class Ended:
        code = 1

        def line(self, within_s: float) -> None:
            """It says no more."""

        def errors(self) -> str:
            return "Traceback\nOSError: no broker\n"

    assert Members(Crew(cast("Program", Ended()), UNOBSERVED)).said().endswith("and said: OSError: no broker")


def test_an_unknown_way_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="rabbitmq-prefetch-1"):
        way_of("rabbitmq-prefetch-2")


# -- what a broker tells ---------------------------------------------------------------------------------------------

GOOD = Policed("403 ACCESS_REFUSED", allowed=True, by="a user")


def asked(backlog: float | None = 6, flight: float | None = 2, age: float | None = 5, but: str = "") -> Seen:
    return Seen(Told(Answer(backlog, "LLEN"), Answer(flight, "LLEN"), Answer(age, "a stamp", but), planted_s=5.2), GOOD)


@pytest.mark.parametrize(
    ("seen", "column", "state", "scored"),
    [
        (asked(), "Backlog", "yes", 3),
        (asked(backlog=8), "Backlog", "yes", 3),  # those in hand among them
        (asked(backlog=7), "Backlog", "no", 2),
        (asked(flight=None), "In flight", "no", 2),
        (asked(flight=6), "In flight", "no", 2),
        (asked(age=None), "Oldest", "no", 2),
        (asked(age=2.2), "Oldest", "no", 2),  # the age of one that waits
        (asked(age=2.2, but="of those that wait"), "Oldest", "partly", 2),
        (asked(but="the sender's own time"), "Oldest", "partly", 2),
    ],
)
def test_an_answer_counts_only_where_it_is_what_was_planted(seen: Seen, column: str, state: str, scored: int) -> None:
    found = cells(seen)
    assert found[column]["state"] == state
    assert score(found) == scored


def test_a_refusal_counts_only_if_the_same_publish_is_taken_once_it_is_allowed() -> None:
    told = asked().told
    state = {
        "yes": GOOD,
        "no": Policed(by="a user"),
        "unknown": Policed("refused", allowed=False),
        "absent": Policed(why_not=YOURS),
    }
    assert {cells(Seen(told, one))[POLICE]["state"] for one in state.values()} == set(state)
    assert all(cells(Seen(told, one))[POLICE]["state"] == word for word, one in state.items())


# -- the rules -------------------------------------------------------------------------------------------------------


def way(mode: str, *ratios: float | None) -> Digest:
    broker = mode.split("-")[0].replace("http", "none")
    repeats: list[Any] = [{"ratio": one} for one in ratios]
    settings: Any = {"mode": mode, "label": mode, "broker": broker}
    return Digest(lab="share-the-work", settings=settings, repeats=repeats, median={}, card={})


def told_by(mode: str, states: Sequence[str], rounds: int = 5) -> Digest:
    made = {name: {"state": state, "word": state, "figure": "", "reason": "so"} for name, state in zip(
        (*LOOKED, POLICE), states, strict=True)}  # fmt: skip
    settings: Any = {"mode": mode, "label": mode, "broker": mode.split("-")[0]}
    repeats: list[Any] = [{"cells": made}] * rounds
    return Digest(lab="see-the-work", settings=settings, repeats=repeats, median={}, card={})


def word(claim: str, points: Sequence[Digest]) -> str:
    return next(one for one in experiment("share-the-work").verdict(points) if one.claim == claim).word


def balanced(robin: float, least: float, *, near: float = 1.05, far: float = 1.3) -> list[Digest]:
    brokers = [way("rabbitmq-prefetch-1", *[near] * 5), way("rabbitmq-prefetch-200", *[far] * 5)]
    return [way("http-round-robin", *[robin] * 5), way("http-least-connections", *[least] * 5), *brokers]


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (balanced(3.5, 1.6), "holds"),
        (balanced(3.5, 1.15), "holds with conditions"),
        (balanced(3.5, 1.6, far=1.51), "holds with conditions"),
        (balanced(1.5, 1.6), "undecided here"),
        (balanced(3.5, 1.05, near=1.16), "undecided here"),
        (balanced(3.5, 1.05)[1:], "undecided here"),
        ([*balanced(3.5, 1.05)[1:], way("http-round-robin", 3.5, 3.5, 3.5)], "undecided here"),
        ([*balanced(3.5, 1.05)[1:], way("http-round-robin", 3.5, 3.5, 3.5, 3.5, 1.2)], "undecided here"),
        ([*balanced(3.5, 1.05), way("redis-list", 1.0, 1.0, 1.0, 1.0, None)], "undecided here"),
    ],
)
def test_load_balancing_is_judged_by_the_two_bounds_of_its_rule(points: list[Digest], said: str) -> None:
    assert word("C23", points) == said


FULL = ("yes", "yes", "yes", "yes")


def modes(**changed: Sequence[str]) -> list[Digest]:
    return [told_by(mode, changed.get(mode.replace("-", "_"), FULL)) for mode in ASKED]


def test_all_is_seen_only_if_every_mode_answers_all_three_questions() -> None:
    assert word("C03", modes()) == "holds"
    assert word("C03", modes(redis_pubsub=("no", "no", "no", "yes"))) == "holds with conditions"
    assert word("C03", modes(kafka_group=("yes", "yes", "partly", "yes"))) == "holds with conditions"
    assert word("C03", modes()[1:]) == "undecided here"
    assert word("C03", [*modes()[1:], told_by(ASKED[0], FULL, rounds=4)]) == "undecided here"


def test_a_policy_is_enforced_where_the_publish_was_refused_in_every_round() -> None:
    assert word("C24", modes()) == "holds"
    assert word("C24", modes(kafka_group=("yes", "no", "yes", "absent"))) == "holds with conditions"
    nobody = {mode.replace("-", "_"): ("yes", "yes", "yes", "no") for mode in ASKED}
    assert word("C24", modes(**nobody)) == "undecided here"


def shared_by(mode: str, *had: tuple[int, int, int]) -> Digest:
    """Rounds in which three workers did so many jobs, the second of them slow."""
    repeats: list[Any] = [{"slow": 2, "had": {"1": one, "2": slow, "3": other}} for one, slow, other in had]
    return Digest(lab="share-the-work", settings={"mode": mode, "label": mode}, repeats=repeats, median={}, card={})


def test_the_slow_worker_is_spared_where_it_does_at_most_half_of_what_each_of_the_others_does() -> None:
    found = [shared_by("a", (8, 4, 8), (9, 2, 9)), shared_by("b", (8, 5, 8)), shared_by("c", (5, 5, 10))]
    assert spares_the_slow(found, among=["a", "b", "c"]) == {"a"}
    with pytest.raises(NoTruth, match="the rounds differ"):
        spares_the_slow([shared_by("a", (8, 4, 8), (8, 5, 8))], among=["a"])


# -- on real brokers -------------------------------------------------------------------------------------------------


@pytest.mark.broker
def test_a_puller_is_near_the_ideal_and_a_large_prefetch_is_not(endpoints: dict[str, Endpoint]) -> None:
    shares = {
        name: judge(run(WAYS[name], endpoints["rabbitmq"], 1))
        for name in ("rabbitmq-prefetch-1", "rabbitmq-prefetch-200")
    }
    for share in shares.values():
        assert (share.undone, share.twice, sum(share.had.values())) == (0, 0, JOBS)
    one, many = shares.values()
    assert one.ratio is not None
    assert many.ratio is not None
    assert 1 <= one.ratio < 2 < many.ratio  # a busy machine adds to the first; the second is 3 or 3.5 whatever it does


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_members_of_a_share_group_at_one_partition_do_what_the_slow_one_leaves_and_nothing_stays(
    endpoints: dict[str, Endpoint],
) -> None:
    kafka = endpoints["kafka"]
    before = names_on(kafka)
    found = run(WAYS["kafka-share-1"], kafka, 1)
    share = judge(found)
    assert (found.trouble, share.undone, share.twice, sum(share.had.values())) == ("", 0, 0, JOBS)
    assert share.had[found.slow] < min(jobs for who, jobs in share.had.items() if who != found.slow)
    assert share.ratio is not None
    assert share.ratio >= 1
    assert not [name for name in names_on(kafka) - before if name.startswith("labs-")]
    assert not journal.entries()


@pytest.mark.broker
@pytest.mark.parametrize("mode", ["redis-stream", "redis-pubsub"])
def test_a_stream_tells_all_and_a_channel_nothing_and_both_refuse(endpoints: dict[str, Endpoint], mode: str) -> None:
    found = cells(look(MODES[mode], endpoints["redis"]))
    assert score(found) == (3 if mode == "redis-stream" else 0)
    assert found[POLICE]["state"] == "yes"


@pytest.mark.broker
def test_no_user_is_made_on_a_broker_of_the_readers(endpoints: dict[str, Endpoint]) -> None:
    from dataclasses import replace

    yours = replace(endpoints["redis"], backend="given")
    found = look(MODES["redis-pubsub"], yours)
    assert found.policed.why_not == YOURS
    assert cells(found)[POLICE]["state"] == "absent"


KILLED = """
import sys, time
from labs import stack
from labs.brokers import journal
from labs.brokers.rabbitmq.management import ask
from labs.model.endpoint import Endpoint

here = Endpoint(**eval(sys.argv[1]))
journal.note(here, (), users=[sys.argv[2]])
ask(here, "PUT", "users", sys.argv[2], body={"password": "a word", "tags": ""})
print("made", flush=True)
time.sleep(60)
"""


@pytest.mark.broker
def test_a_user_that_a_killed_run_has_left_is_gone_after_the_next_command(endpoints: dict[str, Endpoint]) -> None:
    here, user = endpoints["rabbitmq"], "labs-child-user"
    names = ("broker", "host", "port", "username", "password", "admin_port", "data_dir", "container", "vhost")
    told = repr({name: getattr(here, name) for name in names})
    with subprocess.Popen([sys.executable, "-c", KILLED, told, user], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "made\n"
        child.send_signal(signal.SIGKILL)
    assert ask(here, "GET", "users", user)["name"] == user
    said: list[str] = []
    mending.mend(said.append)
    assert any(user in line for line in said)
    with pytest.raises(RefusedError, match="404"):
        ask(here, "GET", "users", user)
