"""The readers: processes that are told which place to read, and count what comes to them, in its order."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from labs.model.endpoint import Endpoint
from labs.model.message import decode
from labs.record.processes import Board, Context
from labs.scenarios.backlog import READERS, Way
from labs.scenarios.backlog.places import consumer

LOOK_S, RECEIVE_S = 0.002, 0.05


class Slot(IntEnum):
    """What stands in front: STOP is a wish; in phase PHASE the readers FIRST to LAST read the place PLACE, and where
    each could have a queue of its own, QUEUE, or each its own if that is negative."""

    STOP, PHASE, FIRST, LAST, PLACE, QUEUE = range(6)


class Cell(IntEnum):
    """What a reader writes: the phase for which it is ready and that which it has left; of the phase, how many came in
    their order, how many out of it, and when the first and the last came."""

    READY, LEFT, COUNT, ODD, FIRST_NS, LAST_NS = range(6)


CELLS = len(Slot) + len(Cell) * max(READERS)


def cell(reader: int, what: Cell) -> int:
    """Where on the board a reader writes that."""
    return len(Slot) + len(Cell) * reader + what


@dataclass(frozen=True)
class Task:
    """All that a reader needs: picklable."""

    way: Way
    endpoint: Endpoint
    name: str
    """What the names of the places begin with."""

    def place(self, number: int) -> str:
        """The name of a place of this run."""
        return f"{self.name}-{number}"


def read(here: Context, task: Task, me: int) -> None:
    """The whole life of a reader."""
    board, left = here.board, 0
    while not board[Slot.STOP]:
        phase = board[Slot.PHASE]
        if phase != left and board[Slot.FIRST] <= me <= board[Slot.LAST]:
            _phase(board, task, me, phase)
        left = phase
        board[cell(me, Cell.LEFT)] = left
        time.sleep(LOOK_S)


def _phase(board: Board, task: Task, me: int, phase: int) -> None:
    for what in (Cell.COUNT, Cell.ODD, Cell.FIRST_NS, Cell.LAST_NS):
        board[cell(me, what)] = 0
    own = board[Slot.QUEUE]
    place = task.place(board[Slot.PLACE])
    with consumer(task.way, task.endpoint, place, me, me if own < 0 else own) as source:
        board[cell(me, Cell.READY)] = phase
        while board[Slot.PHASE] == phase and not board[Slot.STOP]:
            got = source.receive(RECEIVE_S)
            if not len(got.bodies):
                continue
            now_ns, count = time.monotonic_ns(), board[cell(me, Cell.COUNT)]
            numbers = decode(got.bodies)["sequence"].astype(np.int64)
            odd = int((numbers != np.arange(count, count + len(numbers))).sum())
            source.acknowledge(got)
            board[cell(me, Cell.FIRST_NS)] = board[cell(me, Cell.FIRST_NS)] or now_ns
            board[cell(me, Cell.LAST_NS)] = now_ns
            board[cell(me, Cell.ODD)] += odd
            board[cell(me, Cell.COUNT)] = count + len(numbers)
