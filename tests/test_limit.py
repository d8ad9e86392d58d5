"""What was the limit: what lifts it. Rounds with planted rates, and samples of threads with planted times."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labs.experiments import experiment
from labs.experiments.rate_figures import sum_up
from labs.judge.consistency import InconsistentError, check
from labs.judge.lift import OF_BOTH, WHOSE, enough, limit_of
from labs.judge.limit import bottleneck
from labs.judge.saturation import exhausted
from labs.judge.threads import Busiest, of_samples
from labs.model.processors import Room
from labs.model.run import load
from labs.model.workload import Ceiling
from labs.scenarios.bench.ours import ours, subscribed
from tests.made import closed_run
from tests.made_rates import point

S = 1_000_000_000


def one(base: float, window: float, client: float, queue: float, stamp: str = "not-full") -> dict[str, Any]:
    """A round of a ceiling."""
    rates = {"window": window, "client": client, "queue": queue}
    lift = {
        name: {"what": f"a second {name}", "blame": f"one {name} was it", "per_s": rate} for name, rate in rates.items()
    }
    return {"per_s": base, "stamp": stamp, "limit": f"{stamp} (broker 1.00 cores)", "lift": lift}


@pytest.mark.parametrize(
    ("rates", "word"),
    [
        ((100, 200, 200, 200), "window"),  # a second client brings a second window: it adds nothing of its own
        ((100, 100, 180, 180), "client"),  # and a second queue a second client
        ((100, 100, 100, 140), "queue"),
        ((100, 105, 109, 109), "not found"),
        ((100, 60, 70, 140), "queue"),
        ((100, 130, 130, 190), "queue"),  # the larger of two
        ((100, 180, 180, 220), "window"),
    ],
)
def test_the_limit_is_what_adds_to_the_rate_by_itself(rates: tuple[float, ...], word: str) -> None:
    assert limit_of([one(*rates)] * 5).word == word


def test_of_several_that_lift_the_others_are_told_with_what_they_add() -> None:
    found = limit_of([one(100, 130, 130, 195)] * 5)
    assert found.word == "queue"
    assert found.said == (
        "One queue was it: a second queue added 50 % to the best without it. "
        "A second window added 30 % to the best without it as well. Not-full"
    )
    assert found.cores == "broker 1.00 cores"
    assert found.factors == {"window": 1.3, "client": 1.0, "queue": 1.5}


def test_a_rate_that_is_lifted_in_four_of_five_rounds_is_not_lifted() -> None:
    lifted, not_lifted = one(100, 150, 150, 150), one(100, 105, 105, 105)
    assert limit_of([lifted] * 5).word == "window"
    assert limit_of([lifted] * 4 + [not_lifted]).word == "not found"
    assert limit_of([lifted] * 8 + [not_lifted]).word == "window"
    assert [enough(4, 5), enough(6, 6), enough(8, 9), enough(7, 9), enough(8, 10), enough(7, 10), enough(0, 0)] == [
        False, True, True, False, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stamp", "full", "word"),
    [
        ("broker-bound", False, "broker"),
        ("machine-bound", False, "machine"),
        ("client-bound", True, "machine"),  # a second client found no core
        ("client-bound", False, "not found"),
        ("not-full", True, "machine"),
        ("not-full", False, "not found"),
        ("unknown", False, "not found"),
    ],
)
def test_where_nothing_lifts_it_is_what_had_no_cpu_left(stamp: str, full: bool, word: str) -> None:
    found = limit_of([one(100, 100, 100, 100, stamp) | {"machine_full": full}] * 5)
    assert found.word == word
    assert (
        ". Neither a second window, a second client nor a second queue added 10 % to the best without it "
        "in enough rounds"
    ) in found.said


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("a second key with a publisher of its own", "nor a second key added"),
        ("a second queue with a publisher and a reader of its own", "nor a second queue added"),
        ("a second queue with a publisher of the tool's own", "nor a second queue added"),
        ("4 queues with a publisher each", "nor 4 queues with a publisher each added"),
    ],
)
def test_what_did_not_raise_a_rate_is_told_without_the_clients_that_it_brought(what: str, said: str) -> None:
    rounds = [one(100, 100, 100, 100, "not-full") for _ in range(5)]
    for each in rounds:
        each["lift"]["queue"]["what"] = what
    assert f"a second client {said} 10 % to the best without it" in limit_of(rounds).said


def test_a_limit_says_over_what_a_rate_was_raised_and_in_how_many_rounds_a_variant_did_not() -> None:
    # A second queue has 31 % more than the base, and 20 % more than the best that was reached without it.
    assert "a second queue added 20 % to the best without it. " in limit_of([one(100, 100, 109, 131)] * 5).said
    assert "a second queue reached 2.5 times the best without it. " in limit_of([one(100, 100, 100, 250)] * 5).said
    # Four rounds of five are too few: the sentence must not say that it added nothing.
    found = limit_of([one(100, 100, 100, 162)] * 4 + [one(100, 100, 100, 105)])
    assert (found.word, found.factors["queue"]) == ("not found", 1.62)
    assert ". Neither a second window, a second client nor a second queue added " in found.said
    assert found.said.count(" in enough rounds") == 1
    alone = limit_of([one(100, 100, 100, 100)]).said
    assert " in one round" in alone
    assert "enough" not in alone


WHAT_BOTH = "a second publisher and a second reader of the same "


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("a second publisher to the same channel", OF_BOTH),  # every subscriber gets every message
        (f"{WHAT_BOTH}partition", OF_BOTH),
        (f"{WHAT_BOTH}queue", WHOSE),
    ],
)
def test_an_older_recording_of_a_channel_has_the_reason_of_a_channel(what: str, why: str) -> None:
    rounds = [one(100, 100, 100, 100) for _ in range(5)]
    for each in rounds:
        each["lift"]["client"] = {"what": what, "why_not": WHOSE}
        each["lift"]["queue"] = {"what": "a second channel with a publisher and a reader of its own", "why_not": "no"}
    said = limit_of(rounds).said
    assert f" ({why}) could not be tried. A second channel (no) could not be tried" in said


def test_why_there_is_no_second_publisher_is_what_holds_of_that_kind_of_queue() -> None:
    load = Ceiling(messages=1000, window=10, batch=1)
    sides = {name: ours(name, "fast", load, "both") for name in ("kafka-acks-all", "rabbitmq-confirms")}
    sides["redis-pubsub"] = subscribed("redis-pubsub", "fast", load, 2)
    found = {name: [one.why_not for one in side.variants if one.name == "client"] for name, side in sides.items()}  # type: ignore[attr-defined]
    assert found == {"kafka-acks-all": [OF_BOTH], "rabbitmq-confirms": [WHOSE], "redis-pubsub": [OF_BOTH]}


def test_what_lifts_a_rate_is_its_limit_however_full_somebody_was() -> None:
    assert limit_of([one(100, 100, 100, 150, "machine-bound")] * 5).word == "queue"


def test_a_variant_that_could_not_be_is_told_with_its_reason_and_counts_for_nothing() -> None:
    rounds = [one(100, 100, 100, 140) for _ in range(5)]
    for each in rounds:
        each["lift"]["client"] = {"what": "a second reader", "why_not": "it cannot be"}
    assert limit_of(rounds).word == "queue"
    for each in rounds:
        each["lift"]["queue"]["per_s"] = 100
    assert limit_of(rounds).said.endswith(". A second reader (it cannot be) could not be tried")
    rounds[0]["lift"]["window"] = {"what": "a second window", "why_not": "it broke once"}
    assert "window" not in limit_of(rounds).factors


@pytest.mark.parametrize(
    ("stamp", "told", "said", "ours"),
    [
        ("window-bound", "nobody was at the limit: the window and the round trip decided (broker 1.35 cores)",
         "Neither side ran out of CPU; the limit was not looked for", False),
        ("client-bound", "the client had no processor time left (broker 0.13 cores)",
         "Our client ran out of CPU; the limit was not looked for", True),
        ("broker-bound", "the broker had no processor time left (broker 0.97 cores)",
         "The broker was at full CPU; whether more would have gone through was not tried", False),
        ("unknown", "not all processor time could be seen (broker ?)",
         "CPU use was not recorded here; the limit was not looked for", False),
    ],
)  # fmt: skip
def test_a_recording_from_before_says_that_the_limit_was_not_looked_for(
    stamp: str, told: str, said: str, ours: bool
) -> None:
    found = limit_of([{"per_s": 1.0, "stamp": stamp, "limit": told}] * 3)
    assert (found.word, found.said, found.ours) == ("not looked for", said, ours)


def test_rounds_put_together_are_judged_as_if_one_run_had_measured_them() -> None:
    lab = experiment("fifty-thousand")
    parts = [point(lab, "raw-window", 50_000.0, word) for word in ("queue", "queue", "not found")]
    assert [part.median["stamp"] for part in parts] == ["queue", "queue", "not found"]
    whole = sum_up([repeat for part in parts for repeat in part.repeats])
    assert whole["median"]["stamp"] == "not found", "three of nine rounds were not lifted"
    assert sum_up([repeat for part in parts[:2] for repeat in part.repeats])["median"]["stamp"] == "queue"


def test_a_recorded_limit_that_its_repeats_do_not_show_is_found_out() -> None:
    digest = point(experiment("fifty-thousand"), "raw-window", 50_000.0, "queue")
    assert check({"lab": "fifty-thousand", "digests": [digest.to_json()]})["limits"] == 1
    altered = replace(digest, median={**digest.median, "stamp": "broker"})
    with pytest.raises(InconsistentError, match="its limit is broker, by its repeats queue"):
        check({"lab": "fifty-thousand", "digests": [altered.to_json()]})


# ---- threads


def sampled(*threads: tuple[int, str, float, str]) -> tuple[Any, ...]:
    """(id, role, cores, name) -> columns of three seconds, looked at five times a second."""
    rows = [(at * S // 5, tid, round(7 * S + at * S // 5 * cores)) for at in range(16) for tid, _, cores, _ in threads]
    columns = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return (*columns, {str(tid): [role, name] for tid, role, _, name in threads})


def test_the_busiest_thread_of_a_role_is_found_whatever_its_process_has_left() -> None:
    at, tid, used, names = sampled(
        (11, "broker", 0.3, "erts_sched_1"), (12, "broker", 0.95, "erts_sched_2"), (21, "producer", 0.5, "python")
    )
    found = of_samples(at, tid, used, names, (S // 2, 2 * S))
    assert found["broker"].name == "erts_sched_2"
    assert found["broker"].cores == pytest.approx(0.95, abs=0.001)
    assert found["broker"].words == "an Erlang scheduler"
    assert found["producer"].cores == pytest.approx(0.5, abs=0.001)
    assert of_samples(at, tid, used, names, (S // 2, S // 2)) == {}


def test_a_compiler_that_works_beside_the_messages_is_not_the_limit() -> None:
    at, tid, used, names = sampled((1, "broker", 0.99, "C2 CompilerThre"), (2, "broker", 0.4, "data-plane-kafk"))
    assert of_samples(at, tid, used, names, (0, 3 * S))["broker"].name == "data-plane-kafk"


def test_a_full_thread_of_the_broker_is_its_limit_although_its_process_has_cores_left() -> None:
    eight, thread = Room(8, 1, 8, "", 8), {"broker": Busiest("data-plane-kafk", 0.93)}
    assert exhausted("kafka", 1.3, 0.4, 0.4, room=eight) is None
    assert exhausted("kafka", 1.3, 0.4, 0.4, room=eight, threads=thread) == "broker-bound"
    half = {"broker": Busiest("data-plane-kafk", 0.6)}
    assert exhausted("kafka", 1.3, 0.4, 0.4, room=eight, threads=half) is None


def test_a_run_with_its_threads_is_read_back_and_names_the_full_one(tmp_path: Path) -> None:
    at, tid, used, names = sampled((11, "broker", 0.97, "io_thd_1"), (12, "broker", 0.2, "redis-server"))
    run, end = (
        closed_run([0, 1500, 3000], [10, 1600, 3000], [20, 1700, 3000]),
        np.linspace(0, 3 * S, 9).astype(np.int64),
    )
    cores = {"broker": 1.2, "producer": 0.4, "consumer": 0.3, "machine": 1.9}
    columns = {f"cpu_{role}_ns": (end * share).astype(np.int64) for role, share in cores.items()}
    columns |= {"cpu_at_ns": end, "thread_at_ns": at, "thread_id": tid, "thread_used_ns": used}
    room = {"processors": {"room": [8.0, 1.0, 8.0, "", 8, 4.0], "periods": [0, 0], "stolen": 0.0}}
    run = replace(run, columns={**run.columns, **columns}, facts=run.facts | room | {"threads": names})
    run.save(tmp_path / "run.npz")
    stamp, why = bottleneck(load(tmp_path / "run.npz"), "kafka")
    assert stamp == "broker-bound"
    assert why.startswith("an I/O thread of Redis was full (broker 1.20 cores, of which an I/O thread of Redis 0.97")
    json.dumps(run.facts)
