"""The processes: a sender that publishes each message when it is due, and consumers that write down what came."""

from __future__ import annotations

import time
from dataclasses import dataclass

from labs.model.endpoint import Endpoint
from labs.model.workload import NS_PER_S
from labs.record.processes import Board, Context
from labs.scenarios.fleeting import LIFE_S, MESSAGES, PER_S, Way, read, written
from labs.scenarios.fleeting.board import Fate, Log, Slot, now_ns

LOOK_S = 0.002
LIFE_NS = round(LIFE_S * NS_PER_S)


@dataclass(frozen=True)
class Task:
    """All that a process needs: picklable."""

    way: Way
    endpoint: Endpoint
    name: str
    """Of the channel, key, queue or topic that belongs to this run."""


def send(here: Context, task: Task) -> None:
    """The whole life of the sender."""
    board = here.board
    with task.way.client.outlet(task.way, task.endpoint, task.name) as outlet:
        board[Slot.UP] = 1
        while not board[Slot.START_NS] and not board[Slot.STOP]:
            time.sleep(LOOK_S)
        for number in range(MESSAGES):
            due_ns = board[Slot.START_NS] + round(number * NS_PER_S / PER_S)
            if not _slept_until(due_ns, board):
                return
            board[Slot.STAMPS + number] = now_ns()
            outlet.publish(written(number, due_ns))
            board[Slot.SENT] = number + 1
        outlet.finish()
        board[Slot.FINISHED] = 1
        while not board[Slot.STOP]:
            time.sleep(LOOK_S)


def _slept_until(due_ns: int, board: Board) -> bool:
    """Whether that moment came before somebody asked to stop."""
    while (left_ns := due_ns - now_ns()) > 0:
        if board[Slot.STOP]:
            return False
        time.sleep(min(left_ns / NS_PER_S, 0.05))
    return True


def consume(here: Context, task: Task, number: int) -> None:
    """The whole life of a consumer: it connects when it may, its client loaded by then, and works off what comes."""
    board, log, client = here.board, Log(here.board), task.way.client
    while board[Slot.OPEN] < number and not board[Slot.STOP]:
        time.sleep(LOOK_S)
    if board[Slot.STOP]:
        return
    with client.source(task.way, task.endpoint, task.name) as source:
        board[Slot.READY] = number
        while not board[Slot.STOP]:
            bodies = source.take()
            for body in bodies:
                which, due_ns = read(body)
                at_ns = now_ns()
                old = task.way.checks and at_ns - due_ns > LIFE_NS
                log.came(which, Fate.THROWN if old else Fate.HANDLED, at_ns)
            if bodies:
                source.done()
            else:
                board[Slot.EMPTY] += 1
