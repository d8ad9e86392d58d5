"""The pool that a run's producer and consumer come from: processes of this machine, unless a command says otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, Literal, Protocol

from labs.model.facts import Facts
from labs.record.load_generator import Slot
from labs.record.processes import STOP_WITHIN_S, Board, Job, Workers, workers

LEAD_NS = 100_000_000
Role = Literal["producer", "consumer"]
READY: dict[Role, Slot] = {"producer": Slot.PRODUCER_READY, "consumer": Slot.CONSUMER_READY}


class Pool(Protocol):
    """Workers for a run, and the board that all share."""

    board: Board
    lead_ns: int
    """How long before the first message the workers have to be told when that is."""
    patience_s: float
    """How long a worker may take to stop and to hand over what it has."""

    def submit(self, role: Role, work: Callable[..., object], *what: object) -> Job:
        """Set a worker to work."""

    def facts(self, *, ended: bool) -> Facts:
        """What a run card has to say of them, before the run and when it has ended."""

    def beside(self, processors: Facts, pauses: list[list[Any]]) -> Facts:
        """What of this machine touched them during the run: the processors there were, and when it stood still."""


class _Here:
    """A process for each role, so that one that dies does not take the other along."""

    lead_ns, patience_s = LEAD_NS, STOP_WITHIN_S

    def __init__(self, group: Workers) -> None:
        self._group, self.board = group, group.board

    def facts(self, *, ended: bool) -> Facts:
        """Nothing: they are here."""
        return {}

    def beside(self, processors: Facts, pauses: list[list[Any]]) -> Facts:
        """All of it: they are here."""
        return {"processors": processors} | ({"pauses": pauses} if pauses else {})

    def submit(self, role: Role, work: Callable[..., object], *what: object) -> Job:
        """Set a worker to work."""
        return self._group.start(role, work, *what, ready=lambda: bool(self.board[READY[role]]))


@contextlib.contextmanager
def pool() -> Iterator[Pool]:
    """Two worker processes and the board they share; whatever happens, they are gone afterwards."""
    with workers(len(Slot), Slot.STOP) as group:
        yield _Here(group)


POOL: ContextVar[Callable[[], AbstractContextManager[Pool]]] = ContextVar("POOL", default=pool)
"""Where `record` gets its workers: here, or for the length of a command from elsewhere."""
