"""One Celery application on three brokers: the judge on planted histories, the rules on planted words, a killed run."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from labs.brokers import journal
from labs.brokers.redis.admin import client
from labs.experiments import experiment
from labs.experiments.one_app_three_brokers import digest
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.paths import PROJECT
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_tasks import row_by_way, rows_failing
from labs.scenarios.stack_tasks import WAYS, checklist, settings
from labs.scenarios.stack_tasks.checklist import History
from labs.scenarios.stack_tasks.judge import judged
from labs.show.looks.stack_tasks import CHECKLIST, ROW_NAMES, TASKS_GUESS, TASKS_LOOK, truth, word
from labs.stack import mending

LAB = experiment("one-app-three-brokers")
S = 1_000_000_000
Event = tuple[str, int, str, float]


def history(*events: Event, dead: bool = True, **answers: dict[str, Any]) -> History:
    """A log of (what, number, worker, seconds), and what the client was told."""
    told = {"basic": {"ns": 0}, "result": {"value": checklist.RESULT}, "countdown": {"ns": 0}, "ping": {"answers": [1]}}
    told |= {"inspect": {"answers": {"w": []}}, "events": {"types": []}, "rate": {"sent": 100, "took_ns": S}}
    log = [{"what": w, "number": n, "worker": who, "ns": int(at * S), "retries": 0} for w, n, who, at in events]
    return History(log, told | answers, dead)


def said(row: str, *events: Event, **more: Any) -> str:
    return str(judged(history(*events, **more))[row]["outcome"])


def ran(number: int, at: float, worker: str = "first", took: float = 0.1) -> tuple[Event, Event]:
    return ("begun", number, worker, at), ("done", number, worker, at + took)


def test_a_basic_task_has_to_be_done_once_and_not_twice() -> None:
    once = ran(checklist.BASIC, 1)
    assert said("basic", *once) == "yes"
    assert said("basic", once[0]) == said("basic") == said("basic", *once, *ran(checklist.BASIC, 2)) == "no"


def test_a_result_is_the_number_that_was_sent_and_an_error_is_none() -> None:
    assert said("result") == "yes"
    assert said("result", result={"error": "TimeoutError: "}) == said("result", result={"value": 7}) == "no"


def test_a_retry_is_tried_as_often_as_it_asks() -> None:
    def tries(*retries: int) -> History:
        found = history(
            *(("tried", checklist.RETRY, "first", at) for at in range(len(retries))), ("done", 3, "first", 9)
        )
        for one, number in zip(found.events, retries, strict=False):
            one["retries"] = number
        return found

    assert judged(tries(0, 1, 2))["retry"]["outcome"] == "yes"
    assert [judged(tries(*one))["retry"]["outcome"] for one in ((0, 1), (0, 0, 0), (0, 1, 2, 3))] == ["no"] * 3


@pytest.mark.parametrize(("at", "expected"), [(2.01, "yes"), (1.99, "no")])
def test_a_countdown_is_not_shorter_than_asked(at: float, expected: str) -> None:
    assert said("countdown", *ran(checklist.COUNTDOWN, at)) == expected
    assert said("countdown", *ran(checklist.COUNTDOWN, at), *ran(checklist.COUNTDOWN, 9)) == "no"
    assert said("countdown") == "no"


@pytest.mark.parametrize(("before", "expected"), [(0, "yes"), (5, "yes"), (6, "no"), (9, "no")])
def test_urgent_tasks_may_wait_for_what_the_worker_has_in_hand_and_for_no_more(before: int, expected: str) -> None:
    lows, highs = range(checklist.LOW, checklist.LOW + 9), range(checklist.HIGH, checklist.HIGH + 3)
    order = [*lows[:before], *highs, *lows[before:]]
    assert said("priority", *(one for at, number in enumerate(order) for one in ran(number, at))) == expected
    assert said("priority", *(one for at, number in enumerate(order[:-4]) for one in ran(number, at))) in (
        "unknown",
        "yes",
    )


def test_urgent_tasks_that_never_came_say_nothing_of_their_order() -> None:
    assert said("priority", *ran(checklist.LOW, 1)) == "unknown"


def test_a_worker_has_to_answer_both_questions_and_to_tell_all_three_events() -> None:
    assert said("ping") == "yes"
    assert said("ping", inspect={"answers": {}}) == "partly"
    assert said("ping", inspect={"answers": {}}, ping={"answers": []}) == said("ping", ping={}, inspect={}) == "no"
    three = ["task-received", "task-started", "task-succeeded"]
    for types, expected in ((three, "yes"), (three[:2], "partly"), (["worker-online"], "no")):
        assert said("events", events={"types": types}) == expected


def test_two_workers_that_take_turns_are_not_two_at_work() -> None:
    numbers = range(checklist.SHARED, checklist.SHARED + checklist.SHARES)
    turns = [one for at, n in enumerate(numbers) for one in ran(n, at, "first" if at < 8 else "second", 0.9)]
    both = [one for at, n in enumerate(numbers) for one in ran(n, at // 2, ("first", "second")[at % 2], 0.9)]
    assert said("second", *turns) == "no"
    assert said("second", *both) == "yes"
    assert said("second", *both[:-2]) == "unknown"


HEIR = tuple(one for at, number in enumerate(checklist.SENTINELS) for one in ran(number, 20 + at, "heir"))
HELD = tuple(("begun", n, "killed", 1.0) for n in (checklist.EARLY, checklist.LATE, checklist.HIDDEN))


def test_a_task_that_nobody_ended_after_the_kill_is_lost_and_without_a_death_or_an_heir_nothing_is_known() -> None:
    again = (*HELD, *HEIR, *ran(checklist.LATE, 30, "heir"))
    assert said("early", *again) == "no"
    assert said("late", *again) == "partly"
    assert judged(history(*again))["late"]["hidden"] == "lost"
    assert said("late", *again, *ran(checklist.HIDDEN, 31, "heir")) == "yes"
    assert said("late", *HELD, *HEIR) == "no"
    assert said("late", *again, dead=False) == said("late", *HELD) == said("early", *HELD) == "unknown"


def test_a_task_that_was_done_before_the_kill_and_again_after_it_counts_as_twice() -> None:
    once = (*HELD, *HEIR, *ran(checklist.AFTER, 2, "killed"))
    assert judged(history(*once))["late"]["twice"] == 0
    assert judged(history(*once, *ran(checklist.AFTER, 30, "heir")))["late"]["twice"] == 1


def test_the_rate_is_of_the_tasks_that_were_done_from_the_first_to_the_last() -> None:
    many = [("done", checklist.MANY + at, "first", at / 10) for at in range(11)]
    assert judged(history(*many))["rate"] == {"sent_per_s": 100.0, "done": 11, "per_s": 10.0}
    assert judged(history())["rate"]["per_s"] is None


# -- points ----------------------------------------------------------------------------------------------------------


def point(way: str, rounds: int = 5, *, of: int = 0, **words: str) -> Digest:
    """That way with every row passed but these, in the first `of` rounds or in all."""
    good = {name: {"outcome": "yes"} for name in ROW_NAMES} | {"rate": {}}
    bad = good | {name: {"outcome": said} for name, said in words.items()}
    repeats: list[Any] = [{"trials": bad if not of or at < of else good, "took_s": 1.0} for at in range(rounds)]
    return digest(WAYS[way], repeats, {})


def verdict(claim: str, *points: Digest) -> str:
    [found] = [rule(points) for rule in LAB.rules if rule.claim == claim]
    return found.word


def test_celery_users_may_stay_if_both_brokers_pass_all_eight_rows() -> None:
    assert verdict("C70", point("redis"), point("rabbitmq")) == "holds"
    for name in CHECKLIST:
        assert verdict("C70", point("redis"), point("rabbitmq", **{name: "no"})) == "holds with conditions"
    assert verdict("C70", point("redis", early="no", late="no"), point("rabbitmq")) == "holds"
    assert verdict("C70", point("redis", of=2, ping="no"), point("rabbitmq")) == "undecided here"
    assert verdict("C70", point("redis", 4), point("rabbitmq")) == "undecided here"
    assert verdict("C70", point("redis")) == "undecided here"


def test_celery_does_not_support_kafka_only_if_no_basic_task_runs_and_with_conditions_if_two_of_five_fail() -> None:
    assert verdict("C71", point("kafka")) == verdict("C71", point("kafka", priority="no")) == "no longer holds"
    assert verdict("C71", point("kafka", priority="no", late="partly")) == "holds with conditions"
    assert verdict("C71", point("kafka", 1, ping="no", events="no")) == "holds with conditions"
    assert verdict("C71", point("kafka", basic="no")) == "holds"
    assert verdict("C71", point("kafka", of=1, ping="no", events="no")) == "undecided here"
    assert verdict("C71", point("redis")) == "undecided here"


def test_rounds_that_differ_are_mixed_and_an_exercise_has_no_answer_by_them() -> None:
    torn = point("kafka", of=2, ping="no")
    assert word(torn, "ping") == "mixed"
    assert TASKS_LOOK.view(torn)["grid"]["cells"][5]["state"] == "mixed"
    with pytest.raises(NoTruth):
        rows_failing([torn], "kafka")
    assert rows_failing([point("kafka", ping="no", late="no")], "kafka") == {"ping"}
    assert row_by_way([point("redis"), point("kafka", late="partly")], "late") == {"redis": "yes", "kafka": "partly"}
    with pytest.raises(NoTruth):
        row_by_way([point("redis")], "late")


def test_the_guess_is_whether_the_task_ran_and_whether_the_ping_was_answered() -> None:
    found = [truth(point("kafka", **words)) for words in ({}, {"ping": "no"}, {"ping": "no", "basic": "no"})]
    assert found == list(TASKS_GUESS.options)
    assert truth(point("kafka", ping="partly")) == "unknown"


# -- addresses and brokers -------------------------------------------------------------------------------------------


def test_a_password_is_quoted_into_the_address_and_a_broker_with_certificates_is_refused_in_a_line() -> None:
    here = Endpoint("rabbitmq", "127.0.0.1", 5672, "a@b", "p/w:d")
    assert settings.settings(WAYS["rabbitmq"], here, "run", "")["broker"] == "amqp://a%40b:p%2Fw%3Ad@127.0.0.1:5672/%2F"
    for refused in (Endpoint("redis", "h", 1, tls=("", "", "")), Endpoint("kafka", "h", 1, "user")):
        with pytest.raises(RefusedError, match="no certificates"):
            settings.settings(WAYS[refused.broker], refused, "run", "")


@pytest.mark.broker
def test_a_run_that_was_killed_leaves_no_key_and_no_celery(endpoints: dict[str, Endpoint]) -> None:
    command = [sys.executable, "-m", "labs", "run", "one-app-three-brokers", "--set", "ways=redis"]
    child = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    link = client(endpoints["redis"])
    try:
        give_up_s = time.monotonic() + 90
        while not (ours := [one for one in link.scan_iter("labs-*") if one.startswith(f"labs-{child.pid}-")]):
            assert time.monotonic() < give_up_s
            assert child.poll() is None, "it ended before a key of it was seen"
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
    mending.mend(lambda _line: None)
    assert ours
    assert not [one for one in link.scan_iter("labs-*") if one.startswith(f"labs-{child.pid}-")]
    assert not [entry for entry in journal.entries() if entry.pid == child.pid]
