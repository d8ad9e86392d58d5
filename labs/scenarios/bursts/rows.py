"""What workers write down: a row when a job is begun and one when it is done, by whichever thread has it."""

from __future__ import annotations

import threading
import time
from enum import IntEnum

from labs.record.processes import Board
from labs.scenarios.shared_rows import SharedRows

ROWS = 20_000
WIDTH = 4
"""kind, job, worker, ns on the monotonic clock."""


class Kind(IntEnum):
    """What a row says."""

    BEGUN, DONE = range(2)


class Slot(IntEnum):
    """What stands where, in front of the rows."""

    STOP, PORT, READY, COUNT = range(4)


CELLS = len(Slot) + ROWS * WIDTH


class Book(SharedRows):
    """The rows of one process, whose threads write one after the other."""

    def __init__(self, board: Board) -> None:
        super().__init__(board, Slot.COUNT, WIDTH)
        self._lock = threading.Lock()

    def note(self, kind: Kind, job: int, worker: int) -> None:
        """A row of now."""
        with self._lock:
            self.add(int(kind), job, worker, time.monotonic_ns())

    def work(self, job: int, worker: int, service_s: float) -> None:
        """One job, begun, slept over and done."""
        self.note(Kind.BEGUN, job, worker)
        time.sleep(service_s)
        self.note(Kind.DONE, job, worker)

    def up(self) -> None:
        """One more thread is there."""
        with self._lock:
            self.board[Slot.READY] += 1

    @property
    def stopped(self) -> bool:
        """Whether the process is asked to end."""
        return bool(self.board[Slot.STOP])
