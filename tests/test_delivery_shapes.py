"""The lab about who gets a message: planted histories for its judge, its words on the claims, and what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from kafka.partitioner import murmur2

from labs.brokers import journal
from labs.experiments import experiment
from labs.experiments.delivery_shapes import digest
from labs.experiments.rules import Verdict
from labs.judge import recording
from labs.judge.delivery import overtaken
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.observer import UNOBSERVED
from labs.model.paths import RECORDED, home
from labs.model.run import NEVER
from labs.model.shapes import EACH_GROUP, EVERYONE, IN_A_ROW, NEITHER, ONE, SHAPES, UNKNOWN, Crew
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_shapes import idle_members, keep_the_order, order_by_partitions
from labs.scenarios.groups.crew import Crew as Members
from labs.scenarios.shapes.conductor import run
from labs.scenarios.shapes.facts import ShapeRun, load
from labs.scenarios.shapes.judge import Tally, judge, void
from labs.scenarios.shapes.on_kafka_share import Member
from labs.scenarios.shapes.plan import KEYS, Plan
from labs.show.pictures import Lanes, picture
from tests.kafka_names import names_on

if TYPE_CHECKING:
    from labs.stack.packages.program import Program

LAB = experiment("delivery-shapes")
TEN = range(10)
TWO, SIX = Crew(2, 1), Crew(2, 3)
Done = Sequence[tuple[int, int]]


def history(
    shape: str, done: Done, crew: Crew = SIX, *, accepted: Sequence[int] = TEN, drained: bool = True
) -> ShapeRun:
    """A run whose messages were done in this order, a millisecond after each other."""
    sent = np.arange(len(TEN), dtype=np.int64)
    table = np.array(done, np.int64).reshape(-1, 2)
    columns = {
        "sent_ns": sent,
        "accepted_ns": np.array([at if at in accepted else NEVER for at in TEN], np.int64),
        "done_message": table[:, 0].copy(),
        "done_consumer": table[:, 1].copy(),
        "done_ns": np.arange(len(done), dtype=np.int64) * 1_000_000,
    }
    return ShapeRun(shape, crew, 1, columns, drained, "" if drained else "the broker went away")


def shared(consumers: int = 6) -> list[tuple[int, int]]:
    return [(message, message % consumers) for message in TEN]


def to_groups() -> list[tuple[int, int]]:
    return [(message, group * 3 + message % 3) for message in TEN for group in (0, 1)]


def to_all() -> list[tuple[int, int]]:
    return [(message, one) for message in TEN for one in range(6)]


@pytest.mark.parametrize(
    ("done", "outcome"),
    [
        (shared(), ONE),
        (to_groups(), EACH_GROUP),
        (to_all(), EVERYONE),
        (shared()[1:], NEITHER),
        ([*shared(), (3, 0)], NEITHER),
        ([*to_groups(), (3, 4)], NEITHER),
        (to_all()[:-1], NEITHER),
        ([(message, group * 3) for message in TEN for group in (0, 0)], NEITHER),
    ],
)
def test_to_whom_messages_went_is_counted_whatever_the_shape_promises(done: Done, outcome: str) -> None:
    assert {judge(history(shape, done)).outcome for shape in SHAPES} == {outcome}


def test_a_run_that_was_not_seen_to_its_end_says_nothing_about_the_shape() -> None:
    assert judge(history("redis-list", shared(), drained=False)).outcome == UNKNOWN


def test_a_lost_message_is_missing_from_whoever_should_have_had_it() -> None:
    without_3 = [one for one in to_groups() if one != (3, 0)]
    assert judge(history("redis-stream", without_3)).missing == 1
    assert judge(history("redis-list", [one for one in shared() if one[0] != 3])).missing == 1
    assert judge(history("redis-pubsub", [one for one in to_all() if one[0] != 3])).missing == 6
    assert judge(history("redis-pubsub", [one for one in to_all() if one[0] != 3], accepted=[0, 1, 2])).missing == 0


def test_a_message_that_a_group_had_twice_is_counted_again_and_one_that_two_groups_had_is_not() -> None:
    assert judge(history("kafka-group", [*to_groups(), (3, 1)])).again == 1
    assert judge(history("kafka-group", to_groups())).again == 0
    assert judge(history("rabbitmq-queue", to_groups())).again == 10


def test_consumers_without_a_message_are_idle() -> None:
    tally = judge(history("kafka-group", [(message, group * 3) for message in TEN for group in (0, 1)]))
    assert (tally.idle, tally.outcome, tally.counts["A1"], tally.counts["A2"]) == (4, EACH_GROUP, 10, 0)


def late(shape: str, done: Done, crew: Crew = SIX) -> Tally:
    return judge(history(shape, done, crew))


def test_a_message_is_late_when_a_later_one_of_its_key_was_done_before_by_the_same_unit() -> None:
    swapped = [(1, 0), (0, 1), (2, 2), (3, 0), (4, 1), *shared()[5:]]
    assert late("rabbitmq-queue", swapped).overtaken == 1
    last_first = [(4, 0), (0, 1), (1, 2), (2, 0), (3, 1), *shared()[5:]]
    assert late("rabbitmq-queue", last_first).overtaken == 4


def test_another_key_another_group_and_a_second_time_make_nothing_late() -> None:
    other_key = [(IN_A_ROW, 0), *[(one, 0) for one in TEN if one != IN_A_ROW]]
    assert late("rabbitmq-queue", other_key).overtaken == 0
    other_group = [(0, 0), (1, 0), (0, 3), (1, 3)]
    assert late("redis-stream", other_group).overtaken == 0
    assert late("redis-list", [(0, 0), (1, 0), (0, 3)]).overtaken == 0
    assert overtaken([(1, 0), (0, 3)], SIX, "group") == [False, False]
    assert overtaken([(1, 0), (0, 3)], SIX, "all") == [False, True]


def test_a_run_keeps_everything_over_a_file(tmp_path: Path) -> None:
    run = history("kafka-group", to_groups())
    run.save(tmp_path / "run.npz")
    assert judge(load(tmp_path / "run.npz")) == judge(run)


def test_a_machine_that_stood_still_makes_a_run_void() -> None:
    run = history("redis-list", shared())
    run.facts["pauses"] = [[0, 5_000_000_000, "suspended"]]
    assert void(run)


# -- words ------------------------------------------------------------------------------------------------------------

FINE = {"all": shared(), "group": to_groups(), "consumer": to_all()}


def planted(shape: str, crew: Crew, done: Done | None = None, *, rounds: int = 5, drained: bool = True) -> Digest:
    """A point in which each round went like this; by default as the shape promises."""
    size = len(crew.names)
    usual = {
        "all": [(message, message % size) for message in TEN],
        "group": [(m, group * crew.members + m % crew.members) for m in TEN for group in range(crew.groups)],
        "consumer": [(message, one) for message in TEN for one in range(size)],
    }[SHAPES[shape].shared]
    run = history(shape, usual if done is None else done, crew, drained=drained)
    return digest(SHAPES[shape], 6, [(run, 1.0)] * rounds, {})


def said(claim: str, points: Sequence[Digest]) -> Verdict:
    [rule] = [one for one in LAB.rules if one.claim == claim]
    return rule(points)


THREE = Crew(1, 3)


def test_c46_is_refuted_by_one_group_that_shares_and_by_nothing_less() -> None:
    assert said("C46", [planted("kafka-group", THREE)]).word == "never held"
    assert said("C46", [planted("kafka-group", THREE, rounds=1)]).word == "never held"
    alone = [(message, 0) for message in TEN]
    twice = [*shared(3), (0, 1)]
    for done in (alone, twice, shared(3)[1:]):
        assert said("C46", [planted("kafka-group", THREE, done)]).word == "undecided here"
    assert said("C46", [planted("kafka-group", THREE, drained=False)]).word == "undecided here"
    assert said("C46", [planted("kafka-group", SIX)]).word == "undecided here"


@pytest.mark.parametrize(
    ("claim", "wanted"),
    [
        ("C34", (("rabbitmq-queue", THREE), ("rabbitmq-fanout", SIX))),
        ("C55", (("redis-list", THREE), ("redis-pubsub", THREE), ("redis-stream", SIX))),
    ],
)
def test_c34_and_c55_hold_only_if_every_shape_that_they_name_does_what_it_should(
    claim: str, wanted: Sequence[tuple[str, Crew]]
) -> None:
    good = [planted(*one) for one in wanted]
    assert said(claim, good).word == "holds"
    for at, (shape, crew) in enumerate(wanted):
        lost = planted(shape, crew, list(zip(*good[at].repeats[0]["done"], strict=True))[1:])  # type: ignore[arg-type]
        for other in ([lost], [planted(shape, crew, rounds=4)], [planted(shape, crew, drained=False)], []):
            assert said(claim, [*good[:at], *other, *good[at + 1 :]]).word == "undecided here", shape


def test_c30_needs_all_three_shapes_told_apart_by_two_groups_of_three() -> None:
    every = [planted(shape, SIX) for shape in SHAPES]
    found = said("C30", every)
    assert found.word == "holds with conditions"
    assert "order" in found.text
    assert said("C30", every[1:]).word == "undecided here"
    muddled = planted("kafka-group", SIX, [*to_groups(), (0, 1)])
    assert said("C30", [*every[:-1], muddled]).word == "undecided here"


def test_what_is_recorded_of_each_round_is_what_its_dots_say() -> None:
    for one in recording.load(RECORDED / "delivery-shapes.json").digests:
        groups, members = one.settings["groups"], one.settings["members"]
        for repeat in one.repeats:
            who, dots = Counter(repeat["done"][1]), Counter(repeat["done"][0])
            assert list(repeat["counts"].values()) == [who[at] for at in range(groups * members)]
            assert repeat["deliveries"]["idle"] == groups * members - len(who)
            copies = {ONE: 1, EACH_GROUP: groups, EVERYONE: groups * members}[repeat["outcome"]]
            assert set(dots.values()) == {copies}
            assert len(dots) == repeat["deliveries"]["messages"] == Plan(1).messages


# -- exercises, picture, plan -----------------------------------------------------------------------------------------


def test_idle_members_are_those_beyond_the_partitions() -> None:
    points = []
    for partitions in (1, 2, 3, 6):
        busy = min(partitions, 4)
        run = history("kafka-group", [(message, message % busy) for message in TEN], Crew(1, 4))
        points.append(digest(SHAPES["kafka-group"], partitions, [(run, 1.0)], {}))
    right = {f"p{p}": str(max(0, 4 - p)) for p in (1, 2, 3, 6)}
    assert idle_members(points, 4, [1, 2, 3, 6]) == right
    with pytest.raises(NoTruth, match="partitions = 5"):
        idle_members(points, 4, [5])


def test_a_number_of_partitions_keeps_the_order_if_nothing_was_overtaken_there_and_something_elsewhere() -> None:
    swapped = [(1, 0), (0, 1), *[(one, 0) for one in TEN[2:]]]
    points = [
        digest(SHAPES["kafka-share"], partitions, [(history("kafka-share", done, THREE), 1.0)], {})
        for partitions, done in ((1, swapped), (6, shared(3)))
    ]
    assert order_by_partitions(points, "kafka-share", 3, [1, 6]) == {"p6"}
    with pytest.raises(NoTruth, match="nothing was overtaken anywhere"):
        order_by_partitions(points[1:], "kafka-share", 3, [6])


def test_a_member_of_a_share_group_has_done_what_its_program_says_of_it_and_of_nobody_else() -> None:
    group = Members(cast("Program", None), UNOBSERVED)
    group.tries = [[2, 7, 0, 9, 1, 70, 90, 1], [1, 8, 0, 8, 1, 60, 140, 1], [2, 9, 0, 9, 1, 95, 99, 0]]
    group.empty[2] += 3
    second = Member("consumer A2", group, 2)
    assert (second.rows, second.empty) == ([(7, 90)], 3)
    assert Member("consumer A3", group, 3).rows == []


def test_the_verdict_names_the_partitions_of_a_group_whose_members_share_one() -> None:
    swapped = [(1, 0), (0, 1), (1, 3), (0, 4), *[(one, at) for one in TEN[2:] for at in (0, 3)]]
    every = [planted(shape, SIX) for shape in SHAPES if shape != "kafka-share"]
    at_one = digest(SHAPES["kafka-share"], 1, [(history("kafka-share", swapped), 1.0)] * 5, {})
    found = said("C30", [*every, planted("kafka-share", SIX), at_one])
    assert found.word == "holds with conditions"
    assert "Kafka share group at one partition (2 of 20 deliveries) did not." in found.text


def test_one_message_that_was_overtaken_in_one_round_shows_that_the_order_is_not_kept() -> None:
    swapped, pair = [(1, 0), (0, 1), *[(one, 0) for one in TEN[2:]]], Crew(1, 2)
    kept, modes = planted("kafka-group", pair), ["redis-list", "kafka-group"]
    runs = [(history("redis-list", one, pair), 1.0) for one in (shared(2), swapped)]
    assert keep_the_order([digest(SHAPES["redis-list"], 6, runs, {}), kept], modes, 2) == {"kafka-group"}
    with pytest.raises(NoTruth, match="nothing was overtaken anywhere"):
        keep_the_order([planted("redis-list", pair), kept], modes, 2)


def test_the_picture_is_along_the_messages_and_marks_what_came_late() -> None:
    swapped = [(1, 0), (0, 1), *[(one, 0) for one in TEN[2:]]]
    found = LAB.look.view(planted("rabbitmq-queue", Crew(1, 2), swapped))["pictures"]["dots"]
    drawn = picture(found)
    assert isinstance(drawn, Lanes)
    assert drawn.to_json() == found
    assert drawn.along == "number of the message"
    assert "ms" not in drawn.sentence + drawn.alt + str(drawn.rows)
    assert [one.name for one in drawn.items if one.state.startswith("after")] == ["message 1"]


def test_no_partition_is_without_a_key_and_keys_are_as_many_as_the_plan_sends() -> None:
    hashes = [(murmur2(key.encode()) & 0x7FFFFFFF) for key in KEYS]
    assert all({one % partitions for one in hashes} == set(range(partitions)) for partitions in range(1, 7))
    assert [Plan(1).key(number) for number in range(Plan(1).messages)] == [k for k in KEYS for _ in range(IN_A_ROW)]


# -- live -------------------------------------------------------------------------------------------------------------


def labs(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "labs", *arguments]


@pytest.mark.broker
def test_one_run_of_a_stream_gives_every_message_once_to_each_group_and_leaves_nothing(
    endpoints: dict[str, Endpoint],
) -> None:
    asked = labs("run", "delivery-shapes", "--set", "mode=redis-stream", "--json")
    result = subprocess.run(asked, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
    assert result.returncode == 0, result.stderr
    [found] = map(Digest.from_json, json.loads(result.stdout)["digests"])
    assert found.median["outcome"] == EACH_GROUP
    assert found.card["broker"] == f"Redis {endpoints['redis'].version}"
    assert not journal.entries()


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_two_share_groups_at_one_partition_have_every_message_once_each_and_leave_nothing(
    endpoints: dict[str, Endpoint],
) -> None:
    kafka = endpoints["kafka"]
    before = names_on(kafka)
    tally = judge(run(SHAPES["kafka-share"], kafka, Crew(2, 2), Plan(1)))
    assert (tally.outcome, tally.missing, tally.again, tally.idle) == (EACH_GROUP, 0, 0, 0)
    assert not [name for name in names_on(kafka) - before if name.startswith("labs-")]
    assert not journal.entries()


@pytest.mark.broker
def test_a_killed_run_leaves_an_entry_by_which_queues_and_exchange_are_removed(endpoints: dict[str, Endpoint]) -> None:
    from labs.brokers.rabbitmq.admin import undo
    from labs.brokers.rabbitmq.client import blocking_channel

    asked = labs("run", "delivery-shapes", "--set", "mode=rabbitmq-fanout", "--set", "repeats=20")
    before = {one.path for one in journal.entries()}
    runs = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        until_s = time.monotonic() + 60
        made: list[journal.Entry] = []
        while not made and time.monotonic() < until_s and runs.poll() is None:
            made = [one for one in journal.entries() if one.path not in before and one.exchanges]
            time.sleep(0.02)
    finally:
        runs.send_signal(signal.SIGKILL)
        runs.wait()
    assert made, f"no run of RabbitMQ was noted in {home()}"
    [entry] = [one for one in journal.entries() if one.path not in before]
    held = journal.claim(entry)
    assert held
    undo(endpoints["rabbitmq"], held)
    with blocking_channel(endpoints["rabbitmq"]) as channel, pytest.raises(Exception, match="404"):
        channel.exchange_declare(entry.exchanges[0], passive=True)
