"""RabbitMQ's streams by their own protocol: a log on the same node as the queues, many messages a frame."""

from __future__ import annotations

import contextlib
import struct
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from labs.brokers.base import Address, BrokerError, Confirmations, Deliveries, Endpoint, RefusedError
from labs.brokers.fast import rabbitmq_stream_wire as wires
from labs.brokers.fast.rabbitmq_stream_wire import Wire, frame, text
from labs.brokers.fast.rabbitmq_unsettled import Unsettled
from labs.brokers.rabbitmq_broker import Broker as QueueBroker
from labs.messages import HEADER_BYTES, Frames, Stamped
from labs.profile import Profile

__all__ = ["Broker", "Consumer", "Publisher", "why_not"]
DATA = b"\x00\x53\x75\xb0"
"""A message is a data section of AMQP 1.0 with a length of four bytes, so that every other client can read it."""
FRAMED_BYTES = 500_000
CREDIT = 20
STORE_EVERY_S = 0.1
"""How often a reader stores how far it has come; a store is a write into the stream."""
CHUNK_HEAD = struct.Struct(">BBHIqQQIII4x")
MAGIC = 0x50
FIRST, AT_OFFSET = 1, 4


def why_not(_profile: Profile) -> str | None:
    """Streams have this lane alone."""
    return None


class _Member:
    def __init__(self, address: Address) -> None:
        self.stream = address.name
        self.wire = Wire(address.endpoint)

    def __enter__(self) -> Self:
        self.wire.open()
        try:
            self._begin()
        except BaseException:
            self.wire.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wire.close()

    def _begin(self) -> None:
        """Called once logged in."""


class Broker:
    """One stream; `name` is its name. It connects when asked."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str) -> None:
        self._endpoint, self._name = endpoint, name
        self._queue = QueueBroker(endpoint, profile, name)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Wire]:
        wire = Wire(self._endpoint)
        wire.open()
        try:
            yield wire
        finally:
            wire.close()

    def __enter__(self) -> Self:
        """Creates the stream anew."""
        with self._connected() as wire:
            self._delete(wire)
            wire.call(wires.CREATE, text(self._name) + struct.pack(">I", 0), "create the stream")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deletes the stream; a server that is gone keeps it."""
        with contextlib.suppress(BrokerError), self._connected() as wire:
            self._delete(wire)

    def _delete(self, wire: Wire) -> None:
        wire.call(wires.DELETE, text(self._name), "delete the stream", (wires.OK, wires.NO_STREAM))

    def version(self) -> str:
        """As the server says when greeting."""
        with self._connected() as wire:
            return wire.version

    def backlog(self) -> int | None:
        """Messages in the stream behind the offset that the group has stored."""
        with self._connected() as wire:
            return (self._queue.backlog() or 0) - stored_offset(wire, "labs", self._name)

    def durability(self) -> dict[str, str]:
        """What a stream is, in words: its protocol has nothing to ask for."""
        return {"queue": "stream", "messages": "confirmed when written, flushed by the system", "confirms": "on"}


def stored_offset(wire: Wire, group: str, stream: str) -> int:
    """Where a reader of the group goes on; 0 if none has stored anything."""
    fine = (wires.OK, wires.NO_OFFSET)
    answer = wire.call(wires.QUERY_OFFSET, text(group) + text(stream), "say how far the group is", fine)
    code, offset = struct.unpack_from(">HQ", answer)
    return int(offset) if code == wires.OK else 0


