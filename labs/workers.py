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
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from labs.brokers import open_consumer, open_publisher
from labs.brokers.base import Address, BrokerError, Deliveries
from labs.messages import HEADER, decode
from labs.outbox import Board, Sent, Slot, outbox_of
from labs.runs import NEVER, Column
from labs.workload import Load

PR_SET_PDEATHSIG, PR_SET_TIMERSLACK = 1, 29
_board: Board = [0] * len(Slot)


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


def produce(address: Address, load: Load) -> Sent:
    """Send every message when it is due (or, in a closed loop, when there is room), whatever the broker does; then wait
    for confirmations while they come."""
    sent, confirmed, refused = (np.full(load.messages, NEVER, np.int64) for _ in range(3))
    columns = Sent(sent, confirmed, refused)
    try:
        with open_publisher(address) as publisher:
            outbox = outbox_of(publisher, load, columns, _board)
            outbox.begin(_await_start(Slot.PRODUCER_READY, Slot.PRODUCER_PID))
            while outbox.sent < load.messages and not _board[Slot.STOP]:
                if not outbox.send():
                    outbox.wait()
            outbox.settle()
    except BrokerError as error:
        return replace(columns, trouble=f"producer: {error}")
    return columns


def nothing_received() -> Received:
    """Where nobody reads."""
    nothing = np.empty(0, np.int64)
    return Received(np.empty(0, HEADER), nothing, nothing)


class _Inbox:
    """What has arrived, a row a delivery, and how many different messages that were."""

    def __init__(self, messages: int) -> None:
        self.heads, self.times, self.again = [np.empty(0, HEADER)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        self._seen = np.zeros(messages + 1, bool)
        self._seen[messages] = True  # where strangers go: they do not count as arrived
        self._strange = messages

    def take(self, batch: Deliveries, at_ns: int) -> None:
        """Note a batch and count on the board what of it is new."""
        head = decode(batch.bodies)
        self.heads.append(head)
        self.times.append(np.full(len(head), at_ns, np.int64))
        again = batch.redelivered
        self.again.append(np.array(again, np.int64) if True in again else np.zeros(len(head), np.int64))
        _board[Slot.ARRIVED] += self._new(head["sequence"])

    def _new(self, sequence: npt.NDArray[np.uint64]) -> int:
        first, end = int(sequence[0]), int(sequence[0]) + len(sequence)
        if end <= self._strange and np.array_equal(sequence, np.arange(first, end, dtype=np.uint64)):
            part = self._seen[first:end]  # in order and without a gap, as nearly every batch is
        else:
            place = np.unique(np.minimum(sequence, self._strange).astype(np.int64))
            fresh = int((~self._seen[place]).sum())
            self._seen[place] = True
            return fresh
        fresh = len(part) - int(part.sum())
        part[:] = True
        return fresh

    def received(self, trouble: str) -> Received:
        """All of it."""
        return Received(np.concatenate(self.heads), np.concatenate(self.times), np.concatenate(self.again), trouble)


def consume(address: Address, messages: int) -> Received:
    """Take what arrives and stamp each batch, until the board says stop."""
    inbox, trouble = _Inbox(messages), ""
    try:
        with open_consumer(address) as consumer:
            start_ns = _await_start(Slot.CONSUMER_READY, Slot.CONSUMER_PID)
            while not _board[Slot.STOP]:
                batch = consumer.receive(0.1)
                at_ns = time.monotonic_ns() - start_ns
                if not batch.bodies:
                    continue
                inbox.take(batch, at_ns)
                consumer.acknowledge(batch)
    except BrokerError as error:
        trouble = f"consumer: {error}"
    return inbox.received(trouble)
