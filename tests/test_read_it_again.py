"""The lab about reading again: its judge on planted histories, its verdict, and what is left on a broker by a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from labs.brokers.redis.admin import client
from labs.experiments import experiment
from labs.experiments.keeping_pictures import course
from labs.experiments.read_it_again import digest, sum_up
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.run import RunFileError
from labs.pages import recount_claims
from labs.pages.exercises import check
from labs.scenarios.keeping import MESSAGES, NEW, WAYS, Held, on_kafka
from labs.scenarios.keeping.bookings import ACCOUNTS, QUIET, QUIET_AFTER, Booking, bookings, key_of, read, written
from labs.scenarios.keeping.conductor import run as keep
from labs.scenarios.keeping.facts import History, columns_of, load
from labs.scenarios.keeping.files import file_bytes
from labs.scenarios.keeping.judge import judge, void
from labs.show.looks.keeping import A_PART, ALL_OF_IT, KEEPING_LOOK, NOTHING
from labs.show.short.keeping import read_it_again

LAB = experiment("read-it-again")
MS, S = 1_000_000, 1_000_000_000
SENT = bookings(1)
BEFORE, AFTER = SENT[:MESSAGES], SENT[MESSAGES:]
ACKED, ASKED = 2 * S, S
KEPT = {"kafka-age": (), "rabbitmq-queue": ()}
"""Ways of which a second reader gets nothing; the others with a limit give the last third, the rest everything."""


def at(one: Booking) -> int:
    """When a message was handed over: all of them within two seconds, the new ones after six."""
    return 6 * S + one.number if one.number >= MESSAGES else one.number * 2 * S // MESSAGES


def history(way: str = "kafka-all", again: Sequence[Booking] = BEFORE, **more: Any) -> History:
    """A run in which the live reader has everything, and these came to the second one."""
    live, timed = more.pop("live", BEFORE), more.pop("timed", [one for one in again if at(one) >= ASKED])
    end = more.pop("end", AFTER)
    looks = more.pop("looks", [(S, Held(0, 3000, 3_000_000)), (ACKED + MS, Held(0, 6000, 6_000_000)),
                               (4 * S, Held(0, 6000, 6_000_000))])  # fmt: skip
    rows = {"live": live, "first": again, "time": timed, "end": end}
    first = {"live": 0, "first": 5 * S, "time": 5 * S, "end": 6 * S}
    columns = columns_of(
        [(at(one), at(one) + MS) for one in SENT],
        looks,
        {who: [(one, first[who] + n * 1000) for n, one in enumerate(came)] for who, came in rows.items()},  # type: ignore[misc]
    )
    given = {"way": way, "acknowledged_ns": ACKED, "asked_ns": ASKED, "at_end": MESSAGES, "settled": True} | more
    return History(columns=columns, **given)


def last_of_each(found: Iterable[Booking]) -> list[Booking]:
    """What a compacted topic keeps at least."""
    return sorted({one.account: one for one in found}.values())


# -- the bookings ----------------------------------------------------------------------------------------------------


def test_a_booking_says_the_same_when_it_is_read_as_when_it_was_written() -> None:
    assert [read(written(one)) for one in SENT[:50]] == SENT[:50]
    assert {len(written(one)) for one in SENT} == {1000}
    assert key_of(written(SENT[7])) == b"%d" % SENT[7].account


def test_a_balance_is_the_sum_of_its_accounts_changes_and_some_accounts_fall_silent() -> None:
    for account in (0, ACCOUNTS - 1):
        mine = [one for one in BEFORE if one.account == account]
        assert mine[-1].balance == sum(one.change for one in mine)
    late = {one.account for one in BEFORE[QUIET_AFTER:]}
    assert len({one.account for one in BEFORE} - late) == QUIET
    assert bookings(2) != SENT == bookings(1)


# -- the judge -------------------------------------------------------------------------------------------------------


def test_a_second_reader_that_gets_everything_has_the_live_total_and_every_balance() -> None:
    found = judge(history())
    assert (found.outcome, found.again, found.first, found.holes) == (ALL_OF_IT, MESSAGES, 0, 0)
    assert found.adds_up
    assert (found.balances, found.accounts) == (ACCOUNTS, ACCOUNTS)


def test_one_message_less_is_a_part_and_a_wrong_total() -> None:
    found = judge(history(again=[one for one in BEFORE if one.number != 17]))
    assert (found.outcome, found.again, found.holes) == (A_PART, MESSAGES - 1, 1)
    assert not found.adds_up


def test_what_is_cut_at_the_front_loses_the_accounts_that_fell_silent() -> None:
    found = judge(history(again=BEFORE[4000:]))
    assert (found.outcome, found.first, found.holes) == (A_PART, 4000, 0)
    assert found.balances == ACCOUNTS - QUIET


def test_the_last_booking_of_each_account_gives_every_balance_and_no_total() -> None:
    found = judge(history("kafka-compacted", last_of_each(BEFORE)))
    assert (found.again, found.balances) == (ACCOUNTS, ACCOUNTS)
    assert not found.adds_up
    assert found.holes > 0


def test_a_message_that_comes_twice_fills_no_hole_and_one_that_comes_late_is_seen() -> None:
    found = judge(history(again=[SENT[5], SENT[5], *BEFORE[1:]]))
    assert (found.again, found.doubled) == (MESSAGES - 1, 2)
    assert found.reordered == 4, "1 to 4, after the first 5"


def test_nothing_is_an_answer_and_unknown_is_none() -> None:
    assert judge(history("kafka-age", ())).outcome == NOTHING
    assert judge(history("kafka-age", (), settled=False)).outcome == "unknown"
    assert judge(history(live=BEFORE[1:])).outcome == "unknown"
    assert judge(history(live=[SENT[1], SENT[0], *BEFORE[2:]])).outcome == "unknown"


def test_a_run_whose_limit_was_quicker_than_its_live_reader_is_void_and_without_a_limit_it_is_not() -> None:
    assert "40 messages were too old before anybody could read them" in void(history("kafka-age", live=BEFORE[40:]))
    assert void(history("kafka-all", live=BEFORE[40:])) == ""
    assert void(history("kafka-age")) == ""
    stood = history(facts={"pauses": [(0, 3 * S, "suspended")]})
    assert "suspended" in void(stood)


def test_a_reader_that_asks_for_a_time_may_lack_nothing_after_it_and_have_nothing_from_before() -> None:
    middle = MESSAGES // 2
    assert (judge(history()).early, judge(history()).late, judge(history()).from_time) == (0, 0, middle)
    assert judge(history(timed=BEFORE[middle + 3 :])).late == 3
    assert judge(history(timed=BEFORE[100:])).early == middle - 100 - 3, "three were on their way at that time"
    assert judge(history(again=BEFORE[5000:], timed=BEFORE[5000:])).late == 0


def test_a_reader_at_the_end_has_the_new_ones_and_none_of_the_old() -> None:
    found = judge(history(end=[SENT[3], *AFTER[1:]]))
    assert (found.at_end, found.old_at_end) == (NEW - 1, 1)


def test_steps_are_the_places_where_the_log_began_until_the_last_reader_came() -> None:
    looks = [(MS, Held(0, 0, 0)), (S, Held(1024, 0, 0)), (S + 1, Held(1024, 0, 0)), (3 * S, Held(3000, 0, 0)),
             (7 * S, Held(3100, 0, 0))]  # fmt: skip
    found = judge(history("kafka-bytes", BEFORE[3000:], looks=looks))
    assert found.steps == (0, 1024, 3000)
    assert found.smallest_step == 1024
    assert judge(history()).smallest_step is None


def test_what_is_kept_is_looked_at_after_the_acknowledgement_and_before_the_second_reader() -> None:
    looks = [(S, Held(0, 1, 10)), (ACKED + MS, Held(0, 2, 20)), (4 * S, Held(0, 3, 30)), (8 * S, Held(0, 4, 40))]
    found = judge(history(looks=looks))
    assert (found.records_acked, found.bytes_acked, found.records_left, found.bytes_left) == (2, 20, 3, 30)
    nobody = judge(history("kafka-age", (), looks=[*looks, (7 * S, Held(0, 5, 50))]))
    assert nobody.bytes_left == 30, "what was published after that is not what was kept"
    silent = judge(history(looks=[(ACKED + MS, Held(None, None, None))]))
    assert (silent.records_acked, silent.bytes_acked, silent.steps) == (None, None, ())


def test_a_saved_run_is_judged_as_the_run_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    run, path = history(again=BEFORE[100:]), tmp_path / "run.npz"
    run.save(path)
    assert judge(load(path)) == judge(run)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(RunFileError):
        load(path)


# -- the verdict and the words ---------------------------------------------------------------------------------------


def of(way: str, again: Sequence[Booking] | None = None, rounds: int = 5, **more: Any) -> Digest:
    """A point of so many rounds alike."""
    cut: Sequence[Booking] = KEPT.get(way, BEFORE if WAYS[way].limit == "none" else BEFORE[4000:])
    run = history(way, cut if again is None else again, **more)
    found = digest(WAYS[way], [(run, 9.0)], {"date": "2026-11-30"})
    repeats = list(found.repeats) * rounds
    return replace(found, repeats=repeats, **sum_up(repeats))


AS_EXPECTED = cache(of)


def grid(**others: Digest) -> list[Digest]:
    """Every way, some of them otherwise."""
    found = {way.replace("-", "_"): AS_EXPECTED(way) for way in WAYS}
    return list((found | others).values())


def judged(points: list[Digest]) -> tuple[str, str]:
    [verdict] = LAB.judged(points)
    return verdict.word, verdict.text


def test_kafka_keeps_where_a_second_reader_gets_everything_in_every_round() -> None:
    word, text = judged(grid())
    assert word == "holds"
    assert "got all 6,000 messages from a Kafka topic and all 6,000 messages from a RabbitMQ stream." in text


def test_kafka_does_not_where_one_message_is_missing_in_every_round_whatever_the_stream_kept() -> None:
    assert judged(grid(kafka_all=of("kafka-all", BEFORE[1:])))[0] == "never held"
    assert judged(grid(kafka_all=of("kafka-all", [SENT[0], *BEFORE])))[0] == "never held", "one came twice"
    assert judged(grid(rabbitmq_all=of("rabbitmq-all", ())))[0] == "holds"


def test_rounds_that_differ_that_are_unknown_or_too_few_and_ways_that_are_missing_decide_nothing() -> None:
    both = replace(of("kafka-all"), repeats=[*of("kafka-all", rounds=4).repeats, *of("kafka-all", (), 1).repeats])
    assert judged(grid(kafka_all=both))[0] == "undecided here"
    assert judged(grid(kafka_all=of("kafka-all", settled=False)))[0] == "undecided here"
    assert judged(grid(kafka_all=of("kafka-all", rounds=4)))[0] == "undecided here"
    assert judged(grid()[:-1])[0] == "undecided here"


@pytest.mark.parametrize(
    "changed",
    [{}, {"kafka_all": of("kafka-all", BEFORE[1:])}, {"kafka_all": of("kafka-all", settled=False)},
     {"kafka_all": of("kafka-all", rounds=3)}, {"kafka_all": of("kafka-all", [SENT[0], *BEFORE])}],
    ids=["all", "one is missing", "unknown", "three rounds", "one twice"],
)  # fmt: skip
def test_the_second_count_says_what_the_rule_says(changed: dict[str, Digest], tmp_path: Path) -> None:
    points = grid(**changed)
    file = {"digests": [json.loads(json.dumps(one.to_json())) for one in points]}
    (tmp_path / "read-it-again.json").write_text(json.dumps(file), "utf-8")
    assert recount_claims.counted("C65", "measured", tmp_path, "read-it-again") == judged(points)[0]


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (of("kafka-all"), "Kafka topic, as it is made: a second reader gets all 6,000 messages. When all had been "
         "acknowledged, 6\u00a0MB were kept, and no less later. Adding up its changes gives the live total."),
        (of("kafka-compacted", last_of_each(BEFORE)), "the last balance is right for all 40 accounts."),
        (of("redis-maxlen"), "Adding up its changes does not give the live total, and the last balance is right for 36 "
         "of 40 accounts."),
        (of("rabbitmq-queue"), "RabbitMQ quorum queue: a second reader gets none of 6,000 messages."),
        (of("kafka-all", settled=False), "Kafka topic, as it is made: what a second reader gets is unknown."),
    ],
)  # fmt: skip
def test_the_sentence_of_a_point_says_what_was_kept_and_what_can_be_made_of_it(point: Digest, said: str) -> None:
    assert said in KEEPING_LOOK.said(point)


def test_in_short_counts_who_kept_what_and_names_whose_states_survive() -> None:
    found = read_it_again(grid(kafka_compacted=of("kafka-compacted", last_of_each(BEFORE))))
    assert "three gave a second reader everything (a Kafka topic, a RabbitMQ stream and a Redis stream)" in found.answer
    assert "two nothing (a Kafka topic with retention.ms and a RabbitMQ quorum queue)." in found.answer
    assert found.condition.startswith("Of the six ways that kept a part, none gave the right total")
    assert found.condition.endswith("last balance was still right with a compacted Kafka topic.")
    assert "Not recorded yet" in read_it_again([]).answer


def test_the_strip_has_a_line_a_reader_that_got_something_and_marks_the_acknowledgement() -> None:
    drawn = course(history("kafka-age", ()), WAYS["kafka-age"])
    assert [line.name for line in drawn.panels[0].lines] == [
        "published", "live reader", "reader from the end", "first one kept"
    ]  # fmt: skip
    assert [(mark.text, mark.at_ns) for mark in drawn.marks] == [("all acknowledged", ACKED)]
    assert drawn.panels[1].lines[0].points[-1] == (4 * S, 6.0)
    silent = [(ACKED + MS, Held(None, 0, None))]
    assert len(course(history("rabbitmq-queue", (), looks=silent), WAYS["rabbitmq-queue"]).panels) == 1


def test_the_exercises_are_graded_by_the_learners_own_run() -> None:
    whole = grid(kafka_compacted=of("kafka-compacted", [*last_of_each(BEFORE)[:-1], *BEFORE[-200:]]))
    assert check("5.5a", 500e9 / (1000 * 200 * 86_400), run=whole)
    assert not check("5.5a", 500e9 / (1000 * 100 * 86_400), run=whole)
    right = {"kafka-all": "all", "kafka-bytes": "part", "kafka-age": "nothing", "rabbitmq-age": "part",
             "rabbitmq-queue": "nothing", "redis-maxlen": "part"}  # fmt: skip
    assert check("5.5b", right, run=whole)
    assert not check("5.5b", right | {"kafka-age": "part"}, run=whole)
    assert check("5.5c", "least", run=whole)
    assert check("5.5d", {"kafka-all", "rabbitmq-all", "redis-all"}, run=whole)
    assert not check("5.5d", {"kafka-all", "rabbitmq-all", "redis-all", "kafka-compacted"}, run=whole)


# -- runs ------------------------------------------------------------------------------------------------------------


def test_the_files_of_a_topic_are_counted_with_what_is_deleted_and_still_there(tmp_path: Path) -> None:
    folder = tmp_path / "mine-0"
    folder.mkdir()
    for name, size in (("0.log", 100), ("1.log.deleted", 50), ("0.index", 7)):
        (folder / name).write_bytes(b"x" * size)
    (tmp_path / "other-0").mkdir()
    (tmp_path / "other-0" / "0.log").write_bytes(b"x" * 1000)
    here = Endpoint("kafka", "127.0.0.1", 1, data_dir=str(tmp_path))
    assert file_bytes(here, "mine") == 150
    assert file_bytes(replace(here, backend="compose"), "mine") is None
    assert file_bytes(replace(here, data_dir=""), "mine") is None


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_kafka_that_looks_too_seldom_is_refused_in_one_line_that_names_the_setting(
    endpoints: dict[str, Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_kafka, "OFTEN_MS", 100)
    with pytest.raises(RefusedError, match=r"looks every 0\.5 s for what it may forget \(log\.retention") as told:
        keep(WAYS["kafka-bytes"], endpoints["kafka"])
    assert "\n" not in str(told.value)


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_run_that_is_killed_leaves_a_stream_that_the_next_command_removes(endpoints: dict[str, Endpoint]) -> None:
    labs = [sys.executable, "-m", "labs"]
    with client(endpoints["redis"]) as redis:
        run = subprocess.Popen([*labs, "run", LAB.name, "--set", "mode=redis-all"], stdout=subprocess.DEVNULL)
        give_up_s = time.monotonic() + 30
        while not redis.keys("labs-*"):
            assert time.monotonic() < give_up_s
            assert run.poll() is None
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert redis.keys("labs-*"), "it was killed while its stream was there"
        subprocess.run([*labs, "status"], capture_output=True, timeout=60, check=True)
        assert redis.keys("labs-*") == []
