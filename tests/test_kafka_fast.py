"""What becomes of each message on Kafka's fast lane when the broker refuses a batch or is killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

import numpy as np
import pytest

from labs import stack
from labs.brokers import LaneError, on_lane, open_broker, open_consumer, open_publisher
from labs.brokers.base import Publisher
from labs.brokers.kafka.fast.topic import Broker
from labs.model.endpoint import Address, Endpoint, UnreachableError
from labs.model.message import decode, encode, filler
from labs.model.profile import Profile, profile

FAST = on_lane(profile("kafka-acks-all"), "fast")


def send(publisher: Publisher, first: int, count: int) -> None:
    publisher.publish(encode(first, np.zeros(count, np.int64), filler(100)))


def fates(publisher: Publisher, until: int, confirmed: list[int], refused: list[int]) -> None:
    """Adds what the publisher says, until it has spoken of so many messages or is silent for a second."""
    while len(confirmed) + len(refused) < until:
        news = publisher.poll(1.0)
        if not news.confirmed and not news.refused:
            return
        confirmed += news.confirmed
        refused += news.refused


def sequences(address: Address, count: int) -> list[int]:
    """What a new group reads, until `count` have come or nothing comes for a second."""
    found: list[int] = []
    with open_consumer(address, "judge") as consumer:
        while len(found) < count and (bodies := consumer.receive(1.0).bodies):
            found += decode(bodies)["sequence"].tolist()
    return found


def seconds_until_unreachable(act: Callable[[], object]) -> float:
    began = time.monotonic()
    try:
        while time.monotonic() - began < 10:
            act()
    except UnreachableError:
        return time.monotonic() - began
    raise AssertionError("the publisher or consumer did not notice for ten seconds")


def test_a_lane_says_which_setting_it_does_not_know() -> None:
    other = Profile("x", "kafka", "kafka", 0, "x", FAST.promise, {"acks": "1", "compression": "zstd"})
    with pytest.raises(LaneError, match="compression"):
        on_lane(other, "fast")


@pytest.mark.broker
@pytest.mark.parametrize("endpoints", ["native"], indirect=True, scope="session")
@pytest.mark.parametrize("name", ["kafka-acks-1", "kafka-acks-all"])
def test_what_the_broker_refuses_is_refused_and_what_it_confirms_is_there(
    endpoints: dict[str, Endpoint], name: str
) -> None:
    address = Address(endpoints["kafka"], on_lane(profile(name), "fast"), f"labs-test-{uuid4().hex[:12]}")
    broker = Broker(address.endpoint, address.profile, address.name)
    broker._configs["max.message.bytes"] = "3000"  # the publisher believes in 2 MiB
    confirmed: list[int] = []
    refused: list[int] = []
    with broker, open_publisher(address) as publisher:
        for first, count in ((0, 10), (10, 100), (110, 10), (120, 5)):  # all under way before the first answer
            send(publisher, first, count)
        fates(publisher, 125, confirmed, refused)
        for first, count in ((125, 175), (300, 10)):
            send(publisher, first, count)
            fates(publisher, first + count, confirmed, refused)
        assert set(range(10, 110)) | set(range(125, 300)) <= set(refused)
        assert set(range(10)) | set(range(300, 310)) <= set(confirmed)
        assert sorted(confirmed + refused) == list(range(310))
        assert sequences(address, len(confirmed) + 1) == confirmed


@pytest.mark.long
@pytest.mark.broker
def test_what_was_confirmed_before_a_kill_is_there_after_it_and_the_kill_is_told() -> None:
    confirmed: list[int] = []
    with stack.arena("kafka", report=lambda _line: None) as arena:
        address, sent = Address(arena.endpoint, FAST, "labs-kill"), 0
        with open_broker(arena.endpoint, FAST, address.name), open_publisher(address) as publisher:
            consumer = open_consumer(address).__enter__()
            while len(confirmed) < 10_000:
                send(publisher, sent, 500)
                sent += 500
                confirmed += publisher.poll(0.01).confirmed
            arena.kill()

            def go_on() -> None:
                send(publisher, sent, 1)
                confirmed.extend(publisher.poll(0.5).confirmed)

            assert seconds_until_unreachable(go_on) < 5
            assert seconds_until_unreachable(lambda: consumer.receive(1.0)) < 5
            consumer.__exit__(None, None, None)
            arena.start()
            found = sequences(address, sent)
    assert confirmed == list(range(len(confirmed)))
    assert found == list(range(len(found)))
    assert len(found) >= len(confirmed)
