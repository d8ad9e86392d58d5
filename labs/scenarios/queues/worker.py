"""The worker that is killed: it handles some messages, takes another one, and is in the middle of it when it dies."""

from __future__ import annotations

import time

from labs.model.endpoint import Endpoint
from labs.record.processes import Context
from labs.scenarios.queues.shapes import opened

STOP, READY, HELD, EFFECTS = 0, 1, 2, 3
"""Cells of the board; from EFFECTS on one a message, how often its work was done. The board outlives the worker."""
HANDLES = 20
"""Messages that it finishes before the one that it dies over."""
GROUP = "workers"
LOOK_S = 0.002


def main(here: Context, way: str, endpoint: Endpoint, key: str) -> None:
    """Take and handle one message after the other; keep the one after HANDLES in its hands."""
    with opened(endpoint, way, key) as shape, shape.reader(GROUP, "first") as reader:
        here.board[READY] = 1
        handled = 0
        while not here.board[STOP]:
            found = reader.take(1)
            for body in found:
                if handled == HANDLES:
                    _hold(here, int(body))
                    return
                here.board[EFFECTS + int(body)] += 1
                handled += 1
                reader.done()
            if not found:
                time.sleep(LOOK_S)


def _hold(here: Context, message: int) -> None:
    """In the middle of its work until it is killed, or told to stop."""
    here.board[HELD] = message + 1
    while not here.board[STOP]:
        time.sleep(LOOK_S)
