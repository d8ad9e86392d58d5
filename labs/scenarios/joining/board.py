"""The board of a run: how far the sender may go and is, and a region of rows for each reader."""

from __future__ import annotations

import time
from enum import IntEnum

from labs.record.processes import Board
from labs.scenarios.joining import READERS
from labs.scenarios.shared_rows import SharedRows

ROOM = 4096
"""Messages that a reader can write down."""


class Slot(IntEnum):
    """What stands where, in front of the rows. STOP is a wish; the sender publishes while SENT is less than GO."""

    STOP, UP, GO, SENT, PORT, TOLD = range(6)


class Cell(IntEnum):
    """What stands in front of a reader's rows. READY_NS is when it had joined, 0 before."""

    READY_NS, EMPTY, COUNT = range(3)


WIDTH = 3
"""A row: the message's number, which readers could not read it, ns on the monotonic clock."""
REGION = len(Cell) + ROOM * WIDTH
CELLS = len(Slot) + REGION * len(READERS)


class Log(SharedRows):
    """What one reader writes."""

    def __init__(self, board: Board, reader: str) -> None:
        self._first = len(Slot) + REGION * READERS.index(reader)
        super().__init__(board, self._first + Cell.COUNT, WIDTH, self._first + REGION)

    def came(self, number: int, broken: int) -> None:
        """A message was read, now."""
        self.add(number, broken, time.monotonic_ns())

    def joined(self) -> None:
        """What is sent from now on reaches it."""
        self.board[self._first + Cell.READY_NS] = time.monotonic_ns()

    def nothing_came(self) -> None:
        """The reader asked and got nothing."""
        self.board[self._first + Cell.EMPTY] += 1

    @property
    def ready(self) -> bool:
        """Whether it has joined."""
        return bool(self.board[self._first + Cell.READY_NS])

    @property
    def empty(self) -> int:
        """How often it has asked and got nothing."""
        return self.board[self._first + Cell.EMPTY]
