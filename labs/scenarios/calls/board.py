"""The board of a run: integers in memory that outlives whoever wrote them, shared by conductor, service and callers.

In front the slots, then the columns, one row a call; a call's number is its row. Nobody writes what another one writes.
"""

from __future__ import annotations

import struct
import time
from enum import IntEnum

import numpy as np

from labs.model.run import NEVER, Column
from labs.record.processes import Board

HEAD = struct.Struct("<Qq")
"""In front of every body: the call's number and its caller's."""


class Slot(IntEnum):
    """What stands in front: UP counts the services that came up, READY the lines that are open, OVER is when the last
    caller was through, CPU_NS what they used. START_NS is on the monotonic clock."""

    STOP, SERVICE_STOP, PORT, UP, READY, START_NS, OVER, CPU_NS = range(8)


class Outcome(IntEnum):
    """How a call ended for its caller. OPEN: it has not, so nobody knows. SENT: handed over, nothing was asked for."""

    OPEN, ANSWERED, REFUSED, TIMED_OUT, SENT = range(5)


WRITTEN = ("start_ns", "returned_ns", "outcome", "done_ns")
"""The columns: when the caller began and had its own time again, how it ended, when the service had done the work."""


def cells(calls: int) -> int:
    """How many integers a board needs."""
    return len(Slot) + len(WRITTEN) * calls


class Pad:
    """The board as columns. Times that are written are ns after the start."""

    def __init__(self, board: Board, calls: int) -> None:
        self.board, self.calls = board, calls
        table = np.frombuffer(board, np.int64)[len(Slot) :].reshape(len(WRITTEN), calls)  # type: ignore[call-overload]
        self.columns: dict[str, Column] = dict(zip(WRITTEN, table, strict=True))

    def clear(self) -> None:
        """Nothing has happened yet."""
        for name, column in self.columns.items():
            column[:] = Outcome.OPEN if name == "outcome" else NEVER

    def now_ns(self) -> int:
        """Nanoseconds after the start."""
        return time.monotonic_ns() - self.board[Slot.START_NS]

    def done(self, body: bytes) -> None:
        """The service has done what this body asks for. Warm-up calls have numbers behind the last row."""
        if len(body) >= HEAD.size and (number := HEAD.unpack_from(body)[0]) < self.calls:
            self.columns["done_ns"][number] = self.now_ns()


def body_of(number: int, caller: int, rest: bytes) -> bytes:
    """The body of a call."""
    return HEAD.pack(number, caller) + rest
