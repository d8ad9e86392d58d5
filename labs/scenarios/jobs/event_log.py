"""The event log of the workers: a row an event, on their board."""

from __future__ import annotations

import time
from enum import IntEnum

from labs.record.processes import Board
from labs.scenarios.shared_rows import SharedRows

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


class EventLog(SharedRows):
    """What a worker writes: 1 for the one that will be killed, 2 for the one that takes over; 0 only reads."""

    def __init__(self, board: Board, worker: int = 0) -> None:
        super().__init__(board, Slot.COUNT, WIDTH)
        self._worker = worker

    def note(self, kind: Kind, job: int = NO_JOB) -> None:
        """Write a row of now. IndexError when the log is full."""
        self.add(int(kind), job, self._worker, time.monotonic_ns())
        if kind in COUNTED:
            self.board[COUNTED[kind]] += 1

    def nothing_came(self) -> None:
        """The worker asked for jobs and got none."""
        self.board[Slot.EMPTY] += 1

    @property
    def stopped(self) -> bool:
        """Whether the worker is asked to end."""
        return bool(self.board[Slot.STOP])

    def has(self, kind: Kind, job: int = NO_JOB) -> bool:
        """Whether such an event is there, whichever worker had it: of DONE, the table of processed keys."""
        rows = self.rows()
        return bool(((rows[:, 0] == kind) & (rows[:, 1] == job)).any())
