"""Pending, claimed, forgotten: the judge on histories whose answer is known, C63's rule, the words, the features that a
server has, and what a killed run leaves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs.brokers.redis.admin import client
from labs.experiments import experiment
from labs.experiments.pending_claimed import digest, sum_up
from labs.experiments.pending_pictures import course
from labs.experiments.stream_features import digest as feature_digest
from labs.model.digest import Digest
from labs.model.endpoint import Endpoint
from labs.model.errors import StackError
from labs.model.observer import UNOBSERVED
from labs.model.run import NEVER, RunFileError
from labs.model.stream_features import BROUGHT, FEATURES
from labs.pages import recount_claims
from labs.pages.exercises import check
from labs.pages.recordings import recorded
from labs.scenarios.pending import HOLDS, MESSAGES, SLOW, WAYS
from labs.scenarios.pending.board import Event
from labs.scenarios.pending.conductor import run as run_pending
from labs.scenarios.pending.facts import HAPPENED, LOOKS, PendingRun, load
from labs.scenarios.pending.features import judged
from labs.scenarios.pending.judge import FORGOTTEN, GONE, ONCE, TWICE, UNKNOWN, judge, void
from labs.scenarios.pending.trials import site
from labs.show.looks.pending import PENDING_LOOK, truth
from labs.show.looks.stream_features import STREAM_FEATURES_LOOK
from labs.show.short.pending import pending_claimed
from tests.killed_runs import leaves_no_key

LAB = experiment("pending-claimed")
MS, S = 1_000_000, 1_000_000_000
KILLED, TRIMMED = 450 * MS, 3 * S
Row = tuple[Event, int, int, int]
HIS = range(40, 40 + HOLDS)
"""What the dead worker held."""


def usual(number: int, worker: int = 1, at: int = 0) -> list[Row]:
    """Read, done and acknowledged by one worker."""
    at = at or (number + 1) * 10 * MS
    return [(Event.READ, number, worker, at), (Event.DONE, number, worker, at + 3 * MS),
            (Event.ACKED, number, worker, at + 4 * MS)]  # fmt: skip


def claimed(number: int, at: int, worker: int = 2, *, acked: bool = True) -> list[Row]:
    """Claimed and done by another worker."""
    rows: list[Row] = [(Event.CLAIMED, number, worker, at), (Event.DONE, number, worker, at + 3 * MS)]
    return [*rows, (Event.ACKED, number, worker, at + 4 * MS)] if acked else rows


def history(
    way: str = "late",
    changed: dict[int, Sequence[Row]] | None = None,
    *,
    kept: Iterable[int] = range(MESSAGES),
    pending: Iterable[int] = (),
    looks: Sequence[tuple[int, ...]] | None = None,
    **more: Any,
) -> PendingRun:
    """Every message was done by the second worker but those of the dead one, which the third claimed 1.6 s later."""
    found = {number: usual(number) for number in range(MESSAGES)}
    found |= {number: [*usual(number, 0)[:1], *claimed(number, KILLED + 1600 * MS)] for number in HIS}
    rows = sorted((row for some in (found | (changed or {})).values() for row in some), key=lambda row: row[3])
    table = np.array(rows, np.int64).reshape(-1, len(HAPPENED))
    columns = {name: table[:, at].copy() for at, name in enumerate(HAPPENED)}
    columns["added_ns"] = np.arange(MESSAGES, dtype=np.int64) * 10 * MS
    for name, those in (("kept", set(kept)), ("pending", set(pending))):
        columns[name] = np.array([number in those for number in range(MESSAGES)], np.int64)
    told = looks if looks is not None else [(S, 100, 5, 0, 15_000, 20), (TRIMMED - MS, 200, 0, 0, 30_000, 0),
                                            (TRIMMED + MS, 0, 0, 0, 900, 0)]  # fmt: skip
    seen = np.array(told, np.int64).reshape(-1, len(LOOKS))
    columns |= {name: seen[:, at].copy() for at, name in enumerate(LOOKS)}
    times = {"killed_ns": KILLED, "away_from_ns": 800 * MS, "away_to_ns": 1800 * MS, "gone_ns": NEVER}
    given = {"trimmed_ns": TRIMMED, "settled": True, "evidence": "pid 7 ended with exit code -9"} | times | more
    return PendingRun(way, columns, **given)


UNTOUCHED = {number: usual(number, 0)[:1] for number in HIS}
"""Nobody claimed what the dead worker held."""
TOLD: Row = (Event.TOLD_GONE, HIS[0], 1, 2 * S)
LOST: dict[int, Sequence[Row]] = dict.fromkeys(range(90, 140), ()) | UNTOUCHED
LOST |= {HIS[0]: [*UNTOUCHED[HIS[0]], TOLD]}
LEFT = sorted(set(range(MESSAGES)) - set(range(140)))


def cut(**more: Any) -> PendingRun:
    """A limit took fifty that nobody had read, and what the dead worker held."""
    return history("maxlen", LOST, kept=LEFT, **more)


# -- the judge -------------------------------------------------------------------------------------------------------


def test_what_was_claimed_is_done_once_and_its_delay_runs_from_the_kill_to_the_claim() -> None:
    found = judge(history())
    assert (found.outcome, found.fates["once"], found.claims, found.again_s) == (ONCE, MESSAGES, HOLDS, 1.6)
    assert (found.pending_end, found.entries_end, found.lag_end) == (0, MESSAGES, 0)
    assert (found.bytes_acked, found.bytes_trimmed) == (30_000, 900)


def test_a_slow_job_that_another_worker_claims_is_done_twice_and_one_of_two_acknowledgements_says_0() -> None:
    number = SLOW[0]
    twice = history("soon", {number: [*usual(number), *claimed(number, 900 * MS, acked=False)]})
    found = judge(twice)
    assert (found.outcome, found.fates["twice"], found.fates["once"]) == (TWICE, 1, MESSAGES - 1)
    assert found.answered_0 == 1
    assert judge(history()).answered_0 == 0


def test_what_nobody_claims_is_forgotten_and_has_no_delay() -> None:
    found = judge(history("never", UNTOUCHED, pending=HIS))
    assert (found.outcome, found.fates["forgotten"], found.pending_end) == (FORGOTTEN, HOLDS, HOLDS)
    assert (found.again_s, found.claims) == (None, 0)


def test_what_a_limit_took_is_gone_whether_or_not_it_was_read_and_only_then() -> None:
    found = judge(cut())
    assert (found.outcome, found.fates["gone"], found.gone_unread) == (GONE, 50 + HOLDS, 50)
    assert (found.told_gone, found.pending_end) == (1, 0)
    trimmed_and_done = judge(history("maxlen", kept=range(150, MESSAGES)))
    assert (trimmed_and_done.outcome, trimmed_and_done.fates["gone"]) == (ONCE, 0)


def test_a_message_is_gone_before_another_is_forgotten_and_that_before_one_is_done_twice() -> None:
    both = {number: usual(number, 0)[:1] for number in HIS} | {7: []}
    left = [number for number in range(MESSAGES) if number != 7]
    assert judge(history("never", both, kept=left, pending=HIS)).outcome == GONE
    twice = UNTOUCHED | {3: [*usual(3), *claimed(3, S)]}
    assert judge(history("never", twice, pending=HIS)).outcome == FORGOTTEN


def test_an_evicted_stream_has_no_memory_to_tell_and_each_worker_is_counted_that_lost_its_group() -> None:
    rows: list[Row] = [(Event.NO_GROUP, NEVER, worker, 4 * S + worker) for worker in (1, 2)]
    run = history("evicted", LOST | {NEVER: rows}, kept=(), gone_ns=4 * S, trimmed_ns=NEVER)
    found = judge(run)
    assert (found.no_group, found.bytes_acked, found.bytes_trimmed, found.lag_end) == (2, None, None, None)
    assert found.outcome == GONE


@pytest.mark.parametrize(
    "more", [{"settled": False}, {"trouble": "worker 2: broke"}, {"evidence": "not seen to have 5 in its hands"}]
)
def test_a_run_that_did_not_settle_or_whose_worker_was_not_seen_to_die_says_nothing(more: dict[str, Any]) -> None:
    found = judge(history(**more))
    assert (found.outcome, found.known) == (UNKNOWN, False)


def test_what_is_there_and_was_read_by_nobody_makes_a_run_unknown_and_a_pause_of_the_machine_void() -> None:
    assert judge(history("never", {5: []})).outcome == UNKNOWN
    assert void(history()) == ""
    assert "suspended" in void(history(facts={"pauses": [(0, 3 * S, "suspended")]}))


def test_ghosts_are_the_most_that_any_look_saw_and_a_server_that_tells_no_lag_has_none() -> None:
    looks = [(S, 50, 5, 3, 9000, NEVER), (2 * S, 50, 4, 4, 9000, NEVER), (TRIMMED - MS, 50, 0, 0, 9000, NEVER)]
    found = judge(cut(looks=looks))
    assert (found.most_ghosts, found.lag_end, found.bytes_acked, found.bytes_trimmed) == (4, None, 9000, None)


def test_a_saved_run_is_judged_as_the_run_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    run, path = cut(), tmp_path / "run.npz"
    run.save(path)
    assert judge(load(path)) == judge(run)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(RunFileError):
        load(path)


# -- the verdict and the words ---------------------------------------------------------------------------------------


def of(run: PendingRun, rounds: int = 5) -> Digest:
    """A point of so many rounds alike."""
    found = digest(WAYS[run.way], [(run, 5.0)], {"date": "2026-11-30"})
    repeats = list(found.repeats) * rounds
    return replace(found, repeats=repeats, **sum_up(repeats))


def evicted() -> PendingRun:
    rows: list[Row] = [(Event.NO_GROUP, NEVER, worker, 4 * S) for worker in (1, 2)]
    facts = {"sent_after": 1, "has_group": False}
    return history("evicted", LOST | {NEVER: rows}, kept=(), gone_ns=4 * S, trimmed_ns=NEVER, facts=facts)


def grid(**others: PendingRun) -> list[Digest]:
    """Every way as we expect it, some of them otherwise."""
    twice = {number: [*usual(number), *claimed(number, 2 * S, acked=False)] for number in SLOW}
    found = {"never": history("never", UNTOUCHED, pending=HIS), "soon": history("soon", twice), "late": history(),
             "deleted": history("deleted", kept=()), "maxlen": cut(), "evicted": evicted()}  # fmt: skip
    found["maxlen-about"] = history("maxlen-about", LOST, kept=LEFT)
    found |= {name.replace("_", "-"): run for name, run in others.items()}
    return [of(found[way]) for way in WAYS]


def channel(got: int = 0) -> Digest:
    """What four-queues recorded of a reader of a channel that was away."""
    trial = {"outcome": "no", "sent": 100, "got": {"first": got}}
    repeats: list[Any] = [{"trials": {"offline": trial}, "since": {}, "took_s": 1.0}] * 5
    settings: Any = {"way": "pubsub", "label": "Pub/Sub", "broker": "redis"}
    return Digest(lab="four-queues", settings=settings, repeats=repeats, median={}, card={})


def judged_c63(points: list[Digest], beside: Sequence[Digest] = ()) -> tuple[str, str]:
    [verdict] = LAB.judged(points, beside)
    return verdict.word, verdict.text


def test_a_stream_is_a_candidate_where_a_group_that_was_away_did_all_and_a_channel_gave_nothing() -> None:
    word, text = judged_c63(grid(), [channel()])
    assert word == "holds"
    assert "did all 200 messages from a stream that nothing cuts; a Pub/Sub reader" in text
    assert "A limit of 50 entries took 55 of 200 messages, and a server that evicted the stream took" in text


def test_one_message_that_was_not_done_a_channel_that_gave_something_and_a_point_that_lacks_decide_nothing() -> None:
    short = history(changed={7: []}, kept=[one for one in range(MESSAGES) if one != 7])
    assert judged_c63(grid(late=short), [channel()])[0] == "undecided here"
    assert judged_c63(grid(late=history(settled=False)), [channel()])[0] == "undecided here"
    assert judged_c63(grid(), [channel(3)])[0] == "undecided here"
    assert judged_c63(grid())[0] == "undecided here"
    assert judged_c63(grid()[:2], [channel()])[0] == "undecided here"


def test_what_a_limit_takes_is_a_condition_in_the_sentence_and_no_other_word() -> None:
    word, text = judged_c63(grid(maxlen=history("maxlen")), [channel()])
    assert word == "holds"
    assert "limit of 50" not in text


@pytest.mark.parametrize(
    ("changed", "got"),
    [({}, 0), ({}, 2), ({"late": history(changed={7: []})}, 0), ({"late": history(settled=False)}, 0),
     ({"late": history("late", UNTOUCHED, pending=HIS)}, 0)],
    ids=["all", "a channel that keeps", "one unread", "unknown", "forgotten"],
)  # fmt: skip
def test_the_second_count_says_what_the_rule_says(changed: dict[str, PendingRun], got: int, tmp_path: Path) -> None:
    points, beside = grid(**changed), channel(got)
    for name, some in ((LAB.name, points), ("four-queues", [beside])):
        file = {"digests": [json.loads(json.dumps(one.to_json())) for one in some]}
        (tmp_path / f"{name}.json").write_text(json.dumps(file), "utf-8")
    assert recount_claims.counted("C63", "existence", tmp_path, LAB.name) == judged_c63(points, [beside])[0]


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (history(), "Claimed after 1.5\u00a0s: all 200 messages were done once. Another worker claimed the first of "
         "the dead one’s messages 1.6\u00a0s after the kill. In the end 200 entries took 30\u00a0kB, and 0.9\u00a0kB "
         "when XTRIM had taken them."),
        (history("never", UNTOUCHED, pending=HIS), "Nobody claims: 5 of 200 messages were left pending."),
        (cut(), "MAXLEN 50: 55 of 200 messages were gone before they were done."),
        (evicted(), "its workers were told NOGROUP, and the next XADD was accepted."),
        (history(settled=False), "Claimed after 1.5\u00a0s: what became of the messages is not proven."),
    ],
)  # fmt: skip
def test_the_sentence_of_a_point_says_what_became_of_the_messages_and_of_the_memory(run: PendingRun, said: str) -> None:
    assert said in PENDING_LOOK.said(of(run)).replace("1.5 s:", "1.5\u00a0s:")


def test_in_short_names_the_ways_that_leave_something_and_what_trimming_frees() -> None:
    found = pending_claimed(grid())
    assert found.answer == (
        "Of seven ways to run a stream’s workers, two did every message once. Where a claim comes too soon, 2 of 200 "
        "messages were done twice. Where nobody claims, 5 of 200 messages were left pending. Where `MAXLEN` is exact, "
        "`MAXLEN` is approximate or keys are evicted, 55 of 200 messages were gone undone."
    )
    assert found.condition == "With everything acknowledged the stream still took 30\u00a0kB; `XTRIM` left 0.9\u00a0kB."
    assert "Not recorded yet" in pending_claimed([]).answer


def test_the_picture_marks_what_happened_and_has_a_line_for_ids_without_an_entry() -> None:
    drawn = course(cut(), WAYS["maxlen"])
    assert [mark.text for mark in drawn.marks] == ["worker killed", "first claim", "XTRIM"]
    assert [line.name for line in drawn.panels[1].lines] == ["pending", "without an entry"]
    assert drawn.panels[2].lines[0].points[0] == (S, 15.0)
    done = drawn.panels[0].lines[1].points[-1]
    assert done[1] == MESSAGES - 50 - HOLDS
    assert [mark.text for mark in course(evicted(), WAYS["evicted"]).marks][-1] == "stream evicted"


def test_the_exercises_are_graded_by_the_learners_own_run() -> None:
    whole = grid()
    assert check("6.4a", 1.5, run=whole)
    assert not check("6.4a", 0.15, run=whole)
    assert check("6.4b", {"soon", "late", "deleted"}, run=whole)
    assert not check("6.4b", {"late", "deleted"}, run=whole)
    assert check("6.4c", "all", run=whole)
    assert not check("6.4c", "none", run=whole)
    assert check("6.4d", "nothing", run=whole)
    assert not check("6.4d", "pending", run=whole)


# -- what a server has -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_absent_where_it_is_refused_and_does_not_do_it_where_nothing_changed(feature: str) -> None:
    stage = {"there": [0, 1, 2, 3], "pending": [1, 2], "got": [], "gone": []}
    assert judged(feature, stage)["outcome"] == "no"
    assert judged(feature, {"refused": "ERR unknown command"})["outcome"] == "absent"


def test_a_limit_that_takes_what_is_pending_does_not_do_what_is_said_of_acked() -> None:
    assert judged("xtrim-acked", {"there": [1, 2, 3], "pending": [1, 2]})["outcome"] == "yes"
    assert judged("xtrim-acked", {"there": [], "pending": [1, 2]})["outcome"] == "no"
    assert judged("xackdel", {"there": [0, 1, 2, 3], "pending": [2]})["outcome"] == "no", "XACK alone"


def test_a_row_that_the_server_lacks_is_grey_with_the_version_that_brought_it() -> None:
    repeats: list[Any] = [{"trials": {"xnack": {"outcome": "absent", "refused": "no"}}, "since": {"XNACK": ""},
                           "took_s": 0.1}] * 2  # fmt: skip
    view = STREAM_FEATURES_LOOK.view(feature_digest("xnack", repeats, "8.0.6", {"date": "2026-11-30"}))
    there, does, since = view["grid"]["cells"]
    assert (there["state"], there["reason"]) == ("absent", "came with 8.8")
    assert (does["state"], since["says"]) == ("absent", BROUGHT["xnack"])
    assert (view["lead"], view["part"]) == ("It came with Redis", "8.8"), "of several rows a panel says this of each"


# -- runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_server_is_asked_for_each_feature_and_keeps_no_key_of_it(endpoints: dict[str, Endpoint]) -> None:
    with site(endpoints["redis"]) as seen:
        found = {name: judged(name, seen(name))["outcome"] for name in FEATURES}
    version = tuple(int(part) for part in endpoints["redis"].version.split(".")[:2])
    since = {name: tuple(int(part) for part in came.split(".")) for name, came in BROUGHT.items()}
    assert found == {name: "yes" if came <= version else "absent" for name, came in since.items()}
    with contextlib.closing(client(endpoints["redis"])) as link:
        assert list(link.scan_iter("stream-features-*")) == []


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_dead_workers_messages_wait_for_a_claim_and_a_limit_takes_what_nobody_has_read(
    endpoints: dict[str, Endpoint],
) -> None:
    taken = judge(run_pending(WAYS["maxlen"], endpoints["redis"]))
    assert (taken.outcome, taken.pending_end) == (GONE, 0)
    assert taken.gone_unread > 0 < taken.told_gone
    with contextlib.closing(client(endpoints["redis"])) as link:
        assert list(link.scan_iter("labs-*")) == []


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True)
def test_a_run_that_was_killed_leaves_no_key(endpoints: dict[str, Endpoint]) -> None:
    leaves_no_key(endpoints["redis"], LAB.name, "--set", "way=never")


def test_a_redis_of_the_readers_is_not_filled_until_it_evicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_REDIS_URL", "redis://127.0.0.1:1")
    with pytest.raises(StackError, match="names a broker of yours") as told:
        LAB.run(LAB.settings({"way": "evicted"}), UNOBSERVED)
    assert "\n" not in str(told.value)


def test_the_recorded_rounds_are_what_the_page_says_of_them() -> None:
    file = recorded(LAB.name)
    assert file is not None
    words = {str(one.settings["way"]): truth(one) for one in file.digests}
    assert words["never"] == "some stay pending for ever"
    assert words["late"] == words["deleted"] == "each is done once"
    for one in file.digests:
        if one.settings["way"] in ("maxlen", "maxlen-about"):
            assert all(repeat["counts"]["pending_end"] == 0 < repeat["counts"]["gone"] for repeat in one.repeats)
        if one.settings["way"] == "evicted":
            assert one.setup["sent_after"] == 1
            assert one.setup["has_group"] is False
