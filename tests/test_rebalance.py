"""L5.2b: what is made of planted histories, what a point says of them, and the new protocol for real."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from labs.experiments import experiment
from labs.experiments.rebalance_pictures import EACH, STILL, film, lanes
from labs.experiments.what_a_rebalance_costs import digest
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError, Endpoint, RefusedError
from labs.model.observer import UNOBSERVED
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_groups import taken_back
from labs.scenarios.rebalance import EVENTS, FIRST, NAMES, PARTITIONS, WAYS, member, way_of
from labs.scenarios.rebalance.conductor import BETWEEN_NS, Timetable, check
from labs.scenarios.rebalance.crew import Crew
from labs.scenarios.rebalance.facts import DONE, PUBLISHED, TOLD, WORDS, RebalanceRun, load
from labs.scenarios.rebalance.judge import Pause, again, judge, pauses, skipped, whole

MS = 1_000_000
LAB = experiment("what-a-rebalance-costs")
Rows = Sequence[Sequence[int]]
AT_MS = (1000, 3000, 5000)
"""When the events of a planted history happen."""
END_MS = 8000


def column(rows: Rows, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Rows as columns; times in ms."""
    table = np.array(rows, np.int64).reshape(-1, len(names))
    return {name: table[:, at] * (MS if name.endswith("_ns") else 1) for at, name in enumerate(names)}


def planted(done: Rows, told: Rows = (), there: Rows | None = None, *, way: str = "range", **more: Any) -> RebalanceRun:
    """A history: rows of `done` are member, partition, offset, ms; those of `there` partition, offset, due, ms. Where
    nobody says it, each record was there a ms before it was done."""
    rows = [(part, offset, at, at - 1) for _, part, offset, at in done] if there is None else there
    columns = column(rows, PUBLISHED) | column(done, DONE) | column(told, TOLD)
    events = [[one.name, at * MS, one.member] for one, at in zip(EVENTS, AT_MS, strict=True)]
    return RebalanceRun(way, columns, events, END_MS * MS, **more)


def steady(owners: dict[int, Sequence[int]], stops: dict[int, tuple[int, int]] | None = None) -> tuple[Rows, Rows]:
    """Records of all partitions each 50 ms: who does those of a partition from the beginning and after each event, and
    from when to when nobody does. What waited is done at the end of the stop. What was done, and what was there."""
    done, there = [], []
    for part in range(PARTITIONS):
        begun, ended = (stops or {}).get(part, (0, 0))
        for offset, at in enumerate(range(0, END_MS, 50)):
            there.append((part, offset, at, at))
            done_at = ended + 1 if begun <= at < ended else at + 1
            who = owners[part][sum(done_at >= event for event in AT_MS)]
            done.append((who, part, offset, done_at))
    return done, there


OWNERS: dict[int, Sequence[int]] = {
    0: (1, 1, 1, 1), 1: (1, 1, 1, 1), 2: (2, 2, 4, 4), 3: (2, 2, 1, 1), 4: (3, 3, 3, 4), 5: (3, 4, 4, 4),
}  # fmt: skip
"""Five partitions keep their member when one joins, and one is given away."""


def test_a_silence_in_which_no_record_was_there_is_no_pause() -> None:
    run = planted([(1, 0, 0, 100), (1, 0, 1, 7000)], there=[(0, 0, 99, 99), (0, 1, 6999, 6990)])
    assert pauses(run, 0) == [Pause(99 * MS, 100 * MS), Pause(6990 * MS, 7000 * MS)]
    assert judge(run)["kill"].longest_s == pytest.approx(0.01)


def test_a_pause_begins_when_a_record_waits_and_nothing_is_done_and_ends_with_the_next_one_done() -> None:
    run = planted(
        [(1, 0, 0, 100), (1, 0, 1, 900), (1, 0, 2, 901)],
        there=[(0, 0, 50, 50), (0, 1, 60, 60), (0, 2, 300, 300)],
    )
    assert pauses(run, 0) == [Pause(50 * MS, 100 * MS), Pause(100 * MS, 900 * MS), Pause(900 * MS, 901 * MS)]


def test_what_is_done_again_ends_no_pause_and_is_counted_where_it_was_done_again() -> None:
    done = [(1, 0, 0, 4000), (1, 0, 1, 4050), (2, 0, 0, 6000), (2, 0, 1, 6100), (2, 0, 2, 6500)]
    run = planted(done, there=[(0, 0, 0, 3999), (0, 1, 0, 4049), (0, 2, 0, 4100)])
    assert pauses(run, 0)[-1] == Pause(4100 * MS, 6500 * MS)
    assert again(run) == [6000 * MS, 6100 * MS]
    assert [judge(run)[name].twice for name in NAMES] == [0, 0, 2]


