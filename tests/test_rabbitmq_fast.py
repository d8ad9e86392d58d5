"""RabbitMQ's fast lane: its frames against pika's, its sums against a plain set, and what a real server makes of it."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from pika import BasicProperties, spec
from pika.frame import Body, Header, Method

from labs.brokers.rabbitmq.fast import consumer, frames
from labs.brokers.rabbitmq.fast.queue import Consumer, Publisher
from labs.brokers.rabbitmq.fast.unsettled import Unsettled
from labs.model.endpoint import Address, Endpoint
from labs.model.message import Frames, encode, filler
from labs.model.profile import profile

MOST = 131_072


def by_pika(body: bytes, message_id: str | None = None) -> bytes:
    """A message to the queue `q` as pika writes it."""
    head = BasicProperties(delivery_mode=2, message_id=message_id)
    parts = [Method(1, spec.Basic.Publish(0, "", "q", mandatory=True)), Header(1, len(body), head)]
    parts += [Body(1, body[at : at + MOST - 8]) for at in range(0, len(body), MOST - 8)]
    return b"".join(part.marshal() for part in parts)


def delivered(tag: int, body: bytes, *, again: bool = False, message_id: str | None = None) -> bytes:
    """A message as the server delivers it."""
    parts = [Method(1, spec.Basic.Deliver("c", tag, again, "", "q"))]
    parts += [Header(1, len(body), BasicProperties(delivery_mode=2, message_id=message_id))]
    parts += [Body(1, body[at : at + MOST - 8]) for at in range(0, len(body), MOST - 8)]
    return b"".join(part.marshal() for part in parts)


@pytest.mark.parametrize("size", [0, 1, 100, MOST - 8, MOST - 7, 1_000_000])
def test_a_message_has_the_same_bytes_as_pika_gives_it(size: int) -> None:
    envelope, body = frames.Envelope("q", 2, MOST), random.Random(size).randbytes(size)
    assert b"".join(envelope.pieces(body, "17")) == by_pika(body, "17")


@pytest.mark.parametrize(("count", "size"), [(1, 16), (7, 100), (20_000, 100), (3, 500_000)])
def test_a_printed_batch_has_the_same_bytes_as_pika_gives_its_messages(count: int, size: int) -> None:
    batch = encode(5, np.arange(count, dtype=np.int64) * 7, filler(size))
    press = frames.Press(frames.Envelope("q", 2, MOST), batch.rest)
    for again in (batch, batch[: count // 2]):
        assert isinstance(again, type(batch))
        assert b"".join(map(bytes, press.printed(again.heads))) == b"".join(map(by_pika, again))


def test_acknowledgements_in_a_row_are_read_as_one_array_up_to_what_is_none() -> None:
    said = [(1, False), (5, True), (2**40, False)]
    raw = b"".join(Method(1, spec.Basic.Ack(tag, multiple)).marshal() for tag, multiple in said)
    found = frames.confirms_at(raw + Method(1, spec.Basic.Nack(7)).marshal() + raw[:5], 0)
    assert list(zip(found.tags.tolist(), found.multiple.tolist(), strict=True)) == said
    assert found.next == len(raw)
    assert not len(frames.confirms_at(raw[:20], 0).tags)
    assert not len(frames.confirms_at(raw[:20] + b"!", 0).tags)


def test_deliveries_alike_become_frames_and_keep_tags_and_flags() -> None:
    bodies = [random.Random(number).randbytes(100) for number in range(50)]
    parts = [
        delivered(10 + n, body, again=n % 3 == 0, message_id=f"{n:03}" if n > 20 else "abc")
        for n, body in enumerate(bodies)
    ]
    raw = b"".join(parts) + delivered(60, b"x" * 101) + b"\x01"
    one = frames.content_at(raw, 0, MOST)
    assert isinstance(one, frames.Content)
    run = consumer.alike(raw, one, 0)
    assert run is not None
    assert isinstance(run.bodies, Frames)
    assert list(run.bodies) == bodies
    assert run.redelivered == [n % 3 == 0 for n in range(50)]
    assert (run.first_tag, run.last_tag, run.next) == (10, 59, len(b"".join(parts)))


@pytest.mark.parametrize("cut", [1, 30, 60, 61, 200, 140_000])
def test_a_message_that_has_not_arrived_whole_says_how_much_it_needs_at_least(cut: int) -> None:
    whole = delivered(1, bytes(300_000))
    missing = frames.content_at(whole[:-cut], 0, MOST)
    assert isinstance(missing, frames.Missing)
    assert len(whole) - cut < missing.bytes_needed <= len(whole)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 400 Bad Request",
        struct.pack(">BHI", 1, 1, MOST + 1) + bytes(9),
        Method(1, spec.Basic.Ack(1)).marshal()[:-1] + b"\0",
    ],
)
def test_what_is_no_frame_is_not_waited_for(raw: bytes) -> None:
    with pytest.raises(frames.FrameError):
        frames.frame_at(raw, 0, MOST)


def test_a_body_longer_than_its_header_says_is_an_error() -> None:
    raw = delivered(1, b"0123456789")
    with pytest.raises(frames.FrameError, match="does not fit"):
        frames.content_at(raw.replace(struct.pack(">Q", 10), struct.pack(">Q", 9)), 0, MOST)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_unsettled_is_the_same_as_with_a_plain_set(seed: int) -> None:
    dice, bits, plain, sent = random.Random(seed), Unsettled(), set[int](), 0
    for _ in range(100):
        count = dice.choice([0, 1, 5, 1500])
        bits.add(count)
        plain |= set(range(sent, sent + count))
        sent += count
        some = {dice.randrange(-5, sent + 5) for _ in range(dice.choice([0, 1, 50]))}
        below = dice.choice([0, 0, dice.randrange(sent + 1)])
        gone = {number for number in plain if number in some or number < below}
        assert list(bits.settle(np.array(list(some), np.int64), below)) == sorted(gone)
        plain -= gone
        assert len(bits) == len(plain)
        assert bits.low == min(plain, default=sent)
    assert list(bits.settle_all()) == sorted(plain)


@pytest.mark.broker
@pytest.mark.parametrize("stamped", [True, False])
def test_what_no_queue_takes_is_refused_and_what_it_takes_is_confirmed(
    endpoints: dict[str, Endpoint], stamped: bool
) -> None:
    from labs.brokers import on_lane, open_broker

    using = on_lane(profile("rabbitmq-confirms"), "fast")
    endpoint, name = endpoints["rabbitmq"], "labs-test-returned"
    batch = encode(100, np.zeros(50, np.int64), filler(100))
    fates: list[tuple[list[int], list[int]]] = []
    with Publisher(Address(endpoint, using, name)) as publisher:

        def send() -> None:
            for _ in range(2):
                publisher.publish(batch if stamped else list(batch))
            confirmed, refused = list[int](), list[int]()
            while len(confirmed) + len(refused) < 100 and (news := publisher.poll(5.0)):
                confirmed += news.confirmed
                refused += news.refused
                assert news.confirmed or news.refused
            fates.append((sorted(confirmed), sorted(refused)))

        with open_broker(endpoint, using, name):
            send()
        send()
        with open_broker(endpoint, using, name):
            send()
            with Consumer(Address(endpoint, using, name), "labs") as consumer:
                assert bytes(consumer.receive(5.0).bodies[0]) == batch[0]
    assert fates == [(list(range(100)), []), ([], list(range(100, 200))), (list(range(200, 300)), [])]


@pytest.mark.broker
def test_a_small_batch_is_acknowledged_by_the_next_receive_and_by_leaving(endpoints: dict[str, Endpoint]) -> None:
    from labs.brokers import on_lane, open_broker

    using = on_lane(profile("rabbitmq-confirms"), "fast")
    address = Address(endpoints["rabbitmq"], using, "labs-test-held")
    with open_broker(address.endpoint, using, address.name), Publisher(address) as publisher:
        for waits in (True, False):
            with Consumer(address, "labs") as consumer:
                publisher.publish([b"one", b"two"])
                got = 0
                while got < 2:
                    batch = consumer.receive(5.0)
                    got += len(batch.bodies)
                    consumer.acknowledge(batch)
                if waits:
                    assert not consumer.receive(0.05).bodies
                    assert consumer._acked_to == 2
            with Consumer(address, "labs") as consumer:
                assert not consumer.receive(0.3).bodies
