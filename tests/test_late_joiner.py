"""The lab about joining late: what the judge makes of planted histories, its words on the claims, and its runs."""

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs.brokers import journal
from labs.experiments import experiment
from labs.experiments.late_joiner import digest
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.run import RunFileError
from labs.pages.exercises import check
from labs.scenarios.joining import AFTER, ALL, BEFORE, CHANGED, CHANGES, EARLY, LATE, MODES, READERS
from labs.scenarios.joining.board import CELLS, ROOM, Log
from labs.scenarios.joining.facts import COLUMNS, JoinRun, Seen, load
from labs.scenarios.joining.judge import judge, mentions
from labs.scenarios.joining.payload import HANDLERS, UnreadableError, broken, number_of, strict, tolerant, written
from labs.show.looks.joining import JOINING_LOOK, truth
from labs.show.short.joining import late_joiner
from labs.stack import mending

LAB = experiment("late-joiner")
ROOT = Path(__file__).parent.parent
SENDER = Seen(pid=4711, alive=True, file="ab" * 32, told=0, direct=0)
WHOLE = list(range(ALL))


def planted(late: list[int], early: list[int] | None = None, change: str = "none", **more: Any) -> JoinRun:
    """A run in which these messages came to the two readers, in this order."""
    columns: dict[str, Any] = {}
    for who, numbers in ((EARLY, WHOLE if early is None else early), (LATE, late)):
        unread = [broken(written(n, change if n >= ALL - CHANGED else "none")) for n in numbers]
        values = (numbers, unread, range(len(numbers)))
        columns |= {name: np.array(one, np.int64) for name, one in zip(COLUMNS[who], values, strict=True)}
    told = {"mode": "redis-stream", "change": change, "seen": (SENDER, SENDER), "settled": True}
    return JoinRun(columns=columns, **{**told, **more})


# -- the judge -------------------------------------------------------------------------------------------------------


def test_a_reader_that_got_everything_once_and_in_order_got_all_of_the_history() -> None:
    found = judge(planted(WHOLE))
    assert (found.late.history, found.late.after) == (BEFORE, AFTER)
    assert (found.late.doubled, found.late.reordered, found.late.unexpected) == (0, 0, 0)
    assert (found.verdict, found.outcome) == ("known", "all of it")


@pytest.mark.parametrize(("gone", "history", "after"), [(0, BEFORE - 1, AFTER), (BEFORE, BEFORE, AFTER - 1)])
def test_a_missing_message_is_missed_on_its_side_of_the_joining(gone: int, history: int, after: int) -> None:
    found = judge(planted([one for one in WHOLE if one != gone]))
    assert (found.late.history, found.late.after) == (history, after)
    assert found.outcome == ("a part of it" if gone < BEFORE else "all of it")


def test_a_message_that_comes_twice_is_doubled_and_fills_no_hole() -> None:
    found = judge(planted([5, 5, *[one for one in WHOLE if one not in (5, 6)]])).late
    assert (found.doubled, found.history) == (1, BEFORE - 1)


def test_a_message_that_comes_after_a_later_one_is_reordered_and_one_that_comes_again_is_not() -> None:
    assert judge(planted([1, 0, *range(2, ALL)])).late.reordered == 1
    assert judge(planted([3, 0, 1, 2, *range(4, ALL)])).late.reordered == 3
    assert judge(planted([*WHOLE, 7])).late.reordered == 0


def test_a_message_that_nobody_sent_is_unexpected_and_counts_for_nothing() -> None:
    found = judge(planted([*range(BEFORE, ALL), ALL, -1])).late
    assert (found.unexpected, found.history, found.after) == (2, 0, AFTER)


def test_a_reader_that_joined_later_than_it_said_shows_it_in_what_came_after() -> None:
    found = judge(planted(list(range(BEFORE + 7, ALL))))
    assert (found.outcome, found.late.after) == ("none of it", AFTER - 7)
    word, text = word_of("C21", grid(late={"kafka-latest": list(range(BEFORE + 7, ALL))}))
    assert word == "undecided here"
    assert "all that came after it joined" in text


