"""Routing at rate: the turns of a round, what is sent to an exchange, the words on the claim, and its runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pika.frame import decode_frame
from pika.spec import Basic

from labs.brokers import journal, on_lane, open_broker
from labs.brokers.rabbitmq.client import blocking_channel
from labs.brokers.rabbitmq.fast import frames
from labs.brokers.redis.admin import client
from labs.experiments import experiment
from labs.experiments.rate_figures import sum_up
from labs.experiments.routing_at_rate import KNOWN, LOAD
from labs.model.digest import Digest
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import UNOBSERVED
from labs.model.profile import profile
from labs.pages.exercises.truths import NoTruth
from labs.pages.exercises.truths_routed import first_below
from labs.scenarios.bench.base import Setting
from labs.scenarios.routed import turns
from labs.scenarios.routed.on_kafka import KINDS, filter_side
from labs.scenarios.routed.on_rabbitmq import exchange, pattern, topic_side
from labs.scenarios.routed.on_redis import pattern_side
from labs.show.short.routed import routing_at_rate

LAB = experiment("routing-at-rate")
NOWHERE = Endpoint("redis", "127.0.0.1", 1)


# -- turns and frames ------------------------------------------------------------------------------------------------


def test_a_round_takes_turns_abba_and_its_ratio_is_that_of_neighbours() -> None:
    """The machine becomes slower all the time: neighbours are hit alike, and their ratio stays."""
    order, speed = list[str](), 1000.0

    def way(name: str, factor: float) -> turns.Go:
        def go(_messages: int) -> float:
            nonlocal speed
            order.append(name[0])
            speed *= 0.99
            return speed * factor

        return go

    ways = {turns.PLAIN: way(turns.PLAIN, 1.0), turns.ROUTED: way(turns.ROUTED, 0.5)}
    found = turns.in_turns(Setting(NOWHERE, 1.0, UNOBSERVED), ways, 10, "made")
    assert "".join(order) == "dr" + "drrd" * (turns.PAIRS // 2)
    assert found.more["ratio"] == pytest.approx(0.5, rel=0.011)
    assert found.value < 0.55 * found.more["figures"]["direct_per_s"]


def test_a_turn_has_its_share_of_the_round_and_never_too_few() -> None:
    assert turns.share(Setting(NOWHERE, 1.0, UNOBSERVED), 120_000) == 10_000
    assert turns.share(Setting(NOWHERE, 0.001, UNOBSERVED), 120_000) == turns.LEAST


def test_a_reader_that_lacks_messages_has_no_rate() -> None:
    turns.all_there(5, 5, "made")
    with pytest.raises(BrokerError, match="4 of 5"):
        turns.all_there(4, 5, "made")


@pytest.mark.parametrize(("name", "key"), [("", "a-queue"), ("an-exchange", "eu.kind5.order.new")])
def test_an_envelope_names_the_exchange_and_the_key(name: str, key: str) -> None:
    raw = next(frames.Envelope(key, 2, 4096, name).pieces(b"body"))
    read, method = decode_frame(raw)
    assert read == len(raw)
    assert isinstance(method.method, Basic.Publish)
    assert (method.method.exchange, method.method.routing_key, method.method.mandatory) == (name, key, True)


# -- words -----------------------------------------------------------------------------------------------------------


def point(way: str, /, per_s: float = 10_000.0, ratio: float = 0.9, wasted: float = 0.0, **more: Any) -> Digest:
    """A point whose rounds have these figures; `odd` is the ratio of the last one instead."""
    number = more.get("rounds", 5)
    repeats: Any = [
        {
            "per_s": per_s, "ratio": more.get("odd", ratio) if at == number - 1 else ratio,
            "figures": {"direct_per_s": per_s / ratio, "wasted": wasted}, "stamp": more.get("stamp", "not-full"),
            "limit": "neither side ran out of CPU (broker 1.00 cores, clients 0.10 cores)", "lift": {},
            "machine_full": False, "cores": {}, "threads": {}, "foreign": 0.0, "said": "", "trouble": "",
        }
        for at in range(number)
    ]  # fmt: skip
    one = KNOWN[way]
    named: Any = {"way": way, "label": one.label, "broker": one.broker, "profile": one.profile}
    if one.line:
        named |= {"line": one.line, "along": one.along}
    return Digest(lab="routing-at-rate", settings=named, repeats=repeats, card={}, **sum_up(repeats))


def grid(**changed: dict[str, Any]) -> list[Digest]:
    """All ways, each `changed` by its name with underscores."""
    return [point(way, **changed.get(way.replace("-", "_"), {})) for way in KNOWN]


def word_of(digests: Sequence[Digest]) -> str:
    return LAB.verdict(digests)[0].word


@pytest.mark.parametrize(
    ("hundred", "word"),
    [
        ({"ratio": 0.7}, "holds"),
        ({"ratio": 0.69}, "holds with conditions"),
        ({"ratio": 0.3, "per_s": 20_000.0}, "holds"),
        ({"ratio": 0.3, "per_s": 19_999.0}, "holds with conditions"),
        ({"ratio": 0.9, "odd": 0.5}, "undecided here"),
        ({"ratio": 0.9, "stamp": "client-bound"}, "undecided here"),
        ({"ratio": 0.9, "rounds": 4}, "undecided here"),
    ],
)
def test_the_claim_hangs_on_a_hundred_bindings_and_not_on_our_own_client(hundred: dict[str, Any], word: str) -> None:
    assert word_of(grid(topic_100=hundred)) == word


def test_it_is_undecided_if_not_even_few_bindings_keep_up_or_one_was_not_measured() -> None:
    slow = {"ratio": 0.3}
    assert word_of(grid(topic_1=slow, topic_10=slow, topic_100=slow)) == "undecided here"
    assert word_of(grid(topic_1=slow, topic_100=slow)) == "holds with conditions"
    assert word_of([one for one in grid() if one.settings["way"] != "topic-10"]) == "undecided here"


def test_in_short_follows_what_is_left() -> None:
    found = routing_at_rate(grid(pattern_1000={"ratio": 0.02}, filter={"wasted": 0.9}))
    assert "bindings cost RabbitMQ little: 90\u00a0%" in found.answer
    assert "patterns cost Redis much: 2\u00a0%" in found.answer
    assert "threw 90\u00a0% away" in found.condition
    assert routing_at_rate([]).answer.startswith("Not recorded yet")


def test_the_step_at_which_a_rate_halves_is_the_first_below_or_none_and_rounds_that_disagree_say_nothing() -> None:
    steps = [1, 10, 100, 1000]
    assert first_below(grid(pattern_100={"ratio": 0.4}, pattern_1000={"ratio": 0.1}), "pattern", steps, 0.5) == "100"
    assert first_below(grid(), "topic", steps, 0.5) == "none"
    with pytest.raises(NoTruth):
        first_below(grid(topic_10={"ratio": 0.4, "odd": 0.6}), "topic", steps, 0.5)


# -- live ------------------------------------------------------------------------------------------------------------


@pytest.mark.broker
def test_an_exchange_has_its_bindings_of_which_one_matches_and_is_gone_afterwards(
    endpoints: dict[str, Endpoint],
) -> None:
    here, name = endpoints["rabbitmq"], "labs-test-routed"
    using = on_lane(profile("rabbitmq-confirms"), "fast")
    with open_broker(here, using, name) as broker:
        with exchange(here, name, 30) as (to, key), blocking_channel(here) as channel:
            channel.confirm_delivery()
            for other in (key, key.replace("kind15", "kind29"), key.replace("kind15", "kind30")):
                with contextlib.suppress(Exception):
                    channel.basic_publish(to, other, b"x", mandatory=True)
            assert pattern(15) == "*.kind15.#"
            assert broker.backlog() == 2
        with blocking_channel(here) as channel, pytest.raises(Exception, match="NOT_FOUND"):
            channel.exchange_declare(to, passive=True)
    assert not [one for one in journal.entries() if name in one.names or to in one.exchanges]


@pytest.mark.broker
@pytest.mark.parametrize("broker", ["redis", "rabbitmq", "kafka"])
def test_each_broker_is_measured_with_and_without_routing(broker: str, endpoints: dict[str, Endpoint]) -> None:
    side = {"redis": pattern_side(100, LOAD), "rabbitmq": topic_side(10, LOAD), "kafka": filter_side()}[broker]
    found = side(Setting(endpoints[broker], 0.05, UNOBSERVED))
    assert found.value > 0
    assert 0 < found.more["ratio"] < 2
    wasted = found.more["figures"]["wasted"]
    assert wasted == (pytest.approx(1 - 1 / KINDS, abs=0.001) if broker == "kafka" else 0)
    if broker == "redis":
        with contextlib.closing(client(endpoints["redis"])) as asking:
            assert asking.pubsub_numpat() == 0


def test_a_point_of_another_number_of_rounds_decides_nothing() -> None:
    assert word_of([replace(one, repeats=one.repeats[:3]) for one in grid()]) == "undecided here"
