"""Reading from RabbitMQ in bulk: deliveries as they lie in the buffer, one acknowledgement a batch."""

from __future__ import annotations

import struct
import time

from pika import spec

from labs.brokers.base import Address, Deliveries, RefusedError
from labs.brokers.fast.rabbitmq_deliveries import alike, delivery
from labs.brokers.fast.rabbitmq_frames import (
    ACK,
    CHANNEL,
    DELIVER,
    METHOD,
    FrameError,
    Missing,
    content_at,
    frame,
    frame_at,
    method_of,
)
from labs.brokers.fast.rabbitmq_member import Member
from labs.brokers.rabbitmq import PREFETCH

BATCH = 4096


class Consumer(Member):
    """One of those who share the queue; `group` means nothing, there is one queue."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._needed = 0
        self._acked_to = 0

    def _begin(self) -> None:
        limit = "limit what is unacknowledged"
        self.wire.call(spec.Basic.Qos(prefetch_count=PREFETCH), spec.Basic.QosOk, limit)
        self.wire.call(spec.Basic.Consume(queue=self.queue), spec.Basic.ConsumeOk, "consume")

    def receive(self, timeout_s: float) -> Deliveries:
        """What the server has pushed: messages of one size as they lie there, others one by one."""
        give_up = time.monotonic() + timeout_s
        while True:
            if len(self.wire.unread) >= self._needed:
                found = self._parsed()
                if len(found.bodies):
                    return found
            left_s = give_up - time.monotonic()
            fresh = self.wire.read(max(left_s, 0.0))
            self.wire.unread += fresh
            if not fresh and left_s <= 0:
                return Deliveries()

    def _parsed(self) -> Deliveries:
        raw, at, found = self.wire.unread, 0, Deliveries()
        bodies: list[bytes] = []
        again: list[bool] = []
        first = last = 0
        self._needed = 0
        try:
            while at < len(raw) and len(bodies) < BATCH:
                one = frame_at(raw, at, self.wire.frame_max)
                if one is None:
                    break
                if one.kind != METHOD or method_of(raw, one) != DELIVER:
                    at = self._aside(raw, at)
                    continue
                content = content_at(raw, at, self.wire.frame_max)
                if isinstance(content, Missing):
                    self._needed = content.bytes_needed
                    break
                run = alike(raw, content, at)
                if run is not None and bodies:
                    break
                run = run or delivery(raw, content)
                first, last, at = first or run.first_tag, run.last_tag, run.next
                if not isinstance(run.bodies, list):
                    found = Deliveries(run.bodies, run.redelivered, range(first, last + 1))
                    break
                bodies += run.bodies
                again += run.redelivered
        except FrameError as error:
            self._strange(error)
        self.wire.unread = raw[at:]
        return found if len(found.bodies) else Deliveries(bodies, again, range(first, last + 1))

    def _aside(self, raw: bytes, at: int) -> int:
        """What the server says that is no delivery."""
        said = self._said(raw, at)
        assert said is not None
        if reason := self.wire.notice(said[1]):
            raise RefusedError(f"{self.wire.where} refused to go on delivering: {reason}.")
        return said[0]

    def acknowledge(self, deliveries: Deliveries) -> None:
        """One acknowledgement for the batch, unless an earlier batch is still open."""
        tags = deliveries.token
        if not isinstance(tags, range) or not tags:
            return
        if tags[0] == self._acked_to + 1:
            self.wire.send(_ack(tags[-1], multiple=True))
            self._acked_to = tags[-1]
        else:
            self.wire.send(b"".join(_ack(tag, multiple=False) for tag in tags))


def _ack(tag: int, *, multiple: bool) -> bytes:
    return frame(METHOD, CHANNEL, struct.pack(">HHQB", *ACK, tag, multiple))