def test_what_is_never_done_is_a_pause_to_the_end_and_says_that_it_was_not_over() -> None:
    done, there = steady(OWNERS)
    late = [row for row in done if row[1] != 4 or row[3] < 5500]
    tally = judge(planted(late, there=there))["kill"]
    assert (tally.open, tally.still) == (1, 1)
    assert tally.longest_s == pytest.approx(2.5)
    assert judge(planted(done, there=there))["kill"].open == 0


def test_a_pause_counts_for_the_event_in_whose_time_it_lies_and_only_as_far() -> None:
    done, there = steady(OWNERS, {0: (2500, 3600)})
    found = judge(planted(done, there=there))
    assert found["join"].longest_s == pytest.approx(0.5)
    assert found["leave"].longest_s == pytest.approx(0.601)
    assert (found["join"].still, found["leave"].still, found["kill"].still) == (1, 1, 0)


def test_a_partition_keeps_its_member_where_the_same_one_does_it_before_and_after() -> None:
    done, there = steady(OWNERS, {0: (1100, 1900), 5: (1100, 1500)})
    tally = judge(planted(done, there=there))["join"]
    assert (tally.kept, tally.still, tally.kept_still) == (5, 2, 1)
    assert tally.longest_s == tally.kept_longest_s == pytest.approx(0.801)
    assert judge(planted(done, there=there))["leave"].kept == 4
    moved = judge(planted(*_swap(done, there, {0: (2, 1, 1, 1)})))["join"]
    assert moved.kept == 4
    assert moved.kept_longest_s == pytest.approx(0.001)


def _swap(done: Rows, there: Rows, changed: dict[int, Sequence[int]]) -> tuple[Rows, Rows, Rows]:
    """The same with other owners; as `planted` takes it."""
    rows = [(changed[p][sum(at >= e for e in AT_MS)] if p in changed else who, p, n, at) for who, p, n, at in done]
    return rows, (), there


def test_a_partition_is_taken_all_the_same_where_its_member_was_told_so_in_that_time() -> None:
    done, there = steady(OWNERS)
    got, gave, lost = range(len(WORDS))
    told = [(1, gave, 0, 1500), (1, lost, 1, 1500), (3, gave, 5, 1500), (1, got, 2, 1500), (1, gave, 2, 900)]
    found = judge(planted(done, told, there))
    assert (found["join"].kept_taken, found["leave"].kept_taken) == (2, 0), "5 is another's, and 2 was taken before"


def test_a_record_that_was_passed_over_is_told() -> None:
    assert skipped(planted([(1, 0, 0, 10), (1, 0, 2, 20), (2, 1, 0, 5)])) == 1
    assert skipped(planted([(1, 0, 0, 10), (2, 0, 0, 30), (1, 0, 1, 20)])) == 0


def test_a_run_to_which_not_everything_happened_has_no_figures() -> None:
    done, there = steady(OWNERS)
    broken = planted(done, there=there, said="member 1: no broker")
    assert not whole(broken)
    found = digest(way_of("range"), [(broken, 1.0)], {})
    assert found.number("figures", "join_longest_s") is None
    assert LAB.look.quantities.said(LAB.look.title, found).endswith("not everything happened that was to happen")


def test_a_run_is_read_as_it_was_saved(tmp_path: Any) -> None:
    run = planted([(1, 0, 0, 10)], [(1, 0, 0, 5)], facts={"date": "2000-01-01"})
    run.save(tmp_path / "run.npz")
    again_ = load(tmp_path / "run.npz")
    assert (again_.way, again_.events, again_.ended_ns, again_.facts) == (run.way, run.events, run.ended_ns, run.facts)
    assert all((again_[name] == run[name]).all() for name in (*PUBLISHED, *DONE, *TOLD))


# ---- pictures


