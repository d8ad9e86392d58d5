"""Publishing to a RabbitMQ stream: many messages a frame, each with a number of its own."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence

import numpy as np

from labs.brokers.base import Confirmations
from labs.brokers.rabbitmq.fast import stream_wire as wires
from labs.brokers.rabbitmq.fast.stream_member import DATA, Member
from labs.brokers.rabbitmq.fast.stream_wire import frame, text
from labs.brokers.rabbitmq.fast.unsettled import Unsettled
from labs.model.endpoint import Address
from labs.model.message import HEADER_BYTES, Stamped

FRAMED_BYTES = 500_000


class Publisher(Member):
    """Many messages a frame, each with a number of its own that the server confirms."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._unsettled = Unsettled()
        self._rest = b""
        self._sheet = np.empty((0, 0), np.uint8)
        self._confirmed: list[Sequence[int]] = []
        self._refused: list[int] = []
        self._why = ""

    def _begin(self) -> None:
        self.link.call(wires.DECLARE_PUBLISHER, b"\x00" + text("") + text(self.stream), "take a publisher")

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
            if len(body) > self.link.frame_max - 64:
                self._refused += self._unsettled.settle(np.array([first], np.int64))
                self._why = self._why or f"a message is larger than a frame of {self.link.frame_max:,} bytes"
            else:
                entry = struct.pack(">QI", first, len(body) + 8) + DATA + struct.pack(">I", len(body)) + body
                self.link.send(frame(wires.PUBLISH, b"\x00" + struct.pack(">I", 1) + entry))

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
        self.link.send(head)
        self.link.send(rows.reshape(-1).data)

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
        why, self._why = (self._why, "") if refused else ("", self._why)
        return Confirmations(confirmed[0] if confirmed else (), refused, why)

    def _hear(self, timeout_s: float) -> None:
        while found := self.link.next(timeout_s):
            key, content = found
            timeout_s = 0.0
            if key == wires.CONFIRM and len(content) >= 5:
                count = min(struct.unpack_from(">I", content, 1)[0], (len(content) - 5) // 8)
                self._note(self._unsettled.settle(np.frombuffer(content, ">u8", count, 5).astype(np.int64)))
            elif key == wires.ERROR and len(content) >= 5:
                count = min(struct.unpack_from(">I", content, 1)[0], (len(content) - 5) // 10)
                numbers = [struct.unpack_from(">Q", content, 5 + 10 * at)[0] for at in range(count)]
                self._refused += self._unsettled.settle(np.array(numbers, np.int64))
                if count:
                    self._why = self._why or wires.reason(struct.unpack_from(">H", content, 13)[0])
            elif key == wires.METADATA_UPDATE:
                self._refused += self._unsettled.settle_all()  # the stream is gone, and its publisher with it
                self._why = self._why or wires.reason(struct.unpack_from(">H", content.ljust(2, b"\0"))[0])

    def _note(self, settled: Sequence[int]) -> None:
        if not len(settled):
            return
        last = self._confirmed[-1] if self._confirmed else None
        if isinstance(last, range) and isinstance(settled, range) and last.stop == settled.start:
            self._confirmed[-1] = range(last.start, settled.stop)
        else:
            self._confirmed.append(settled)
