"""Reading a RabbitMQ stream: chunks as they lie in the log, their checksums compared."""

from __future__ import annotations

import contextlib
import struct
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType

import numpy as np

from labs.brokers.base import Deliveries
from labs.brokers.rabbitmq.fast import stream_wire as wires
from labs.brokers.rabbitmq.fast.stream_member import DATA, SHORT_DATA, Member, stored_offset
from labs.brokers.rabbitmq.fast.stream_wire import frame, text
from labs.model.endpoint import Address, BrokerError, RefusedError
from labs.model.message import HEADER_BYTES, Frames

CREDIT = 20
STORE_EVERY_S = 0.1
"""How often a reader stores how far it has come; a store is a write into the stream."""
CHUNK_HEAD = struct.Struct(">BBHIqQQIII4x")
MAGIC = 0x50
FIRST, AT_OFFSET = 1, 4


class Consumer(Member):
    """A reader that begins where its group has stored that it was, else at the first message."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._from = 0
        self._done = self._stored = 0
        self._next_store_s = 0.0
        self._ready: deque[tuple[Sequence[bytes], int]] = deque()

    def _begin(self) -> None:
        self._from = self._done = self._stored = stored_offset(self.link, self.group, self.stream)
        where = struct.pack(">HQ", AT_OFFSET, self._from) if self._from else struct.pack(">H", FIRST)
        self.link.call(wires.SUBSCRIBE, b"\x00" + text(self.stream) + where + struct.pack(">H", CREDIT), "subscribe")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What was acknowledged last must be stored before the reader goes, and there before another asks."""
        with contextlib.suppress(BrokerError):
            if kind is None and self._done:
                if self._done != self._stored:
                    self._store()
                stored_offset(self.link, self.group, self.stream)  # a store has no answer; this one comes after it
        super().__exit__(kind, error, trace)

    def receive(self, timeout_s: float) -> Deliveries:
        """A chunk of the stream, as it lies there if its messages have one size."""
        give_up = time.monotonic() + timeout_s
        while not self._ready:
            found = self.link.next(max(give_up - time.monotonic(), 0.0))
            if found is None:
                return Deliveries()
            if found[0] == wires.METADATA_UPDATE:
                raise RefusedError(f"{self.link.where} has deleted the stream.")
            if found[0] == wires.DELIVER:
                self._chunk(found[1][1:])
        bodies, after = self._ready.popleft()
        return Deliveries(bodies, [False] * len(bodies), after)

    def _chunk(self, raw: bytes) -> None:
        """Check and open a chunk; ask for another."""
        if len(raw) < CHUNK_HEAD.size:
            raise RefusedError(f"{self.link.where} sent a chunk that is cut off.")
        magic, kind, entries, records, _, _, first, crc, size, _ = CHUNK_HEAD.unpack_from(raw)
        data = raw[CHUNK_HEAD.size : CHUNK_HEAD.size + size]
        if magic != MAGIC or len(data) != size or zlib.crc32(data) != crc:
            raise RefusedError(f"{self.link.where} sent a chunk whose checksum is wrong.")
        self.link.send(frame(wires.CREDIT, b"\x00" + struct.pack(">H", 1)))
        if kind != 0 or entries != records:
            if kind == 0:
                raise RefusedError(f"{self.link.where} sent batches within a batch, which nobody here has written.")
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
        self.link.send(frame(wires.STORE_OFFSET, text(self.group) + text(self.stream) + struct.pack(">Q", self._done)))
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
        yield entry[8:] if entry[:4] == DATA else entry[5:] if entry[:4] == SHORT_DATA else entry
        at += 4 + size
