"""Consuming from RabbitMQ in bulk: deliveries of one size stay where they arrived, acknowledgements are few."""

from __future__ import annotations

import contextlib
import struct
import time
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pika import spec

from labs.brokers.base import Deliveries
from labs.brokers.rabbitmq.fast import frames
from labs.brokers.rabbitmq.fast.frames import OVERHEAD_BYTES, Content, Frame, FrameError
from labs.brokers.rabbitmq.fast.wire import Member
from labs.brokers.rabbitmq.queue import PREFETCH
from labs.model.endpoint import Address, RefusedError, UnreachableError
from labs.model.message import HEADER_BYTES, Frames

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
        self.link.call(spec.Basic.Qos(0, PREFETCH, False), spec.Basic.QosOk, "limit what is unacknowledged")
        self.link.call(spec.Basic.Consume(queue=self.queue, consumer_tag=_TAG), spec.Basic.ConsumeOk, "consume")
        self._raw, self.link.unread = self.link.unread, b""

    def receive(self, timeout_s: float) -> Deliveries:
        """What the server has pushed; RefusedError once it has closed the channel."""
        give_up = time.monotonic() + timeout_s
        held = self._held_to > self._acked_to
        runs = self._parsed(self.link.read(min(HOLD_S, timeout_s) if held else 0.0))
        if not runs:
            self._tell()
        while not runs and (left_s := give_up - time.monotonic()) > 0:
            runs = self._parsed(self.link.read(left_s))
        if not runs:
            return Deliveries()
        bodies = runs[0].bodies if len(runs) == 1 else [body for run in runs for body in run.bodies]
        again = runs[0].redelivered if len(runs) == 1 else [flag for run in runs for flag in run.redelivered]
        return Deliveries(bodies, again, range(runs[0].first_tag, runs[-1].last_tag + 1))

    def _parsed(self, arrived: bytes) -> list[Run]:
        if arrived:
            self._waiting.append(arrived)
        if not self._raw and not self._waiting:
            if self._closed:
                raise RefusedError(f"{self.link.where} closed the channel: {self._closed}.")
            return []
        if len(self._raw) + sum(map(len, self._waiting)) < self._needed:
            return []
        raw = b"".join([self._raw, *self._waiting])
        self._waiting.clear()
        runs: list[Run] = []
        try:
            at = self._take_all(raw, runs)
        except frames.FrameError as error:
            self.link.give_up(error)
        self._raw = raw[at:]
        return runs

    def _take_all(self, raw: bytes, runs: list[Run]) -> int:
        """Adds the deliveries that have arrived whole to `runs`; gives where the rest begins."""
        at, self._needed = 0, 1
        while one := frames.frame_at(raw, at, self.link.frame_max):
            if one.kind == frames.METHOD and frames.method_of(raw, one) == frames.DELIVER:
                content = frames.content_at(raw, at, self.link.frame_max)
                if isinstance(content, frames.Missing):
                    self._needed = content.bytes_needed
                    break
                runs.append(alike(raw, content, at) or delivery(raw, content))
                at = runs[-1].next
            else:
                self._closed = self.link.notice(self.link.method(raw, one)) or self._closed
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
            self.link.send(b"".join(_ack(tag, _ACK_ONE) for tag in tags))
            return
        self._held_to = tags[-1]
        if self._held_to - self._acked_to >= ACK_EVERY:
            self._tell()

    def _tell(self) -> None:
        """Acknowledges what is held, in one go."""
        if self._held_to > self._acked_to and not self._closed:
            self.link.send(_ack(self._held_to, _ACK_ALL))
            self._acked_to = self._held_to

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(UnreachableError):
            self._tell()
        super().__exit__(kind, error, trace)


def _ack(tag: int, extent: int) -> bytes:
    return frames.frame(frames.METHOD, frames.CHANNEL, struct.pack(">HHQB", *frames.ACK, tag, extent))


_FEW = 4
"""Below so many deliveries in a row an array costs more than it saves."""


class Run(NamedTuple):
    """Deliveries: bodies, whether each came before, the first and the last delivery tag, where the next one begins."""

    bodies: Frames | list[bytes]
    redelivered: list[bool]
    first_tag: int
    last_tag: int
    next: int


def delivery(raw: bytes, one: Content) -> Run:
    """One delivery as a run of its own."""
    tag_at = _tag_at(raw, one.method)
    (tag,) = struct.unpack_from(">Q", raw, tag_at)
    return Run([one.body(raw)], [bool(raw[tag_at + 8] & 1)], tag, tag, one.next)


def _tag_at(raw: bytes, method: Frame) -> int:
    """Where the delivery tag lies, behind the consumer's tag."""
    tag_at = method.start + 5 + raw[method.start + 4] if method.end - method.start > 5 else method.end
    if tag_at + 9 > method.end:
        raise FrameError("a delivery without its tag")
    return tag_at


def alike(raw: bytes, one: Content, at: int) -> Run | None:
    """The deliveries from `at` on whose frames are as long as those of the first, `one`; None where they are few.

    Frames of equal kind and size begin where the last ones ended: comparing what frames a message is parsing it.
    """
    size = one.next - at
    count = (len(raw) - at) // size
    contiguous = one.header.start - one.method.end == OVERHEAD_BYTES
    if count < _FEW or not contiguous or len(one.parts) != 1 or one.parts[0][0] - one.header.end != OVERHEAD_BYTES:
        return None
    body, end = one.parts[0]
    tag_at = _tag_at(raw, one.method)
    if end - body < HEADER_BYTES:
        return None
    rows = np.frombuffer(raw, np.uint8, count * size, at).reshape(count, size)
    fixed = _fixed(one, tag_at - at, at)
    same = (rows[:, fixed] == rows[0, fixed]).all(axis=1)
    if not same.all():
        count = int(same.argmin())
    if count < _FEW:
        return None
    tags = np.ndarray((count,), ">u8", raw, tag_at, (size,))
    if int(tags[-1]) - int(tags[0]) != count - 1:
        raise FrameError("delivery tags that do not follow each other")
    again = (rows[:count, tag_at - at + 8] & 1).astype(np.bool_).tolist()
    return Run(Frames(raw, body, size, count, end - body), again, int(tags[0]), int(tags[-1]), at + count * size)


def _fixed(one: Content, tag_at: int, at: int) -> npt.NDArray[np.intp]:
    """The columns that must be equal: all but the tag, the redelivery flag, the properties' values and the body."""
    body, end = (place - at for place in one.parts[0])
    properties, header_end = one.header.start - at + 14, one.header.end - at
    return np.array([*range(tag_at), *range(tag_at + 9, properties), *range(header_end, body), end], np.intp)
