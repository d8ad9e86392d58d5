"""Bad messages: the judges on histories whose answer is known, C67's rule on planted rows, an older server, a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from labs.__main__ import main
from labs.brokers import journal
from labs.experiments import experiment
from labs.experiments.bad_message import absent, digest
from labs.experiments.feature_rows import digest as rows_digest
from labs.experiments.poison_pictures import DEAD, GIVEN_UP, RETRY, WORKER, course
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.paths import PROJECT
from labs.model.queue_features import CHECKLIST, TRIALS
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_poison import delays_in_all, heal_and_end
from labs.scenarios.features.judge import judged
from labs.scenarios.features.trials import site
from labs.scenarios.poison import HEALS_S, MESSAGES, WAYS, Kind, Plan
from labs.scenarios.poison.facts import ATTEMPTS, PoisonRun
from labs.scenarios.poison.judge import GIVEN_UP as STOPPED_BY_US
from labs.scenarios.poison.judge import HANDLED, LETTER, NOWHERE, TWICE, judge, wait_ms
from labs.scenarios.poison.work import DONE, FAILED, STOPPED
from labs.show.looks.features import FEATURES_LOOK
from labs.show.looks.poison import ALL, NONE, POISON_LOOK, truth
from labs.stack import mending

LAB = experiment("bad-message")
MS = 1_000_000
SHARE, SEED = 20, 1
PLAN = Plan(SHARE, SEED)
Attempts = list[tuple[int, int, int, int]]


def first(kind: Kind) -> int:
    return next(number for number in range(MESSAGES) if PLAN.kind(number) == kind)


def history(
    changed: dict[int, Attempts] | None = None, letters: tuple[int, ...] = (), way: str = "rabbitmq-limit"
) -> PoisonRun:
    """Every message is done 7 ms after it was due, but for those whose attempts are given."""
    due = np.arange(MESSAGES, dtype=np.int64) * 30 * MS
    rows: Attempts = []
    for number in range(MESSAGES):
        usual = [(number, int(due[number]) + 2 * MS, int(due[number]) + 7 * MS, DONE)]
        rows += (changed or {}).get(number, usual)
    table = np.array(sorted(rows, key=lambda row: row[1]), np.int64)
    columns = {name: table[:, at].copy() for at, name in enumerate(ATTEMPTS)}
    columns |= {"due_ns": due, "there_ns": due + MS, "letters": np.array(letters, np.int64)}
    return PoisonRun(way, SHARE, SEED, columns)


def tried(number: int, times: int, how: int, every_ms: int = 6) -> Attempts:
    """So many attempts from when it was due on; the last ends as it says."""
    due = number * 30 * MS
    at = [(due + turn * every_ms * MS, due + turn * every_ms * MS + 5 * MS) for turn in range(times)]
    return [(number, began, ended, FAILED if turn < times - 1 else how) for turn, (began, ended) in enumerate(at)]


def test_bad_messages_are_as_many_as_the_share_says_half_of_them_heal_and_each_round_has_others() -> None:
    for share in (4, 20):
        kinds = [[Plan(share, seed).kind(number) for number in range(MESSAGES)] for seed in (1, 2)]
        for one in kinds:
            assert one.count("heals") == one.count("poison") == MESSAGES * share // 200
        assert kinds[0] != kinds[1]
    assert {Plan(0).kind(number) for number in range(MESSAGES)} == {"good"}


def test_what_heals_succeeds_from_its_time_on_and_poison_never() -> None:
    heals, poison = first("heals"), first("poison")
    assert [PLAN.succeeds(heals, since) for since in (0.0, HEALS_S - 0.01, HEALS_S)] == [False, False, True]
    assert not PLAN.succeeds(poison, 1e6)
    assert PLAN.succeeds(first("good"), 0.0)


def test_each_message_has_one_place_and_two_or_none_are_found() -> None:
    heals, poison, good = first("heals"), first("poison"), first("good")
    run = history({poison: tried(poison, 4, FAILED), heals: tried(heals, 21, FAILED)}, (poison, heals))
    bill = judge(run)
    assert bill.places["poison"][LETTER] == bill.places["heals"][LETTER] == 1
    assert bill.tries["poison"][0] == 4
    assert bill.outcome == "in several places", "the other messages that heal are done"
    assert bill.sound
    assert judge(history(letters=(poison,))).places["poison"][TWICE] == 1
    assert not judge(history(letters=(good,))).sound
    nowhere = judge(history({good: tried(good, 1, FAILED)}))
    assert nowhere.places["good"][NOWHERE] == 1
    assert not nowhere.sound
    assert judge(history({poison: tried(poison, 130, STOPPED)})).places["poison"][STOPPED_BY_US] == 1


def test_a_good_message_waits_from_when_it_was_due_until_it_is_done_and_bad_ones_do_not_count() -> None:
    good, poison = first("good"), first("poison")
    late = [(good, good * 30 * MS + 400 * MS, good * 30 * MS + 405 * MS, DONE)]
    bill = judge(history({good: late, poison: tried(poison, 1, DONE, 900)}))
    assert wait_ms(bill, 1.0) == pytest.approx(405)
    assert wait_ms(bill, 0.5) == pytest.approx(7)


def test_the_picture_joins_attempts_in_a_row_and_shows_delays_letters_and_what_we_stopped() -> None:
    poison, heals = first("poison"), first("heals")
    run = history({poison: tried(poison, 3, FAILED, 200), heals: tried(heals, 130, STOPPED)}, (poison,))
    drawn = course(run)
    of = {lane: [one for one in drawn.of(lane) if one.name == f"message {poison + 1}"] for lane in drawn.lanes}
    assert [len(of[lane]) for lane in (WORKER, RETRY, DEAD, GIVEN_UP)] == [3, 2, 1, 0]
    assert len([one for one in drawn.of(WORKER) if one.name == f"message {heals + 1}"]) < 65, "others come between"
    assert [one.end_ns for one in drawn.of(GIVEN_UP)] == [None]


# -- the rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trial", "seen", "said"),
    [
        ("ttl", {"died_of": "expired"}, "yes"),
        ("ttl", {"died_of": ""}, "no"),
        ("ttl", {"died_of": "maxlen"}, "no"),
        ("ttl_head", {"left_behind_another": False, "then_died_of": "expired"}, "no"),
        ("ttl_head", {"left_behind_another": True}, "yes"),
        ("priority", {"order": [9, 9, 1, 1]}, "yes"),
        ("priority", {"order": [1, 1, 9, 9]}, "no"),
        ("priority", {"order": [9, 1, 9, 1]}, "partly"),
        ("dead_letter", {"died_of": "rejected"}, "yes"),
        ("limit", {"deliveries": 4, "died_of": "delivery_limit"}, "yes"),
        ("default_limit", {"deliveries": 30, "died_of": ""}, "no"),
        ("retry_delay", {"back_ms": 205.0, "asked_ms": 200}, "yes"),
        ("retry_delay", {"back_ms": 3.0, "asked_ms": 200}, "no"),
        ("retry_delay", {"back_ms": None, "asked_ms": 200}, "no"),
        ("limit", {"refused": "406 invalid arg"}, "absent"),
    ],
)
def test_a_row_says_what_was_seen(trial: str, seen: dict[str, Any], said: str) -> None:
    assert judged(trial, seen)["outcome"] == said


def rows(kind: str, version: str = "4.3.6", repeats: int = 5, **words: str) -> Digest:
    """A kind of queue that passes everything, but for the words that are given."""
    trials = {name: {"outcome": words.get(name, "yes"), "deliveries": 4, "back_ms": 205.0} for name in TRIALS}
    found: list[Any] = [{"trials": trials, "took_s": 1.0} for _ in range(repeats)]
    return rows_digest(kind, found, version, {"broker": f"RabbitMQ {version}"})


def said(*points: Digest) -> tuple[str, str]:
    [verdict] = LAB.verdict(list(points))
    return verdict.word, verdict.text


def test_the_checklist_holds_where_each_row_passes_on_one_kind_of_queue_or_the_other() -> None:
    lame = rows("classic", limit="absent", retry_delay="absent")
    word, text = said(lame, rows("quorum"))
    assert word == "holds"
    assert "RabbitMQ 4.3.6 passes five of five rows" in text
    assert "Classic queues lack delivery limit and retry delay" in text
    assert said(rows("classic"), rows("quorum", **dict.fromkeys(CHECKLIST, "no")))[0] == "holds"


@pytest.mark.parametrize("name", CHECKLIST)
def test_one_row_that_no_queue_passes_decides_nothing_and_is_named(name: str) -> None:
    word, text = said(rows("classic", **{name: "no"}), rows("quorum", **{name: "absent"}))
    assert word == "undecided here"
    assert "passes four of five rows" in text


def test_the_checklist_needs_both_kinds_five_rounds_and_nothing_else() -> None:
    assert said(rows("quorum")) == ("undecided here", "Classic was not measured for its features.")
    assert said(rows("classic"), rows("quorum", repeats=4))[0] == "undecided here"
    other = rows("quorum", ttl_head="no", default_limit="no", nack_counts="no")
    assert said(rows("classic"), other)[0] == "holds"


@pytest.mark.parametrize(
    ("version", "trial", "word", "state", "reason"),
    [
        ("3.10.8", "retry_delay", "absent", "absent", "came with 4.3"),
        ("3.10.8", "default_limit", "no", "absent", "came with 4.0"),
        ("4.1.2", "priority", "partly", "absent", "came with 4.3"),
        ("4.3.6", "default_limit", "no", "no", ""),
        ("4.3.6", "retry_delay", "absent", "absent", "the server refuses to declare such a queue"),
        ("4.10.0", "retry_delay", "no", "no", ""),
    ],
)
def test_a_row_is_grey_where_the_server_is_older_than_it_and_says_what_brought_it(
    version: str, trial: str, word: str, state: str, reason: str
) -> None:
    cells = FEATURES_LOOK.view(rows("quorum", version, **{trial: word}))["grid"]["cells"]
    found = cells[TRIALS.index(trial)]
    assert (found["state"], found["reason"]) == (state, reason)


# -- points ----------------------------------------------------------------------------------------------------------


def test_what_only_a_quorum_queue_counts_is_grey_on_a_classic_one_and_no_version_is_promised() -> None:
    cells = FEATURES_LOOK.view(rows("classic", limit="absent", nack_counts="absent"))["grid"]["cells"]
    found = {cells[TRIALS.index(name)]["reason"] for name in ("limit", "nack_counts")}
    assert found == {"no version has it on such a queue"}


def test_a_way_that_the_server_lacks_says_so_and_the_exercises_have_no_answer_by_it() -> None:
    lacks = absent(WAYS["rabbitmq-delayed"], SHARE, "406 <b>invalid</b> arg", {})
    assert (
        POISON_LOOK.view(lacks)["title"] == "RabbitMQ, delayed retry: this server does not have it (it came with 4.3)"
    )
    assert truth(lacks) == "unknown"
    with pytest.raises(NoTruth):
        delays_in_all([lacks], 12, 100, 1000)
    with pytest.raises(NoTruth):
        heal_and_end([lacks, lacks], SHARE)


@pytest.mark.parametrize(("version", "told"), [("3.10.8", True), ("4.3.6", False), ("", False)])
def test_who_tries_for_ever_on_a_server_older_than_the_limit_is_told_what_brought_it(version: str, told: bool) -> None:
    poison = [n for n in range(MESSAGES) if PLAN.kind(n) == "poison"]
    stopped = history({one: tried(one, 130, STOPPED) for one in poison})
    point = digest(WAYS["rabbitmq-limit"], [(stopped, 1.0)], {}, version)
    said = POISON_LOOK.view(point)["sentence"]
    assert "were then stopped by us." in said
    assert ("A delivery limit by default came with 4.0." in said) == told


def test_a_run_names_the_lab_whose_recorded_points_it_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks = absent(WAYS["rabbitmq-delayed"], SHARE, "406", {"broker": "RabbitMQ 3.10.8"})
    monkeypatch.setattr("labs.experiments.experiment", lambda _name: replace(LAB, run=lambda *_asked: [lacks]))
    told = " ".join(CliRunner().invoke(main, ["run", "bad-message"]).output.split())
    assert "What is recorded of feature-rows was judged too; this run did not ask it." in told


def test_what_healed_is_guessed_by_all_rounds_and_the_ways_that_do_both_are_found() -> None:
    heals, poison = ([n for n in range(MESSAGES) if PLAN.kind(n) == kind] for kind in ("heals", "poison"))
    letters = {one: tried(one, 4, FAILED) for one in poison}
    good = digest(WAYS["redis-claim"], [(history(letters, tuple(poison), "redis-claim"), 1.0)], {})
    every = letters | {one: tried(one, 21, FAILED) for one in heals}
    bad = digest(WAYS["rabbitmq-limit"], [(history(every, (*poison, *heals)), 1.0)], {})
    assert (truth(good), truth(bad)) == (ALL, NONE)
    assert heal_and_end([good, bad], SHARE) == {"redis-claim"}
    assert good.repeats[0]["outcome"] == HANDLED
    assert delays_in_all([bad, good, digest(WAYS["rabbitmq-delayed"], [(history(), 1.0)], {})], 12, 100, 1000) == 7500


# -- on a server -----------------------------------------------------------------------------------------------------


@pytest.mark.broker
def test_a_delivery_limit_counts_a_reject_and_nothing_of_the_trials_stays(endpoints: dict[str, Endpoint]) -> None:
    before = {one.path for one in journal.entries()}
    with site(endpoints["rabbitmq"], "quorum") as seen:
        found = seen("limit")
    assert found == {"deliveries": 4, "died_of": "delivery_limit"}
    assert {one.path for one in journal.entries()} <= before


@pytest.mark.broker
def test_a_killed_run_leaves_an_entry_by_which_its_queues_are_removed(endpoints: dict[str, Endpoint]) -> None:
    from labs.brokers.rabbitmq.client import blocking_channel

    asked = [sys.executable, "-m", "labs", "run", "bad-message", "--set", "way=rabbitmq-retry-queue"]
    runs = subprocess.Popen(asked, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        until_s, made = time.monotonic() + 60, list[journal.Entry]()
        while not made and time.monotonic() < until_s and runs.poll() is None:
            made = [one for one in journal.entries() if one.pid == runs.pid and len(one.names) == 3]
            time.sleep(0.02)
    finally:
        runs.send_signal(signal.SIGKILL)
        runs.wait()
    assert made, "it ended before its queues were written down"
    mending.mend(lambda _line: None)
    assert not [one for one in journal.entries() if one.pid == runs.pid]
    for name in made[0].names:
        with blocking_channel(endpoints["rabbitmq"]) as channel, pytest.raises(Exception, match="404"):
            channel.queue_declare(name, passive=True)
