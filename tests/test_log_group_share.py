"""L5.2: what is made of planted tries, what the rule of C64 says of planted points; both kinds of group for real."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from labs.experiments import experiment
from labs.experiments.log_group_share import digest
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.observer import UNOBSERVED
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_groups import idle_sizes, lost_guarantee
from labs.scenarios.groups import FAILING, JOBS, KEYS, SIZES, TROUBLES, WAYS, Trial, members, trial_of
from labs.scenarios.groups.crew import Crew
from labs.scenarios.groups.facts import TRIES, GroupRun, load
from labs.scenarios.groups.judge import judge

if TYPE_CHECKING:
    from labs.stack.packages.program import Program

LAB = experiment("log-group-share")
MS = 1_000_000
Row = tuple[int, int, int, int, int, int]
"""Worker, number, attempt, begun and ended in ms, done."""


def planted(trial: Trial, rows: Sequence[Row], **facts: Any) -> GroupRun:
    """A run in which these tries were made."""
    table = [[who, n, trial.partition(n), n, at, a * MS, b * MS, done] for who, n, at, a, b, done in rows]
    whole = np.array(table, np.int64).reshape(-1, len(TRIES))
    columns = {name: whole[:, at] for at, name in enumerate(TRIES)}
    return GroupRun(trial.way.name, trial.size.name, trial.trouble.name, columns, JOBS, "", facts)


def by(workers: int, *, late: int = 0, skip: frozenset[int] = frozenset()) -> list[Row]:
    """Every record done by so many workers in turn, 100 ms each; the failing one is done `late` ms after its turn."""
    rows = []
    for number in range(JOBS):
        if number in skip:
            continue
        who, begun = number % workers + 1, number // workers * 100
        ended = begun + 100 + (late if number == FAILING else 0)
        rows.append((who, number, 1, begun, ended, 1))
    return rows


def test_every_number_of_partitions_gives_each_key_one_partition_and_uses_all_of_them() -> None:
    for name in SIZES:
        trial = trial_of("group", name, "none")
        parts = {number % KEYS: set[int]() for number in range(JOBS)}
        for number in range(JOBS):
            parts[number % KEYS].add(trial.partition(number))
        assert all(len(some) == 1 for some in parts.values())
        assert set.union(*parts.values()) == set(range(trial.size.partitions))


def test_the_makespan_ends_with_the_last_record_done_and_is_unknown_while_one_is_not() -> None:
    trial = trial_of("share", "1x4", "none")
    tally = judge(planted(trial, by(4)))
    assert (tally.busy, tally.makespan_s, tally.undone, tally.twice) == (4, 1.0, 0, 0)
    lacking = judge(planted(trial, by(4, skip=frozenset({7}))))
    assert (lacking.makespan_s, lacking.undone) == (None, 1)


def test_who_only_fails_is_not_at_work_and_a_record_done_twice_is_told() -> None:
    trial = trial_of("share", "1x4", "failing")
    rows = [*by(2), (3, FAILING, 1, 0, 50, 0), (1, 5, 2, 5000, 5100, 1)]
    tally = judge(planted(trial, rows))
    assert tally.had == {1: 20, 2: 20, 3: 0, 4: 0}
    assert (tally.busy, tally.twice, tally.tries) == (2, 1, 42)
    assert tally.makespan_s == pytest.approx(2.0), "the second time does not count"


def test_a_record_got_past_if_it_lay_behind_the_failing_one_in_its_partition_and_was_done_before_it() -> None:
    one = judge(planted(trial_of("share", "1x4", "failing"), by(4, late=300)))
    assert (one.behind, one.passed) == (27, 11)
    none = judge(planted(trial_of("group", "1x4", "failing"), by(1, late=0)))
    assert (none.behind, none.passed) == (27, 0)
    four = judge(planted(trial_of("share", "4x4", "failing"), by(4, late=300)))
    assert four.behind == 6, "those of other partitions are not behind it"


def test_a_record_is_overtaken_if_a_later_one_of_its_own_key_was_done_before() -> None:
    trial = trial_of("share", "1x4", "failing")
    assert judge(planted(trial, by(4))).overtaken == 0
    assert judge(planted(trial, by(4, late=1))).overtaken == 0, "others were done before, but of other keys"
    assert judge(planted(trial, by(4, late=500))).overtaken == 1


def test_what_others_did_while_one_held_many_leaves_out_its_own_and_what_came_later() -> None:
    trial = trial_of("share", "1x4", "hoard-100")
    tally = judge(planted(trial, by(4), held=[[1, 98, 100 * MS, 450 * MS]]))
    assert (tally.held, tally.meanwhile) == (98, 12)
    assert judge(planted(trial, by(4))).held is None


def test_a_run_is_read_as_it_was_saved(tmp_path: Any) -> None:
    run = planted(trial_of("share", "4x8", "slow"), by(4), held=[[1, 2, 3, 4]])
    run.save(tmp_path / "run.npz")
    again = load(tmp_path / "run.npz")
    assert (again.trial, again.kept, again.facts) == (run.trial, run.kept, run.facts)
    assert all((again[name] == run[name]).all() for name in TRIES)


# ---- the rule


def plain(way: str, size: str, busy: int) -> Digest:
    """Five rounds in which so many consumers worked."""
    trial = trial_of(way, size, "none")
    return digest(trial, [(planted(trial, by(busy)), 1.0)] * 5, {})


def failing(way: str, late: int, workers: int) -> Digest:
    """Five rounds at one partition in which the failing record was done so late."""
    trial = trial_of(way, "1x4", "failing")
    return digest(trial, [(planted(trial, by(workers, late=late)), 1.0)] * 5, {})


def points(*, group: tuple[int, int], share: tuple[int, int]) -> list[Digest]:
    """Both ways: how many of four worked, and how late the failing record was."""
    return [
        made
        for way, (busy, late) in (("group", group), ("share", share))
        for made in (plain(way, "1x4", busy), plain(way, "4x4", 4), failing(way, late, busy))
    ]


def word(digests: Sequence[Digest]) -> str:
    [verdict] = LAB.verdict(digests)
    return verdict.word


@pytest.mark.parametrize(
    ("group", "share", "wanted"),
    [
        ((1, 0), (4, 700), "holds with conditions"),
        ((4, 700), (4, 700), "holds"),
        ((1, 0), (1, 0), "never held"),
        ((1, 0), (3, 700), "never held"),
        ((1, 0), (4, 0), "never held"),
    ],
)
def test_a_queue_lets_all_work_and_all_pass_or_it_is_none(
    group: tuple[int, int], share: tuple[int, int], wanted: str
) -> None:
    assert word(points(group=group, share=share)) == wanted


def test_without_a_share_group_or_with_rounds_that_differ_nothing_is_decided() -> None:
    known = points(group=(1, 0), share=(4, 700))
    assert word([one for one in known if one.settings["way"] == "group"]) == "undecided here"
    other = plain("share", "1x4", 2)
    mixed = [
        replace(one, repeats=[*one.repeats[:4], other.repeats[0]])
        if LAB.look.key(one.settings) == "share|1x4|none"
        else one
        for one in known
    ]
    assert word(mixed) == "undecided here"
    few = [replace(one, repeats=one.repeats[:4]) for one in known]
    assert word(few) == "undecided here"


def test_where_there_are_enough_partitions_nothing_is_asked() -> None:
    known = points(group=(1, 0), share=(4, 700))
    spoilt = [replace(one, repeats=plain("group", "4x4", 1).repeats) if one.settings["size"] == "4x4" else one
              for one in known]  # fmt: skip
    assert word(spoilt) == "holds with conditions"


def test_a_point_says_who_worked_and_what_got_past() -> None:
    said = LAB.look.said(failing("group", 0, 1))
    assert "one of four worked" in said
    assert "Of the 27 records behind the failing one none got past it." in said
    said = LAB.look.said(failing("share", 700, 4))
    assert "all four worked" in said
    assert "Of the 27 records behind the failing one 27 got past it." in said


# ---- exercises


def test_idle_sizes_are_those_at_which_fewer_work_than_there_are() -> None:
    some = [plain("group", name, min(size.partitions, size.consumers)) for name, size in SIZES.items()]
    assert idle_sizes(some, way="group") == {"1x4", "4x5", "4x8"}
    with pytest.raises(NoTruth):
        idle_sizes(some[:2], way="group")


def test_the_lost_guarantee_is_order_only_where_the_run_shows_it() -> None:
    group = failing("group", 0, 1)
    assert lost_guarantee([group, failing("share", 700, 4)], size="1x4", trouble="failing") == "order"
    assert lost_guarantee([group, failing("share", 0, 4)], size="1x4", trouble="failing") == "none"
    with pytest.raises(NoTruth):
        lost_guarantee([failing("group", 700, 4), failing("share", 700, 4)], size="1x4", trouble="failing")


# ---- the consumers' own program


def test_a_consumer_that_breaks_says_so_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def consume(crew: members.Crew, who: int) -> None:
        if who == 1:
            raise OSError("no broker")
        for _ in crew.turns(who):
            crew.say("turn", who)
            crew.stopped.set()

    monkeypatch.setitem(members.KINDS, "group", consume)
    task = {"way": "group", "consumers": 2}
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{json.dumps(task)}\n[2]\nstop\n"))
    members.main()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["trouble", 1, "OSError: no broker"] in lines


def test_a_try_is_done_only_when_it_has_failed_as_often_as_it_must(capsys: pytest.CaptureFixture[str]) -> None:
    crew = members.Crew({"consumers": 1})
    body = json.dumps({"number": 12, "took_ms": 1, "fails": 2, "fail_ms": 1}).encode()
    assert [crew.work(1, 0, 7, body, attempt) for attempt in (1, 2, 3)] == [False, False, True]
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one[0], one[2], one[5], one[-1]) for one in told] == [
        ("did", 12, 1, 0),
        ("did", 12, 2, 0),
        ("did", 12, 3, 1),
    ]


def test_consumers_who_say_nothing_for_longer_than_they_are_listened_to_are_no_trouble() -> None:
    class Silent:
        code = None

        def line(self, within_s: float) -> None:
            time.sleep(4 * within_s)

    Crew(cast("Program", Silent()), UNOBSERVED).hear(0.02, "the share group forms")


# ---- for real


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_four_at_one_partition_work_in_a_share_group_and_one_in_a_group_and_nothing_of_it_stays(
    endpoints: dict[str, Endpoint],
) -> None:
    from contextlib import closing

    from kafka import KafkaAdminClient

    from labs.brokers import journal
    from labs.brokers.kafka.client import Site
    from labs.scenarios.groups.conductor import run

    def there() -> set[str]:
        with closing(KafkaAdminClient(**Site(kafka).config)) as admin:
            return {*admin.list_topics(), *(str(one["group_id"]) for one in admin.list_groups())}

    kafka, found = endpoints["kafka"], {}
    before = there()
    for way in WAYS:
        found[way] = judge(run(trial_of(way, "1x4", "failing"), kafka))
    assert (found["group"].busy, found["group"].passed, found["group"].overtaken) == (1, 0, 0)
    assert found["share"].busy == 4
    assert found["share"].passed
    assert {one.tries for one in found.values()} == {JOBS + 3}
    assert not [name for name in there() - before if name.startswith("labs-")]
    assert not journal.entries()


def test_an_older_kafka_and_the_readers_own_are_refused_in_one_line() -> None:
    from labs.scenarios.groups.conductor import check

    ours, theirs = Endpoint("kafka", "127.0.0.1", 1), Endpoint("kafka", "127.0.0.1", 1, backend="given")
    check(trial_of("group", "1x4", "none"), ours, "3.9.1")
    check(trial_of("share", "1x4", "none"), theirs, "4.2.0")
    with pytest.raises(RefusedError, match=r"^Share groups came with Kafka 4.2, and this is 4.1.0. Take the consumer"):
        check(trial_of("share", "1x4", "none"), ours, "4.1.0")
    with pytest.raises(RefusedError, match="settings of a Kafka of yours are not changed"):
        check(trial_of("share", "1x4", "hoard-100"), theirs, "4.4.0")


def test_what_only_a_share_group_can_meet_is_greyed_for_the_group_with_its_reason() -> None:
    only = [name for name, one in TROUBLES.items() if one.share_only]
    assert only
    for name in only:
        assert not trial_of("group", "1x4", name).can_be
        assert "share group" in LAB.why_not["group", "1x4", name]
