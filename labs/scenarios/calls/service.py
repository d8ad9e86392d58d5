"""The service: a process that takes calls, takes its time over each and answers it."""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Protocol, cast

from labs.model.carriers import Carrier
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.record.processes import Board, Context
from labs.scenarios.calls.board import Pad, Slot
from labs.scenarios.calls.plan import Plan

HOST = "127.0.0.1"
WORKERS = 16
"""So many calls a service without a broker handles at a time; the next one waits."""
LOOK_S = 0.05
"""How often somebody who waits looks whether to stop."""


@dataclass(frozen=True)
class Task:
    """All that service and callers need to know: picklable."""

    carrier: Carrier
    endpoint: Endpoint | None
    name: str
    """Of the queue, list or topic that belongs to this run."""
    plan: Plan
    replies: str = field(default="")

    def answers_of(self, caller: int) -> str:
        """Where this caller's answers wait, with a carrier that gives each caller a place of his own."""
        return f"{self.name}-answers-{caller}"

    @property
    def all_answers(self) -> list[str]:
        """All of these that this run may make at the broker."""
        own = self.carrier.asks and self.carrier.broker == "redis"
        return [self.answers_of(caller) for caller in range(self.plan.callers)] if own else []

    def address(self, name: str = "") -> Address:
        """Where the calls (or, by name, the answers) wait at the broker; only for carriers that have one."""
        if self.endpoint is None:
            raise ValueError(f"{self.carrier.name} has no broker")
        return Address(self.endpoint, profile(self.carrier.profile_for(self.plan.confirm)), name or self.name)


class Service:
    """What the service does with a call, whatever carried it."""

    def __init__(self, task: Task, board: Board) -> None:
        self.task, self._pad, self._board = task, Pad(board, task.plan.calls), board
        self.service_s = task.plan.service_ms / 1000

    @property
    def stopped(self) -> bool:
        """Whether the service is asked to end."""
        return bool(self._board[Slot.STOP] or self._board[Slot.SERVICE_STOP])

    def up(self, port: int = 0) -> None:
        """Calls are taken from now on."""
        if port:
            self._board[Slot.PORT] = port
        self._board[Slot.UP] += 1

    def work(self, body: bytes) -> None:
        """One call, from the time it takes to the note that it is done."""
        if self.service_s:
            time.sleep(self.service_s)
        self._pad.done(body)

    def done(self, body: bytes) -> None:
        """The note alone, for those who wait in their own way."""
        self._pad.done(body)

    def listen(self) -> socket.socket:
        """A listening socket on loopback: on a free port the first time, on the same one when the service returns."""
        wanted = self._board[Slot.PORT]
        # asyncio turns Nagle's delay off only on a socket that says TCP; 40 ms an answer on a kept connection else.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, wanted))
        except OSError as error:
            sock.close()
            raise OSError(f"the service could not have port {wanted} back: {error}. Run it again.") from error
        sock.listen(512)
        return sock


class Line(ABC):
    """One caller's way to the service."""

    @abstractmethod
    def ask(self, body: bytes, patience_s: float) -> None:
        """Hand a call over and have what the carrier gives for it; TimeoutError, or BrokerError where it says no."""

    def rest(self) -> None:  # noqa: B027 - most carriers have nothing to do then
        """Between two calls, outside what is measured."""

    def settle(self, patience_s: float) -> int:
        """After the last call: how many calls are still unconfirmed."""
        return 0


Lines = Callable[[int], AbstractContextManager[Line]]
"""A line for each caller, by its number."""


class Way(Protocol):
    """The module of a carrier."""

    serve: Callable[[Task, Service], None]
    lines: Callable[[Task, int], AbstractContextManager[Lines]]
    """What the callers share, if anything; the port is that of a service without a broker."""


def way_of(carrier: Carrier) -> Way:
    """How a carrier works on both sides."""
    return cast(Way, import_module(f"labs.scenarios.calls.{carrier.module}"))


def unshared(
    line: Callable[[Task, int, int], AbstractContextManager[Line]],
) -> Callable[[Task, int], AbstractContextManager[Lines]]:
    """The lines of a carrier where each caller has a connection of its own."""
    return lambda task, port: nullcontext(partial(line, task, port))


def main(here: Context, task: Task) -> None:
    """The whole life of a service process."""
    way_of(task.carrier).serve(task, Service(task, here.board))
