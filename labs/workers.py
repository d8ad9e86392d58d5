"""The producer and the consumer of a run: plain functions, each in a process of its own.

They share nothing but a board of integers. Both read the one monotonic clock of the machine, so
a time taken here compares with a time taken there.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import time
from collections.abc import MutableSequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from labs.brokers import open_consumer, open_publisher
from labs.brokers.base import Address, BrokerError, Confirmations, Publisher
from labs.messages import HEADER, decode, encode, filler
from labs.runs import NEVER, Column
from labs.workload import NS_PER_S, Workload

SPIN_NS = 60_000
"""The last stretch before a due time is spun, not slept: timers wake up to this much late."""
SPIN_UP_TO_PER_S = 5000
"""Above this rate spinning would eat the core: the producer wakes every TICK_NS and sends what is due."""
TICK_NS = 1_000_000
MAX_BATCH = 500
QUIET_S = 2.0
PR_SET_PDEATHSIG, PR_SET_TIMERSLACK = 1, 29


class Slot(IntEnum):
    """What stands where on the board."""

    START_NS, STOP, PRODUCER_READY, CONSUMER_READY, SENT, ARRIVED, PRODUCER_PID, CONSUMER_PID = range(8)


Board = MutableSequence[int]
_board: Board = [0] * len(Slot)


@dataclass(frozen=True)
class Sent:
    """What the producer saw, ns after the start; shape (messages,) each."""

    sent_ns: Column
    confirmed_ns: Column
    refused_ns: Column
    trouble: str = ""


@dataclass(frozen=True)
class Received:
    """What the consumer saw, one row a delivery; `at_ns` is after the start."""

    heads: npt.NDArray[np.void]
    at_ns: Column
    again: Column
    trouble: str = ""


def enlist(board: Board, parent: int) -> None:
    """Prepare a worker process: it dies with its parent, ignores Ctrl-C (the parent handles it), sleeps exactly."""
    global _board
    _board = board
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_TIMERSLACK, 1)
        if os.getppid() != parent:
            os._exit(1)


def _await_start(ready: Slot, pid: Slot) -> int:
    _board[pid] = os.getpid()
    _board[ready] = 1
    gc.collect()
    gc.disable()
    while not (_board[Slot.START_NS] or _board[Slot.STOP]):
        time.sleep(0.001)
    return _board[Slot.START_NS]


class _Outbox:
    """What has been handed to a publisher and what came back, stamped on the spot."""

    def __init__(self, publisher: Publisher, workload: Workload, start_ns: int, columns: Sent) -> None:
        self.publisher, self.workload, self.start_ns, self.columns = publisher, workload, start_ns, columns
        self.due_ns, self.rest = workload.due_ns(), filler(workload.body_bytes, workload.seed)
        self.sent = self.answered = 0

    def send_due(self) -> bool:
        """Hand over everything that is due now, in one batch; False if nothing is."""
        now_ns = time.monotonic_ns() - self.start_ns
        until = min(int(np.searchsorted(self.due_ns, now_ns, "right")), self.sent + MAX_BATCH)
        if until == self.sent:
            return False
        first, self.sent = self.sent, until
        self.columns.sent_ns[first:until] = now_ns
        _board[Slot.SENT] = until
        self.publisher.publish(encode(first, self.due_ns[first:until] + self.start_ns, self.rest))
        self.hear(0)
        return True

    def hear(self, timeout_s: float) -> bool:
        """Note the confirmations that have come; False if none."""
        news: Confirmations = self.publisher.poll(timeout_s)
        at_ns = time.monotonic_ns() - self.start_ns
        self.columns.confirmed_ns[list(news.confirmed)] = at_ns
        self.columns.refused_ns[list(news.refused)] = at_ns
        heard = len(news.confirmed) + len(news.refused)
        self.answered += heard
        return heard > 0

    def wait(self) -> None:
        """Until the next message is due: to the microsecond, or to the tick at rates where that costs a core."""
        left_ns = int(self.due_ns[self.sent]) + self.start_ns - time.monotonic_ns()
        if left_ns > 1.5 * TICK_NS and self.answered < self.sent:
            self.hear((left_ns - TICK_NS) / NS_PER_S)  # a slow schedule leaves time to see confirmations as they come
        elif self.workload.rate_per_s > SPIN_UP_TO_PER_S:
            time.sleep(max(left_ns, TICK_NS) / NS_PER_S)
        elif left_ns > SPIN_NS:
            time.sleep((left_ns - SPIN_NS) / NS_PER_S)

    def settle(self) -> None:
        """Hear the last confirmations; give up when none has come for QUIET_S."""
        heard_ns = time.monotonic_ns()
        while self.answered < self.sent and not _board[Slot.STOP]:
            if self.hear(0.1):
                heard_ns = time.monotonic_ns()
            elif time.monotonic_ns() - heard_ns > QUIET_S * NS_PER_S:
                return


def produce(address: Address, workload: Workload) -> Sent:
    """Send every message when it is due, whatever the broker does; then wait for confirmations while they come."""
    sent, confirmed, refused = (np.full(workload.messages, NEVER, np.int64) for _ in range(3))
    columns = Sent(sent, confirmed, refused)
    try:
        with open_publisher(address) as publisher:
            outbox = _Outbox(publisher, workload, _await_start(Slot.PRODUCER_READY, Slot.PRODUCER_PID), columns)
            while outbox.sent < workload.messages and not _board[Slot.STOP]:
                if not outbox.send_due():
                    outbox.wait()
            outbox.settle()
    except BrokerError as error:
        return replace(columns, trouble=f"producer: {error}")
    return columns


def consume(address: Address, messages: int) -> Received:
    """Take what arrives and stamp each batch, until the board says stop."""
    heads, times, again = [np.empty(0, HEADER)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    seen = np.zeros(messages + 1, bool)
    seen[messages] = True  # where strangers go: they do not count as arrived
    trouble = ""
    try:
        with open_consumer(address) as consumer:
            start_ns = _await_start(Slot.CONSUMER_READY, Slot.CONSUMER_PID)
            while not _board[Slot.STOP]:
                batch = consumer.receive(0.1)
                at_ns = time.monotonic_ns() - start_ns
                if not batch.bodies:
                    continue
                head = decode(batch.bodies)
                heads.append(head)
                times.append(np.full(len(head), at_ns, np.int64))
                again.append(np.array(batch.redelivered or [False] * len(head), np.int64))
                place = np.unique(np.minimum(head["sequence"], messages).astype(np.int64))
                _board[Slot.ARRIVED] += int((~seen[place]).sum())
                seen[place] = True
                consumer.acknowledge(batch)
    except BrokerError as error:
        trouble = f"consumer: {error}"
    return Received(np.concatenate(heads), np.concatenate(times), np.concatenate(again), trouble)
