"""The producer and the consumer of a run: plain functions, each in a process of its own.

They share nothing but a board of integers, and write what they see into the spool of the run as they go. Both read the
one monotonic clock of the machine, so a time taken here compares with a time taken there.
"""

from __future__ import annotations

import gc
import os
import time
from contextlib import closing

import numpy as np
import numpy.typing as npt

from labs.brokers import open_consumer, open_publisher
from labs.brokers.base import Deliveries
from labs.model import kernel
from labs.model.columns import Rows
from labs.model.endpoint import Address
from labs.model.message import decode
from labs.model.run import RECEIVED
from labs.model.workload import Load, Workload
from labs.record.load_generator import Sent, Slot, outbox_of
from labs.record.processes import Board, Context
from labs.record.spool import FURTHER, Spool


def _await_start(board: Board, ready: Slot, pid: Slot) -> int:
    board[pid] = os.getpid()
    board[ready] = 1
    gc.collect()
    gc.disable()
    while not (board[Slot.START_NS] or board[Slot.STOP]):
        time.sleep(0.001)
    return board[Slot.START_NS]


def produce(here: Context, address: Address, load: Load, spool: Spool) -> None:
    """Send every message when it is due (or, in a closed loop, when there is room), whatever the broker does; then wait
    for confirmations while they come."""
    board = here.board
    if isinstance(load, Workload):
        kernel.wake_promptly()
    with open_publisher(address) as publisher:
        outbox = outbox_of(publisher, load, Sent(**spool.sent()), board, spool.tell)
        outbox.begin(_await_start(board, Slot.PRODUCER_READY, Slot.PRODUCER_PID))
        while not outbox.over() and not board[Slot.STOP]:
            if not outbox.send():
                outbox.wait()
        outbox.settle()


class _Inbox:
    """What has arrived, a row a delivery, and how many different messages that were."""

    def __init__(self, messages: int, rows: Rows, board: Board) -> None:
        self._rows, self._board, self._start_ns = rows, board, board[Slot.START_NS]
        self._seen = np.zeros(messages + 1, bool)
        self._seen[messages] = True  # where strangers go: they do not count as arrived
        self._strange = messages

    def take(self, batch: Deliveries, at_ns: int) -> None:
        """Note a batch and count on the board what of it is new."""
        head, again = decode(batch.bodies), batch.redelivered
        sequence, count = head["sequence"], len(head)
        due_ns = head["due_ns"].astype(np.int64) - self._start_ns
        repeated = np.array(again, np.int64) if True in again else np.zeros(count, np.int64)
        # A stranger's number, all bits set, becomes -1.
        self._rows.add(sequence.astype(np.int64), np.full(count, at_ns, np.int64), due_ns, repeated)
        self._board[Slot.ARRIVED] += self._new(sequence)

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


def _is_open(spool: Spool) -> bool:
    """Whether the run is an open loop; a further reader's folder lies in that of the run and says nothing of it."""
    further = spool.folder.name.startswith(FURTHER)
    return bool((Spool(spool.folder.parent) if further else spool).header()["loop"] == "open")


def consume(here: Context, address: Address, messages: int, spool: Spool) -> None:
    """Take what arrives and stamp each batch, until the board says stop."""
    board = here.board
    if _is_open(spool):
        kernel.wake_promptly()
    with closing(Rows(spool.folder, RECEIVED)) as rows, open_consumer(address) as consumer:
        start_ns = _await_start(board, Slot.CONSUMER_READY, Slot.CONSUMER_PID)
        inbox = _Inbox(messages, rows, board)
        while not board[Slot.STOP]:
            batch = consumer.receive(0.1)
            at_ns = time.monotonic_ns() - start_ns
            rows.flush_if_due()
            if not batch.bodies:
                continue
            inbox.take(batch, at_ns)
            consumer.acknowledge(batch)
