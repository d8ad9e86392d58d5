"""Both services of a pair as processes: one message goes through, then they stay idle to be looked at."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.observer import UNOBSERVED, Observer
from labs.model.workload import NS_PER_S
from labs.record.processes import Context, await_ready, workers
from labs.scenarios.pairs import Pair, pair_of

HOST = "127.0.0.1"
BODY = b"labs: the first message"
WITHIN_S = 30.0
LOOK_S = 0.01


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
    names, began_ns = (pair.carrier, pair.guarantee), time.monotonic_ns()
    with workers(len(Slot), Slot.STOP) as started:
        board = started.board
        two = [
            started.start("sender", _send, names, place, ready=lambda: bool(board[Slot.SENT])),
            started.start("receiver", _receive, names, place, ready=lambda: bool(board[Slot.HANDLED])),
        ]
        try:
            await_ready(two, WITHIN_S, observer, "the first message")
        except UnreachableError as error:
            raise UnreachableError(f"The first message did not arrive: {started.said() or error}.") from error
        sender, receiver = two
        yield AtWork(sender.pid, receiver.pid, (board[Slot.HANDLED] - began_ns) / NS_PER_S)


def _send(here: Context, names: tuple[str, str], place: Endpoint) -> None:
    code, board = pair_of(*names).code, here.board
    with _idle_afterwards(here):
        if hasattr(code, "prepare"):
            code.prepare(place)
        board[Slot.PREPARED] = time.monotonic_ns()
        _await_listener(place)
        code.send(place, BODY)
        board[Slot.SENT] = time.monotonic_ns()


def _receive(here: Context, names: tuple[str, str], place: Endpoint) -> None:
    code, board = pair_of(*names).code, here.board
    with _idle_afterwards(here):
        while not (board[Slot.PREPARED] or board[Slot.STOP]):
            time.sleep(LOOK_S)

        def handle(body: bytes) -> None:
            if body != BODY:
                raise BrokerError(f"another message came: {body[:40]!r}")
            board[Slot.HANDLED] = time.monotonic_ns()

        code.receive(place, handle)


@contextlib.contextmanager
def _idle_afterwards(here: Context) -> Iterator[None]:
    """Until it is asked to stop, with all that the client library holds."""
    try:
        yield
    except Exception as error:  # the parent is the only one who can tell the reader
        here.tell(error)
    while not here.board[Slot.STOP]:
        time.sleep(LOOK_S)
    os._exit(0)  # a client library's threads are not waited for


def _await_listener(place: Endpoint) -> None:
    """Until somebody listens: without a broker that is the receiver, which has just been started as well."""
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        with contextlib.suppress(OSError), socket.create_connection((place.host, place.port), 1):
            return
        time.sleep(LOOK_S)
