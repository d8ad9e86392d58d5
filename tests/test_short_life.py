"""Messages with a short life: what the judge makes of planted histories, its word on the claim, and its runs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs.brokers import journal
from labs.experiments import experiment
from labs.experiments.short_life import digest, sum_up
from labs.experiments.short_life_pictures import course
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.paths import PROJECT
from labs.model.run import NEVER, RunFileError
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_short_life import clean_ways, drops_most
from labs.scenarios.fleeting import LIFE_S, MESSAGES, PER_S, WAYS, read, way_of, written
from labs.scenarios.fleeting.board import CELLS, Fate, Log
from labs.scenarios.fleeting.conductor import run
from labs.scenarios.fleeting.facts import CAME, FleetingRun, load
from labs.scenarios.fleeting.judge import judge, void
from labs.show.looks.short_life import OPTIONS, SHORT_LIFE_LOOK, strip, truth
from labs.show.pictures.base import About
from labs.show.short.short_life import short_life
from labs.stack import mending

LAB = experiment("short-life")
MS, S = 1_000_000, 1_000_000_000
SEEN = "pid 4711 was in state stopped"


def planted(rows: Sequence[tuple[int, Fate, float]], messages: int = 4, **more: Any) -> FleetingRun:
    """A run in which messages came so: number, what the consumer made of it, its age in ms; one is due each 10 ms."""
    due = np.arange(messages, dtype=np.int64) * 10 * MS
    table = np.array([(n, fate, n * 10 * MS + round(age * MS)) for n, fate, age in rows], np.int64).reshape(-1, 3)
    columns = {"due_ns": due, "sent_ns": due + MS} | {name: table[:, at].copy() for at, name in enumerate(CAME)}
    columns |= more.pop("columns", {})
    return FleetingRun(columns=columns, **{"way": "kafka", "gap": "none", "settled": True, **more})


def counts(found: FleetingRun) -> tuple[int, ...]:
    told = judge(found)["counts"]
    return tuple(told[name] for name in ("fresh", "stale", "thrown", "gone"))


# -- the judge -------------------------------------------------------------------------------------------------------


def test_a_message_is_fresh_within_its_life_and_a_little_grace_stale_later_thrown_or_gone() -> None:
    rows = [(0, Fate.HANDLED, 549.0), (1, Fate.HANDLED, 551.0), (2, Fate.THROWN, 501.0)]
    told = judge(planted(rows))
    assert counts(planted(rows)) == (1, 1, 1, 1)
    assert (told["verdict"], told["counts"]["dropped"], told["counts"]["doubled"]) == ("known", 2, 0)
    assert told["figures"]["stale_share"] == 0.25
    assert told["figures"]["oldest_ms"] == 551.0
    assert told["figures"]["p99_ms"] is None


def test_a_message_that_comes_twice_counts_by_its_first_time_and_fills_no_hole() -> None:
    rows = [(0, Fate.HANDLED, 900.0), (0, Fate.HANDLED, 1.0), (1, Fate.HANDLED, 1.0)]
    assert counts(planted(rows)) == (2, 0, 0, 2)
    assert judge(planted(rows))["counts"]["doubled"] == 1


def test_a_message_that_nobody_sent_counts_for_nothing() -> None:
    assert counts(planted([(77, Fate.HANDLED, 1.0), (-1, Fate.HANDLED, 1.0)])) == (0, 0, 0, 4)


@pytest.mark.parametrize(
    "more",
    [
        {"settled": False},
        {"trouble": "the sender stopped"},
        {"columns": {"sent_ns": np.array([0, 1, 2, NEVER], np.int64)}},
        {"gap": "pause", "gap_from_ns": S, "gap_to_ns": 2 * S, "evidence": "pid 1 was not seen to stop"},
        {"gap": "crash"},
    ],
    ids=["not settled", "in trouble", "not all was sent", "the consumer did not stop", "nobody came after it"],
)
def test_what_never_came_is_not_known_to_be_dropped_where_it_could_still_come(more: dict[str, Any]) -> None:
    assert judge(planted([(0, Fate.HANDLED, 1.0)], **more))["verdict"] == "unknown"


def test_a_run_in_which_nobody_read_for_much_longer_than_planned_is_void() -> None:
    gap: dict[str, Any] = {"gap": "crash", "gap_from_ns": S, "evidence": SEEN}
    assert void(planted([], **gap, gap_to_ns=2 * S + 300 * MS)) == ""
    assert "nobody read for 1.5 s" in void(planted([], **gap, gap_to_ns=2 * S + 500 * MS))


def test_the_p99_is_the_age_from_the_due_time_by_the_nearest_rank() -> None:
    rows = [(n, Fate.HANDLED, float(n % 1000)) for n in range(1000)]
    assert judge(planted(rows, 1000))["figures"]["p99_ms"] == 989.0
    assert judge(planted(rows[:900], 1000))["figures"]["p99_ms"] is None


def test_a_message_gives_back_its_number_and_due_time() -> None:
    assert read(written(7, 123_456_789_012)) == (7, 123_456_789_012)
    assert len(written(7, 1)) == 100


def test_rows_outlive_the_consumer_that_wrote_them_and_the_next_one_goes_on_behind_them() -> None:
    board = [0] * CELLS
    Log(board).came(1, Fate.HANDLED, 5)
    Log(board).came(2, Fate.THROWN, 6)
    assert Log(board).rows().tolist() == [[1, 0, 5], [2, 1, 6]]


def test_a_saved_run_is_judged_as_the_run_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    gap: dict[str, Any] = {"gap": "pause", "gap_from_ns": S, "gap_to_ns": 2 * S, "evidence": SEEN}
    before, path = planted([(0, Fate.HANDLED, 700.0)], **gap), tmp_path / "run.npz"
    before.save(path)
    assert judge(load(path)) == judge(before)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RunFileError):
        load(path)


# -- the picture and the words ---------------------------------------------------------------------------------------


def test_the_picture_draws_each_message_once_and_marks_when_nobody_read() -> None:
    rows = [(n, Fate.HANDLED, 600.0 if n < 10 else 1.0) for n in range(25)]
    gap: dict[str, Any] = {"gap": "pause", "gap_from_ns": 10 * MS, "gap_to_ns": 90 * MS, "evidence": SEEN}
    drawn = course(planted(rows, 30, **gap), About())
    sums = {line.name: sum(value for _, value in line.points) / 10 for line in drawn.panels[1].lines}
    assert sums == {"fresh": 15, "stale": 10, "dropped": 5}
    assert max(value for _, value in drawn.panels[0].lines[0].points) == 600
    assert [(one.start_ns, one.end_ns) for one in drawn.spans] == [(10 * MS, 90 * MS)]


def point(way: str, gap: str, /, *, p99: float = 10.0, stale: float = 0.2, dropped: float = 0.1, **more: Any) -> Digest:
    """A point whose rounds have these figures; `odd` is what the last of them has instead."""
    usual = {"p99_ms": p99, "p50_ms": 1.0, "oldest_ms": 900.0, "stale_share": stale, "dropped_share": dropped}
    usual |= {"fresh_share": 1 - stale - dropped, "thrown_share": 0.0, "gone_share": dropped}
    number, odd = more.get("rounds", 5), more.get("odd", {})
    told = {"sent": 1000, "fresh": 700, "stale": 200, "thrown": 0, "gone": 100, "dropped": 100, "doubled": 0}
    repeats: Any = [
        {"verdict": more.get("verdict", "known"), "counts": told, "figures": usual | (odd if at == number - 1 else {})}
        for at in range(number)
    ]
    named: Any = {"way": way, "gap": gap, "label": WAYS[way].label, "broker": WAYS[way].broker, "gap_label": gap}
    return Digest(lab="short-life", settings=named, repeats=repeats, card={}, **sum_up(repeats))


def grid(**changed: dict[str, Any]) -> list[Digest]:
    """All ways; Redis Pub/Sub with the check is first in both unless it is `changed` (by its name with underscores)."""
    usual = {"redis-pubsub-check": {"p99": 2.0, "stale": 0.0}, "kafka-check": {"stale": 0.0}}
    made = {way: usual.get(way, {}) | changed.get(way.replace("-", "_"), {}) for way in WAYS}
    return [point(way, gap, **made[way]) for gap in ("none", "pause", "crash") for way in WAYS]


def word_of(digests: Sequence[Digest]) -> tuple[str, str]:
    [verdict] = LAB.verdict(digests)
    return verdict.word, verdict.text


def test_the_claim_holds_if_one_way_of_redis_is_first_in_both_and_nobody_comes_near() -> None:
    word, text = word_of(grid())
    assert word == "holds"
    assert text.startswith("Redis Pub/Sub, age checked has the lowest p99 and no broker a lower stale share.")
    assert "dropped 10\u00a0% of all messages when its consumer stood still" in text


def test_it_holds_with_conditions_if_another_broker_comes_near_in_both() -> None:
    assert word_of(grid(kafka_check={"p99": 2.4, "stale": 0.0}))[0] == "holds with conditions"
    assert word_of(grid(kafka_check={"p99": 2.41, "stale": 0.0}))[0] == "holds"
    assert word_of(grid(rabbitmq_ttl={"p99": 2.1, "stale": 0.001}))[0] == "holds"


def test_it_is_undecided_if_no_way_of_redis_is_first_in_both() -> None:
    word, text = word_of(grid(redis_pubsub_check={"p99": 10.0, "stale": 0.0}))
    assert word == "undecided here"
    assert "No way of Redis has both" in text
    assert word_of(grid(redis_pubsub_check={"p99": 2.0, "stale": 0.001}))[0] == "undecided here"


def test_it_is_undecided_where_rounds_disagree_are_too_few_or_cannot_say() -> None:
    assert word_of(grid(redis_pubsub_check={"p99": 2.0, "stale": 0.0, "odd": {"p99_ms": 30.0}}))[0] == "undecided here"
    assert word_of([replace(one, repeats=one.repeats[:4]) for one in grid()])[0] == "undecided here"
    assert "not proven" in word_of(grid(kafka={"verdict": "unknown"}))[1]
    assert "Kafka was not measured" in word_of([one for one in grid() if one.settings["way"] != "kafka"])[1]


def test_in_short_names_who_hands_out_what_is_stale_and_who_drops_most() -> None:
    found = short_life(grid(redis_pubsub={"dropped": 0.33}, kafka={"dropped": 0.0}))
    assert "hardly any stale message with checked Pub/Sub and checked Kafka" in found.answer
    assert "handled 20\u00a0% of all messages stale with Redis Pub/Sub" in found.answer
    assert "The least was dropped with Kafka: no message." in found.condition
    assert "The most was dropped with Redis Pub/Sub: 33\u00a0%." in found.condition
    assert short_life([]).answer.startswith("Not recorded yet")


def test_a_guess_is_right_by_the_share_that_was_handled_stale_and_counts_only_where_it_is_proven() -> None:
    assert [truth(point("kafka", "pause", stale=share)) for share in (0.0, 0.005, 0.02, 0.2)] == [
        OPTIONS[0], OPTIONS[0], OPTIONS[1], OPTIONS[2],
    ]  # fmt: skip
    unclear = point("kafka", "pause", verdict="unknown")
    assert truth(unclear) == "unknown"
    assert "is not proven" in SHORT_LIFE_LOOK.said(unclear)


def test_a_bar_has_all_messages_and_a_part_that_nothing_was_in_is_left_out() -> None:
    parts = strip(point("kafka", "pause"))
    assert [one["fate"] for one in parts] == ["once", "timed_out", "lost"]
    assert sum(one["share"] for one in parts) == pytest.approx(1)


def test_the_exercises_ask_the_run_and_a_run_that_cannot_say_gives_no_answer() -> None:
    among = ["redis-pubsub", "redis-stream", "rabbitmq-ttl", "kafka"]
    assert clean_ways(grid()) == {"redis-pubsub-check", "kafka-check"}
    assert drops_most(grid(redis_pubsub={"dropped": 0.33}), among) == "redis-pubsub"
    for asked in (lambda: drops_most(grid(), among), lambda: clean_ways(grid()[:3])):
        with pytest.raises(NoTruth):
            asked()


# -- live ------------------------------------------------------------------------------------------------------------


@pytest.mark.broker
@pytest.mark.parametrize("name", ["redis-stream", "rabbitmq-ttl-pushed", "kafka-check"])
def test_a_consumer_that_stood_still_is_given_what_the_way_says(name: str, endpoints: dict[str, Endpoint]) -> None:
    """A second without a reader is two lives: about a life's worth of messages is too old afterwards."""
    way = way_of(name)
    found = run(way, endpoints[way.broker], "pause")
    assert found.trouble == ""
    told = judge(found)
    assert told["verdict"] == "known"
    old = {"redis-stream": "gone", "rabbitmq-ttl-pushed": "stale", "kafka-check": "thrown"}[name]
    assert told["counts"][old] > 0.5 * PER_S * LIFE_S
    assert told["counts"]["fresh"] > 0.5 * MESSAGES
    assert digest(way, "pause", [found], {}).pictures["course"]["spans"]


