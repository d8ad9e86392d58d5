"""RabbitMQ's streams where the common suite does not look: frames and chunks that are damaged."""

import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from labs.brokers import LaneError, on_lane, open_broker, open_consumer, open_publisher
from labs.brokers.base import Broker
from labs.brokers.rabbitmq.fast import stream_wire as wires
from labs.brokers.rabbitmq.fast.stream_consumer import CHUNK_HEAD, MAGIC, Consumer
from labs.brokers.rabbitmq.fast.stream_member import DATA, SHORT_DATA
from labs.model.endpoint import Address, Endpoint, RefusedError, UnreachableError
from labs.model.message import encode, filler
from labs.model.profile import profile

NOWHERE = Address(Endpoint("rabbitmq", "127.0.0.1", 1), profile("rabbitmq-stream"), "stream")


class Quiet(wires.Wire):
    """A connection that takes what is sent and says nothing."""

    def send(self, data: Any) -> None:
        """Nobody listens."""


def consumer() -> Consumer:
    found = Consumer(NOWHERE, "labs")
    found.link = Quiet(NOWHERE.endpoint)
    return found


def chunk(bodies: list[bytes], *, first: int = 0, kind: int = 0, spoil: int = 0) -> bytes:
    entries = (DATA + struct.pack(">I", len(body)) + body for body in bodies)
    data = b"".join(struct.pack(">I", len(entry)) + entry for entry in entries)
    head = CHUNK_HEAD.pack(MAGIC, kind, len(bodies), len(bodies), 0, 1, first, zlib.crc32(data) ^ spoil, len(data), 0)
    return head + data


def read(raw: bytes, begin: int = 0) -> list[tuple[list[bytes], int]]:
    reader = consumer()
    reader._from = begin
    reader._chunk(raw)
    return [(list(bodies), after) for bodies, after in reader._ready]


ALIKE = [bytes([number]) * 40 for number in range(5)]
MIXED = [b"", b"x", b"y" * 300, b"z" * 17]


@pytest.mark.parametrize("bodies", [ALIKE, MIXED, [b"one"]])
def test_a_chunk_gives_its_bodies_and_the_offset_behind_them(bodies: list[bytes]) -> None:
    assert read(chunk(bodies, first=7)) == [(bodies, 7 + len(bodies))]


@pytest.mark.parametrize("bodies", [ALIKE, MIXED])
def test_a_reader_that_had_come_to_the_middle_of_a_chunk_gets_the_rest_of_it(bodies: list[bytes]) -> None:
    assert read(chunk(bodies, first=10), begin=12) == [(bodies[2:], 10 + len(bodies))]
    assert read(chunk(bodies, first=10), begin=10 + len(bodies)) == []


def test_chunks_that_hold_where_readers_are_give_no_messages() -> None:
    assert read(chunk(ALIKE, kind=1)) == []


@pytest.mark.parametrize(
    "raw",
    [b"", chunk(ALIKE)[:20], chunk(ALIKE)[:-1], chunk(ALIKE, spoil=1), b"\x51" + chunk(ALIKE)[1:]],
    ids=["nothing", "half a head", "cut off", "checksum", "magic"],
)
def test_a_damaged_chunk_is_refused_and_never_half_read(raw: bytes) -> None:
    with pytest.raises(RefusedError, match="chunk"):
        read(raw)


def test_an_entry_that_claims_more_than_its_chunk_holds_is_refused() -> None:
    data = struct.pack(">I", 1000) + b"short"
    head = CHUNK_HEAD.pack(MAGIC, 0, 1, 1, 0, 1, 0, zlib.crc32(data), len(data), 0)
    with pytest.raises(RefusedError, match="cut off"):
        read(head + data)


def test_frames_come_out_whole_however_they_arrive_and_an_impossible_size_ends_the_connection() -> None:
    wire = wires.Wire(NOWHERE.endpoint)
    two = wires.frame(wires.CONFIRM, b"abc") + wires.frame(wires.HEARTBEAT, b"") + wires.frame(wires.TUNE, b"")
    found = []
    for at in range(len(two)):
        wire._arrived += two[at : at + 1]
        while one := wire._whole():
            found.append(one)
    assert found == [(wires.CONFIRM, b"abc"), (wires.HEARTBEAT, b""), (wires.TUNE, b"")]
    wire._arrived += struct.pack(">IHH", 1 << 31, 1, 1)
    with pytest.raises(UnreachableError, match="not the stream protocol"):
        wire._whole()


