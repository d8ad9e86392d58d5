"""What every adapter must do, asked of real brokers: one suite, one body per question, all profiles."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from labs import stack
from labs.brokers import open_broker, open_consumer, open_publisher
from labs.brokers.base import Publisher
from labs.model.endpoint import Address, Endpoint, UnreachableError, at_port, client_port
from labs.model.message import decode, encode, filler
from labs.model.profile import profiles
from tests.cable import Cable
from tests.conftest import free_port
from tests.talking import bodies_of, broker_of, collect, profile, publish_all, settle

pytestmark = pytest.mark.broker

CORE = (
    "memory",
    "redis-pubsub",
    "redis-list-none",
    "redis-stream-everysec",
    "rabbitmq-confirms",
    "rabbitmq-quorum",
    "kafka-acks-all",
)
FAST = (
    "fast:redis-pubsub",
    "fast:redis-list-none",
    "fast:redis-stream-everysec",
    "fast:rabbitmq-confirms",
    "fast:rabbitmq-quorum",
    "fast:rabbitmq-stream",
    "fast:kafka-acks-all",
)
"""The same suite asks the fast lane, natively; in containers it is asked one question (see conftest)."""
OTHERS = (
    *sorted(set(profiles()) - set(CORE) - {"rabbitmq-stream"}),
    "fast:kafka-acks-0",
    "fast:kafka-acks-1",
    "fast:kafka-flush",
)
MIB = 1024 * 1024
TOO_LARGE = {"memory": 129 * MIB, "redis": 3 * MIB, "rabbitmq": 129 * MIB, "kafka": 3 * MIB}
"""Over the limit of each: our own for memory, Redis (set by the test) and Kafka (the topic's), RabbitMQ's default."""
NOTHING_S = 1.0
"""So long we wait for what must not come; what does come comes within milliseconds."""
core = pytest.mark.parametrize("name", CORE + FAST)


@core
def test_thousands_of_messages_arrive_complete_and_in_order(endpoints: dict[str, Endpoint], name: str) -> None:
    sent = [f"message {number}".encode() for number in range(5000)]
    with broker_of(endpoints, name) as (_, address), open_consumer(address) as consumer:
        with open_publisher(address) as publisher:
            for at in range(0, len(sent), 250):
                publisher.publish(sent[at : at + 250])
            assert settle(publisher, len(sent)) == (list(range(len(sent))), [])
        assert bodies_of(collect(consumer, len(sent))) == sent
        assert not consumer.receive(0.2).bodies


@core
def test_every_byte_and_every_size_arrives_as_it_was_sent(endpoints: dict[str, Endpoint], name: str) -> None:
    noise = random.Random(7)
    sent = [bytes(range(256)), b"\0\0", b"\r\n$5\r\nhello\r\n", b"\xce", "größe".encode()]
    sent += [noise.randbytes(size) for size in (0, 1, 100, 64 * 1024, MIB)]
    with broker_of(endpoints, name) as (_, address), open_consumer(address) as consumer:
        publish_all(address, sent)
        assert bodies_of(collect(consumer, len(sent))) == sent


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize(("body_bytes", "count"), [(16, 9000), (100, 20_000), (1000, 300), (MIB, 2)])
def test_stamped_batches_arrive_with_the_heads_and_the_filler_they_were_sent_with(
    endpoints: dict[str, Endpoint], name: str, body_bytes: int, count: int
) -> None:
    bodies = encode(3, np.arange(count, dtype=np.int64) * 7, filler(body_bytes))
    with broker_of(endpoints, name) as (_, address), open_consumer(address) as consumer:
        with open_publisher(address) as publisher:
            publisher.publish(bodies[:1])
            publisher.publish(bodies[1:])
            assert settle(publisher, count) == (list(range(count)), [])
        batches = collect(consumer, count)
    assert np.array_equal(np.concatenate([decode(batch.bodies) for batch in batches]), bodies.heads)
    assert bodies_of(batches) == list(bodies)


@contextmanager
def redis_limit(endpoint: Endpoint, limit: str) -> Iterator[None]:
    """Redis accepts half a gigabyte by default; a smaller limit makes the question affordable."""
    import redis

    login = {"username": endpoint.username or None, "password": endpoint.password or None}
    with redis.Redis(host=endpoint.host, port=endpoint.port, decode_responses=True, **login) as client:
        before = client.config_get("proto-max-bulk-len")["proto-max-bulk-len"]
        client.config_set("proto-max-bulk-len", limit)
        try:
            yield
        finally:
            client.config_set("proto-max-bulk-len", before)


def refuse_one(address: Address) -> None:
    """Sends a message that is too large between two good ones, and a good one afterwards."""
    large = bytes(TOO_LARGE[address.endpoint.broker])
    with open_consumer(address) as consumer, open_publisher(address) as publisher:
        for batch in ([b"first"], [large], [b"last"]):
            publisher.publish(batch)
            settle(publisher, 1)
        publisher.publish([b"still here", large, b"after"])
        confirmed, refused = settle(publisher, 3)
        assert 4 in refused
        publisher.publish([b"usable"])
        assert settle(publisher, 1) == ([6], [])
        found = bodies_of(collect(consumer, 2 + len(confirmed) + 1, within_s=10))
    assert found[:2] == [b"first", b"last"]
    assert found[-1] == b"usable"
    assert large not in found


@core
def test_a_message_that_is_too_large_is_refused_and_the_publisher_stays_usable(
    endpoints: dict[str, Endpoint], name: str
) -> None:
    with broker_of(endpoints, name) as (_, address):
        if address.endpoint.broker == "redis":
            with redis_limit(address.endpoint, str(2 * MIB)):
                refuse_one(address)
        else:
            refuse_one(address)


@core
def test_a_broker_that_is_down_is_named_within_five_seconds(endpoints: dict[str, Endpoint], name: str) -> None:
    chosen = profile(name)
    port = free_port()
    nobody = at_port(endpoints[chosen.broker], chosen, port)
    address = Address(nobody, chosen, "labs-test-nobody")
    for door in (open_broker(nobody, chosen, address.name), open_publisher(address), open_consumer(address)):
        began = time.monotonic()
        with pytest.raises(UnreachableError, match=str(port)), door:
            pass
        assert time.monotonic() - began < 5


@core
def test_a_late_subscriber_gets_what_the_profile_promises(endpoints: dict[str, Endpoint], name: str) -> None:
    sent = [f"early {number}".encode() for number in range(20)]
    known = {"replays": (sent, sent), "queued": (sent, []), "misses": ([], [])}
    expected = known[profile(name).promise.late_subscriber]
    with broker_of(endpoints, name) as (_, address):
        publish_all(address, sent)
        with open_consumer(address, "one") as consumer:
            first = bodies_of(collect(consumer, len(sent), within_s=3 if expected[0] else NOTHING_S))
            consumer.receive(0.1)
        with open_consumer(address, "two") as consumer:
            second = bodies_of(collect(consumer, len(sent), within_s=3 if expected[1] else NOTHING_S))
    assert (first, second) == expected


@core
def test_what_a_member_did_not_acknowledge_comes_again_where_promised(
    endpoints: dict[str, Endpoint], name: str
) -> None:
    promised = profile(name).promise.redelivers_unacked
    done, lost = [b"done %d" % number for number in range(10)], [b"lost %d" % number for number in range(10)]
    with broker_of(endpoints, name) as (_, address):
        with open_consumer(address) as member:
            publish_all(address, done)
            assert bodies_of(collect(member, len(done))) == done
            publish_all(address, lost)
            assert bodies_of(collect(member, len(lost), acknowledge=False)) == lost
        with open_consumer(address) as member:
            again = collect(member, len(lost), within_s=5 if promised else NOTHING_S)
    assert bodies_of(again) == (lost if promised else [])
    tells = profile(name).adapter not in ("kafka", "rabbitmq_stream")  # a log is read again and marks nothing
    assert all(flag is tells for batch in again for flag in batch.redelivered)


@core
def test_receive_waits_as_long_as_told_and_not_longer(endpoints: dict[str, Endpoint], name: str) -> None:
    with broker_of(endpoints, name) as (_, address), open_consumer(address) as consumer:
        for timeout_s in (0.0, 0.3):
            began = time.monotonic()
            assert not consumer.receive(timeout_s).bodies
            assert timeout_s - 0.05 <= time.monotonic() - began < timeout_s + 0.7


@core
def test_receive_returns_as_soon_as_something_is_there(endpoints: dict[str, Endpoint], name: str) -> None:
    waited: list[float] = []
    with (
        broker_of(endpoints, name) as (_, address),
        open_consumer(address) as consumer,
        open_publisher(address) as publisher,
    ):
        for _ in range(20):
            began = time.monotonic()
            publisher.publish([b"now"])
            settle(publisher, 1)
            collect(consumer, 1)
            waited.append(time.monotonic() - began)
    assert sorted(waited)[10] < 0.05


@core
def test_poll_returns_at_once_when_nothing_is_outstanding(endpoints: dict[str, Endpoint], name: str) -> None:
    with broker_of(endpoints, name) as (_, address), open_publisher(address) as publisher:
        began = time.monotonic()
        news = publisher.poll(5.0)
        assert (list(news.confirmed), list(news.refused)) == ([], [])
        publisher.publish([])
        publisher.poll(5.0)
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_profiles_deliver_as_well(endpoints: dict[str, Endpoint], name: str) -> None:
    sent = [b"message %d" % number for number in range(300)]
    with broker_of(endpoints, name) as (broker, address), open_consumer(address) as consumer:
        publish_all(address, sent)
        assert bodies_of(collect(consumer, len(sent))) == sent
        assert broker.version()


@pytest.mark.parametrize("name", sorted(profiles()))
def test_durability_is_read_back_and_set_back(endpoints: dict[str, Endpoint], name: str) -> None:
    with broker_of(endpoints, "redis-stream-none" if profile(name).broker == "redis" else name) as (outer, _):
        before = outer.durability()
        with broker_of(endpoints, name) as (broker, _):
            found = broker.durability()
        if profile(name).broker == "redis":
            assert {key: found[key] for key in profile(name).settings} == profile(name).settings
        assert outer.durability() == before
        assert found


@core
def test_a_frozen_broker_blocks_nobody_and_loses_nothing(endpoints: dict[str, Endpoint], name: str) -> None:
    with (
        broker_of(endpoints, name) as (_, address),
        open_consumer(address) as consumer,
        open_publisher(address) as publisher,
    ):
        publisher.publish([b"before"])
        assert settle(publisher, 1) == ([0], [])
        assert bodies_of(collect(consumer, 1)) == [b"before"]
        stack.freeze(address.endpoint)
        try:
            began = time.monotonic()
            publisher.publish([b"during"])
            news = publisher.poll(0.3)
            assert not news.confirmed
            assert not consumer.receive(0.3).bodies
            assert time.monotonic() - began < 3
        finally:
            stack.thaw(address.endpoint)
        publisher.publish([b"after"])
        assert settle(publisher, 2) == ([1, 2], [])
        assert bodies_of(collect(consumer, 2)) == [b"during", b"after"]


def publish_until(publisher: Publisher, give_up: float) -> None:
    while time.monotonic() < give_up:
        publisher.publish([b"after"])
        publisher.poll(0.5)


@pytest.mark.parametrize("name", [name for name in CORE + FAST if "kafka" not in name])  # Kafka names its own address
def test_a_lost_connection_is_reported_within_seconds(endpoints: dict[str, Endpoint], name: str) -> None:
    with broker_of(endpoints, name) as (_, address):
        using = address.profile
        cable = Cable(replace(address.endpoint, port=client_port(address.endpoint, using)))
        through = replace(address, endpoint=at_port(address.endpoint, using, cable.port))
        with open_publisher(through) as publisher, open_consumer(through) as consumer:
            publisher.publish([b"before"])
            assert settle(publisher, 1) == ([0], [])
            collect(consumer, 1)
            cable.cut()
            began = time.monotonic()
            with pytest.raises(UnreachableError):
                consumer.receive(5.0)
            with pytest.raises(UnreachableError):
                publish_until(publisher, began + 10)
            assert time.monotonic() - began < 10


@pytest.mark.broker
def test_what_arrived_before_the_connection_broke_is_delivered_and_then_the_break_is_told() -> None:
    with stack.arena("redis", report=lambda _line: None) as arena:
        address = Address(arena.endpoint, profile("redis-pubsub"), "labs-break")
        with open_consumer(address) as consumer, open_publisher(address) as publisher:
            publisher.publish([b"%016d" % number for number in range(300)])
            publisher.poll(1.0)
            time.sleep(0.2)  # all of it is in the subscriber's socket
            arena.kill()
            time.sleep(0.1)
            assert len(consumer.receive(1.0).bodies) == 300
            with pytest.raises(UnreachableError):
                consumer.receive(1.0)
