"""Redis list with frames of our own: one LPUSH a batch, LMPOP answers read as one array where they are uniform."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import hiredis
import numpy as np

from labs.brokers.base import Deliveries
from labs.brokers.redis.admin import Broker
from labs.brokers.redis.client import LATE_S, TICK_S
from labs.brokers.redis.fast.publisher import FastMember, FastPublisher
from labs.brokers.redis.fast.wire import bulk, command
from labs.model.endpoint import Address, RefusedError
from labs.model.message import HEADER_BYTES, Frames
from labs.model.profile import Profile

__all__ = ["Broker", "Consumer", "Publisher", "why_not"]
BATCH = 4096
NOTHING = b"*-1\r\n"


def why_not(profile: Profile) -> str | None:
    """It does not wait for a flush batch by batch."""
    return "it has no WAITAOF" if profile.settings.get("waitaof") else None


class Publisher(FastPublisher):
    """One LPUSH carries the whole batch, so Redis takes all of it or none."""

    def _before(self, body_bytes: int) -> bytes:
        return b"$%d\r\n" % body_bytes

    def _head(self, count: int) -> bytes:
        return b"*%d\r\n" % (2 + count) + bulk(b"LPUSH") + bulk(self.key)

    def _each(self, count: int) -> int:
        return count


class Consumer(FastMember):
    """One of those who share the list; `group` means nothing, there is one list."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._asked = False
        self._front = b"*2\r\n" + bulk(self.key) + b"*"

    def receive(self, timeout_s: float) -> Deliveries:
        """What has been popped; a stopped server's answer is taken by a later call."""
        until_s = time.monotonic() + timeout_s
        while True:
            bodies = self._pop(until_s - time.monotonic())
            if len(bodies) or time.monotonic() >= until_s:
                return Deliveries(bodies, [False] * len(bodies))

    def _pop(self, timeout_s: float) -> Sequence[bytes]:
        """The answer to one command; nothing if it is late."""
        if not self._asked:
            pop = (b"1", self.key, b"RIGHT", b"COUNT", b"%d" % BATCH)
            # The server waits for us, so that a message is on its way the moment it comes. 0 would mean for ever.
            waiting = timeout_s > TICK_S
            self.link.write(command(b"BLMPOP", b"%f" % timeout_s, *pop) if waiting else command(b"LMPOP", *pop))
            self._asked = True
        late_s = time.monotonic() + max(timeout_s, 0.0) + LATE_S
        while True:
            found = self._answer()
            if found is not None:
                self._asked = False
                return found
            if not self.link.fill(late_s - time.monotonic()) and time.monotonic() >= late_s:
                return ()

    def _answer(self) -> Sequence[bytes] | None:
        """The bodies of the answer that is there as a whole; None if it is not."""
        data = self.link.arrived
        if data.startswith(NOTHING):
            self.link.arrived = b""
            return ()
        if not data:
            return None
        frames, undecided = self._uniform(data)
        if frames is not None:
            self.link.arrived = b""
        return frames if frames is not None or undecided else self._any(data)

    def _uniform(self, data: bytes) -> tuple[Frames | None, bool]:
        """The bodies if all have one size; whether that may still come true when more has arrived."""
        front = len(self._front)
        count_end = data.find(b"\r\n", front)
        size_end = data.find(b"\r\n", count_end + 2) if count_end > 0 else -1
        if not data.startswith(self._front) or size_end < 0:
            return None, False
        number, digits = data[front:count_end], data[count_end + 3 : size_end]
        if not number.isdigit() or not digits.isdigit() or data[count_end + 2 : count_end + 3] != b"$":
            return None, False
        count, size = int(number), int(digits)
        begin, before = count_end + 2, size_end - count_end
        stride = before + size + 2
        if size < HEADER_BYTES or not 0 < count <= BATCH or len(data) - begin > count * stride:
            return None, False
        whole = (len(data) - begin) // stride
        table = np.frombuffer(data, np.uint8, whole * stride, begin).reshape(whole, stride)
        # The rest is the beginning of another one, or a smaller body, which would be waited for in vain.
        at = begin + whole * stride
        rest = data[at : at + before]
        alike = (table[:, :before] == np.frombuffer(data, np.uint8, before, begin)).all()
        if not alike or not data.startswith(rest, begin):
            return None, False
        return (Frames(data, begin + before, stride, count, size), False) if whole == count else (None, True)

    def _any(self, data: bytes) -> Sequence[bytes] | None:
        """Through hiredis: mixed sizes, errors, and whatever else may come."""
        reader = hiredis.Reader()
        reader.feed(data)
        answer: Any = reader.gets()
        if answer is False:
            return None
        self.link.arrived = b""
        if isinstance(answer, hiredis.ReplyError):
            raise RefusedError(f"Redis refused BLMPOP: {answer}. It needs Redis 7.0 or newer.")
        bodies: Sequence[bytes] = answer[1] if answer else ()
        return bodies

    def acknowledge(self, deliveries: Deliveries) -> None:
        """A popped message has left the list: nothing to acknowledge."""