@pytest.mark.parametrize(
    "run",
    [
        planted(WHOLE, early=WHOLE[1:]),
        planted(WHOLE, settled=False),
        planted(WHOLE, trouble="10 s after the last message the late reader lacked it"),
        planted(WHOLE, seen=(SENDER,)),
        planted([], early=[]),
    ],
    ids=["the early reader lacks one", "not settled", "in trouble", "the sender was not seen at the end", "nothing"],
)
def test_what_a_late_joiner_missed_is_unknown_where_it_is_not_proven_that_it_was_there_to_be_had(run: JoinRun) -> None:
    found = judge(run)
    assert (found.verdict, found.outcome) == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("end", "same_process", "same_file", "told"),
    [
        (replace(SENDER, pid=4712), False, True, 0),
        (replace(SENDER, alive=False), False, True, 0),
        (replace(SENDER, file="cd" * 32), True, False, 0),
        (replace(SENDER, told=1), True, True, 1),
    ],
)
def test_a_sender_that_was_started_anew_changed_or_told_is_not_untouched(
    end: Seen, same_process: bool, same_file: bool, told: int
) -> None:
    found = judge(planted(WHOLE, seen=(SENDER, end)))
    assert (found.same_process, found.same_file, found.told) == (same_process, same_file, told)
    assert word_of("C21", grid(more={"redis-stream": {"seen": (SENDER, end)}}))[0] == "never held"


def test_readers_that_share_a_board_do_not_write_into_each_others_rows() -> None:
    board = [0] * CELLS
    early, late = (Log(board, who) for who in READERS)
    for number in range(ROOM):
        early.came(number, 0)
    late.came(7, 1)
    assert early.rows()[:, 0].tolist() == list(range(ROOM))
    assert late.rows()[:, :2].tolist() == [[7, 1]]
    with pytest.raises(IndexError):
        early.came(ROOM, 0)
    assert late.rows()[:, :2].tolist() == [[7, 1]]


def test_a_saved_run_is_judged_as_the_run_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    run, path = planted([one for one in WHOLE if one != 3], change="renamed"), tmp_path / "run.npz"
    run.save(path)
    assert judge(load(path)) == judge(run)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RunFileError):
        load(path)


# -- the payload -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "breaks"), [("none", set()), ("renamed", {"strict", "closed"}), ("beside", {"closed"})]
)
def test_a_renamed_field_breaks_who_needs_it_and_one_beside_it_only_who_forbids_more(
    change: str, breaks: set[str]
) -> None:
    body = written(17, change)
    assert number_of(body) == 17
    assert {name for at, name in enumerate(HANDLERS) if broken(body) & 1 << at} == breaks
    found = judge(planted(WHOLE, change=change)).late
    assert found.changed == CHANGED
    assert found.broken == {name: CHANGED if name in breaks else 0 for name in HANDLERS}


def test_what_is_read_is_what_was_written_by_either_name() -> None:
    assert {tolerant(json.loads(written(4, change))) for change in CHANGES} == {104}
    assert strict(json.loads(written(4, "beside"))) == 104
    with pytest.raises(UnreadableError, match="neither 'amount' nor 'total'"):
        tolerant({"number": 4})


def test_the_senders_by_a_broker_have_no_word_of_a_reader_and_the_one_that_pushes_has() -> None:
    words = {name: mentions(mode.file.read_text("utf-8")) for name, mode in MODES.items()}
    assert "subscribers" in words.pop("http-push")
    assert all(found == [] for found in words.values()), words


@pytest.mark.parametrize(
    "source",
    [
        "def push(subscriber): ...",
        "from app import billing_consumer",
        "send(to='late-reader')",
        "class Group: ...",
        "self.receivers = []",
        "import consumers.late",
    ],
)
def test_a_sender_that_speaks_of_who_reads_is_found_out(source: str) -> None:
    assert mentions(source)
    assert mentions('"""Readers and groups are nobody\'s business here."""\nsend(body)  # to a consumer') == []


# -- the words -------------------------------------------------------------------------------------------------------

HISTORY = {name: name in ("redis-stream", "rabbitmq-stream", "kafka-earliest") for name in MODES}
"""Mode -> whether its late joiner gets the history, in the recording that is planted here."""


def point(mode: str, change: str, late: list[int] | None = None, rounds: int = 5, **more: Any) -> Digest:
    """A point whose rounds are all alike."""
    usual = WHOLE if HISTORY[mode] else WHOLE[BEFORE:]
    run = planted(usual if late is None else late, change=change, **more)
    return digest(MODES[mode], change, [(run, 3.0)] * rounds, {"repeats": rounds})


def grid(
    late: dict[str, list[int]] | None = None, more: dict[str, dict[str, Any]] | None = None, rounds: int = 5
) -> list[Digest]:
    """All points; some modes with other messages, or with something else."""
    given, other = late or {}, more or {}
    return [point(m, c, given.get(m), rounds, **other.get(m, {})) for m in MODES for c in CHANGES]


