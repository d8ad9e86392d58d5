"""Tricks of benchmarks: what was unequal is computed, the arithmetic of each is right, no picture misleads twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labs import stack
from labs.brokers import on_lane
from labs.experiments import experiment
from labs.experiments.measured_trick import _seen
from labs.judge.latency import confirm_ns, end_to_end_ns, percentile, whole_second_ns
from labs.model.observer import Observer
from labs.model.profile import BROKERS, UnknownNameError, profile
from labs.model.run import Run, empty_columns
from labs.model.text import BROKER_NAMES
from labs.model.tricks import TRICKS, Setup, trick, unequal
from labs.model.workload import NS_PER_S, Ceiling, Workload
from labs.pages import pages
from labs.pages.state import panel_state
from labs.show.charts import figure
from labs.show.looks import SPOT_GUESS, SPOT_LOOK, TRICKS_LOOK
from labs.show.looks.trick_words import unequal_text
from labs.show.looks.tricks import WARNING, wins
from tests.tricked import SPOTS, point, rounds

MS = 1_000_000
LIE, SPOT = experiment("how-benchmarks-lie"), experiment("spot-the-trick")
every_trick = pytest.mark.parametrize("one", TRICKS, ids=lambda one: one.name)
EXPECTED = {
    "ack": {"rung", "acknowledges"},
    "batch": {"window", "batch"},
    "durability": {"rung"},
    "lane": {"lane"},
    "payload": {"body_bytes"},
    "warm-up": {"warm"},
    "stamps": {"stamps"},
    "omission": {"window", "counted"},
}


def conditions(setups: Any) -> dict[str, Any]:
    return {broker: setup.conditions() for broker, setup in setups.items()}


# ---- what was unequal


@every_trick
@pytest.mark.parametrize("winner", BROKERS)
def test_a_trick_makes_nothing_unequal_but_what_it_is_named_for(one: Any, winner: str) -> None:
    found = unequal(conditions(one.told(winner)))
    assert found.keys() <= EXPECTED[one.name]
    assert found
    assert unequal(conditions(one.plain)) == {}


@every_trick
def test_every_setup_can_be_run_on_its_lane(one: Any) -> None:
    for setup in (*one.plain.values(), *one.tilted.values()):
        on_lane(profile(setup.profile), setup.lane)
        if setup.window:
            Ceiling(messages=max(setup.messages, 10), window=setup.window, batch=setup.batch)


def test_unequal_says_who_had_what_and_profiles_differ_by_nature() -> None:
    plain = Setup("redis-stream-everysec", 100)
    found = unequal(
        conditions({"redis": replace(plain, window=500), "kafka": replace(plain, profile="kafka-acks-all")})
    )
    assert found == {"window": {"redis": 500, "kafka": 1}}
    said = unequal_text(point("batch", "kafka"))
    assert said == (
        "Kafka had 500 unanswered, Redis and RabbitMQ 1 unanswered; Kafka sent 100 a call, Redis and RabbitMQ 1 a call"
    )
    assert unequal_text(point("batch", "kafka"), "fair") == "nothing"


def test_a_trick_that_is_not_known_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Nearest: stamps"):
        trick("stampz")


# ---- the arithmetic of reading the same times otherwise


def open_loop(latency_ms: list[float], start_ns: int = 0, rate: float = 500.0) -> Run:
    """Delivered so long after each was due, sent when due."""
    plan = Workload(rate_per_s=rate, duration_s=len(latency_ms) / rate, warmup_s=0)
    due = plan.due_ns()
    columns = empty_columns(due) | {"sent_ns": due, "confirmed_ns": due + 50_000}
    number = np.arange(len(due), dtype=np.int64)
    columns |= {"delivered_sequence": number, "delivered_ns": due + (np.array(latency_ms) * MS).astype(np.int64)}
    columns |= {"delivered_due_ns": due, "delivered_again": np.zeros_like(number)}
    return Run("memory", plan, columns, settled=True, facts={"start_ns": start_ns})


@pytest.mark.parametrize("start_ns", [0, 7 * NS_PER_S, 123_456_789])
def test_a_stamp_in_whole_seconds_adds_the_fraction_that_it_cut_off(start_ns: int) -> None:
    run = open_loop([2.0] * 2000, start_ns)
    cut = (start_ns + run["due_ns"]) % NS_PER_S
    assert (whole_second_ns(run) - end_to_end_ns(run) == cut).all()
    assert (percentile(end_to_end_ns(run), 0.99) or 0) / MS == pytest.approx(2.0)
    assert (percentile(whole_second_ns(run), 0.99) or 0) / MS == pytest.approx(990, abs=5)


def test_a_closed_loop_sees_a_pause_once_and_a_timetable_sees_everyone_who_waited() -> None:
    due_ms = np.arange(2000) * 2.0
    waits = np.maximum(100 - due_ms % 1000, 0) + 0.2
    timed = end_to_end_ns(open_loop(list(waits)))
    assert (percentile(timed, 0.99) or 0) / MS == pytest.approx(90, abs=2.5)
    took = np.full(4000, 0.2)
    took[::1000] = 100
    sent = (np.concatenate([[0], np.cumsum(took)[:-1]]) * MS).astype(np.int64)
    columns = empty_columns(sent) | {"sent_ns": sent, "confirmed_ns": sent + (took * MS).astype(np.int64)}
    closed = Run("memory", Ceiling(messages=4000, window=1, batch=1), columns, settled=True)
    assert (percentile(confirm_ns(closed), 0.99) or 0) / MS == pytest.approx(0.2)


# ---- what a reader is told


@every_trick
@pytest.mark.parametrize("winner", BROKERS)
def test_a_misleading_chart_says_so_inside_itself_and_never_in_the_even_one(one: Any, winner: str) -> None:
    digest = point(one.name, winner)
    shown = TRICKS_LOOK.view(digest)
    told, fair = shown["bars"]["told"], shown["bars"]["fair"]
    assert told["subtitle"].startswith(WARNING)
    assert (told["tone"], fair["tone"]) == ("misleading", "")
    assert WARNING not in fair["subtitle"]
    assert all(0 <= row["share"] <= 1 for row in (*told["rows"], *fair["rows"]))
    assert told["mark"] == ("bar" if one.more_is_better else "dot")
    assert WARNING in figure(TRICKS_LOOK, "told", [digest]).to_json()
    assert unequal_text(digest) in shown["sentence"]
    assert [len(row) for row in shown["rows"]] == [len(TRICKS_LOOK.columns)] * len(BROKERS)


@pytest.mark.parametrize("winner", BROKERS)
def test_factor_and_place_are_computed_from_the_rounds(winner: str) -> None:
    digest = point("batch", winner)
    ask = TRICKS_LOOK.quantities
    second = max(value for broker, value in {"redis": 2000, "rabbitmq": 200, "kafka": 1000}.items() if broker != winner)
    own = {"redis": 2000, "rabbitmq": 200, "kafka": 1000}[winner]
    assert wins(digest)
    assert ask["factor"].text(digest) == f"{float(f'{own * 40 / second:.2g}'):g} times".replace("4 times", "4.0 times")
    assert ask["place"].text(digest) == {"redis": "first", "kafka": "second", "rabbitmq": "third"}[winner]
    assert ask["alike"].text(digest) == "Redis leads by a factor of 2.0"
    assert ask["headline"].text(digest).startswith(f"{BROKER_NAMES[winner]} is ")


def test_of_latencies_the_smaller_one_wins() -> None:
    digest = point("omission", "redis")
    assert TRICKS_LOOK.quantities["place"].text(digest) == "third"
    assert TRICKS_LOOK.quantities["headline"].text(digest) == "Redis answers 4.0 times sooner than RabbitMQ"


def test_a_trick_that_is_not_enough_is_said_to_be_not_enough() -> None:
    digest = point("batch", "rabbitmq")
    for repeat in digest.repeats:
        repeat["told"]["rabbitmq"] = repeat["fair"]["rabbitmq"]
    assert wins(digest) is False
    assert TRICKS_LOOK.quantities["factor"].text(digest) == "does not win"
    assert TRICKS_LOOK.view(digest)["title"].startswith(
        "Sending many before the first answer did not put RabbitMQ ahead"
    )


def test_a_figure_that_one_round_could_not_give_is_unknown_and_nobody_is_ranked_without_it() -> None:
    digest = point("stamps", "redis")
    digest.repeats[1]["told"]["kafka"] = digest.repeats[1]["told"]["kafka"] | {"value": None}
    digest.repeats[1]["fair"]["kafka"] = digest.repeats[1]["fair"]["kafka"] | {"value": None}
    shown = TRICKS_LOOK.view(digest)
    assert wins(digest) is None
    assert shown["title"].endswith("put Redis ahead cannot be said: there were too few samples")
    assert shown["bars"]["told"]["rows"][2]["text"] == "too few samples"
    assert TRICKS_LOOK.quantities["place"].text(digest) == "in no known place"


def test_in_the_even_chart_a_client_that_was_the_limit_stands_in_its_own_name() -> None:
    digest = point("lane", "kafka", stamp="client-bound")
    fair = TRICKS_LOOK.view(digest)["bars"]["fair"]["rows"]
    clients = ("redis-py", "pika", "kafka-python")
    assert [row["label"] for row in fair] == [f"{name} (the client’s limit)" for name in clients]
    told = TRICKS_LOOK.view(digest)["bars"]["fair"]["title"]
    assert told.endswith("and even that is our client’s limit")
    assert TRICKS_LOOK.view(digest)["title"].endswith(", and our client was the limit")
    assert all(row["hollow"] for row in fair)


# ---- the charts to be judged by the reader


def test_each_trick_stands_in_one_chart_and_every_broker_wins_somewhere() -> None:
    assert sorted(digest.settings["trick"] for digest in SPOTS) == sorted(one.name for one in TRICKS)
    assert {digest.settings["winner"] for digest in SPOTS} == set(BROKERS)
    assert {SPOT_GUESS.truth(digest) for digest in SPOTS} == set(SPOT_GUESS.options)
    assert [point["case"] for point in SPOT.grid()] == [digest.settings["case"] for digest in SPOTS]


def test_before_the_guess_nothing_in_sight_names_the_trick() -> None:
    for digest in SPOTS:
        shown = SPOT_LOOK.view(digest)
        told = json.dumps([shown["label"], shown["bars"]["told"]])
        chosen = trick(digest.settings["trick"])
        assert chosen.label not in told
        assert chosen.by not in told
    early = [chart["name"] for chart in panel_state(SPOT, SPOTS)["charts"] if chart["early"]]
    assert early == ["told"]


def test_without_scripts_each_chart_is_in_sight_and_its_answer_is_folded() -> None:
    html = pages.panel(panel_state(SPOT, SPOTS, "2000-01-01"), "state.json")
    assert html.count("<details>") == len(SPOTS)
    folded = "".join(part.split("</details>")[0] for part in html.split("<details>")[1:])
    for digest in SPOTS:
        assert SPOT_LOOK.view(digest)["bars"]["told"]["title"] in html
        assert trick(digest.settings["trick"]).by[1:] in folded
    whole = pages.panel(panel_state(LIE, [point("batch", one) for one in BROKERS], "2000-01-01"), "state.json")
    assert "<details>" not in whole
    assert whole.count(WARNING) >= len(BROKERS)


# ---- on real brokers


def test_a_broker_that_cannot_be_seen_cannot_be_frozen_and_the_error_says_what_to_do() -> None:
    from labs.model.endpoint import Endpoint

    with pytest.raises(stack.StackError, match="cannot be seen"):
        _seen(Endpoint("kafka", "127.0.0.1", 0))


def test_a_trick_that_is_asked_of_several_is_measured_once_for_all() -> None:
    settings = LIE.settings({"trick": "stamps", "winner": "redis,kafka"})
    assert settings["winners"] == ["redis", "kafka"]
    assert {len(one) for one in rounds("batch")} == {2 * len(BROKERS)}


@pytest.mark.broker
@pytest.mark.long
def test_rabbitmq_wins_by_a_batch_on_real_brokers() -> None:
    found = LIE.run(LIE.settings({"trick": "batch", "winner": "rabbitmq"}), Observer())
    assert [LIE.look.key(digest.settings) for digest in found] == ["batch|rabbitmq"]
    repeat = found[0].repeats[0]
    # five hundred under way against one, through the same frames to the same queue
    assert repeat["told"]["rabbitmq"]["value"] > 2 * repeat["fair"]["rabbitmq"]["value"]
    assert repeat["told"]["redis"] == repeat["fair"]["redis"]
    assert panel_state(LIE, found)["views"]["batch|rabbitmq"]["bars"]["told"]["tone"] == "misleading"
