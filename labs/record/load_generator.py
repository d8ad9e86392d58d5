"""What a producer has handed over and what came back, by a timetable (open loop) or by a window (closed loop)."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from labs.brokers.base import Confirmations, Publisher
from labs.model.message import encode, filler
from labs.model.run import HELD, NOT_SAID, REFUSAL, Column
from labs.model.workload import NS_PER_S, Ceiling, Load, Workload
from labs.record.processes import Board

SPIN_NS = 60_000
"""The last stretch before a due time is spun, not slept: timers wake up to this much late."""
SPIN_UP_TO_PER_S = 5000
"""Above this rate spinning would eat the core: the producer wakes every TICK_NS and sends what is due."""
TICK_NS = 1_000_000
HEAR_NS = 200_000
"""While one message after another is due, confirmations are asked for this often: asking takes a system call."""
MAX_BATCH = 500
QUIET_S = 2.0


class Slot(IntEnum):
    """What stands where on the board."""

    START_NS, STOP, PRODUCER_READY, CONSUMER_READY, SENT, ARRIVED, PRODUCER_PID, CONSUMER_PID = range(8)


Tell = Callable[[str, str], None]
"""Writes down what the broker said, under a name: `refusal` or `held`."""


@dataclass(frozen=True)
class Sent:
    """What the producer saw, ns after the start; shape (messages,) each."""

    sent_ns: Column
    confirmed_ns: Column
    refused_ns: Column


def _stamp(column: Column, numbers: Sequence[int], at_ns: int) -> None:
    """Write one time for many messages; their numbers come as a range, an array or a list."""
    if isinstance(numbers, range) and numbers.step == 1:
        column[numbers.start : numbers.stop] = at_ns
    elif len(numbers):
        column[np.asarray(numbers)] = at_ns


class Outbox(ABC):
    """What both loops share: every message is stamped when it is handed over and when its answer comes."""

    def __init__(self, publisher: Publisher, load: Load, columns: Sent, board: Board, tell: Tell) -> None:
        self.publisher, self.columns, self.board, self.tell = publisher, columns, board, tell
        self.messages, self.told = load.messages, set[str]()
        self.rest = filler(load.body_bytes, load.seed)
        self.start_ns = self.sent = self.answered = 0

    def begin(self, start_ns: int) -> None:
        """Times count from here, ns on the monotonic clock; nothing leaves before."""
        self.start_ns = start_ns
        time.sleep(max(start_ns - time.monotonic_ns(), 0) / NS_PER_S)

    def over(self) -> bool:
        """Everything has been handed over."""
        return self.sent >= self.messages

    @abstractmethod
    def send(self) -> bool:
        """Hand over one batch if it is time for it; False if it is not."""

    @abstractmethod
    def wait(self) -> None:
        """Until it may be time for the next batch."""

    def hear(self, timeout_s: float) -> bool:
        """Note the confirmations that have come; False if none."""
        news: Confirmations = self.publisher.poll(timeout_s)
        at_ns = time.monotonic_ns() - self.start_ns
        _stamp(self.columns.confirmed_ns, news.confirmed, at_ns)
        _stamp(self.columns.refused_ns, news.refused, at_ns)
        if news.why or news.held or len(news.refused):
            self._note(news)
        heard = len(news.confirmed) + len(news.refused)
        self.answered += heard
        return heard > 0

    def _note(self, news: Confirmations) -> None:
        """Write down the first refusal's words and the first reason to wait, at once: later ones change nothing."""
        why = news.why or (NOT_SAID if len(news.refused) else "")
        for name, text in ((REFUSAL, why), (HELD, news.held)):
            if text and name not in self.told:
                self.told.add(name)
                self.tell(name, text)

    def settle(self) -> None:
        """Hear the last confirmations; give up when none has come for QUIET_S."""
        heard_ns = time.monotonic_ns()
        while self.answered < self.sent and not self.board[Slot.STOP]:
            if self.hear(0.1):
                heard_ns = time.monotonic_ns()
            elif time.monotonic_ns() - heard_ns > QUIET_S * NS_PER_S:
                return


class Timetable(Outbox):
    """An open loop: what is due leaves, whatever the broker does."""

    def __init__(self, publisher: Publisher, load: Workload, columns: Sent, board: Board, tell: Tell) -> None:
        super().__init__(publisher, load, columns, board, tell)
        self.due_ns, self.ticks = load.due_ns(), load.rate_per_s > SPIN_UP_TO_PER_S and not load.spin
        self.spin, self.heard_ns = load.spin, 0

    def send(self) -> bool:
        """Hand over everything that is due now, in one batch; False if nothing is."""
        now_ns = time.monotonic_ns() - self.start_ns
        until = min(int(np.searchsorted(self.due_ns, now_ns, "right")), self.sent + MAX_BATCH)
        if until == self.sent:
            return False
        first, self.sent = self.sent, until
        self.columns.sent_ns[first:until] = now_ns
        self.board[Slot.SENT] = until
        self.publisher.publish(encode(first, self.due_ns[first:until] + self.start_ns, self.rest))
        if self.ticks or now_ns - self.heard_ns > HEAR_NS:
            self.hear(0)
            self.heard_ns = now_ns
        return True

    def wait(self) -> None:
        """Until the next message is due: to the microsecond, or to the tick at rates where that costs a core."""
        left_ns = int(self.due_ns[self.sent]) + self.start_ns - time.monotonic_ns()
        if left_ns > 1.5 * TICK_NS and self.answered < self.sent:
            self.hear((left_ns - TICK_NS) / NS_PER_S)  # a slow schedule leaves time to see confirmations as they come
        elif self.ticks:
            time.sleep(max(left_ns, TICK_NS) / NS_PER_S)
        elif left_ns > SPIN_NS and not self.spin:
            time.sleep((left_ns - SPIN_NS) / NS_PER_S)


class Window(Outbox):
    """A closed loop: a batch leaves when the window has room for it."""

    def __init__(self, publisher: Publisher, load: Ceiling, columns: Sent, board: Board, tell: Tell) -> None:
        super().__init__(publisher, load, columns, board, tell)
        self.load, self.ends_ns = load, 0

    def begin(self, start_ns: int) -> None:
        """As every loop; by time it ends so long after."""
        super().begin(start_ns)
        self.ends_ns = start_ns + self.load.ends_ns if self.load.ends_ns else 0

    def over(self) -> bool:
        """Everything has been handed over, or the time is over."""
        return super().over() or bool(self.ends_ns and time.monotonic_ns() >= self.ends_ns)

    def send(self) -> bool:
        """Hand over a batch if there is room, which is then its due time."""
        size = min(self.load.batch, self.load.messages - self.sent)
        if self.sent - self.answered + size > self.load.window:
            return False
        first, self.sent = self.sent, self.sent + size
        now_ns = time.monotonic_ns()
        self.columns.sent_ns[first : self.sent] = now_ns - self.start_ns
        self.board[Slot.SENT] = self.sent
        self.publisher.publish(encode(first, np.full(size, now_ns, np.int64), self.rest))
        self.hear(0)
        return True

    def wait(self) -> None:
        """For an answer, which makes room."""
        self.hear(0.1)


def outbox_of(publisher: Publisher, load: Load, columns: Sent, board: Board, tell: Tell) -> Outbox:
    """The loop that the load asks for."""
    if isinstance(load, Ceiling):
        return Window(publisher, load, columns, board, tell)
    return Timetable(publisher, load, columns, board, tell)