def test_a_chunk_may_be_larger_than_the_frames_that_were_agreed_on_and_nothing_else_may() -> None:
    large = bytes(wires.FRAME_MAX + 1)
    wire = wires.Wire(NOWHERE.endpoint)
    wire._arrived += wires.frame(wires.DELIVER, large)
    assert wire._whole() == (wires.DELIVER, large)
    wire._arrived += wires.frame(wires.CONFIRM, large)
    with pytest.raises(UnreachableError, match="not the stream protocol"):
        wire._whole()


@pytest.mark.parametrize("answer", [b"", b"\0\1\0\0", b"\0\1\0\0\0\1", b"\0\1\0\0\0\1\0\7version\0"])
def test_an_answer_that_is_cut_off_is_refused(answer: bytes) -> None:
    with pytest.raises(RefusedError, match="cut off"):
        wires._version_in(wires.Wire(NOWHERE.endpoint), answer)


def test_bodies_that_other_clients_wrote_with_a_short_length_are_bodies() -> None:
    entry = SHORT_DATA + b"\x03abc"
    data = struct.pack(">I", len(entry)) + entry
    head = CHUNK_HEAD.pack(MAGIC, 0, 1, 1, 0, 1, 0, zlib.crc32(data), len(data), 0)
    assert read(head + data) == [([b"abc"], 1)]


def test_a_broker_without_a_port_for_streams_and_a_lane_that_cannot_speak_to_them_say_so() -> None:
    with pytest.raises(RefusedError, match="no port for streams"):
        wires.Wire(NOWHERE.endpoint).open()
    with pytest.raises(LaneError, match=r"idiomatic lane cannot run rabbitmq-stream: pika.*Use the fast lane"):
        on_lane(profile("rabbitmq-stream"), "idiomatic")


@contextmanager
def stream_at(endpoints: dict[str, Endpoint]) -> Iterator[tuple[Broker, Address]]:
    address = Address(endpoints["rabbitmq"], profile("rabbitmq-stream"), f"labs-test-{uuid4().hex[:12]}")
    with open_broker(address.endpoint, address.profile, address.name) as broker:
        yield broker, address


def publish(address: Address, bodies: Sequence[bytes]) -> None:
    confirmed: list[int] = []
    with open_publisher(address) as publisher:
        publisher.publish(bodies)
        give_up = time.monotonic() + 30
        while len(confirmed) < len(bodies) and time.monotonic() < give_up:
            confirmed += publisher.poll(0.5).confirmed
    assert sorted(confirmed) == list(range(len(bodies)))


def read_all(address: Address, count: int, pause_s: float = 0.0) -> list[bytes]:
    """Acknowledges batch by batch; with pauses of more than a tenth of a second each of them is stored."""
    found: list[bytes] = []
    with open_consumer(address) as member:
        give_up = time.monotonic() + 30
        while len(found) < count and time.monotonic() < give_up:
            batch = member.receive(0.5)
            found += batch.bodies
            time.sleep(pause_s)
            member.acknowledge(batch)
    return found


@pytest.mark.broker
def test_the_backlog_is_what_the_group_has_not_read_at_once_and_without_what_it_stored(
    endpoints: dict[str, Endpoint],
) -> None:
    with stream_at(endpoints) as (broker, address):
        assert broker.backlog() == 0
        publish(address, MIXED)
        assert broker.backlog() == len(MIXED)
        for _ in range(2):
            publish(address, MIXED)
        assert read_all(address, 3 * len(MIXED), 0.11) == 3 * MIXED
        assert broker.backlog() == 0
        publish(address, [b"more"])
        assert (broker.backlog() or 0) >= 1
        assert read_all(address, 1) == [b"more"]
        assert broker.backlog() == 0


@pytest.mark.broker
def test_a_burst_that_the_server_writes_into_chunks_larger_than_any_frame_is_read(
    endpoints: dict[str, Endpoint],
) -> None:
    bodies = encode(1, np.arange(60_000, dtype=np.int64), filler(1024))
    with stream_at(endpoints) as (_, address):
        publish(address, bodies)
        assert read_all(address, len(bodies)) == list(bodies)
