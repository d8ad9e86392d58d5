"""Both services of a pair as processes: one message goes through, then they stay idle to be looked at.

They die with their parent, leave Ctrl-C to it, and say what went wrong where it can read it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.observer import UNOBSERVED, CancelledError, Observer
from labs.record.spawning import WORKERS
from labs.record.workers import enlist
from labs.scenarios.jobs.conductor import deaf
from labs.scenarios.pairs import Pair, pair_of

HOST = "127.0.0.1"
BODY = b"labs: the first message"
WITHIN_S = 30.0
LOOK_S = 0.01
TROUBLE_BYTES = 500
Board = MutableSequence[int]


class Slot(IntEnum):
    """Ns on the monotonic clock, 0 until it happened; STOP is a wish."""

    PREPARED, SENT, HANDLED, STOP = range(4)


@dataclass(frozen=True)
class AtWork:
    """The pair after its first message: the processes, and the seconds from their start until it was handled."""

    sender: int
    receiver: int
    first_s: float


def nowhere() -> Endpoint:
    """A place for a pair without a broker: a free port of loopback."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return Endpoint("none", HOST, int(probe.getsockname()[1]))


@contextlib.contextmanager
def running(pair: Pair, place: Endpoint, observer: Observer = UNOBSERVED) -> Iterator[AtWork]:
    """The pair, idle after one message. UnreachableError if it does not arrive, CancelledError on a cancel."""
    board = WORKERS.RawArray("q", len(Slot))
    trouble = WORKERS.RawArray("c", TROUBLE_BYTES)
    names, crew = (pair.carrier, pair.guarantee), []
    try:
        began_ns = time.monotonic_ns()
        for act in (_send, _receive):
            process = WORKERS.Process(target=_main, args=(act, names, place, board, trouble, os.getpid()), daemon=True)
            crew.append(process)
            with deaf():
                process.start()
        _await_first(board, crew, trouble, observer)
        yield AtWork(crew[0].pid or 0, crew[1].pid or 0, (board[Slot.HANDLED] - began_ns) / 1e9)
    finally:
        board[Slot.STOP] = 1
        for process in crew:
            if process.pid is not None:
                process.join(2)
                if process.is_alive():
                    process.kill()
                    process.join(2)


def _await_first(board: Board, crew: list[Any], trouble: Any, observer: Observer) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while not (board[Slot.HANDLED] and board[Slot.SENT]):
        if observer.cancelled():
            raise CancelledError("cancelled before the first message")
        ended = [one.exitcode for one in crew if one.exitcode is not None]
        said = trouble.value.decode(errors="replace")
        if said or ended:
            raise UnreachableError(f"The first message did not arrive: {said or f'a service ended with {ended[0]}'}.")
        if time.monotonic() > deadline_s:
            raise UnreachableError(f"The first message did not arrive within {WITHIN_S:.0f} s.")
        time.sleep(LOOK_S)


def _main(act: Any, names: tuple[str, str], place: Endpoint, board: Board, trouble: Any, parent: int) -> None:
    """The whole life of one of the two."""
    enlist([0] * 16, parent)
    try:
        act(pair_of(*names).code, place, board)
    except Exception as error:  # the parent is the only one who can tell the reader
        trouble.value = f"{act.__name__.strip('_')}: {type(error).__name__}: {error}".encode()[: TROUBLE_BYTES - 1]
    while not board[Slot.STOP]:
        time.sleep(LOOK_S)
    os._exit(0)  # a client library's threads are not waited for


def _send(code: Any, place: Endpoint, board: Board) -> None:
    if hasattr(code, "prepare"):
        code.prepare(place)
    board[Slot.PREPARED] = time.monotonic_ns()
    _await_listener(place)
    code.send(place, BODY)
    board[Slot.SENT] = time.monotonic_ns()


def _receive(code: Any, place: Endpoint, board: Board) -> None:
    while not (board[Slot.PREPARED] or board[Slot.STOP]):
        time.sleep(LOOK_S)

    def handle(body: bytes) -> None:
        if body != BODY:
            raise BrokerError(f"another message came: {body[:40]!r}")
        board[Slot.HANDLED] = time.monotonic_ns()

    code.receive(place, handle)


def _await_listener(place: Endpoint) -> None:
    """Until somebody listens: without a broker that is the receiver, which has just been started as well."""
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        with contextlib.suppress(OSError), socket.create_connection((place.host, place.port), 1):
            return
        time.sleep(LOOK_S)
