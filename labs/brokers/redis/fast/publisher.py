"""The publisher that the three fast Redis lanes share: a window of frames out, answers counted by their lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence

from labs.brokers.base import Confirmations
from labs.brokers.lifetime import Connected
from labs.brokers.redis.client import NOBODY_SAID, largest_argument, too_large
from labs.brokers.redis.fast.wire import Template, Wire, has_error, lines
from labs.model.endpoint import Address
from labs.model.message import Stamped


class FastMember(Connected[Wire]):
    """The part of publishers and consumers that is a connection."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.key = address.name.encode()
        self.link = Wire(address.endpoint)


class FastPublisher(FastMember, ABC):
    """Subclasses say how a message is framed; each answer has `answer_lines` lines."""

    answer_lines = 1

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._next = 0
        self._limit_bytes = 0
        self._templates: dict[bytes, Template] = {}
        self._waiting: deque[tuple[int, int, int]] = deque()
        """(first number, answers still to come, messages an answer settles), in the order of sending."""
        self._refused: list[int] = []
        self._why = ""

    def _begin(self) -> None:
        self._limit_bytes = largest_argument(self.link.ask)

    @abstractmethod
    def _before(self, body_bytes: int) -> bytes:
        """What stands before a body of that size in its frame."""

    def _head(self, count: int) -> bytes:
        """What stands before the frames of a batch."""
        return b""

    def _each(self, count: int) -> int:
        """How many messages of a batch of `count` one answer settles."""
        return 1

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Sends the batch in one write; what is larger than the server accepts is refused without being sent."""
        first, self._next = self._next, self._next + len(bodies)
        if isinstance(bodies, Stamped) and bodies.body_bytes <= self._limit_bytes:
            if bodies.rest not in self._templates:
                self._templates = {bodies.rest: Template(self._before(bodies.body_bytes), bodies.rest)}
            self._send(first, len(bodies), self._templates[bodies.rest].stamped(bodies.heads).data)
            return
        for number, body in enumerate(bodies, first):
            if len(body) > self._limit_bytes:
                self._refused.append(number)
                self._why = self._why or too_large(self._limit_bytes)
            else:
                self._send(number, 1, self._before(len(body)) + body + b"\r\n")

    def _send(self, first: int, count: int, frames: bytes | memoryview) -> None:
        if not count:
            return
        each = self._each(count)
        self._waiting.append((first, count // each, each))
        if head := self._head(count):
            self.link.write(head)
        self.link.write(frames)

    def poll(self, timeout_s: float) -> Confirmations:
        """What the server has answered; at once if anything is known already."""
        confirmed, refused = self._heard(timeout_s)
        why, self._why = self._why, ""
        return Confirmations(confirmed, refused, why)

    def _heard(self, timeout_s: float) -> tuple[Sequence[int], Sequence[int]]:
        refused, self._refused = self._refused, []
        if not self._waiting:
            return (), refused
        count, end = self._answered()
        if not count:
            self.link.fill(0.0 if refused else timeout_s)
            count, end = self._answered()
        if not count:
            return (), refused
        data, self.link.arrived = self.link.arrived[:end], self.link.arrived[end:]
        if has_error(data):
            return self._one_by_one(data, refused)
        return self._settled(count), refused

    def _answered(self) -> tuple[int, int]:
        """(answers, bytes) of those that are there as a whole; an error in front is one, of one line."""
        count, end = lines(self.link.arrived, self.answer_lines)
        if not count and self.link.arrived[:1] == b"-":
            end = self.link.arrived.find(b"\n") + 1
            count = 1 if end else 0
        return count, end

    def _settled(self, count: int) -> Sequence[int]:
        """The messages that the next `count` answers are about: one range as long as nothing was left out."""
        ranges: list[range] = []
        while count:
            first, answers, each = self._waiting.popleft()
            taken = min(answers, count)
            count -= taken
            found = range(first, first + taken * each)
            if answers > taken:
                self._waiting.appendleft((found.stop, answers - taken, each))
            if ranges and ranges[-1].stop == found.start:
                ranges[-1] = range(ranges[-1].start, found.stop)
            else:
                ranges.append(found)
        return ranges[0] if len(ranges) == 1 else [number for part in ranges for number in part]

    def _one_by_one(self, data: bytes, refused: list[int]) -> tuple[Sequence[int], Sequence[int]]:
        """With an error among the answers, which is one line whatever the others have."""
        confirmed: list[int] = []
        at = 0
        while at < len(data) and self._waiting:
            error = data[at : at + 1] == b"-"
            end = at
            for _ in range(1 if error else self.answer_lines):
                end = data.find(b"\n", end) + 1
                if not end:
                    self.link.arrived = data[at:] + self.link.arrived
                    return confirmed, refused
            if error and not self._why:
                self._why = data[at + 1 : end].decode(errors="replace").strip() or NOBODY_SAID
            (refused if error else confirmed).extend(self._settled(1))
            at = end
        self.link.arrived = data[at:] + self.link.arrived
        return confirmed, refused
