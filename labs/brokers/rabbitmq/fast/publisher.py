"""Publishing to RabbitMQ in bulk: frames built once and stamped in place, confirmations as arrays."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pika import spec

from labs.brokers.base import Confirmations
from labs.brokers.rabbitmq.client import NACKED
from labs.brokers.rabbitmq.fast import frames
from labs.brokers.rabbitmq.fast.unsettled import Unsettled
from labs.brokers.rabbitmq.fast.wire import Member
from labs.brokers.rabbitmq.queue import ALONE_BYTES, ALONE_S
from labs.model.endpoint import Address, UnreachableError
from labs.model.message import HEADER, HEADER_BYTES, Stamped


class _Sent(NamedTuple):
    """A stamped batch that is not settled, kept to tell which of its messages came back."""

    first: int
    heads: npt.NDArray[np.void]


class Publisher(Member):
    """Publishes to a queue, or by an exchange to whatever is bound to it, a batch in one write."""

    def __init__(self, address: Address, exchange: str = "") -> None:
        super().__init__(address)
        self._exchange = exchange
        self._confirms = bool(self.settings["confirms"])
        self._unsettled = Unsettled()
        self._base = 0
        """The number of the first message on this channel, whose delivery tag is 1."""
        self._closed = False
        self._raw = b""
        self._needed = 0
        self._envelope: frames.Envelope | None = None
        self._press: frames.Press | None = None
        self._stamped: deque[_Sent] = deque()
        self._returned: set[int] = set()
        self._confirmed: list[Sequence[int]] = []
        self._refused: list[Sequence[int]] = []
        self._why = ""

    def _begin(self) -> None:
        mode = 2 if self.settings["persistent"] else 1
        self._envelope = frames.Envelope(self.queue, mode, self.link.frame_max, self._exchange)
        self._start_counting()

    def _start_counting(self) -> None:
        self._closed, self._base = False, self._unsettled.next
        if self._confirms:
            self.link.call(spec.Confirm.Select(), spec.Confirm.SelectOk, "confirm")
        self._raw, self.link.unread = self.link.unread, b""

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Hands the batch to the socket; after a refusal that closed the channel, on a new one."""
        start = 0
        small = isinstance(bodies, Stamped) and bodies.body_bytes <= ALONE_BYTES
        for at, body in enumerate(() if small else bodies):
            if len(body) > ALONE_BYTES:
                for part in (bodies[start:at], [body]):
                    self._send(part)
                    self._settle()
                start = at + 1
        self._send(bodies[start:] if start else bodies)

    def _send(self, bodies: Sequence[bytes]) -> None:
        if not len(bodies):
            return
        self._pump(0.0)
        if self._closed:
            self.link.unread = self._raw
            self.link.call(spec.Channel.Open(), spec.Channel.OpenOk, "open a channel")
            self._start_counting()
        first = self._unsettled.next
        self._unsettled.add(len(bodies))
        if isinstance(bodies, Stamped):
            self._stamped.append(_Sent(first, bodies.heads))
        for piece in self._print(bodies, first):
            self.link.send(piece)

    def _print(self, bodies: Sequence[bytes], first: int) -> Iterator[bytes | memoryview]:
        """The frames of the batch. Bodies without a head carry their number, else nobody knew one that came back."""
        envelope = self._envelope
        if envelope is None:
            raise UnreachableError(f"The connection to {self.link.where} is closed. Enter the context first.")
        if not isinstance(bodies, Stamped):
            yield b"".join(
                piece for number, body in enumerate(bodies, first) for piece in envelope.pieces(body, str(number))
            )
            return
        if self._press is None or self._press.rest != bodies.rest:
            self._press = frames.Press(envelope, bodies.rest)
        yield from self._press.printed(bodies.heads)

    def _settle(self) -> None:
        """Waits until nothing is outstanding."""
        give_up = time.monotonic() + ALONE_S
        while len(self._unsettled) and time.monotonic() < give_up:
            self._pump(0.5)
            self._count_handed_over()

    def _pump(self, timeout_s: float) -> None:
        """Reads what has come, waiting at most `timeout_s` for something, and takes it to account."""
        self._raw += self.link.read(timeout_s)
        if len(self._raw) < self._needed:
            return
        at, raw = 0, self._raw
        try:
            while (following := self._take(raw, at)) != at:
                at = following
        except frames.FrameError as error:
            self.link.give_up(error)
        self._raw = raw[at:]

    def _take(self, raw: bytes, at: int) -> int:
        """Deals with what begins at `at`; gives where the next begins, or `at` if it has not arrived whole."""
        for kind in (frames.ACK, frames.NACK):
            found = frames.confirms_at(raw, at, kind)
            if found.next != at:
                self._account(found, kind == frames.ACK)
                return found.next
        self._needed = 0
        one = frames.frame_at(raw, at, self.link.frame_max)
        if one is None:
            return at
        if one.kind == frames.METHOD and frames.method_of(raw, one) == frames.RETURN:
            content = frames.content_at(raw, at, self.link.frame_max)
            if isinstance(content, frames.Missing):
                self._needed = content.bytes_needed
                return at
            self._note_returned(raw, content)
            return content.next
        if reason := self.link.notice(self.link.method(raw, one)):
            self._on_close(reason)
        return one.end + 1

    def _account(self, found: frames.Confirms, confirmed: bool) -> None:
        numbers = found.tags.astype(np.int64) + (self._base - 1)
        last = int(numbers[found.multiple].max()) + 1 if found.multiple.any() else 0
        self._why = self._why or ("" if confirmed else NACKED)
        self._file(self._unsettled.settle(numbers, last), self._confirmed if confirmed else self._refused)
        while self._stamped and self._stamped[0].first + len(self._stamped[0].heads) <= self._unsettled.low:
            self._stamped.popleft()

    def _file(self, numbers: Sequence[int], fate: list[Sequence[int]]) -> None:
        """Notes a fate; who came back is refused, whatever the server says of it."""
        if self._returned:
            back = self._returned.intersection(numbers)
            self._returned -= back
            self._refused.append(sorted(back))
            numbers = [number for number in numbers if number not in back]
        fate.append(numbers)

    def _note_returned(self, raw: bytes, content: frames.Content) -> None:
        """No queue took it; the confirmation that follows says only that the broker has dealt with it."""
        label, body = content.message_id(raw), content.body(raw)
        if method := self.link.method(raw, content.method):
            self._why = self._why or f"{method.reply_code} {method.reply_text}: it came back, no queue took it"
        if label.isdecimal():
            self._returned.add(int(label))
        elif len(body) >= HEADER_BYTES:
            head = np.frombuffer(body, HEADER, 1)[0]
            alike = (int(at) + sent.first for sent in self._stamped for at in np.flatnonzero(sent.heads == head))
            # Where a batch is sent twice, its messages come back in the order in which they went.
            waiting = (number for number in alike if number >= self._unsettled.low and number not in self._returned)
            self._returned.update(islice(waiting, 1))

    def _on_close(self, reason: str) -> None:
        """The server closed the channel over a message; what it has not confirmed it will not."""
        self._closed = True
        if len(self._unsettled):
            self._why = self._why or f"it closed the channel: {reason}"
        self._refused.append(self._unsettled.settle_all())
        self._returned.clear()
        self._stamped.clear()

    def _count_handed_over(self) -> None:
        """Without confirms a message counts when the operating system has it."""
        if not self._confirms and len(self._unsettled) and not self.link.unsent_bytes:
            self._file(self._unsettled.settle_all(), self._confirmed)
            self._stamped.clear()

    def poll(self, timeout_s: float) -> Confirmations:
        """What has been settled; waits for something only if nothing is known."""
        give_up = time.monotonic() + timeout_s
        try:
            self._pump(0.0)
            self._count_handed_over()
            while len(self._unsettled) and not self._news() and (left_s := give_up - time.monotonic()) > 0:
                self._pump(left_s)
                self._count_handed_over()
        except UnreachableError:
            if not self._news():  # else it is told at the next call: what was confirmed before comes first
                raise
        refused = _joined(self._refused)
        why = self._why if len(refused) else ""
        news = Confirmations(_joined(self._confirmed), refused, why, self.link.held)
        self._confirmed, self._refused = [], []
        self._why = self._why if not why else ""
        return news

    def _news(self) -> bool:
        return any(map(len, self._confirmed)) or any(map(len, self._refused))


def _joined(parts: list[Sequence[int]]) -> Sequence[int]:
    """All numbers in one sequence, without a copy where there is one part."""
    parts = [part for part in parts if len(part)]
    return parts[0] if len(parts) == 1 else [number for part in parts for number in part]