def word_of(claim: str, points: list[Digest]) -> tuple[str, str]:
    found = {one.claim: one for one in LAB.judged(points)}[claim]
    return found.word, found.text


def test_joining_holds_under_the_condition_that_some_modes_show_nothing_of_the_past() -> None:
    word, text = word_of("C21", grid())
    assert word == "holds with conditions"
    assert "three showed it the 200 messages from before, and three showed it nothing." in text
    assert (
        " These showed it all: Redis stream, group from 0; RabbitMQ stream, from first; Kafka, new group, earliest."
        in text
    )
    assert text.endswith(
        " These showed it nothing: Redis Pub/Sub; RabbitMQ, queue bound late; Kafka, new group, latest."
    )


def test_joining_holds_where_every_mode_by_a_broker_shows_all_of_the_past() -> None:
    assert word_of("C21", grid(late=dict.fromkeys(MODES, WHOLE)))[0] == "holds"


def test_a_part_of_the_past_too_few_rounds_or_a_missing_mode_decide_nothing() -> None:
    part = dict.fromkeys(MODES, WHOLE[5:])
    assert word_of("C21", grid(late=part))[0] == "undecided here"
    assert word_of("C21", grid(rounds=4))[0] == "undecided here"
    assert word_of("C21", [one for one in grid() if one.settings["mode"] != "kafka-latest"])[0] == "undecided here"
    unclear = grid(more={"redis-pubsub": {"settled": False}})
    assert word_of("C21", unclear) == (
        "undecided here", "What the late one got is not proven in every round: Redis Pub/Sub."
    )  # fmt: skip


def test_addresses_are_decoupled_under_the_condition_that_a_renamed_field_breaks_a_reader() -> None:
    word, text = word_of("C20", grid())
    assert word == "holds with conditions"
    assert f"none of {CHANGED} messages" in text


def test_addresses_are_not_decoupled_where_a_sender_is_connected_to_a_reader() -> None:
    seen = (SENDER, replace(SENDER, direct=1))
    assert word_of("C20", grid(more={"kafka-latest": {"seen": seen}}))[0] == "never held"
    assert word_of("C20", grid(more={"http-push": {"seen": seen}}))[0] == "holds with conditions"
    unseen = (SENDER, replace(SENDER, direct=None))
    assert word_of("C20", grid(more={"kafka-latest": {"seen": unseen}}))[0] == "undecided here"


def test_services_do_not_know_each_other_where_a_renamed_field_breaks_nobody() -> None:
    whole = [one if one.settings["change"] != "renamed" else replace(one, repeats=_unbroken(one)) for one in grid()]
    assert word_of("C20", whole)[0] == "holds"


def _unbroken(one: Digest) -> list[Any]:
    fine = dict.fromkeys(HANDLERS, 0)
    return [{**r, "joined": {**r["joined"], "late": {**r["joined"]["late"], "broken": fine}}} for r in one.repeats]


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (WHOLE, "got all 200 messages from before it joined and all 100 messages that came after."),
        (WHOLE[BEFORE:], "got none of 200 messages from before it joined and all 100 messages that came after."),
        (WHOLE[20:], "got 180 of 200 messages from before it joined"),
        ([*WHOLE, 7, 7], "Of its messages 2 came twice."),
        ([1, 0, *WHOLE[2:]], "Of its messages 1 came after a later one."),
    ],
)
def test_the_sentence_of_a_point_says_what_came(late: list[int], said: str) -> None:
    assert said in JOINING_LOOK.said(point("redis-stream", "none", late))


def test_the_sentence_of_a_point_says_who_broke_who_was_told_and_what_is_unknown() -> None:
    beside = JOINING_LOOK.said(point("kafka-latest", "beside"))
    assert "A reader that refuses fields it does not know could not read them" in beside
    told = (SENDER, replace(SENDER, told=1))
    assert "had to be told the late joiner’s address" in JOINING_LOOK.said(point("http-push", "none", seen=told))
    unknown = point("redis-pubsub", "none", settled=False)
    assert JOINING_LOOK.said(unknown) == "Redis Pub/Sub: what the late joiner got is unknown."
    assert truth(unknown) == "unknown"
    assert JOINING_LOOK.view(unknown)["strip"] == []


