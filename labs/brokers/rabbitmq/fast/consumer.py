"""Consuming from RabbitMQ in bulk: deliveries of one size stay where they arrived, acknowledgements are few."""

from __future__ import annotations

import contextlib
import struct
import time
from types import TracebackType

from pika import spec

from labs.brokers.base import Deliveries
from labs.brokers.rabbitmq.fast import deliveries as runs_of
from labs.brokers.rabbitmq.fast import frames
from labs.brokers.rabbitmq.fast.member import Member
from labs.brokers.rabbitmq.queue import PREFETCH
from labs.model.endpoint import Address, RefusedError, UnreachableError

_TAG = "c"
_ACK_ONE, _ACK_ALL = 0, 1
ACK_EVERY = 100
"""So many messages are acknowledged at once while more keep coming, as PerfTest is told to do."""
HOLD_S = 0.001


class Consumer(Member):
    """One of those who share the queue; `group` means nothing, there is one queue."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._raw = b""
        self._waiting: list[bytes] = []
        self._needed = 1
        self._acked_to = 0
        self._held_to = 0
        """Acknowledged by the caller; the server does not know yet of what lies behind `_acked_to`."""
        self._closed = ""

    def _begin(self) -> None:
        self.wire.call(spec.Basic.Qos(0, PREFETCH, False), spec.Basic.QosOk, "limit what is unacknowledged")
        self.wire.call(spec.Basic.Consume(queue=self.queue, consumer_tag=_TAG), spec.Basic.ConsumeOk, "consume")
        self._raw, self.wire.unread = self.wire.unread, b""

    def receive(self, timeout_s: float) -> Deliveries:
        """What the server has pushed; RefusedError once it has closed the channel."""
        give_up = time.monotonic() + timeout_s
        held = self._held_to > self._acked_to
        runs = self._parsed(self.wire.read(min(HOLD_S, timeout_s) if held else 0.0))
        if not runs:
            self._tell()
        while not runs and (left_s := give_up - time.monotonic()) > 0:
            runs = self._parsed(self.wire.read(left_s))
        if not runs:
            return Deliveries()
        bodies = runs[0].bodies if len(runs) == 1 else [body for run in runs for body in run.bodies]
        again = runs[0].redelivered if len(runs) == 1 else [flag for run in runs for flag in run.redelivered]
        return Deliveries(bodies, again, range(runs[0].first_tag, runs[-1].last_tag + 1))

    def _parsed(self, arrived: bytes) -> list[runs_of.Run]:
        if arrived:
            self._waiting.append(arrived)
        if not self._raw and not self._waiting:
            if self._closed:
                raise RefusedError(f"{self.wire.where} closed the channel: {self._closed}.")
            return []
        if len(self._raw) + sum(map(len, self._waiting)) < self._needed:
            return []
        raw = b"".join([self._raw, *self._waiting])
        self._waiting.clear()
        runs: list[runs_of.Run] = []
        try:
            at = self._take_all(raw, runs)
        except frames.FrameError as error:
            self.wire.give_up(error)
        self._raw = raw[at:]
        return runs

    def _take_all(self, raw: bytes, runs: list[runs_of.Run]) -> int:
        """Adds the deliveries that have arrived whole to `runs`; gives where the rest begins."""
        at, self._needed = 0, 1
        while one := frames.frame_at(raw, at, self.wire.frame_max):
            if one.kind == frames.METHOD and frames.method_of(raw, one) == frames.DELIVER:
                content = frames.content_at(raw, at, self.wire.frame_max)
                if isinstance(content, frames.Missing):
                    self._needed = content.bytes_needed
                    break
                runs.append(runs_of.alike(raw, content, at) or runs_of.delivery(raw, content))
                at = runs[-1].next
            else:
                self._closed = self.wire.notice(self.wire.method(raw, one)) or self._closed
                at = one.end + 1
        return at

    def acknowledge(self, deliveries: Deliveries) -> None:
        """One acknowledgement for the batch, unless an earlier batch is still open.

        A small batch waits for the next ones: until there are ACK_EVERY messages, or the next `receive` finds nothing
        within HOLD_S, or the consumer leaves. If the process is killed before, its messages come again.
        """
        tags = deliveries.token
        if not isinstance(tags, range) or not tags or self._closed:
            return
        if tags[0] != self._held_to + 1:
            self.wire.send(b"".join(_ack(tag, _ACK_ONE) for tag in tags))
            return
        self._held_to = tags[-1]
        if self._held_to - self._acked_to >= ACK_EVERY:
            self._tell()

    def _tell(self) -> None:
        """Acknowledges what is held, in one go."""
        if self._held_to > self._acked_to and not self._closed:
            self.wire.send(_ack(self._held_to, _ACK_ALL))
            self._acked_to = self._held_to

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(UnreachableError):
            self._tell()
        super().__exit__(kind, error, trace)


def _ack(tag: int, extent: int) -> bytes:
    return frames.frame(frames.METHOD, frames.CHANNEL, struct.pack(">HHQB", *frames.ACK, tag, extent))
