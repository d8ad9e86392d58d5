"""Publishing to RabbitMQ in bulk: a batch is one write, confirmations are read many at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from pika import spec

from labs.brokers.base import Address, Confirmations
from labs.brokers.fast.rabbitmq_frames import (
    ACK,
    METHOD,
    NACK,
    RETURN,
    Content,
    Envelope,
    FrameError,
    Missing,
    Press,
    confirms_at,
    content_at,
    frame_at,
    method_of,
)
from labs.brokers.fast.rabbitmq_member import Member
from labs.brokers.fast.rabbitmq_unsettled import Unsettled
from labs.brokers.rabbitmq import ALONE_BYTES, ALONE_S
from labs.messages import HEADER, HEADER_BYTES, Stamped


class Publisher(Member):
    """Publishes to the default exchange, a batch in one write."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._confirms = bool(self.settings["confirms"])
        self._unsettled = Unsettled()
        self._base = 0
        """The number of the first message on this channel, whose delivery tag is 1."""
        self._shift = 0
        """The number of a stamped message less the sequence in its head: a returned one is known by nothing else."""
        self._open = False
        self._press: Press | None = None
        self._returned: set[int] = set()
        self._confirmed: list[Sequence[int]] = []
        self._refused: list[int] = []

    def _begin(self) -> None:
        self._envelope = Envelope(self.queue, 2 if self.settings["persistent"] else 1, self.wire.frame_max)
        self._press = None
        self._base = self._unsettled.next
        if self._confirms:
            self.wire.call(spec.Confirm.Select(), spec.Confirm.SelectOk, "confirm")
        self._open = True

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Hands the batch to the socket; after a refusal that closed the channel, on a new one."""
        if isinstance(bodies, Stamped) and bodies.body_bytes <= ALONE_BYTES and self._same_shift(bodies):
            self._print(bodies)
            return
        for body in bodies:
            alone = len(body) > ALONE_BYTES
            if alone:
                self._settle()
            self._reopen()
            for piece in self._envelope.pieces(body, str(self._unsettled.next)):
                self.wire.send(piece)
            self._unsettled.add(1)
            if alone:
                self._settle()

    def _same_shift(self, bodies: Stamped) -> bool:
        """Whether what the server returns of this batch could be told from what is still unsettled."""
        if not len(bodies):
            return True
        shift = self._unsettled.next - int(bodies.heads["sequence"][0])
        if shift != self._shift and len(self._unsettled):
            return False
        self._shift = shift
        return True

    def _print(self, bodies: Stamped) -> None:
        if not len(bodies):
            return
        self._reopen()
        if self._press is None or self._press.rest != bodies.rest:
            self._press = Press(self._envelope, bodies.rest)
        for piece in self._press.printed(bodies.heads):
            self.wire.send(piece)
        self._unsettled.add(len(bodies))

    def _reopen(self) -> None:
        if not self._open:
            self.wire.call(spec.Channel.Open(), spec.Channel.OpenOk, "open a channel")
            self._begin()

    def _settle(self) -> None:
        """Waits until nothing is outstanding."""
        give_up = time.monotonic() + ALONE_S
        while len(self._unsettled) and time.monotonic() < give_up:
            self._hear(0.5)

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
        """Take in what the server has said."""
        fresh = self.wire.read(timeout_s)
        if not self._confirms and not self.wire.unsent_bytes and len(self._unsettled):
            self._note(self._unsettled.settle_all())  # without confirms it counts when the operating system has it
        if not fresh:
            return
        raw, at = self.wire.unread + fresh, 0
        try:
            while at < len(raw) and (after := self._next(raw, at)) > at:
                at = after
        except FrameError as error:
            self._strange(error)
        self.wire.unread = raw[at:]

    def _next(self, raw: bytes, at: int) -> int:
        """Deal with what begins at `at`; where the next thing begins, or `at` if it is not whole."""
        for kind in (ACK, NACK):
            found = confirms_at(raw, at, kind)
            if len(found.tags):
                numbers = self._base - 1 + found.tags.astype(np.int64)
                before = int(numbers[found.multiple].max()) + 1 if found.multiple.any() else 0
                settled = self._unsettled.settle(numbers, before)
                if kind == ACK:
                    self._note(settled)
                else:
                    self._refused += settled
                return found.next
        one = frame_at(raw, at, self.wire.frame_max)
        if one is None:
            return at
        if one.kind == METHOD and method_of(raw, one) == RETURN:
            content = content_at(raw, at, self.wire.frame_max)
            if isinstance(content, Missing):
                return at
            self._returned.add(self._number_of(raw, content))
            return content.next
        said = self._said(raw, at)
        assert said is not None
        if self.wire.notice(said[1]):  # the server closed the channel over a message: what is open it will not confirm
            self._open = False
            self._refused += self._unsettled.settle_all()
        return said[0]

    def _number_of(self, raw: bytes, content: Content) -> int:
        """Of a returned message: by its id, else by the sequence in its head."""
        known = content.message_id(raw)
        if known.isdigit():
            return int(known)
        body = content.body(raw)
        return int(np.frombuffer(body, HEADER, 1)["sequence"][0]) + self._shift if len(body) >= HEADER_BYTES else -1

    def _note(self, settled: Sequence[int]) -> None:
        """Confirmed; but what no queue took has come back before, and is refused."""
        if self._returned and (back := [number for number in settled if number in self._returned]):
            self._refused += back
            self._returned.difference_update(back)
            settled = [number for number in settled if number not in set(back)]
        if not len(settled):
            return
        last = self._confirmed[-1] if self._confirmed else None
        if isinstance(last, range) and isinstance(settled, range) and last.stop == settled.start:
            self._confirmed[-1] = range(last.start, settled.stop)
        else:
            self._confirmed.append(settled)