def test_a_lane_has_a_bar_for_each_stretch_of_a_member_and_for_each_time_in_which_nothing_was_done() -> None:
    done, there = steady(OWNERS, {5: (1100, 1500)})
    picture = lanes(planted(done, there=there))
    assert [(one.name, one.start_ns // MS, (one.end_ns or 0) // MS) for one in picture.of("partition 5")] == [
        ("member 3", 1, 951), ("member 4", 1001, 1051), (STILL, 1100, 1501), ("member 4", 1501, 7951),
    ]  # fmt: skip
    assert [mark.text for mark in picture.marks] == [one.said for one in EVENTS]


def test_a_dot_is_one_record_in_so_many_when_it_was_there_and_when_it_was_done_first() -> None:
    done, there = steady(OWNERS, {0: (7000, 9000)})
    scene = film(planted([*done, (4, 0, 0, 6000)], there=there), "made", "kafka", {})
    assert len(scene.messages) == PARTITIONS * END_MS // 50 // EACH == scene.card["ledger"]["shown"]
    first = [one.times for one in scene.messages[:2]]
    assert first == [(0, MS), (50 * EACH * MS, (50 * EACH + 1) * MS)]
    assert sum(one.times[1] is None for one in scene.messages) == 1000 // 50 // EACH


# ---- what is said


def made(way: str, taken: Sequence[int], *, rounds: int = 2, **stops: Any) -> Digest:
    """Rounds in which these partitions were taken from a member that kept them when another joined."""
    done, there = steady(OWNERS, **stops)
    told = [(1, WORDS.index("gave"), part, 1500) for part in taken]
    return digest(way_of(way), [(planted(done, told, there, way=way), 1.0)] * rounds, {})


def test_the_guess_is_about_the_partitions_that_keep_their_member() -> None:
    assert LAB.guess
    assert LAB.guess.truth(made("range", range(6))) == "all of them"
    assert LAB.guess.truth(made("range", (0,))) == "some of them"
    assert LAB.guess.truth(made("new", (5,))) == "none of them"


def test_a_point_says_who_was_stopped_for_nothing_and_how_long_a_dead_members_partition_waited() -> None:
    said = LAB.look.said(made("range", range(6), stops={4: (5100, 7100)}))
    assert "when a member joined, every partition was taken away, also from those who got it back." in said
    assert "After the kill a partition waited for 2\u00a0s." in said
    assert said.endswith("No record was done twice.")
    assert "no partition was taken from a member that kept it" in LAB.look.said(made("new", ()))
    assert "members lost 1 of the 5 partitions that they kept" in LAB.look.said(made("cooperative", (0,)))


def test_a_pause_that_was_not_over_is_at_least_so_long() -> None:
    done, there = steady(OWNERS)
    late = [row for row in done if row[1] != 4 or row[3] < 5500]
    point = digest(way_of("range"), [(planted(late, there=there), 1.0)], {})
    assert LAB.look.quantities["kill_longest"].text(point).startswith("more than 2.5")


def test_taken_back_are_the_ways_that_took_what_they_gave_back_in_every_round() -> None:
    known = [made("range", range(6)), made("cooperative", ()), made("new", (5,))]
    assert taken_back(known) == {"range"}
    with pytest.raises(NoTruth):
        taken_back(known[:2])


# ---- the members and what is sent to them


class Consumer:
    """Two records, then an error that passes, then one that does not; it must be closed."""

    def __init__(self, *polled: Any) -> None:
        self.polled, self.closed, self.heard = list(polled), False, dict[str, Any]()

    def subscribe(self, _topics: list[str], **heard: Any) -> None:
        self.heard = heard
        heard["on_assign"](self, [SimpleNamespace(partition=2), SimpleNamespace(partition=5)])

    def poll(self, _within_s: float) -> Any:
        return self.polled.pop(0)()

    def close(self) -> None:
        self.heard["on_revoke"](self, [SimpleNamespace(partition=2)])
        self.closed = True


def record(partition: int, offset: int) -> Any:
    return SimpleNamespace(error=lambda: None, partition=lambda: partition, offset=lambda: offset)


def failed(fatal: bool) -> Any:
    error = SimpleNamespace(fatal=lambda: fatal, str=lambda: "fenced")
    return SimpleNamespace(error=lambda: error)


def test_a_member_says_what_it_was_given_what_it_did_and_what_it_gave_back(capsys: pytest.CaptureFixture[str]) -> None:
    leaves = threading.Event()
    consumer = Consumer(lambda: record(2, 7), lambda: None, lambda: failed(False), leaves.set)
    member.work(consumer, "topic", leaves)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(kind, *more) for kind, _, *more in told] == [("got", [2, 5]), ("did", 2, 7), ("gave", [2])]
    assert consumer.closed
    with pytest.raises(RuntimeError, match="fenced"):
        member.work(Consumer(lambda: failed(True)), "topic", threading.Event())


def test_a_member_that_breaks_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken = SimpleNamespace(Consumer=lambda _config: Consumer(lambda: failed(True)))
    monkeypatch.setitem(sys.modules, "confluent_kafka", cast("Any", broken))
    said = io.StringIO(f"{json.dumps({'topic': 'a', 'config': {}})}\njoin\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(readline=lambda: said.readline() or threading.Event().wait()))
    member.main()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == ["ready"]
    assert ["trouble", "RuntimeError: fenced"] in told


def test_a_member_that_is_told_to_leave_before_it_joined_joins_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", cast("Any", SimpleNamespace(Consumer=lambda _config: None)))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{json.dumps({'topic': 'a', 'config': {}})}\nleave\n"))
    member.main()
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [["ready"]]


