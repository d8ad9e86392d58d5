"""The processes: a sender that publishes as far as it may, and readers that write down what comes to them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from labs.model.endpoint import Endpoint
from labs.record.processes import Context
from labs.scenarios.joining import ALL, CHANGED, Mode
from labs.scenarios.joining.board import Log, Slot
from labs.scenarios.joining.payload import broken, number_of, written

LOOK_S = 0.002


@dataclass(frozen=True)
class Task:
    """All that a process needs: picklable."""

    mode: Mode
    endpoint: Endpoint | None
    name: str
    """Of the channel, stream, exchange or topic that belongs to this run."""
    change: str


def send(here: Context, task: Task) -> None:
    """The whole life of the sender: one message after the other, each when the one before has been answered."""
    board = here.board
    with task.mode.sender.opened(task.mode.name, task.endpoint, task.name, board) as publish:
        board[Slot.UP] = 1
        while not board[Slot.STOP]:
            number = board[Slot.SENT]
            if number < board[Slot.GO]:
                publish(written(number, task.change if number >= ALL - CHANGED else "none"))
                board[Slot.SENT] = number + 1
            else:
                time.sleep(LOOK_S)


def read(here: Context, task: Task, who: str) -> None:
    """The whole life of a reader."""
    log, mode = Log(here.board, who), task.mode
    known = here.board if mode.broker == "none" else who
    while not (here.board[Slot.UP] or here.board[Slot.STOP]):  # who pushes says where one registers when it is up
        time.sleep(LOOK_S)
    with mode.reader.opened(mode.name, task.endpoint, task.name, known) as source:
        while not here.board[Slot.STOP]:
            if not log.ready and source.ready:
                log.joined()
            bodies = source.take()
            for body in bodies:
                log.came(number_of(body), broken(body))
            if not bodies:
                log.nothing_came()
