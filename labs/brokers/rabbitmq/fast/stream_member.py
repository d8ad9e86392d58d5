"""What the stream's publisher and consumer share, and where a group's reader is kept."""

from __future__ import annotations

import struct

from labs.brokers.lifetime import Connected
from labs.brokers.rabbitmq.fast import stream_wire as wires
from labs.brokers.rabbitmq.fast.stream_wire import Wire, text
from labs.model.endpoint import Address

DATA = b"\x00\x53\x75\xb0"
"""A message is a data section of AMQP 1.0 with a length of four bytes, so that every other client can read it."""
SHORT_DATA = b"\x00\x53\x75\xa0"
"""The same with a length of one byte, as other clients write it."""
LAST = 2


class Member(Connected[Wire]):
    """Enter it to connect."""

    def __init__(self, address: Address) -> None:
        self.stream = address.name
        self.link = Wire(address.endpoint)


def stored_offset(wire: Wire, group: str, stream: str) -> int:
    """Where a reader of the group goes on; 0 if none has stored anything."""
    fine = (wires.OK, wires.NO_OFFSET)
    answer = wire.call(wires.QUERY_OFFSET, text(group) + text(stream), "say how far the group is", fine)
    code, offset = wire.unpack(">HQ", answer)
    return int(offset) if code == wires.OK else 0


def end_of(wire: Wire, stream: str) -> int:
    """The offset behind the last message; 0 if there is none.

    Counting what the server counts would be wrong: it counts every few seconds, and stored offsets as messages. A
    subscription to the end is answered first, then sent the last chunk, and only then is the next question heard.
    Source: rabbit_stream_reader.erl, `subscribe`; issue rabbitmq/osiris 99.
    """
    wire.passed = b""
    wire.call(wires.SUBSCRIBE, b"\x01" + text(stream) + struct.pack(">HH", LAST, 1), "show the stream's end")
    wire.call(wires.UNSUBSCRIBE, b"\x01", "forget about the stream's end")
    if not wire.passed:
        return 0
    _, _, _, records, _, _, first = wire.unpack(">BBHIqQQ", wire.passed, 1)
    return int(first + records)
