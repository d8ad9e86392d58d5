"""The logbook of the workers: rows of integers in memory that outlives the worker who wrote them.

A row is written first and counted afterwards, so a worker that is killed while writing leaves no half row. Only one
worker writes at a time: the second one starts when the first is proven dead.
"""

from __future__ import annotations

import time
from collections.abc import MutableSequence
from enum import IntEnum

import numpy as np

from labs.model.run import Column

Board = MutableSequence[int]
ROWS = 8192


class Kind(IntEnum):
    """What a row says. UP and READY are about the worker: running, and subscribed."""

    UP, READY, TAKEN, BEGUN, DONE, RELEASED, KNOWN = range(7)


class Slot(IntEnum):
    """What stands where, in front of the rows."""

    STOP, PORT, BEGUN, DONE, EMPTY, COUNT = range(6)


COUNTED = {Kind.BEGUN: Slot.BEGUN, Kind.DONE: Slot.DONE}
"""What is also counted in front, for those who wait for it."""
WIDTH = 4
"""A row: kind, job, worker, ns on the monotonic clock."""
CELLS = len(Slot) + ROWS * WIDTH
NO_JOB = -1


class Logbook:
    """One worker's pen: `worker` is 1 for the one that will be killed, 2 for the one that takes over."""

    def __init__(self, board: Board, worker: int = 0) -> None:
        self.board = board
        self._worker = worker

    def note(self, kind: Kind, job: int = NO_JOB) -> None:
        """Write a row. IndexError when the book is full: what is not written down must not be done."""
        count = self.board[Slot.COUNT]
        if count >= ROWS:
            raise IndexError(f"the logbook has room for {ROWS:,} rows")
        at = len(Slot) + count * WIDTH
        self.board[at : at + WIDTH] = [int(kind), job, self._worker, time.monotonic_ns()]
        self.board[Slot.COUNT] = count + 1
        if kind in COUNTED:
            self.board[COUNTED[kind]] += 1

    def nothing_came(self) -> None:
        """The worker asked for jobs and got none."""
        self.board[Slot.EMPTY] += 1

    @property
    def stopped(self) -> bool:
        """Whether the worker is asked to end."""
        return bool(self.board[Slot.STOP])

    def knows(self, job: int) -> bool:
        """Whether the job's effect is there, whoever had it: the table of processed keys."""
        rows = self.rows()
        return bool(((rows[:, 0] == Kind.DONE) & (rows[:, 1] == job)).any())

    def rows(self) -> Column:
        """All rows so far, shape (rows, 4)."""
        count = self.board[Slot.COUNT]
        cells = self.board[len(Slot) : len(Slot) + count * WIDTH]
        return np.array(cells, np.int64).reshape(count, WIDTH)