class Said:
    """A member's program that has said these lines, and has ended or not."""

    def __init__(self, *words: Any, code: int | None = None) -> None:
        self.lines, self.code = [json.dumps(one) for one in words], code

    def line(self, _within_s: float) -> str | None:
        return self.lines.pop(0) if self.lines else None

    def errors(self) -> str:
        return "Traceback\nImportError: no client\n"


def crew(*programs: Said) -> Crew:
    return Crew(cast("Any", dict(enumerate(programs, 1))), UNOBSERVED)


def test_the_group_is_at_rest_when_each_partition_has_one_owner_and_all_have_as_many() -> None:
    two = [["got", 1, [0, 1]]], [["got", 1, [2, 3]]], [["got", 1, [4, 5]]]
    whole_ = crew(*(Said(*one) for one in two))
    assert not whole_.at_rest(0.0)
    whole_.catch_up()
    assert whole_.at_rest(0.0)
    assert not whole_.at_rest(60.0), "it has only just changed"
    both = crew(Said(["got", 1, [0, 1, 2]]), Said(["got", 1, [2, 3]]), Said(["got", 1, [4, 5]]))
    both.catch_up()
    assert not both.at_rest(0.0), "2 has two owners"
    back = crew(*(Said(*one, ["gave", 2, [1]]) for one in two))
    back.catch_up()
    assert not back.at_rest(0.0)
    assert len(FIRST) == 3


def test_a_member_that_ends_unasked_is_named_with_its_last_words_and_one_that_was_killed_is_not() -> None:
    some = crew(Said(["did", 5, 0, 3]), Said(code=1))
    with pytest.raises(BrokerError, match=r"^member 2 ended, and said: ImportError: no client$"):
        some.catch_up()
    assert some.reached == {0: 3}
    some.dead.add(2)
    some.catch_up()
    with pytest.raises(BrokerError, match=r"^member 1: KafkaException"):
        crew(Said(["trouble", "KafkaException: fenced"])).catch_up()


def test_the_timetable_goes_on_whatever_is_late_and_knows_what_nobody_has_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Out:
        sent: list[int]

        def send(self, _topic: str, _value: bytes, *, partition: int) -> Any:
            self.sent.append(partition)
            found = SimpleNamespace(partition=partition, offset=self.sent.count(partition) - 1)
            return SimpleNamespace(add_callback=lambda call: call(found))

    out, now = Out(), {"ns": 0}
    out.sent = []
    monkeypatch.setattr("labs.scenarios.rebalance.conductor.time.monotonic_ns", lambda: now["ns"])
    table = Timetable(out, "topic", 0)
    now["ns"] = BETWEEN_NS * 7
    table.send()
    assert out.sent == [0, 1, 2, 3, 4, 5, 0, 1]
    assert [due for _, _, due, _ in table.there] == [BETWEEN_NS * at for at in range(8)]
    assert table.lacking({0: 1, 1: 0, 5: 0}) == [0, 1, 1, 1, 1, 0]


def test_an_older_kafka_is_refused_for_the_new_protocol_alone() -> None:
    check(way_of("range"), "3.9.1")
    check(way_of("new"), "4.0.0")
    with pytest.raises(RefusedError, match=r"^The new protocol came with Kafka 4.0, and this is 3.9.1. Take a classic"):
        check(way_of("new"), "3.9.1")


def test_a_row_of_the_table_names_its_way_of_agreeing_beside_what_happened() -> None:
    heads = [row[0] for way in ("range", "new") for row in LAB.look.quantities.rows(made(way, ()))]
    assert len({*heads}) == 6
    assert all(
        head.startswith(("Classic protocol, range: a member ", "New protocol (KIP-848): a member ")) for head in heads
    )


# ---- for real


@pytest.mark.broker
@pytest.mark.long
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_the_new_protocol_takes_no_partition_that_stays_and_the_killed_member_is_missed(
    endpoints: dict[str, Endpoint],
) -> None:
    from contextlib import closing

    from kafka import KafkaAdminClient

    from labs.brokers import journal
    from labs.brokers.kafka.client import Site
    from labs.scenarios.rebalance.conductor import run

    kafka = endpoints["kafka"]
    found = run(WAYS["new"], kafka)
    tallies = judge(found)
    assert whole(found), found.said
    assert tallies["join"].kept_taken == 0
    assert tallies["kill"].open == 0, "the session of the run's own group ran out while we watched"
    assert 3 < tallies["kill"].longest_s < 11
    assert skipped(found) == 0
    with closing(KafkaAdminClient(**Site(kafka).config)) as admin:
        assert not [name for name in admin.list_topics() if name.startswith("labs-") and name != "labs-ready"]
        assert not admin.list_config_resources(["GROUP"]).get("group", [])
    assert not journal.entries()
