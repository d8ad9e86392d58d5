"""RabbitMQ's streams where the common suite does not look: frames and chunks that are damaged."""

import struct
import zlib
from typing import Any

import pytest

from labs.brokers import LaneError, on_lane
from labs.brokers.base import Address, Endpoint, RefusedError, UnreachableError
from labs.brokers.fast import rabbitmq_stream_wire as wires
from labs.brokers.fast.rabbitmq_stream_consumer import CHUNK_HEAD, MAGIC, Consumer
from labs.brokers.fast.rabbitmq_stream_member import DATA
from labs.profile import profile

NOWHERE = Address(Endpoint("rabbitmq", "127.0.0.1", 1), profile("rabbitmq-stream"), "stream")


class Quiet(wires.Wire):
    """A connection that takes what is sent and says nothing."""

    def send(self, data: Any) -> None:
        """Nobody listens."""


def consumer() -> Consumer:
    found = Consumer(NOWHERE, "labs")
    found.wire = Quiet(NOWHERE.endpoint)
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
    wire._arrived = struct.pack(">IHH", 1 << 31, 1, 1)
    with pytest.raises(UnreachableError, match="not the stream protocol"):
        wire._whole()


def test_a_broker_without_a_port_for_streams_and_a_lane_that_cannot_speak_to_them_say_so() -> None:
    with pytest.raises(RefusedError, match="no port for streams"):
        wires.Wire(NOWHERE.endpoint).open()
    with pytest.raises(LaneError, match=r"idiomatic lane cannot run rabbitmq-stream: pika.*Use the fast lane"):
        on_lane(profile("rabbitmq-stream"), "idiomatic")
