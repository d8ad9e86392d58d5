"""The board of a run: when it starts, how far the sender is, and a row for each message that a consumer had."""

from __future__ import annotations

import time
from enum import IntEnum

from labs.record.processes import Board
from labs.scenarios.fleeting import MESSAGES
from labs.scenarios.shared_rows import SharedRows

ROWS = 4 * MESSAGES


class Slot(IntEnum):
    """What stands where, in front of the rows. STOP is a wish; OPEN is the number of the consumer that may connect,
    READY that of the newest one that is there; EMPTY counts how often one asked and got nothing."""

    STOP, START_NS, UP, OPEN, READY, EMPTY, SENT, FINISHED, STAMPS = range(9)


class Fate(IntEnum):
    """What a consumer made of a message."""

    HANDLED, THROWN = range(2)


WIDTH = 3
"""A row: the message's number, its fate, ns on the monotonic clock."""
COUNT = Slot.STAMPS + MESSAGES
CELLS = COUNT + 1 + ROWS * WIDTH


class Log(SharedRows):
    """What the consumers write, one after the other: the second starts when the first is dead."""

    def __init__(self, board: Board) -> None:
        super().__init__(board, COUNT, WIDTH)

    def came(self, number: int, fate: Fate, at_ns: int) -> None:
        """A message came at that moment."""
        self.add(number, int(fate), at_ns)


def now_ns() -> int:
    """Of the clock that all processes of a run share."""
    return time.monotonic_ns()