class Publisher(_Member):
    """Many messages a frame, each with a number of its own that the server confirms."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._unsettled = Unsettled()
        self._rest = b""
        self._sheet = np.empty((0, 0), np.uint8)
        self._confirmed: list[Sequence[int]] = []
        self._refused: list[int] = []

    def _begin(self) -> None:
        self.wire.call(wires.DECLARE_PUBLISHER, b"\x00" + text("") + text(self.stream), "take a publisher")

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Hands the batch to the socket in frames of about half a megabyte; what no frame can hold is refused."""
        if isinstance(bodies, Stamped) and bodies.body_bytes <= FRAMED_BYTES:
            most = max(FRAMED_BYTES // (bodies.body_bytes + 20), 1)
            for at in range(0, len(bodies), most):
                self._print(bodies[at : at + most])
            return
        for body in bodies:
            first = self._unsettled.next
            self._unsettled.add(1)
            if len(body) > self.wire.frame_max - 64:
                self._refused += self._unsettled.settle(np.array([first], np.int64))
            else:
                entry = struct.pack(">QI", first, len(body) + 8) + DATA + struct.pack(">I", len(body)) + body
                self.wire.send(frame(wires.PUBLISH, b"\x00" + struct.pack(">I", 1) + entry))

    def _print(self, bodies: Stamped) -> None:
        """One frame: rows that differ in their number and their head alone."""
        count, first = len(bodies), self._unsettled.next
        if count > len(self._sheet) or self._rest != bodies.rest:
            size = struct.pack(">I", bodies.body_bytes)
            one = bytes(8) + struct.pack(">I", bodies.body_bytes + 8) + DATA + size + bytes(HEADER_BYTES) + bodies.rest
            self._rest, self._sheet = bodies.rest, np.tile(np.frombuffer(one, np.uint8), (count, 1))
        rows = self._sheet[:count]
        rows[:, :8] = np.arange(first, first + count, dtype=">u8").view(np.uint8).reshape(count, 8)
        rows[:, 20 : 20 + HEADER_BYTES] = np.ascontiguousarray(bodies.heads).view(np.uint8).reshape(count, HEADER_BYTES)
        head = struct.pack(">IHHBI", 9 + rows.size, wires.PUBLISH, 1, 0, count)
        self._unsettled.add(count)
        self.wire.send(head)
        self.wire.send(rows.reshape(-1).data)

    def poll(self, timeout_s: float) -> Confirmations:
        """What has been settled; waits for something only if nothing is known."""
        self._hear(0.0)
        give_up = time.monotonic() + timeout_s
        while len(self._unsettled) and not (self._confirmed or self._refused) and time.monotonic() < give_up:
            self._hear(give_up - time.monotonic())
        confirmed, refused = self._confirmed, self._refused
        self._confirmed, self._refused = [], []
        if len(confirmed) > 1:
            confirmed = [[number for part in confirmed for number in part]]
        return Confirmations(confirmed[0] if confirmed else (), refused)

    def _hear(self, timeout_s: float) -> None:
        while found := self.wire.next(timeout_s):
            key, content = found
            timeout_s = 0.0
            if key == wires.CONFIRM and len(content) >= 5:
                count = min(struct.unpack_from(">I", content, 1)[0], (len(content) - 5) // 8)
                self._note(self._unsettled.settle(np.frombuffer(content, ">u8", count, 5).astype(np.int64)))
            elif key == wires.ERROR and len(content) >= 5:
                count = min(struct.unpack_from(">I", content, 1)[0], (len(content) - 5) // 10)
                numbers = [struct.unpack_from(">Q", content, 5 + 10 * at)[0] for at in range(count)]
                self._refused += self._unsettled.settle(np.array(numbers, np.int64))
            elif key == wires.METADATA_UPDATE:
                self._refused += self._unsettled.settle_all()  # the stream is gone, and its publisher with it

    def _note(self, settled: Sequence[int]) -> None:
        if not len(settled):
            return
        last = self._confirmed[-1] if self._confirmed else None
        if isinstance(last, range) and isinstance(settled, range) and last.stop == settled.start:
            self._confirmed[-1] = range(last.start, settled.stop)
        else:
            self._confirmed.append(settled)


class Consumer(_Member):
    """A reader that begins where its group has stored that it was, else at the first message."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._from = 0
        self._done = self._stored = 0
        self._next_store_s = 0.0
        self._ready: deque[tuple[Sequence[bytes], int]] = deque()

    def _begin(self) -> None:
        self._from = self._done = self._stored = stored_offset(self.wire, self.group, self.stream)
        where = struct.pack(">HQ", AT_OFFSET, self._from) if self._from else struct.pack(">H", FIRST)
        self.wire.call(wires.SUBSCRIBE, b"\x00" + text(self.stream) + where + struct.pack(">H", CREDIT), "subscribe")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What was acknowledged last must be stored before the reader goes, and there before another asks."""
        with contextlib.suppress(BrokerError):
            if kind is None and self._done != self._stored:
                self._store()
                stored_offset(self.wire, self.group, self.stream)
        super().__exit__(kind, error, trace)

    def receive(self, timeout_s: float) -> Deliveries:
        """A chunk of the stream, as it lies there if its messages have one size."""
        give_up = time.monotonic() + timeout_s
        while not self._ready:
            found = self.wire.next(max(give_up - time.monotonic(), 0.0))
            if found is None:
                return Deliveries()
            if found[0] == wires.METADATA_UPDATE:
                raise RefusedError(f"{self.wire.where} has deleted the stream.")
            if found[0] == wires.DELIVER:
                self._chunk(found[1][1:])
        bodies, after = self._ready.popleft()
        return Deliveries(bodies, [False] * len(bodies), after)

    def _chunk(self, raw: bytes) -> None:
        """Check and open a chunk; ask for another."""
        if len(raw) < CHUNK_HEAD.size:
            raise RefusedError(f"{self.wire.where} sent a chunk that is cut off.")
        magic, kind, entries, records, _, _, first, crc, size, _ = CHUNK_HEAD.unpack_from(raw)
        data = raw[CHUNK_HEAD.size : CHUNK_HEAD.size + size]
        if magic != MAGIC or len(data) != size or zlib.crc32(data) != crc:
            raise RefusedError(f"{self.wire.where} sent a chunk whose checksum is wrong.")
        self.wire.send(frame(wires.CREDIT, b"\x00" + struct.pack(">H", 1)))
        if kind != 0 or entries != records:
            if kind == 0:
                raise RefusedError(f"{self.wire.where} sent batches within a batch, which nobody here has written.")
            return  # where readers are is kept in chunks of other kinds
        bodies: Sequence[bytes] = _alike(data, entries) or list(_one_by_one(data, entries))
        if (known := self._from - first) > 0:  # a chunk is sent whole, also if the reader had come to its middle
            bodies = bodies[known:]
        if len(bodies):
            self._ready.append((bodies, first + entries))

    def acknowledge(self, deliveries: Deliveries) -> None:
        """Stores the offset behind the batch, ten times a second at most; no answer comes."""
        if isinstance(deliveries.token, int):
            self._done = deliveries.token
            if time.monotonic() >= self._next_store_s:
                self._next_store_s = time.monotonic() + STORE_EVERY_S
                self._store()

    def _store(self) -> None:
        self.wire.send(frame(wires.STORE_OFFSET, text(self.group) + text(self.stream) + struct.pack(">Q", self._done)))
        self._stored = self._done


def _alike(data: bytes, count: int) -> Frames | None:
    """The bodies of a chunk whose entries are all like the first; None if they are not."""
    if len(data) < 12 or data[4:8] != DATA:
        return None
    (size,) = struct.unpack_from(">I", data)
    stride = 4 + size
    if size < 8 + HEADER_BYTES or len(data) != count * stride:
        return None
    rows = np.frombuffer(data, np.uint8).reshape(count, stride)
    if not (rows[:, :12] == rows[0, :12]).all() or struct.unpack_from(">I", data, 8)[0] != size - 8:
        return None
    return Frames(data, 12, stride, count, size - 8)


def _one_by_one(data: bytes, count: int) -> Iterator[bytes]:
    """The bodies of a chunk of mixed sizes."""
    at = 0
    for _ in range(count):
        if len(data) - at < 4:
            raise RefusedError("RabbitMQ's streams sent a chunk with an entry cut off.")
        (size,) = struct.unpack_from(">I", data, at)
        entry = data[at + 4 : at + 4 + size]
        if size >> 31 or len(entry) != size:
            raise RefusedError("RabbitMQ's streams sent a chunk with an entry cut off.")
        yield entry[8:] if entry[:4] == DATA else entry
        at += 4 + size
