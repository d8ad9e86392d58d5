"""Redis Pub/Sub with frames of our own: PUBLISH in a window, messages at equal distances read as one array."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from labs.brokers.base import Deliveries
from labs.brokers.redis.admin import Broker
from labs.brokers.redis.fast.publisher import FastMember, FastPublisher
from labs.brokers.redis.fast.wire import bulk, command
from labs.model.endpoint import Address, RefusedError
from labs.model.message import HEADER_BYTES, Frames
from labs.model.profile import Profile

__all__ = ["Broker", "Consumer", "Publisher", "why_not"]
MOST_BYTES = 1 << 30


def why_not(_profile: Profile) -> str | None:
    """There is nothing of Pub/Sub that this lane cannot do."""
    return None


class Publisher(FastPublisher):
    """One PUBLISH a message; the answer counts receivers and promises nothing about them."""

    def _before(self, body_bytes: int) -> bytes:
        return b"*3\r\n" + bulk(b"PUBLISH") + bulk(self.key) + b"$%d\r\n" % body_bytes


class Consumer(FastMember):
    """A subscriber; every one gets everything, so `group` means nothing here."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._front = b"*3\r\n" + bulk(b"message") + bulk(self.key) + b"$"

    def _begin(self) -> None:
        self.link.write(command(b"SUBSCRIBE", self.key))
        told = b"*3\r\n" + bulk(b"subscribe") + bulk(self.key) + b":1\r\n"
        until_s = time.monotonic() + 5.0
        while len(self.link.arrived) < len(told) and time.monotonic() < until_s:
            self.link.fill(0.5)
            if self.link.arrived[:1] == b"-":
                raise RefusedError(
                    f"Redis refused SUBSCRIBE: {self.link.arrived[1:].decode(errors='replace').strip()}."
                )
        if not self.link.arrived.startswith(told):
            raise RefusedError("Redis did not confirm the subscription within 5 s.")
        self.link.arrived = self.link.arrived[len(told) :]

    def receive(self, timeout_s: float) -> Deliveries:
        """The messages that have arrived whole."""
        until_s = time.monotonic() + timeout_s
        while True:
            bodies = self._parsed()
            if len(bodies):
                return Deliveries(bodies, [False] * len(bodies))
            left_s = until_s - time.monotonic()
            if not self.link.fill(left_s) and left_s <= 0:
                return Deliveries()

    def _parsed(self) -> Sequence[bytes]:
        """The whole messages at the front of what has arrived: as many as have the first one's size."""
        data, front = self.link.arrived, len(self._front)
        line_end = data.find(b"\r\n", front)
        if line_end < 0 or line_end + 2 > len(data):
            if len(data) > front + 32 or not self._front.startswith(data[:front]):
                raise RefusedError(f"Redis sent something that is no message: {data[:60]!r}.")
            return ()
        digits = data[front:line_end]
        if not data.startswith(self._front) or not digits.isdigit() or int(digits) > MOST_BYTES:
            raise RefusedError(f"Redis sent something that is no message: {data[:60]!r}.")
        start, size = line_end + 2, int(digits)
        stride = start + size + 2
        count = len(data) // stride
        if not count:
            return ()
        table = np.frombuffer(data, np.uint8, count * stride).reshape(count, stride)
        alike = (table[:, :start] == table[0, :start]).all(axis=1)
        count = count if alike.all() else int(np.argmin(alike))
        self.link.arrived = data[count * stride :]
        if size < HEADER_BYTES:
            return [data[at + start : at + start + size] for at in range(0, count * stride, stride)]
        return Frames(data, start, stride, count, size)

    def acknowledge(self, deliveries: Deliveries) -> None:
        """Pub/Sub knows no acknowledgement."""
