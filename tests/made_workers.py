"""What worker processes of the tests do; they import this module and little else."""

from __future__ import annotations

import os
import signal
import time

from labs.model.endpoint import UnreachableError
from labs.record.processes import Context

STOP, READY = 0, 1
"""Cells of the board; of READY the last to write."""


def wait_for_stop(here: Context, ready: bool = True, deaf: bool = False) -> None:
    """Until it is asked to stop, or not even then."""
    if ready:
        here.board[READY] += 1
    while deaf or not here.board[STOP]:
        time.sleep(0.005)


def fail(here: Context, text: str, after_s: float = 0.0) -> None:
    """An error of ours."""
    time.sleep(after_s)
    raise UnreachableError(text)


def stumble(here: Context) -> None:
    """An error that nobody expects."""
    raise KeyError("left")


def leave(here: Context) -> None:
    """Nothing to do."""


def die(here: Context) -> None:
    """As if somebody had killed it."""
    os.kill(os.getpid(), signal.SIGKILL)


def tell_pid(here: Context, cell: int) -> None:
    """Its number on the board, and then until it is asked to stop."""
    here.board[cell] = os.getpid()
    wait_for_stop(here, ready=False)
