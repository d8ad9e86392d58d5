"""A task that is run again: the judge on planted logs, what is told of it beside C70's word, and its exercises."""

from __future__ import annotations

from typing import Any

import pytest

from labs.experiments import experiment
from labs.experiments.run_twice import digest
from labs.experiments.stack_verdicts import c70
from labs.model.digest import Digest
from labs.model.profile import UnknownNameError
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_tasks import runs_by_way, runs_of_way
from labs.pages.recordings import recorded
from labs.scenarios.stack_tasks import twice
from labs.scenarios.stack_tasks.settings import settings
from labs.scenarios.stack_tasks.twice import QUIET_S, TASK, WAYS, judged, settled, way_of
from labs.show.looks.twice import TWICE_LOOK, truth

S = 1_000_000_000
Run = tuple[int, float, float | None]
"""Process, when it began the task, when it ended it."""


def log(*runs: Run, number: int = TASK) -> list[dict[str, Any]]:
    """What the workers write: two processes a worker."""
    found = []
    for process, begun, done in runs:
        who = {"number": number, "worker": twice.WORKERS[process // 2], "process": process}
        found.append({"what": "begun", "ns": int(begun * S), **who})
        found += [] if done is None else [{"what": "done", "ns": int(done * S), **who}]
    return sorted(found, key=lambda one: one["ns"])


def point(way: str, *runs: Run, rounds: int = 5) -> Digest:
    return digest(WAYS[way], [{"trials": {"task": judged(log(*runs))}, "took_s": 9.0}] * rounds, {})


ONCE, AGAIN = ((0, 10.0, 15.0),), ((0, 10.0, 15.0), (1, 12.1, 17.1), (3, 14.3, 19.3))


def test_each_run_of_the_task_counts_with_its_worker_and_its_times_after_the_first() -> None:
    found = judged(log(*AGAIN))
    assert (found["outcome"], found["times"], found["together"]) == ("again", 3, 2)
    assert [one["worker"] for one in found["runs"]] == ["worker 1", "worker 1", "worker 2"]
    assert [(one["at_s"], one["end_s"]) for one in found["runs"]] == [(0, 5), (2.1, 7.1), (4.3, 9.3)]
    assert judged(log(*ONCE))["outcome"] == "once"


def test_a_run_after_the_others_is_again_but_not_together_with_them() -> None:
    assert judged(log((0, 1, 2), (0, 3, 4)))["together"] == 0
    assert judged(log((0, 1, 2), (0, 3, 4)))["times"] == 2


def test_other_tasks_count_for_nothing_and_a_run_without_an_end_makes_the_outcome_unknown() -> None:
    assert judged(log(*ONCE) + log((2, 11, 12), number=TASK + 1))["times"] == 1
    assert judged([])["outcome"] == judged(log((0, 1, None)))["outcome"] == "unknown"
    assert judged(log((0, 1, 6), (1, 3, None)))["outcome"] == "unknown"


def test_a_task_is_settled_when_nobody_is_at_it_and_it_has_not_come_again_for_longer_than_a_time_out() -> None:
    end_ns = int(15 * S)
    assert not settled([], end_ns)
    assert not settled(log((0, 10, None)), end_ns * 9)
    assert not settled(log(*AGAIN[:1], (1, 12.1, None)), end_ns * 9)
    assert not settled(log(*ONCE), end_ns + int(QUIET_S * S) - 1)
    assert settled(log(*ONCE), end_ns + int(QUIET_S * S) + 1)
    assert min(way.lease_s for way in WAYS.values()) < QUIET_S


def test_a_way_tells_celery_its_own_time_out_and_kombus_own_looks_are_left_alone(endpoint_of: Any) -> None:
    told = {
        name: settings(WAYS[name], endpoint_of("redis"), "run", "")["conf"] for name in ("two", "four", "own-looks")
    }
    options = {name: one["broker_transport_options"] for name, one in told.items()}
    assert [options[name]["visibility_timeout"] for name in told] == [2, 4, 2]
    assert options["two"]["unacked_restore_interval"] < 1
    assert not [name for name in options["own-looks"] if name.startswith("unacked_restore")]
    assert {one["worker_prefetch_multiplier"] for one in told.values()} == {1}
    with pytest.raises(UnknownNameError):
        way_of("tow")


@pytest.fixture
def endpoint_of() -> Any:
    from labs.model.endpoint import Endpoint

    return lambda broker: Endpoint(broker, "127.0.0.1", 1)


def test_the_words_of_a_point_are_those_of_all_rounds() -> None:
    assert TWICE_LOOK.said(point("two", *AGAIN)).startswith(
        "Redis, time-out 2 s, task 5 s: the task was run three times. In the last"
    )
    assert "would lose it" in TWICE_LOOK.said(point("early", *ONCE))
    assert [truth(point("two", *runs)) for runs in (ONCE, AGAIN[:2], AGAIN, (*AGAIN, (2, 14.5, 19.5)))] == [
        "once", "twice", "three times", "more often",
    ]  # fmt: skip
    assert truth(point("two", (0, 1, None))) == "unknown"
    torn = digest(WAYS["two"], [*point("two", *ONCE).repeats, *point("two", *AGAIN).repeats], {})
    assert truth(torn) == "mixed"
    assert "was run once to three times" in TWICE_LOOK.said(torn)
    with pytest.raises(NoTruth):
        runs_of_way([torn], "two")
    assert runs_by_way([point("two", *AGAIN), point("short", *ONCE)], ("short", "two")) == {
        "short": "once",
        "two": "three",
    }


def test_the_two_traps_are_told_beside_the_word_and_make_none_of_it() -> None:
    file = recorded("one-app-three-brokers")
    assert file is not None
    alone, again, once = (c70([*file.digests, *more]) for more in ([], [point("two", *AGAIN)], [point("two", *ONCE)]))
    assert alone.word == again.word == once.word
    assert "run again on Redis" in again.text
    assert "run again on Redis" not in alone.text + once.text
    assert experiment("one-app-three-brokers").beside == ("upgrade-trap", "run-twice")
