"""The board of a run: what the workers are told, and for each of them a row for whatever happens to a message."""

from __future__ import annotations

from enum import IntEnum

from labs.record.processes import Board
from labs.scenarios.pending import MESSAGES, WORKERS
from labs.scenarios.shared_rows import SharedRows


class Slot(IntEnum):
    """What stands where, in front of the rows. STOP, AWAY and DIE are wishes; HELD is how many messages the first
    worker has in its hands; READY and EMPTY have a cell for each worker: whether it is there, and how often it asked
    and got nothing."""

    STOP, AWAY, DIE, HELD, READY, EMPTY, ROWS = 0, 1, 2, 3, 4, 4 + WORKERS, 4 + 2 * WORKERS


class Event(IntEnum):
    """What happened to a message: read, claimed from another worker, its work done, XACK answered 1, and the server
    said that its entry is gone. NO_GROUP is about none: the server has neither stream nor group."""

    READ, CLAIMED, DONE, ACKED, TOLD_GONE, NO_GROUP = range(6)


WIDTH = 4
"""A row: the event, both numbers of the entry's id, ns on the monotonic clock."""
SPACE = 1 + 6 * MESSAGES * WIDTH
CELLS = Slot.ROWS + WORKERS * SPACE


class Log(SharedRows):
    """What one worker writes down."""

    def __init__(self, board: Board, worker: int) -> None:
        first = Slot.ROWS + worker * SPACE
        super().__init__(board, first, WIDTH, first + SPACE)