def test_a_bar_has_the_parts_in_the_order_of_time_and_they_are_all_of_it() -> None:
    for late in (WHOLE, WHOLE[BEFORE:], WHOLE[20:], WHOLE[:-1]):
        strip = JOINING_LOOK.view(point("redis-stream", "none", late))["strip"]
        assert [one["fate"] for one in strip] == ["history", "missed", "after", "gone"]
        assert sum(one["share"] for one in strip) == pytest.approx(1, abs=0.001)


def test_in_short_names_nobody_of_whom_nothing_is_recorded() -> None:
    some = [one for one in grid() if one.settings["mode"] in ("redis-stream", "kafka-latest")]
    found = late_joiner(some)
    assert found.answer.endswith("It got everything with a Redis stream; nothing with Kafka from latest.")
    assert found.condition.startswith("No sender was told of it. But renaming")
    assert "Not recorded yet" in late_joiner([]).answer


def test_the_exercises_are_graded_by_the_learners_own_run() -> None:
    whole = grid()
    right = {name: "all" if HISTORY[name] else "none" for name in MODES}
    assert check("2.4a", right, run=whole)
    assert not check("2.4a", {**right, "kafka-latest": "all"}, run=whole)
    assert check("2.4b", "false", run=whole)
    assert check("2.4c", {"strict": "on", "closed": "breaks", "tolerant": "on"}, run=whole)
    assert not check("2.4a", right, run=whole[:3])


# -- runs ------------------------------------------------------------------------------------------------------------


def labs(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ, check=False)


def test_without_a_broker_the_sender_is_told_an_address_and_a_wrong_mode_is_named() -> None:
    result = labs("run", "late-joiner", "--set", "mode=http-push", "--set", "change=renamed", "--json")
    assert result.returncode == 0, result.stderr
    [found] = map(Digest.from_json, json.loads(result.stdout)["digests"])
    [repeat] = found.repeats
    assert (repeat["outcome"], repeat["sender"]["told"], repeat["sender"]["direct"]) == ("none of it", 1, 2)
    assert repeat["joined"]["late"]["broken"] == {"strict": CHANGED, "closed": CHANGED, "tolerant": 0}
    wrong = labs("run", "late-joiner", "--set", "mode=kafka-first")
    assert wrong.returncode == 1
    assert "kafka-latest" in wrong.stderr


@pytest.mark.broker
@pytest.mark.parametrize("mode", ["redis-stream", "rabbitmq-stream", "kafka-latest"])
def test_a_run_leaves_nothing_and_says_what_a_late_joiner_got(mode: str, endpoints: dict[str, Endpoint]) -> None:
    [found] = LAB.run(LAB.settings({"mode": mode}), _observer())
    [repeat] = found.repeats
    assert repeat["verdict"] == "known", repeat["trouble"]
    assert repeat["outcome"] == ("all of it" if HISTORY[mode] else "none of it")
    assert repeat["joined"]["late"]["after"] == AFTER
    assert (repeat["sender"]["told"], repeat["sender"]["direct"], repeat["sender"]["mentions"]) == (0, 0, [])
    assert not _ours()


@pytest.mark.broker
def test_a_killed_run_leaves_an_exchange_and_queues_and_the_next_command_removes_them(
    endpoints: dict[str, Endpoint],
) -> None:
    command = [sys.executable, "-m", "labs", "run", "late-joiner", "--set", "mode=rabbitmq-queue"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        give_up_s = time.monotonic() + 40
        while not (left := [one for one in _ours() if one.pid == child.pid]):
            assert time.monotonic() < give_up_s
            time.sleep(0.02)
        time.sleep(0.5)
    finally:
        child.kill()
        child.wait()
    [entry] = left
    said: list[str] = []
    mending.mend(said.append)
    assert any(entry.exchanges[0] in text for text in said), said
    assert not _ours()
    with contextlib.closing(_link(endpoints["rabbitmq"])) as link:
        link.open()
        channel = link.channel()
        with pytest.raises(Exception, match="NOT_FOUND"):
            link.call(
                channel,
                "look for the exchange",
                lambda done: channel.exchange_declare(entry.exchanges[0], passive=True, callback=done),
            )


def _ours() -> list[journal.Entry]:
    return [one for one in journal.entries() if any(name.startswith("labs-") for name in one.names)]


def _link(endpoint: Endpoint) -> Any:
    from labs.brokers.rabbitmq.client import Link

    return Link(endpoint)


def _observer() -> Any:
    from labs.model.observer import Observer

    return Observer()