@pytest.mark.broker
def test_of_a_killed_consumer_on_a_channel_nothing_is_left_and_of_what_a_killed_run_made_neither(
    endpoints: dict[str, Endpoint],
) -> None:
    found = run(way_of("redis-pubsub"), endpoints["redis"], "crash")
    told = judge(found)
    assert "exit code -9" in found.evidence
    assert told["counts"]["gone"] > 0.5 * PER_S
    assert told["counts"]["stale"] == 0
    assert not [one for one in journal.entries() if one.pid == os.getpid() and one.names]


@pytest.mark.broker
@pytest.mark.long
@pytest.mark.parametrize("way", ["rabbitmq-ttl"])
def test_what_a_killed_run_has_made_is_gone_after_the_next_command(way: str, endpoints: dict[str, Endpoint]) -> None:
    command = [sys.executable, "-m", "labs", "run", "short-life", "--set", f"way={way}"]
    child = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ours, give_up_s = f"labs-{child.pid}-", time.monotonic() + 40

    def noted() -> list[journal.Entry]:
        return [one for one in journal.entries() if any(name.startswith(ours) for name in one.names)]

    try:
        while not noted():
            assert time.monotonic() < give_up_s
            time.sleep(0.1)
        time.sleep(1)
    finally:
        child.kill()
        child.wait()
    left, give_up_s = noted(), time.monotonic() + 60
    assert left
    while noted():
        assert time.monotonic() < give_up_s
        with contextlib.suppress(OSError):
            mending.mend(lambda _line: None)
        time.sleep(0.2)
